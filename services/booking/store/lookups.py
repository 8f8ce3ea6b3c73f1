"""What the registers said of organisation numbers, when they are to be asked, and whether they answer at all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, Integer, Row, Table, Text, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from kernel.contracts import plain
from kernel.db import Transaction
from services.booking.model.registers import Answer, Unit
from services.booking.store.tables import metadata

_Instant = DateTime(timezone=True)

organisation_lookups = Table(
    "organisation_lookups",
    metadata,
    Column("number", Text, primary_key=True),
    Column("answer", JSONB(none_as_null=True), comment="the last that made sense"),
    Column("answered_at", _Instant),
    Column("attempts", Integer, nullable=False, comment="answers in a row that made no sense"),
    Column("next_at", _Instant, index=True, comment="when to ask; null: given up"),
    Column("asked_at", _Instant, comment="whose answer counts: of two who ask at once, the later"),
)

register_outage = Table(
    "register_outage",
    metadata,
    Column("id", Integer, primary_key=True, comment="1: there is one row"),
    Column("failures", Integer, nullable=False, comment="calls in a row that got no answer"),
    Column("resume_at", _Instant, nullable=False),
)

_ENQUEUE = insert(organisation_lookups)
_ENQUEUE = _ENQUEUE.on_conflict_do_update(
    index_elements=["number"],
    set_={"attempts": 0, "next_at": func.least(organisation_lookups.c.next_at, _ENQUEUE.excluded.next_at)},
)
_FIND = select(organisation_lookups).where(organisation_lookups.c.number == bindparam("number"))
_LOCK = _FIND.with_for_update()
_LOCK_DUE = (
    select(organisation_lookups)
    .where(organisation_lookups.c.next_at <= bindparam("now"))
    .order_by(organisation_lookups.c.next_at, organisation_lookups.c.number)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_COLUMNS = ("answer", "answered_at", "attempts", "next_at", "asked_at")
_SAVE = (
    update(organisation_lookups)
    .where(organisation_lookups.c.number == bindparam("of"))
    .values({name: bindparam(name, type_=organisation_lookups.c[name].type) for name in _COLUMNS})
)
_OUTAGE = select(register_outage.c.failures, register_outage.c.resume_at)
_SAVE_OUTAGE = update(register_outage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A number, what is known of it, and when to ask next."""

    number: str
    attempts: int
    answer: Answer | None = None
    answered_at: datetime | None = None
    next_at: datetime | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """How long the registers have not answered, and when to try again."""

    failures: int
    resume_at: datetime


def enqueue(tx: Transaction, number: str) -> None:
    """Lets the registers be asked of a number, now; what they said before stays until they answer."""
    tx.execute(_ENQUEUE, {"number": number, "attempts": 0, "next_at": tx.now})


def find(tx: Transaction, number: str) -> Lookup | None:
    """What is known of a number."""
    row = tx.execute(_FIND, {"number": number}).one_or_none()
    return lookup_from(row) if row else None


def lock(tx: Transaction, number: str) -> Lookup | None:
    """The same, locked until the transaction ends."""
    row = tx.execute(_LOCK, {"number": number}).one_or_none()
    return lookup_from(row) if row else None


def lock_due(tx: Transaction) -> Lookup | None:
    """The number that has waited longest of those due, locked; those that somebody else has locked are passed over."""
    row = tx.execute(_LOCK_DUE, {"now": tx.now}).one_or_none()
    return lookup_from(row) if row else None


def save(tx: Transaction, after: Lookup) -> None:
    """Writes what became of asking."""
    row = {name: getattr(after, name) for name in _COLUMNS}
    tx.execute(_SAVE, row | {"of": after.number, "answer": after.answer and plain(after.answer)})


def outage(tx: Transaction) -> Outage:
    """Whether the registers answer."""
    return Outage(*tx.execute(_OUTAGE).one())


def save_outage(tx: Transaction, after: Outage) -> None:
    """Writes that they answer, or since when not."""
    tx.execute(_SAVE_OUTAGE, {"failures": after.failures, "resume_at": after.resume_at})


def lookup_from(row: Row[Any]) -> Lookup:
    """The lookup in a row of `organisation_lookups`."""
    columns = dict(row._mapping)
    stored = columns.pop("answer")
    answer = None if stored is None else Answer(**{**stored, "unit": Unit(**stored["unit"])})
    return Lookup(**columns, answer=answer)
