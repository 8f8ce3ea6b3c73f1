"""Subjects that a listener follows and that their source, restored from an older backup, no longer knows. They are
listed for an operator, who keeps or withdraws each; nothing is undone by itself.

Written by `./torg restore` and `./torg restored`.
"""

from collections.abc import Collection
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
_REOPEN = (
    update(unknown_subjects)
    .where(_columns.source == bindparam("of"), _columns.subject == bindparam("one"))
    .values(settled_at=None, settlement=None)
)
_SETTLE = (
    update(unknown_subjects)
    .where(_columns.source == bindparam("of"), _columns.subject == bindparam("one"), _columns.settled_at.is_(None))
    .values(settled_at=bindparam("at"), settlement=bindparam("how"))
)


def note(tx: Transaction, source: str, subjects: Collection[str]) -> None:
    """Notes what a source does not know, all of it: what it knows again is taken off the list, and what was settled
    before stays so."""
    tx.execute(_KNOWN_AGAIN, {"of": source, "subjects": list(subjects)})
    if subjects:
        tx.execute(_NOTE, [{"source": source, "subject": each, "since": tx.now} for each in sorted(subjects)])


def unsettled(tx: Transaction, source: str) -> dict[str, datetime]:
    """The subjects that an operator has yet to decide on, and since when."""
    return {row.subject: row.since for row in tx.execute(_OPEN, {"of": source})}


def settle(tx: Transaction, source: str, subject: str, settlement: Settlement) -> bool:
    """Notes what an operator decided; False when there is nothing to decide."""
    return tx.execute(_SETTLE, {"of": source, "one": subject, "at": tx.now, "how": settlement}).rowcount > 0


def reopen(tx: Transaction, source: str, subject: str) -> None:
    """Puts a subject before an operator again: something came of it since."""
    tx.execute(_REOPEN, {"of": source, "one": subject})
