"""A person's right to be forgotten: what must be settled first, what is told, and how it is counted.

What they booked stays as figures under an id of chance; who they were goes. `usecases.privacy` does it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.events import PersonErased
from services.booking.model.bookings import Booking

_COUNTED_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_MOST_NAMED = 100


class BookingsToCome(DomainError):
    """The person has bookings that are not over; they are given up first, or with it (`cancel_bookings`)."""

    code = "bookings_to_come"
    status = 409
    text = Text(
        nb="Det er {count} bookinger som ikke er over. Avbestill dem først, eller be om at de avbestilles.",
        nn="Det er {count} bookingar som ikkje er over. Avbestill dei først, eller be om at dei blir avbestilte.",
        en="There are {count} bookings that are not over. Cancel them first, or ask for them to be cancelled.",
    )

    def __init__(self, ids: Collection[UUID] = ()) -> None:
        named = " ".join(sorted(map(str, ids))[:_MOST_NAMED])
        super().__init__(count=len(ids), bookings=named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What came of an erasure: the bookings given up by it, and how many stay as figures."""

    erased_at: datetime
    cancelled: tuple[UUID, ...]
    kept: int


def ended(booking: Booking, *, now: datetime) -> Booking:
    """A live booking of somebody who goes: given up, or ended if it is under way or over."""
    if now >= booking.ends_at and booking.state in ("confirmed", "in_use"):
        return booking.completed(now=now)
    if now >= booking.hold_expires_at and booking.state in ("held", "awaiting_approval", "awaiting_payment"):
        return booking.expired(now=now)
    return booking.ended_early(now=now) if booking.state == "in_use" else booking.cancelled(now=now)


def happened(person: UUID, kept: Sequence[Booking], *, now: datetime) -> PersonErased:
    """The event that tells other services to forget the person, too: in what they booked, as it was."""
    return PersonErased(
        person=str(person),
        erased_at=now,
        bookings=[each.id for each in kept],
        untitled=[each.id for each in kept if each.tenant.id == person],
    )


def sequence(now: datetime) -> int:
    """Grows from one erasure of a person to their next, if they come back; nothing is kept to count them by."""
    return int((now - _COUNTED_FROM).total_seconds())
