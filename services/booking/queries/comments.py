"""The comments on a booking, for those who may see it."""

from uuid import UUID

from sqlalchemy import select

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from services.booking.model.comments import Comment
from services.booking.queries.bookings import one
from services.booking.store.comments import booking_comments, comment_from


def of_booking(tx: Transaction, who: Caller, booking: UUID, page: PageRequest) -> Page[Comment]:
    """What was said of a booking, the first first. Raises NotFound when the caller may not see it."""
    one(tx, who, booking)
    wanted = select(booking_comments).where(booking_comments.c.booking == booking)
    if after := page.after(UUID):
        wanted = wanted.where(booking_comments.c.id > after[0])
    rows = tx.execute(wanted.order_by(booking_comments.c.id).limit(page.fetch)).all()
    found = page.cut(rows, lambda row: (row.id,))
    return Page([comment_from(row) for row in found.items], found.next_cursor)
