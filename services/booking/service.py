"""Booking's worker: every event it hears and every timer it has, each one use case."""

from kernel.consumer import handle_event
from kernel.contracts import Envelope
from kernel.db import Database, Transaction
from kernel.extensions import OutboxRelay, errand, every
from kernel.settings import Settings
from services.access.events import DoorOpened, KeyArmed, KeyRevoked, KeyUnused
from services.booking.mail.errand import send_due
from services.booking.registers.errand import look_up_due
from services.booking.usecases import desk, journal, news, opening, privacy, reconciliation, resources, time, waiting
from services.pricing.events import BookingPaid, BookingPriced, BookingUnpriceable


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

    @handle_event(BookingPaid)
    def booking_paid(self, tx: Transaction, event: Envelope[BookingPaid]) -> None:
        news.take_payment(tx, event)

    @handle_event(KeyArmed)
    def key_armed(self, tx: Transaction, event: Envelope[KeyArmed]) -> None:
        news.key_armed(tx, event)

    @handle_event(KeyRevoked)
    def key_revoked(self, tx: Transaction, event: Envelope[KeyRevoked]) -> None:
        news.key_revoked(tx, event)

    @handle_event(DoorOpened)
    def door_opened(self, tx: Transaction, event: Envelope[DoorOpened]) -> None:
        news.door_opened(tx, event)

    @handle_event(KeyUnused)
    def key_unused(self, tx: Transaction, event: Envelope[KeyUnused]) -> None:
        news.release_unused(tx, event)

    @every(seconds=5)
    def expire_holds(self, tx: Transaction) -> None:
        time.expire_holds(tx)

    @every(seconds=10)
    def offer_again(self, tx: Transaction) -> None:
        waiting.offer_again(tx)

    @every(seconds=30)
    def complete_ended(self, tx: Transaction) -> None:
        time.complete_ended(tx)

    @every(seconds=10)
    def reckon_opening_hours(self, tx: Transaction) -> None:
        opening.reckon_behind(tx)

    @every(seconds=20)
    def restate(self, tx: Transaction) -> None:
        reconciliation.restate(tx)

    @every(seconds=20)
    def heartbeat(self, tx: Transaction) -> None:
        reconciliation.heartbeat(tx)

    @every(seconds=30)
    def tell_spaces_anew(self, tx: Transaction) -> None:
        resources.tell_anew(tx)

    @every(seconds=1)
    def restate_restored(self, tx: Transaction) -> None:
        reconciliation.restate_restored(tx)

    @every(seconds=3600)
    def tell_again(self, tx: Transaction) -> None:
        reconciliation.tell_again(tx)

    @every(seconds=10)
    def write_journal(self, tx: Transaction) -> None:
        journal.write(tx)

    @every(seconds=60)
    def forget_sent(self, tx: Transaction) -> None:
        privacy.forget_sent(tx)

    @every(seconds=60)
    def watch_desk(self, tx: Transaction) -> None:
        desk.watch(tx)

    @errand(seconds=5)
    def look_up_organisations(self, database: Database, settings: Settings) -> None:
        look_up_due(database, settings)

    @errand(seconds=5)
    def send_mails(self, database: Database, settings: Settings) -> None:
        send_due(database, settings)
