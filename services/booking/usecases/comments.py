"""Tenant and house write to each other of a booking. Nothing is told of it: what they say is theirs."""

from uuid import UUID

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.ids import new_id
from services.booking.model.comments import MOST, Comment, TooManyComments
from services.booking.store import comments
from services.booking.usecases.bookings import locked


def write(tx: Transaction, who: Caller, booking: UUID, *, text: str) -> Comment:
    """Writes a comment; for the tenant, who acts for it, and the managers of the square."""
    found, side = locked(tx, who, booking, managers=True)
    if comments.count(tx, found.id) >= MOST:
        raise TooManyComments(most=MOST)
    comment = Comment(id=new_id(), booking=found.id, side=side, author=who.person, text=text, written_at=tx.now)
    comments.add(tx, comment)
    return comment


def note_seen(tx: Transaction, who: Caller, booking: UUID, *, last: UUID) -> None:
    """Notes that what the other side wrote is seen, up to a comment."""
    found, side = locked(tx, who, booking, managers=True)
    comments.note_seen(tx, found.id, by="house" if side == "tenant" else "tenant", last=last)
