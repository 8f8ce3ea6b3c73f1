"""What the other services tell: prices from pricing, keys and doors from access."""

from uuid import UUID

from kernel import inbox
from kernel.contracts import Envelope, Event
from kernel.db import Transaction
from kernel.errors import Text
from kernel.problems import NotFound
from services.access.events import DoorOpened, KeyArmed, KeyRevoked, KeySnapshot
from services.booking import metrics
from services.booking.model.bookings import Booking, KeyState, Price, PriceLine
from services.booking.store import bookings
from services.booking.usecases.bookings import step
from services.pricing.events import BookingPriced, BookingUnpriceable


def take_price(tx: Transaction, event: Envelope[BookingPriced]) -> None:
    """Stores what a held booking costs, and confirms it if its tenant asked for that beforehand."""
    before = _held(tx, event, event.data.booking)
    if before is not None:
        step(tx, before, before.priced(_price(event.data), now=tx.now))


def decline_unpriceable(tx: Transaction, event: Envelope[BookingUnpriceable]) -> None:
    """Declines a held booking that the tariff has no price for."""
    before = _held(tx, event, event.data.booking)
    if before is not None:
        step(tx, before, before.declined(event.data.reason, now=tx.now))


def key_armed(tx: Transaction, event: Envelope[KeyArmed]) -> None:
    """Notes that a code is on the door."""
    _note_key(tx, event, "armed")


def key_revoked(tx: Transaction, event: Envelope[KeyRevoked]) -> None:
    """Notes that a key opens nothing any more."""
    _note_key(tx, event, "revoked")


def door_opened(tx: Transaction, event: Envelope[DoorOpened]) -> None:
    """Notes when the door was first opened for a booking."""
    before = _known(tx, event.data.booking)
    bookings.save(tx, before.opened(event.data.opened_at))


def _note_key(tx: Transaction, event: Envelope[KeySnapshot], state: KeyState) -> None:
    if not inbox.newest(tx, event):
        return
    before = _known(tx, event.data.booking)
    states = bookings.note_key(tx, before.id, event.data.key, state)
    bookings.save(tx, before.with_keys(states))


def _held(tx: Transaction, event: Envelope[Event], booking: UUID) -> Booking | None:
    """The booking of a quote, locked; None when the quote is old news, or the booking was given up meanwhile."""
    if not inbox.newest(tx, event):
        return None
    found = _known(tx, booking)
    if found.state == "held":
        return found
    metrics.LATE.labels(event.type).inc()
    return None


def _known(tx: Transaction, booking: UUID) -> Booking:
    """The booking, locked. One that isn't there is a fault: the event becomes a dead letter, to be looked at."""
    found = bookings.lock(tx, booking)
    if found is None:
        raise NotFound
    return found


def _price(told: BookingPriced) -> Price:
    lines = tuple(
        PriceLine(
            code=line.code,
            text=Text(line.nb, line.nn, line.en),
            quantity=line.quantity,
            unit=line.unit,
            unit_amount=line.unit_amount,
            amount=line.amount,
            vat_rate=line.vat_rate,
        )
        for line in told.lines
    )
    return Price(quote=told.quote, tariff=told.tariff, total=told.total, currency=told.currency, lines=lines)
