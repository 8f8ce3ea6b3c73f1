"""Who may act for an organisation: let by an operator, changed and ended by its owners, left by the persons
themselves."""

from dataclasses import replace
from uuid import UUID

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.duties import OwnInterest
from kernel.problems import NotFound
from services.booking.model.representatives import Representative, Terms, keep_an_owner
from services.booking.store import actors, representatives


def appoint(
    tx: Transaction, who: Caller, actor: UUID, terms: Terms, *, subject: str, issuer: str | None
) -> Representative:
    """Lets the person whom an issuer (else the operator's own) calls `subject` act for an organisation. Nobody lets
    themself: raises OwnInterest."""
    if actors.lock(tx, actor) is None:
        raise NotFound
    person = replace(who, subject=subject, issuer=issuer or who.issuer).person
    if person == who.person:
        raise OwnInterest
    before = representatives.standing(tx, actor, person)
    return tell(tx, before, before.given(terms, now=tx.now), by=who.person)


def change(tx: Transaction, who: Caller, actor: UUID, person: UUID, terms: Terms) -> Representative:
    """Gives somebody who acts for an organisation other terms; for its owners."""
    actors.lock(tx, actor)
    representatives.demand_owner(tx, who, actor)
    before = _there(tx, actor, person)
    if person == who.person and not before.owns(tx.now):
        raise OwnInterest  # an operator, who would give themself more than they have
    return _step(tx, who, before, before.given(terms, now=tx.now))


def end(tx: Transaction, who: Caller, actor: UUID, person: UUID) -> None:
    """Takes away somebody's right; for an organisation's owners, and for everybody their own."""
    actors.lock(tx, actor)
    if person != who.person:
        representatives.demand_owner(tx, who, actor)
    before = _there(tx, actor, person)
    _step(tx, who, before, before.ended())


def tell(tx: Transaction, before: Representative, after: Representative, *, by: UUID | None = None) -> Representative:
    """Saves how a person stands to an organisation, and who changed it, and tells of it."""
    if after is not before:
        representatives.save(tx, after, by)
        tx.emit(after.happened(), subject=f"{after.actor}/{after.person}", sequence=after.version)
    return after


def _there(tx: Transaction, actor: UUID, person: UUID) -> Representative:
    """The representative; one whose right has run out can still be given a new one, or be cleared away."""
    found = representatives.standing(tx, actor, person)
    if found.terms is None:
        raise NotFound
    return found


def _step(tx: Transaction, who: Caller, before: Representative, after: Representative) -> Representative:
    if not who.has(Role.OPERATOR):
        keep_an_owner(before, after, representatives.all_of(tx, before.actor))
    return tell(tx, before, after, by=who.person)
