"""Organisations that rent: claimed by anybody, and confirmed by somebody of the municipality, or by the registers where
they name who claims them. Whoever decides on a number locks it first, and all who have or claim it."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

from kernel.auth import Caller, Forbidden, Role
from kernel.db import Transaction
from kernel.idempotency import secret_from
from kernel.ids import new_id
from kernel.organisations import organisation_number
from kernel.problems import NotFound
from services.booking import metrics
from services.booking.events import TenantKind, VerifiedBy
from services.booking.model.actors import (
    ClaimDecided,
    ClaimEnd,
    Decision,
    InvalidOrganisationNumber,
    Organisation,
    OrganisationKnown,
    TooManyClaims,
    TooManyWithdrawn,
)
from services.booking.model.registers import person_digest
from services.booking.model.representatives import Representative, Terms
from services.booking.store import actors, duties, lookups
from services.booking.usecases.representatives import tell

_DAY = timedelta(hours=24)


def register(tx: Transaction, who: Caller, *, kind: TenantKind, name: str, organisation_number: str) -> Organisation:
    """Makes an organisation an actor. What an operator says that it is, it is. Whoever else registers it claims its
    number and becomes its first owner; what they say of it counts for nothing before it is verified."""
    number = _checked(organisation_number)
    house = who.has(Role.OPERATOR)
    waiting = 0 if house else actors.queue_of(tx, who.person)
    if waiting >= tx.settings.person_open_claims:
        raise TooManyClaims(waiting=waiting)
    there = actors.lock_numbered(tx, number)
    own = any(each.waits and each.registered_by == who.person for each in there)
    if own or any(each.owns_number for each in there):
        raise OrganisationKnown
    organisation = Organisation(
        id=new_id(),
        version=1,
        name=name,
        organisation_number=number,
        told_kind=kind,
        registered_by=who.person,
        created_at=tx.now,
        decision=Decision(kind=kind, by="operator", at=tx.now, person=who.person) if house else None,
        number_given_at=tx.now if house else None,
    )
    if house:
        _end_others(tx, organisation, there)
        actors.give_number(tx, organisation)
    elif who.named is not None:
        organisation = organisation.claimed_by(person_digest(_key(tx), organisation.id, *who.named))
    if not actors.add(tx, organisation):
        raise OrganisationKnown
    lookups.enqueue(tx, number)
    if house:
        _tell(tx, organisation)
    else:
        first = Representative(actor=organisation.id, person=who.person)
        tell(tx, first, first.given(Terms(role="owner"), now=tx.now), by=who.person)
    return organisation


def verify(tx: Transaction, who: Caller, actor: UUID, *, kind: TenantKind, reason: str) -> Organisation:
    """Decides what an organisation is, over what it told and over the registers; of one that is claimed, that who
    claims it acts for it. Nobody decides on their own: raises OwnInterest."""
    before, there = _locked(tx, who, actor)
    by: VerifiedBy = "operator" if who.has(Role.OPERATOR) else "manager"
    return confirm(tx, before, Decision(kind=kind, by=by, at=tx.now, person=who.person, reason=reason), there)


def refuse(tx: Transaction, who: Caller, actor: UUID, *, reason: str) -> Organisation:
    """Decides that who claims an organisation does not act for it, as far as anybody knows."""
    before, _ = _locked(tx, who, actor)
    if not before.waits:
        raise ClaimDecided
    return end_claim(tx, before, ClaimEnd(how="refused", at=tx.now, by=who.person, why=reason))


def withdraw(tx: Transaction, who: Caller, actor: UUID) -> Organisation:
    """Takes back a claim of one's own that waits. What is booked for it stays, as when it is refused. Raises
    TooManyWithdrawn, or claims that come and go would ask the registers without an end."""
    actors.queue_of(tx, who.person)
    before, _ = _numbered(tx, actor)
    if before.registered_by != who.person:
        raise Forbidden if who.has(Role.ARENA_MANAGER, Role.OPERATOR) else NotFound
    if not before.waits:
        raise ClaimDecided
    withdrawn = actors.withdrawn_by(tx, who.person, since=tx.now - _DAY)
    if withdrawn >= tx.settings.person_open_claims:
        raise TooManyWithdrawn(withdrawn=withdrawn)
    return end_claim(tx, before, ClaimEnd(how="given_up", at=tx.now, by=who.person))


def confirm(tx: Transaction, before: Organisation, decision: Decision, there: Collection[Organisation]) -> Organisation:
    """An organisation with what was decided of it, and with its number. The claims of `there`, all of whom are locked,
    end. Raises OrganisationKnown when another has the number, and ClaimDecided."""
    if before.owns_number:
        return save(tx, before, before.decided(decision))
    if any(each.owns_number for each in there):
        raise OrganisationKnown
    if not before.waits:
        raise ClaimDecided
    known = lookups.find(tx, before.organisation_number)
    name = known.answer.unit.name if known and known.answer else None
    given = before.decided(decision).given(name=name, now=tx.now)
    _end_others(tx, given, there)
    actors.give_number(tx, given)
    metrics.CLAIMS.labels("confirmed").inc()
    return save(tx, before, given)


def end_claim(tx: Transaction, claim: Organisation, end: ClaimEnd) -> Organisation:
    """Ends a claim that waits, without the number. It is locked."""
    after = claim.gone(end)
    actors.save(tx, after)
    metrics.CLAIMS.labels(end.how).inc()
    return after


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


def named_among(tx: Transaction, organisation: Organisation, persons: Iterable[tuple[str, str]]) -> bool:
    """Return True if who claims an organisation is one of these persons: name and day of birth."""
    key = _key(tx)
    return organisation.digest in {person_digest(key, organisation.id, *each) for each in persons}


def _locked(tx: Transaction, who: Caller, actor: UUID) -> tuple[Organisation, list[Organisation]]:
    """The same, to be decided on. Who has an interest in any of them decides on none."""
    organisation, there = _numbered(tx, actor)
    for each in there:
        duties.demand_no_interest(tx, who, each.id)
    return organisation, there


def _numbered(tx: Transaction, actor: UUID) -> tuple[Organisation, list[Organisation]]:
    """An organisation, and all who have or claim its number, locked."""
    found = actors.find(tx, actor)
    if found is None:
        raise NotFound
    there = actors.lock_numbered(tx, found.organisation_number)
    return next(each for each in there if each.id == actor), there


def _end_others(tx: Transaction, given: Organisation, there: Iterable[Organisation]) -> None:
    for each in there:
        if each.id != given.id and each.waits:
            end_claim(tx, each, ClaimEnd(how="given_to_another", at=tx.now))


def _key(tx: Transaction) -> bytes:
    return secret_from(tx.settings, "booking")


def _tell(tx: Transaction, organisation: Organisation) -> None:
    tx.emit(organisation.happened(), subject=str(organisation.id), sequence=organisation.version)
    metrics.VERIFIED.labels(organisation.decision.by if organisation.decision else "nobody").inc()


def _checked(written: str) -> str:
    number = organisation_number(written)
    if number is None:
        raise InvalidOrganisationNumber
    return number
