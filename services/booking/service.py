"""Booking's worker: every event it hears and every timer it has, each one use case."""

from kernel.consumer import handle_event
from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.extensions import OutboxRelay, every
from services.access.events import DoorOpened, KeyArmed, KeyRevoked
from services.booking.usecases import bookings, news, reconciliation
from services.pricing.events import BookingPriced, BookingUnpriceable


class Booking:
    """Hears prices, keys and doors; lets holds expire; says again how bookings stand."""

    name = "booking"
    outbox = OutboxRelay()

    @handle_event(BookingPriced)
    def booking_priced(self, tx: Transaction, event: Envelope[BookingPriced]) -> None:
        news.take_price(tx, event)

    @handle_event(BookingUnpriceable)
    def booking_unpriceable(self, tx: Transaction, event: Envelope[BookingUnpriceable]) -> None:
        news.decline_unpriceable(tx, event)

    @handle_event(KeyArmed)
    def key_armed(self, tx: Transaction, event: Envelope[KeyArmed]) -> None:
        news.key_armed(tx, event)

    @handle_event(KeyRevoked)
    def key_revoked(self, tx: Transaction, event: Envelope[KeyRevoked]) -> None:
        news.key_revoked(tx, event)

    @handle_event(DoorOpened)
    def door_opened(self, tx: Transaction, event: Envelope[DoorOpened]) -> None:
        news.door_opened(tx, event)

    @every(seconds=5)
    def expire_holds(self, tx: Transaction) -> None:
        bookings.expire_holds(tx)

    @every(seconds=20)
    def restate(self, tx: Transaction) -> None:
        reconciliation.restate(tx)
