"""The restores of a service's database from a backup, and the epoch that each of them began. The epoch goes out with
every event, so that listeners take what a restored service tells for newer than what it told before, though its
sequences begin again where the backup has them.

Written by `./torg restore` alone, while nobody else is connected.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Table, func, insert, select

from kernel.db import Transaction, kernel_metadata

restores = Table(
    "restores",
    kernel_metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("restored_at", DateTime(timezone=True), nullable=False),
    comment="each restore from a backup; the highest epoch is the one under way, 0 when there was none",
)

_CURRENT = select(func.coalesce(func.max(restores.c.epoch), 0))
_KEPT = "torg epoch"


def epoch_of(tx: Transaction) -> int:
    """The epoch under way. A connection asks once: who raises it ends all others."""
    kept = tx.connection.info
    if _KEPT not in kept:
        kept[_KEPT] = current(tx)
    epoch: int = kept[_KEPT]
    return epoch


def current(tx: Transaction) -> int:
    """The epoch under way, as the database has it."""
    return int(tx.execute(_CURRENT).scalar_one())


def begin_epoch(tx: Transaction, epoch: int, *, at: datetime) -> None:
    """Begins an epoch, which must be higher than all before it."""
    tx.execute(insert(restores), {"epoch": epoch, "restored_at": at})
    tx.connection.info[_KEPT] = epoch
