"""Erasures on their way to the journal. A row is there from the erasure until the journal has it on its disk."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Table, Uuid, bindparam, delete, func, insert, select

from kernel.db import Transaction
from kernel.journal import Erasure
from kernel.restores import epoch_of
from services.booking.store.tables import metadata

unjournaled = Table(
    "unjournaled_erasures",
    metadata,
    Column("pseudonym", Uuid, primary_key=True),
    Column("erased_at", DateTime(timezone=True), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    comment="a row is deleted as soon as the journal has it",
)

_ADD = insert(unjournaled)
_TAKE = select(unjournaled).order_by(unjournaled.c.erased_at).limit(bindparam("most")).with_for_update(skip_locked=True)
_REMOVE = delete(unjournaled).where(
    unjournaled.c.pseudonym == bindparam("who"), unjournaled.c.erased_at == bindparam("at")
)
_BEHIND = select(func.count(), func.min(unjournaled.c.erased_at))


def add(tx: Transaction, person: UUID) -> None:
    """An erasure that the journal is to have."""
    tx.execute(_ADD, {"pseudonym": person, "erased_at": tx.now, "epoch": epoch_of(tx)})


def take(tx: Transaction, *, most: int) -> list[Erasure]:
    """The oldest that are not in the journal, locked; those that another worker writes are passed over."""
    rows = tx.execute(_TAKE, {"most": most}).all()
    return [Erasure(person=row.pseudonym, erased_at=row.erased_at, epoch=row.epoch) for row in rows]


def remove(tx: Transaction, written: Erasure) -> None:
    """The journal has it."""
    tx.execute(_REMOVE, {"who": written.person, "at": written.erased_at})


def behind(tx: Transaction) -> tuple[int, datetime | None]:
    """How many the journal does not have, and since when the oldest waits."""
    count, oldest = tx.execute(_BEHIND).one()
    return count, oldest
