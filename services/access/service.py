"""Access's worker: what it hears and what it does by the clock. Each method is one use case."""

from datetime import timedelta

import nameko

from kernel.consumer import handle_event
from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.extensions import OutboxRelay, every
from kernel.settings import Settings
from services.access import usecases
from services.access.codes import Codes, codes_from, draw
from services.access.events import KeyIssued, KeyRevoked
from services.booking.events import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingReleased,
    BookingRescheduled,
    BookingRestated,
    Heartbeat,
    PersonErased,
    RepresentationChanged,
    SpacePublished,
)


class Access:
    """Keys follow bookings, and locks follow keys."""

    name = "access"
    outbox = OutboxRelay()

    @handle_event(SpacePublished)
    def space_published(self, tx: Transaction, event: Envelope[SpacePublished]) -> None:
        usecases.follow_space(tx, event)

    @handle_event(BookingConfirmed)
    def booking_confirmed(self, tx: Transaction, event: Envelope[BookingConfirmed]) -> None:
        usecases.follow_booking(tx, event, _codes(), draw)

    @handle_event(BookingCancelled)
    def booking_cancelled(self, tx: Transaction, event: Envelope[BookingCancelled]) -> None:
        usecases.follow_booking(tx, event, _codes(), draw)

    @handle_event(BookingRescheduled)
    def booking_rescheduled(self, tx: Transaction, event: Envelope[BookingRescheduled]) -> None:
        usecases.follow_booking(tx, event, _codes(), draw)

    @handle_event(BookingReleased)
    def booking_released(self, tx: Transaction, event: Envelope[BookingReleased]) -> None:
        usecases.follow_booking(tx, event, _codes(), draw)

    @handle_event(BookingCompleted)
    def booking_completed(self, tx: Transaction, event: Envelope[BookingCompleted]) -> None:
        usecases.follow_booking(tx, event, _codes(), draw)

    @handle_event(BookingDeclined)
    def booking_declined(self, tx: Transaction, event: Envelope[BookingDeclined]) -> None:
        usecases.follow_booking(tx, event, _codes(), draw)

    @handle_event(BookingExpired)
    def booking_expired(self, tx: Transaction, event: Envelope[BookingExpired]) -> None:
        usecases.follow_booking(tx, event, _codes(), draw)

    @handle_event(BookingRestated)
    def booking_restated(self, tx: Transaction, event: Envelope[BookingRestated]) -> None:
        usecases.follow_booking(tx, event, _codes(), draw)

    @handle_event(RepresentationChanged)
    def representation_changed(self, tx: Transaction, event: Envelope[RepresentationChanged]) -> None:
        usecases.follow_representation(tx, event, _codes(), draw)

    @handle_event(PersonErased, repeatedly=True)
    def person_erased(self, tx: Transaction, event: Envelope[PersonErased]) -> None:
        usecases.forget_person(tx, event, _codes(), draw)

    @handle_event(Heartbeat)
    def heartbeat(self, tx: Transaction, event: Envelope[Heartbeat]) -> None:
        usecases.hear_heartbeat(tx, event)

    @handle_event(KeyIssued)
    def key_issued(self, tx: Transaction, event: Envelope[KeyIssued]) -> None:
        usecases.load_key(tx, event)

    @handle_event(KeyRevoked)
    def key_revoked(self, tx: Transaction, event: Envelope[KeyRevoked]) -> None:
        usecases.unload_key(tx, event)

    @every(seconds=15)
    def tell_unused(self, tx: Transaction) -> None:
        usecases.tell_unused(tx)

    @every(seconds=300)
    def tell_unused_again(self, tx: Transaction) -> None:
        usecases.tell_unused_again(tx)

    @every(seconds=10)
    def watch_news(self, tx: Transaction) -> None:
        usecases.watch_news(tx)

    @every(seconds=10)
    def reconcile_locks(self, tx: Transaction) -> None:
        usecases.reconcile_locks(tx)

    @every(seconds=60)
    def renew_codes(self, tx: Transaction) -> None:
        usecases.renew_codes(tx, _codes(), draw)

    @every(seconds=60)
    def mend_margins(self, tx: Transaction) -> None:
        usecases.mend_margins(tx)

    @every(seconds=15)
    def watch_unknown(self, tx: Transaction) -> None:
        usecases.watch_unknown(tx)

    @every(seconds=600)
    def prune_entries(self, tx: Transaction) -> None:
        usecases.prune_entries(tx, keep=timedelta(days=_settings().access_entry_days))


def _codes() -> Codes:
    return codes_from(_settings())


def _settings() -> Settings:
    settings: Settings = nameko.config["torg"]
    return settings
