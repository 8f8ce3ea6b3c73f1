"""Comments on bookings: add, count, note as seen."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    Row,
    Table,
    Text,
    Uuid,
    bindparam,
    exists,
    func,
    insert,
    select,
    text,
    update,
)

from kernel.db import Transaction
from services.booking.model.comments import Comment, Side
from services.booking.store.tables import bookings, metadata

booking_comments = Table(
    "booking_comments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("booking", ForeignKey("bookings.id"), nullable=False),
    Column("side", Text, nullable=False, comment="tenant or house"),
    Column("author", Uuid, nullable=False),
    Column("text", Text, nullable=False),
    Column("written_at", DateTime(timezone=True), nullable=False),
    Column("seen", Boolean, nullable=False, comment="by the other side"),
)
Index("booking_comments_of_booking", booking_comments.c.booking, booking_comments.c.id)
Index("booking_comments_by_author", booking_comments.c.author)
Index("booking_comments_unseen", booking_comments.c.booking, postgresql_where=text("NOT seen"))

_ADD = insert(booking_comments)
_COUNT = select(func.count()).select_from(booking_comments).where(booking_comments.c.booking == bindparam("of"))
_SEEN = (
    update(booking_comments)
    .where(
        booking_comments.c.booking == bindparam("of"),
        booking_comments.c.side == bindparam("by"),
        booking_comments.c.id <= bindparam("last"),
        ~booking_comments.c.seen,
    )
    .values(seen=True)
)


def add(tx: Transaction, comment: Comment) -> None:
    """Writes a comment."""
    tx.execute(_ADD, {name: getattr(comment, name) for name in Comment.__slots__})


def count(tx: Transaction, booking: UUID) -> int:
    """How many there are on a booking."""
    found: int = tx.execute(_COUNT, {"of": booking}).scalar_one()
    return found


def note_seen(tx: Transaction, booking: UUID, *, by: Side, last: UUID) -> None:
    """What one side has written, up to this comment, the other has seen."""
    tx.execute(_SEEN, {"of": booking, "by": by, "last": last})


def unseen(by: Side) -> ColumnElement[bool]:
    """Whether there is something on a booking, of a row of `bookings`, that this side wrote and the other has not
    seen."""
    return exists().where(
        booking_comments.c.booking == bookings.c.id, ~booking_comments.c.seen, booking_comments.c.side == by
    )


def comment_from(row: Row[Any]) -> Comment:
    """The comment in a row of `booking_comments`."""
    return Comment(**row._mapping)
