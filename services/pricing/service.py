"""Pricing's worker: every event it hears and every timer it has, each one use case."""

from kernel.consumer import handle_event
from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.extensions import OutboxRelay, every
from services.booking.events import (
    BookingAwaitingPayment,
    BookingCancelled,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingHeld,
    BookingReleased,
    BookingRescheduled,
    BookingRestated,
    PersonErased,
    RepresentationChanged,
    SpacePublished,
)
from services.pricing.usecases import bookings, payments, persons
from services.pricing.usecases.reconcile import reconcile


class Pricing:
    """Prices what booking holds, charges what it confirms, prices anew what it moves, settles what it ends."""

    name = "pricing"
    outbox = OutboxRelay()

    @handle_event(BookingHeld)
    def booking_held(self, tx: Transaction, event: Envelope[BookingHeld]) -> None:
        bookings.follow_booking(tx, event)

    @handle_event(BookingConfirmed)
    def booking_confirmed(self, tx: Transaction, event: Envelope[BookingConfirmed]) -> None:
        bookings.follow_booking(tx, event)

    @handle_event(BookingCancelled)
    def booking_cancelled(self, tx: Transaction, event: Envelope[BookingCancelled]) -> None:
        bookings.follow_booking(tx, event)

    @handle_event(BookingDeclined)
    def booking_declined(self, tx: Transaction, event: Envelope[BookingDeclined]) -> None:
        bookings.follow_booking(tx, event)

    @handle_event(BookingExpired)
    def booking_expired(self, tx: Transaction, event: Envelope[BookingExpired]) -> None:
        bookings.follow_booking(tx, event)

    @handle_event(BookingAwaitingPayment)
    def booking_awaiting_payment(self, tx: Transaction, event: Envelope[BookingAwaitingPayment]) -> None:
        bookings.follow_booking(tx, event)

    @handle_event(BookingRescheduled)
    def booking_rescheduled(self, tx: Transaction, event: Envelope[BookingRescheduled]) -> None:
        bookings.follow_booking(tx, event)

    @handle_event(BookingReleased)
    def booking_released(self, tx: Transaction, event: Envelope[BookingReleased]) -> None:
        bookings.follow_booking(tx, event)

    @handle_event(BookingRestated)
    def booking_restated(self, tx: Transaction, event: Envelope[BookingRestated]) -> None:
        bookings.follow_booking(tx, event)

    @handle_event(SpacePublished)
    def space_published(self, tx: Transaction, event: Envelope[SpacePublished]) -> None:
        bookings.follow_space(tx, event)

    @handle_event(RepresentationChanged)
    def representation_changed(self, tx: Transaction, event: Envelope[RepresentationChanged]) -> None:
        bookings.follow_representation(tx, event)

    @handle_event(PersonErased, repeatedly=True)
    def person_erased(self, tx: Transaction, event: Envelope[PersonErased]) -> None:
        persons.forget_person(tx, event)

    @every(seconds=60)
    def tell_of_payments_again(self, tx: Transaction) -> None:
        payments.tell_again(tx)

    @every(seconds=60)
    def reconcile_ledgers(self, tx: Transaction) -> None:
        reconcile(tx)
