"""Deliveries that failed: tried again later a bounded number of times, then kept as dead letters until an operator
replays or discards them. They live in the listener's own database, so nothing is lost whatever happens to the broker.

Written by `kernel.consumer`; read by `./torg dead-letters`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    Uuid,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)

from kernel.db import Transaction, kernel_metadata
from kernel.ids import new_id

failed_deliveries = Table(
    "failed_deliveries",
    kernel_metadata,
    Column("id", Uuid, primary_key=True),
    Column("entrypoint", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("failed_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True)),
)
Index("failed_deliveries_due", failed_deliveries.c.due_at)

_columns = failed_deliveries.c


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed delivery. `entrypoint` is the event type it was sent as; `due_at` is None once it is a dead letter."""

    id: UUID
    entrypoint: str
    body: bytes
    attempts: int
    error: str
    failed_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Retrying:
    """How often a failed event is tried again, and how long the first wait is; each wait after is four times longer."""

    limit: int = 5
    base: timedelta = timedelta(seconds=1)

    def due_after(self, attempts: int, now: datetime) -> datetime | None:
        """When to try again after the attempts made; None when enough is enough."""
        return now + self.base * 4 ** (attempts - 1) if attempts <= self.limit else None


def record(tx: Transaction, entrypoint: str, body: bytes, error: str, *, due_at: datetime | None) -> None:
    """Records a first failure: to be tried again at `due_at`, or a dead letter at once when that is None."""
    tx.execute(
        insert(failed_deliveries),
        {
            "id": new_id(),
            "entrypoint": entrypoint,
            "body": body,
            "attempts": 1,
            "error": error,
            "failed_at": tx.now,
            "due_at": due_at,
        },
    )


def next_due(tx: Transaction) -> Failure | None:
    """The failed delivery that has been due for longest, locked so that no other worker takes it."""
    due = select(failed_deliveries).where(_columns.due_at <= tx.now).order_by(_columns.due_at).limit(1)
    return _failure(tx.execute(due.with_for_update(skip_locked=True)).first())


def failed_again(tx: Transaction, failure: Failure, error: str, *, due_at: datetime | None) -> None:
    """Counts another failed attempt."""
    again = update(failed_deliveries).where(_columns.id == failure.id)
    tx.execute(again.values(attempts=_columns.attempts + 1, error=error, failed_at=tx.now, due_at=due_at))


def settle(tx: Transaction, id: UUID) -> bool:
    """Removes a failed delivery: it took effect at last, or an operator discards it. False when it is not there."""
    return tx.execute(delete(failed_deliveries).where(_columns.id == id)).rowcount > 0


def dead_letters(tx: Transaction, *, id: str = "", most: int = 100) -> Sequence[Failure]:
    """The dead letters whose id begins with `id`, oldest first."""
    dead = select(failed_deliveries).where(_columns.due_at.is_(None)).order_by(_columns.failed_at, _columns.id)
    if id:
        dead = dead.where(cast(_columns.id, Text).startswith(id, autoescape=True))
    return [Failure(*row) for row in tx.execute(dead.limit(most))]


def replay(tx: Transaction, id: UUID) -> bool:
    """Makes a dead letter due at once, with its attempts counted from zero. False when there is no such dead letter."""
    again = update(failed_deliveries).where(_columns.id == id, _columns.due_at.is_(None))
    return tx.execute(again.values(attempts=0, due_at=tx.now)).rowcount > 0


def naming(tx: Transaction, ids: Collection[UUID]) -> Sequence[Failure]:
    """The failed deliveries that name any of these persons and things, locked."""
    named = func.encode(_columns.body, "escape").regexp_match("|".join(map(str, sorted(ids))))
    found = select(failed_deliveries).where(named).order_by(_columns.id).with_for_update()
    return [Failure(*row) for row in tx.execute(found)]


def rewrite(tx: Transaction, id: UUID, body: bytes) -> None:
    """Gives a failed delivery another body."""
    tx.execute(update(failed_deliveries).where(_columns.id == id).values(body=body))


def depths(tx: Transaction) -> tuple[int, int]:
    """How many deliveries wait for their next try, and how many are dead letters."""
    dead = func.count().filter(_columns.due_at.is_(None))
    retrying, buried = tx.execute(select(func.count() - dead, dead).select_from(failed_deliveries)).one()
    return retrying, buried


def _failure(row: Row[tuple[object, ...]] | None) -> Failure | None:
    return Failure(*row) if row else None
