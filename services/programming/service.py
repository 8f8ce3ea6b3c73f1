"""Programming's worker: what it hears. Each method is one use case."""

from kernel.consumer import handle_event
from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.extensions import OutboxRelay
from services.booking.events import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingReleased,
    BookingRescheduled,
    BookingRestated,
    PersonErased,
    SpacePublished,
)
from services.programming import usecases


class Programming:
    """The programme follows the bookings."""

    name = "programming"
    outbox = OutboxRelay()

    @handle_event(SpacePublished)
    def space_published(self, tx: Transaction, event: Envelope[SpacePublished]) -> None:
        usecases.follow_space(tx, event)

    @handle_event(BookingConfirmed)
    def booking_confirmed(self, tx: Transaction, event: Envelope[BookingConfirmed]) -> None:
        usecases.follow_booking(tx, event)

    @handle_event(BookingCancelled)
    def booking_cancelled(self, tx: Transaction, event: Envelope[BookingCancelled]) -> None:
        usecases.follow_booking(tx, event)

    @handle_event(BookingRescheduled)
    def booking_rescheduled(self, tx: Transaction, event: Envelope[BookingRescheduled]) -> None:
        usecases.follow_booking(tx, event)

    @handle_event(BookingReleased)
    def booking_released(self, tx: Transaction, event: Envelope[BookingReleased]) -> None:
        usecases.follow_booking(tx, event)

    @handle_event(BookingCompleted)
    def booking_completed(self, tx: Transaction, event: Envelope[BookingCompleted]) -> None:
        usecases.follow_booking(tx, event)

    @handle_event(BookingDeclined)
    def booking_declined(self, tx: Transaction, event: Envelope[BookingDeclined]) -> None:
        usecases.follow_booking(tx, event)

    @handle_event(BookingExpired)
    def booking_expired(self, tx: Transaction, event: Envelope[BookingExpired]) -> None:
        usecases.follow_booking(tx, event)

    @handle_event(BookingRestated)
    def booking_restated(self, tx: Transaction, event: Envelope[BookingRestated]) -> None:
        usecases.follow_booking(tx, event)

    @handle_event(PersonErased, repeatedly=True)
    def person_erased(self, tx: Transaction, event: Envelope[PersonErased]) -> None:
        usecases.forget_titles(tx, event)
