"""Organisations, and claims on their numbers: add, find, lock, save."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction
from services.booking.model.actors import ClaimEnd, Decision, Organisation
from services.booking.store.representatives import standing
from services.booking.store.tables import actors
from services.booking.store.tables import representatives as standings

_ADD = insert(actors).on_conflict_do_nothing(index_elements=["organisation_number"])
_FIND = select(actors).where(actors.c.id == bindparam("actor"))
_LOCK = _FIND.with_for_update()
_says = or_(actors.c.organisation_number == bindparam("number"), actors.c.claimed_number == bindparam("number"))
_OF = select(actors).where(_says).order_by(actors.c.created_at, actors.c.id)
_LOCK_OF = _OF.with_for_update()
_QUEUE = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))
_CHANGED = (
    "version",
    "kind",
    "name",
    "verified_by",
    "verified_at",
    "verified_person",
    "verification_reason",
    "number_given_at",
    "claim_digest",
    "claim_named",
    "claim_ended",
    "claim_ended_at",
    "claim_ended_by",
    "claim_ended_why",
)
_SAVE = update(actors).where(actors.c.id == bindparam("actor")).values({name: bindparam(name) for name in _CHANGED})
_GIVE = (
    update(actors)
    .where(actors.c.id == bindparam("actor"))
    .values(organisation_number=bindparam("number"), claimed_number=bindparam("number"))
)
_LET_GO = (
    update(actors)
    .where(actors.c.organisation_number == bindparam("number"))
    .values(organisation_number=None, claimed_number=bindparam("number"))
)
OWNED = or_(actors.c.verified_by.is_not(None), actors.c.number_given_at.is_not(None))
"""Whether a row of `actors` has its number as its own. What an older release registers has it without that."""
WAITING = and_(~OWNED, actors.c.claim_ended.is_(None))
"""Whether a row of `actors` is claimed, and waits."""
_WAITING_OF = (
    select(func.count()).select_from(actors).where(actors.c.registered_by == bindparam("person", type_=Uuid), WAITING)
)
_WITHDRAWN_BY = (
    select(func.count())
    .select_from(actors)
    .where(
        actors.c.registered_by == bindparam("person", type_=Uuid),
        actors.c.claim_ended == "given_up",
        actors.c.claim_ended_at > bindparam("since"),
    )
)
_others = standings.alias()
_ALONE = (
    select(func.coalesce(actors.c.organisation_number, actors.c.claimed_number))
    .where(
        actors.c.registered_by == bindparam("person", type_=Uuid),
        ~OWNED,
        ~exists().where(
            _others.c.actor == actors.c.id, _others.c.person != actors.c.registered_by, _others.c.role.is_not(None)
        ),
    )
    .distinct()
)


def add(tx: Transaction, organisation: Organisation) -> bool:
    """Writes a new organisation; False when its number is taken."""
    return tx.execute(_ADD, _columns(organisation)).rowcount == 1


def queue_of(tx: Transaction, person: UUID) -> int:
    """How many claims of a person wait; nobody else counts them before the transaction ends."""
    tx.execute(_QUEUE, {"name": f"organisations claimed by {person}"})
    found: int = tx.execute(_WAITING_OF, {"person": person}).scalar_one()
    return found


def withdrawn_by(tx: Transaction, person: UUID, *, since: datetime) -> int:
    """How many claims a person has taken back after this instant."""
    found: int = tx.execute(_WITHDRAWN_BY, {"person": person, "since": since}).scalar_one()
    return found


def find(tx: Transaction, actor: UUID) -> Organisation | None:
    """The organisation of this id."""
    row = tx.execute(_FIND, {"actor": actor}).one_or_none()
    return organisation_from(row) if row else None


def lock(tx: Transaction, actor: UUID) -> Organisation | None:
    """The organisation, locked until the transaction ends; and with it who may act for it, and its invitations: all
    who change those lock it first."""
    row = tx.execute(_LOCK, {"actor": actor}).one_or_none()
    return organisation_from(row) if row else None


def lock_numbered(tx: Transaction, number: str) -> list[Organisation]:
    """Whoever has or claims this organisation number, the first to come first; nobody else comes or is given the number
    before the transaction ends. Comes before the lock of any of them."""
    tx.execute(_QUEUE, {"name": f"organisation number {number}"})
    return [organisation_from(row) for row in tx.execute(_LOCK_OF, {"number": number})]


def of_number(tx: Transaction, number: str) -> list[Organisation]:
    """The same, for one who only looks."""
    return [organisation_from(row) for row in tx.execute(_OF, {"number": number})]


def lock_claimed(tx: Transaction, person: UUID) -> list[Organisation]:
    """The claims of a person that wait or came to nothing, for which nobody else may act, locked: nobody decides on
    them before the transaction ends."""
    numbers = sorted(tx.execute(_ALONE, {"person": person}).scalars())
    there = [each for number in numbers for each in lock_numbered(tx, number)]
    return [each for each in there if each.registered_by == person and not each.owns_number]


def save(tx: Transaction, organisation: Organisation) -> None:
    """Writes what was decided of it, or of its claim."""
    columns = _columns(organisation)
    tx.execute(_SAVE, {"actor": organisation.id, **{name: columns[name] for name in _CHANGED}})


def give_number(tx: Transaction, organisation: Organisation) -> None:
    """Makes the number the organisation's own, whoever of those who claim it stood with it."""
    tx.execute(_LET_GO, {"number": organisation.organisation_number})
    tx.execute(_GIVE, {"actor": organisation.id, "number": organisation.organisation_number})


def may_act(tx: Transaction, actor: UUID, person: UUID) -> bool:
    """Whether the person is this actor themself, or may act for it today."""
    return actor == person or standing(tx, actor, person).in_force(tx.now)


def organisation_from(row: Row[Any]) -> Organisation:
    """The organisation in a row of `actors`."""
    decision = row.verified_by and Decision(
        kind=row.kind,
        by=row.verified_by,
        at=row.verified_at,
        person=row.verified_person,
        reason=row.verification_reason,
    )
    ended = row.claim_ended and ClaimEnd(
        how=row.claim_ended, at=row.claim_ended_at, by=row.claim_ended_by, why=row.claim_ended_why
    )
    return Organisation(
        id=row.id,
        version=row.version,
        name=row.name,
        organisation_number=row.organisation_number or row.claimed_number,
        told_kind=row.told_kind,
        registered_by=row.registered_by,
        created_at=row.created_at,
        decision=decision or None,
        number_given_at=row.number_given_at,
        ended=ended or None,
        digest=bytes(row.claim_digest) if row.claim_digest is not None else None,
        named=row.claim_named,
    )


def _columns(organisation: Organisation) -> dict[str, Any]:
    decision, ended, number = organisation.decision, organisation.ended, organisation.organisation_number
    return {
        "id": organisation.id,
        "version": organisation.version,
        "kind": organisation.kind,
        "told_kind": organisation.told_kind,
        "name": organisation.name,
        "organisation_number": number if organisation.owns_number else None,
        "claimed_number": number,
        "created_at": organisation.created_at,
        "registered_by": organisation.registered_by,
        "verified_by": decision and decision.by,
        "verified_at": decision and decision.at,
        "verified_person": decision and decision.person,
        "verification_reason": decision and decision.reason,
        "number_given_at": organisation.number_given_at,
        "claim_digest": organisation.digest,
        "claim_named": organisation.named,
        "claim_ended": ended and ended.how,
        "claim_ended_at": ended and ended.at,
        "claim_ended_by": ended and ended.by,
        "claim_ended_why": ended and ended.why,
    }
