"""What a step in a booking's life leaves behind: the booking as it is then, a line of its history, and its event.
`steps` calls it, and whoever takes several steps that belong together."""

from uuid import UUID

from kernel.db import Transaction
from services.booking.model.bookings import Booking
from services.booking.model.moved import lets_go
from services.booking.store import bookings, own
from services.booking.usecases.telling import tell


def saved(
    tx: Transaction, before: Booking, after: Booking, *, by: UUID | None = None, why: str | None = None
) -> Booking:
    """Saves a step, records who took it and why, and tells of it when the booking is elsewhere or in another state.
    What it leaves is not offered to those who wait: `offers.making_way` around it does that for several steps, and who
    clears a hold away whose time is over wants its space."""
    if after is before:
        return after
    bookings.save(tx, after)
    return noted(tx, before, after, by=by, why=why)


def noted(
    tx: Transaction, before: Booking, after: Booking, *, by: UUID | None = None, why: str | None = None
) -> Booking:
    """The same for a step that is in the database already, with many others."""
    moved = after.timed_version > before.timed_version
    if moved or after.state != before.state:
        if by is not None and lets_go(before, after):
            own.let_go(tx, before, at_version=after.version)
        bookings.record(tx, after, "rescheduled" if moved else after.state, by=by, why=why)
        tell(tx, after, moved_from=before if moved else None)
    return after
