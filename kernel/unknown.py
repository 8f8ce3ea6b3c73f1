"""Subjects that a listener follows and that their source, restored from an older backup, no longer knows. They are
listed for an operator, who keeps or withdraws each; nothing is undone by itself.

Written by `./torg restore` and `./torg restored`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ARRAY, Column, DateTime, Table, Text, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction, kernel_metadata

Settlement = Literal["kept", "withdrawn"]

unknown_subjects = Table(
    "unknown_subjects",
    kernel_metadata,
    Column("source", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Column("settlement", Text, comment="kept: left as it is; withdrawn: undone"),
    Column("settled_by", Text, comment="the operator, as they named themself"),
    Column("why", Text),
    comment="what a source that was restored no longer knows, and what an operator decided of it",
)

_columns = unknown_subjects.c
_NOTE = insert(unknown_subjects).on_conflict_do_nothing()
_KNOWN_AGAIN = delete(unknown_subjects).where(
    _columns.source == bindparam("of"),
    _columns.subject != func.all(bindparam("subjects", type_=ARRAY(Text))),
)
_OPEN = (
    select(_columns.subject, _columns.since)
    .where(_columns.source == bindparam("of"), _columns.settled_at.is_(None))
    .order_by(_columns.subject)
)
_COUNT = select(func.count()).where(_columns.settled_at.is_(None))
_REOPEN = (
    update(unknown_subjects)
    .where(_columns.source == bindparam("of"), _columns.subject == bindparam("one"))
    .values(settled_at=None, settlement=None, settled_by=None, why=None)
)
_SETTLE = (
    update(unknown_subjects)
    .where(_columns.source == bindparam("of"), _columns.subject == bindparam("one"), _columns.settled_at.is_(None))
    .values(
        settled_at=bindparam("at"), settlement=bindparam("how"), settled_by=bindparam("who"), why=bindparam("reason")
    )
)
_SETTLED = (
    select(_columns.subject, _columns.settled_at, _columns.settlement, _columns.settled_by, _columns.why)
    .where(_columns.source == bindparam("of"), _columns.settled_at.is_not(None))
    .order_by(_columns.settled_at, _columns.subject)
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What an operator decided of a subject, when, and why; of an earlier release's decisions `by` and `why` are not
    known."""

    subject: str
    at: datetime
    how: Settlement
    by: str | None
    why: str | None


def note(tx: Transaction, source: str, subjects: Collection[str]) -> None:
    """Notes what a source does not know, all of it: what it knows again is taken off the list, and what was settled
    before stays so."""
    tx.execute(_KNOWN_AGAIN, {"of": source, "subjects": list(subjects)})
    if subjects:
        tx.execute(_NOTE, [{"source": source, "subject": each, "since": tx.now} for each in sorted(subjects)])


def unsettled(tx: Transaction, source: str) -> dict[str, datetime]:
    """The subjects that an operator has yet to decide on, and since when."""
    return {row.subject: row.since for row in tx.execute(_OPEN, {"of": source})}


def waiting(tx: Transaction) -> int:
    """How many subjects, of any source, an operator has yet to decide on."""
    count: int = tx.execute(_COUNT).scalar_one()
    return count


def settle(tx: Transaction, source: str, subject: str, settlement: Settlement, *, by: str, why: str) -> bool:
    """Notes what an operator decided, who they are and why; False when there is nothing to decide."""
    decided = {"at": tx.now, "how": settlement, "who": by, "reason": why}
    return tx.execute(_SETTLE, {"of": source, "one": subject, **decided}).rowcount > 0


def settled(tx: Transaction, source: str) -> list[Settled]:
    """What operators decided, oldest first."""
    rows = tx.execute(_SETTLED, {"of": source})
    return [Settled(row.subject, row.settled_at, row.settlement, row.settled_by, row.why) for row in rows]


def reopen(tx: Transaction, source: str, subject: str) -> None:
    """Puts a subject before an operator again: something came of it since."""
    tx.execute(_REOPEN, {"of": source, "one": subject})
