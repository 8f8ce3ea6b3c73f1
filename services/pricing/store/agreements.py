"""Maintenance agreements with their participants, and the hours registered under them."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select, update

from kernel.db import Transaction
from kernel.errors import Text
from services.pricing.model.agreement import Agreement, Hours
from services.pricing.store.tables import agreements, hours, participants

_COLUMNS = [column.name for column in agreements.c]
_HOURS_COLUMNS = [column.name for column in hours.c]
_NOT_REJECTED = hours.c.state != "rejected"
GRANTED = (
    select(func.coalesce(func.sum(hours.c.amount), 0))
    .where(hours.c.agreement == agreements.c.id, hours.c.state == "approved")
    .correlate(agreements)
    .scalar_subquery()
)
"""All that was granted under a row of `agreements`."""
_LOCK_DAY = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))


def add(tx: Transaction, agreement: Agreement) -> None:
    """Adds an agreement and its participants."""
    row = {name: getattr(agreement, name) for name in _COLUMNS if name != "arena"}
    row |= {"arena": agreement.arenas[0], "arenas": list(agreement.arenas), "task": asdict(agreement.task)}
    tx.execute(insert(agreements), row)
    people = [{"agreement": agreement.id, "person": person} for person in sorted(agreement.participants)]
    tx.execute(insert(participants), people)


def find(tx: Transaction, id: UUID) -> Agreement | None:
    """An agreement."""
    return _one(tx, tx.execute(select(agreements).where(agreements.c.id == id)).one_or_none())


def lock(tx: Transaction, id: UUID) -> Agreement | None:
    """An agreement, locked: what is registered and granted under it does not change meanwhile."""
    return _one(tx, tx.execute(select(agreements).where(agreements.c.id == id).with_for_update()).one_or_none())


def with_participants(tx: Transaction, rows: Iterable[Row[tuple[object, ...]]]) -> list[Agreement]:
    """Rows of the agreements' table as agreements, in the same order."""
    found = list(rows)
    people: dict[UUID, set[UUID]] = {row.id: set() for row in found}
    for agreement, person in tx.execute(select(participants).where(participants.c.agreement.in_(people))):
        people[agreement].add(person)
    return [_agreement(row, frozenset(people[row.id])) for row in found]


def add_hours(tx: Transaction, registered: Hours) -> None:
    """Adds registered hours."""
    tx.execute(insert(hours), asdict(registered))


def find_hours(tx: Transaction, id: UUID) -> Hours | None:
    """Registered hours. They change only while their agreement is locked."""
    found = tx.execute(select(hours).where(hours.c.id == id)).one_or_none()
    return hours_of(found) if found else None


def lock_hours(tx: Transaction, id: UUID) -> Hours | None:
    """The same, locked: their agreement is, but who is erased is taken out of them without it."""
    found = tx.execute(select(hours).where(hours.c.id == id).with_for_update()).one_or_none()
    return hours_of(found) if found else None


def save_decision(tx: Transaction, decided: Hours) -> None:
    """Saves what was decided on hours."""
    tx.execute(update(hours).where(hours.c.id == decided.id).values(asdict(decided)))


def lock_day(tx: Transaction, person: UUID, day: date) -> None:
    """Until the transaction ends nobody else registers hours of this person for this day, under any agreement."""
    tx.execute(_LOCK_DAY, {"name": f"hours {person} {day.isoformat()}"})


def minutes_on(tx: Transaction, person: UUID, day: date) -> int:
    """The minutes someone has registered for a day, under all agreements, but for those rejected."""
    of_person = (hours.c.registered_by == person, hours.c.worked_on == day)
    minutes: int = tx.execute(
        select(func.coalesce(func.sum(hours.c.minutes), 0)).where(*of_person, _NOT_REJECTED)
    ).scalar_one()
    return minutes


def granted(tx: Transaction, agreement: UUID) -> int:
    """All that was granted under an agreement, in øre."""
    return int(tx.execute(select(GRANTED).where(agreements.c.id == agreement)).scalar_one())


def hours_of(row: Row[tuple[object, ...]]) -> Hours:
    """Hours as the table holds them."""
    return Hours(**{name: getattr(row, name) for name in _HOURS_COLUMNS})


def _one(tx: Transaction, row: Row[tuple[object, ...]] | None) -> Agreement | None:
    return with_participants(tx, [row])[0] if row is not None else None


def _agreement(row: Row[tuple[object, ...]], people: frozenset[UUID]) -> Agreement:
    known = {name: getattr(row, name) for name in _COLUMNS if name not in ("task", "arena", "arenas")}
    arenas = tuple(row.arenas or [row.arena])
    return Agreement(**known, arenas=arenas, task=Text(**row.task), participants=people)
