"""Organisations that rent, and who may act for them, as operators write it."""

from dataclasses import replace
from uuid import UUID

from stdnum.no import orgnr

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.ids import new_id
from kernel.problems import NotFound
from services.booking.events import TenantKind
from services.booking.model.actors import Actor, InvalidOrganisationNumber, OrganisationKnown
from services.booking.store import actors


def register(tx: Transaction, *, kind: TenantKind, name: str, organisation_number: str) -> Actor:
    """Makes an organisation an actor."""
    number = orgnr.compact(organisation_number)
    # no number begins with 0, though nine of them have the right check digit
    if not orgnr.is_valid(number) or number.startswith("0"):
        raise InvalidOrganisationNumber
    actor = Actor(id=new_id(), kind=kind, name=name, organisation_number=number)
    if not actors.add(tx, actor):
        raise OrganisationKnown
    return actor


def allow(tx: Transaction, who: Caller, actor: UUID, *, subject: str, issuer: str | None) -> Actor:
    """Lets the person whom an issuer (else the operator's own) calls `subject` act for an organisation."""
    found = actors.find(tx, actor)
    if found is None:
        raise NotFound
    person = replace(who, subject=subject, issuer=issuer or who.issuer).person
    actors.allow(tx, actor, person)
    return found
