"""Organisations that rent: registered by anybody, and verified by the registers or by somebody of the municipality."""

from uuid import UUID

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.ids import new_id
from kernel.organisations import organisation_number
from kernel.problems import NotFound
from services.booking import metrics
from services.booking.events import TenantKind, VerifiedBy
from services.booking.model.actors import Decision, InvalidOrganisationNumber, Organisation, OrganisationKnown
from services.booking.model.representatives import Representative, Terms
from services.booking.store import actors, duties, lookups
from services.booking.usecases.representatives import tell


def register(tx: Transaction, who: Caller, *, kind: TenantKind, name: str, organisation_number: str) -> Organisation:
    """Makes an organisation an actor. What an operator says that it is, it is; whoever else registers it becomes its
    first owner, and what they say of it counts for nothing before it is verified."""
    house = who.has(Role.OPERATOR)
    organisation = Organisation(
        id=new_id(),
        version=1,
        name=name,
        organisation_number=_checked(organisation_number),
        told_kind=kind,
        registered_by=who.person,
        created_at=tx.now,
        decision=Decision(kind=kind, by="operator", at=tx.now, person=who.person) if house else None,
    )
    if not actors.add(tx, organisation):
        raise OrganisationKnown
    lookups.enqueue(tx, organisation.organisation_number)
    if house:
        _tell(tx, organisation)
    else:
        first = Representative(actor=organisation.id, person=who.person)
        tell(tx, first, first.given(Terms(role="owner"), now=tx.now), by=who.person)
    return organisation


def verify(tx: Transaction, who: Caller, actor: UUID, *, kind: TenantKind, reason: str) -> Organisation:
    """Decides what an organisation is, over what it told and over the registers. Nobody decides on their own: raises
    OwnInterest."""
    before = actors.lock(tx, actor)
    if before is None:
        raise NotFound
    duties.demand_no_interest(tx, who, actor)
    by: VerifiedBy = "operator" if who.has(Role.OPERATOR) else "manager"
    return save(tx, before, before.decided(Decision(kind=kind, by=by, at=tx.now, person=who.person, reason=reason)))


def look_up(tx: Transaction, actor: UUID) -> Organisation:
    """Has the registers asked anew about an organisation, as soon as they answer."""
    found = actors.find(tx, actor)
    if found is None:
        raise NotFound
    lookups.enqueue(tx, found.organisation_number)
    return found


def save(tx: Transaction, before: Organisation, after: Organisation) -> Organisation:
    """Saves what was decided of an organisation, and tells of it."""
    if after is not before:
        actors.save(tx, after)
        _tell(tx, after)
    return after


def _tell(tx: Transaction, organisation: Organisation) -> None:
    tx.emit(organisation.happened(), subject=str(organisation.id), sequence=organisation.version)
    metrics.VERIFIED.labels(organisation.decision.by if organisation.decision else "nobody").inc()


def _checked(written: str) -> str:
    number = organisation_number(written)
    if number is None:
        raise InvalidOrganisationNumber
    return number
