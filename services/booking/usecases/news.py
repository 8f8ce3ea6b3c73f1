"""What the other services tell: prices from pricing, keys and doors from access."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from kernel import inbox
from kernel.contracts import Envelope, Event
from kernel.db import Transaction
from kernel.errors import Text
from kernel.problems import NotFound
from kernel.restores import epoch_of
from services.access.events import DoorOpened, KeyArmed, KeyRevoked, KeySnapshot, KeyUnused
from services.booking import metrics
from services.booking.events import BookingState
from services.booking.model.bookings import LIVE, WAITING, Booking, KeyState
from services.booking.model.prices import Price, PriceLine
from services.booking.model.refusals import NotUnused
from services.booking.store import bookings
from services.booking.store import series as series_store
from services.booking.usecases.bookings import put_back
from services.booking.usecases.steps import step
from services.pricing.events import BookingPaid, BookingPriced, BookingUnpriceable


def take_price(tx: Transaction, event: Envelope[BookingPriced]) -> None:
    """Stores what a booking costs, and takes it at that if its tenant asked for that beforehand. From then on its
    tenant can confirm it; a date of a series once all dates have their price."""
    with _answered_as_one(tx, event.data.booking):
        before = _newest(tx, event, event.data.booking, LIVE)
        if before is not None:
            told = event.data
            step(tx, before, before.priced(_price(told), of_version=told.priced_sequence, now=tx.now))


def take_payment(tx: Transaction, event: Envelope[BookingPaid]) -> None:
    """Confirms a booking that had to be paid first. What was paid for another time or place may not be enough."""
    before = _newest(tx, event, event.data.booking, ("awaiting_payment",))
    if before is not None and _still_so(event, before):
        step(tx, before, before.paid(now=tx.now))


def decline_unpriceable(tx: Transaction, event: Envelope[BookingUnpriceable]) -> None:
    """Declines a booking that the tariff has no price for: one that is held, or that was moved while it waited for
    approval or payment. One that its tenant moved after it was confirmed is put back, or declined if it can't be. What
    is confirmed and was moved by the house, or has begun, stays: its tenant was promised it."""
    with _answered_as_one(tx, event.data.booking):
        before = _newest(tx, event, event.data.booking, LIVE)
        if before is not None and _still_so(event, before):
            _settle_unpriceable(tx, event, before)


def key_armed(tx: Transaction, event: Envelope[KeyArmed]) -> None:
    """Notes that a code is on the door."""
    _note_key(tx, event, "armed")


def key_revoked(tx: Transaction, event: Envelope[KeyRevoked]) -> None:
    """Notes that a key opens nothing any more."""
    _note_key(tx, event, "revoked")


def door_opened(tx: Transaction, event: Envelope[DoorOpened]) -> None:
    """The space is in use since the door was first opened for a booking."""
    before = _known(tx, event, event.data.booking)
    if before is None:
        return
    at = event.data.opened_at
    if before.state == "confirmed":
        step(tx, before, before.opened(at).started(min(at, before.opened_at or at), now=tx.now))
    else:
        bookings.save(tx, before.opened(at))


def release_unused(tx: Transaction, event: Envelope[KeyUnused]) -> None:
    """Gives a space to others when nobody came. News that is overtaken (the booking was moved, given up, or is over)
    changes nothing."""
    before = _newest(tx, event, event.data.booking, ("confirmed",))
    if before is None:
        return
    try:
        after = before.released(event.data.release_at, now=tx.now)
    except NotUnused:
        metrics.LATE.labels(event.type).inc()
    else:
        step(tx, before, after)


def _settle_unpriceable(tx: Transaction, event: Envelope[BookingUnpriceable], before: Booking) -> None:
    reason = event.data.reason
    goes_back = before.moved_from is not None and tx.now < before.begins_at
    if goes_back and put_back(tx, before, why=reason):
        return
    if goes_back or before.state in WAITING:
        step(tx, before, before.unpriceable(reason, now=tx.now))
    else:
        metrics.LATE.labels(event.type).inc()
        bookings.save(tx, before.price_stands())


@contextmanager
def _answered_as_one(tx: Transaction, booking: UUID) -> Iterator[None]:
    """A price is taken in here. If it was the last that the held dates of a series waited for, they can be confirmed
    from now on, all for the same time: none of them expires while others wait for their price."""
    series = series_store.lock_of(tx, booking)
    yield
    if series is not None and not series_store.awaits_price(tx, series):
        held = bookings.lock_many(tx, series_store.held_of(tx, series))
        bookings.keep(tx, [after for each in held if (after := each.answerable(now=tx.now)) is not each])


def _note_key(tx: Transaction, event: Envelope[KeySnapshot], state: KeyState) -> None:
    if not inbox.newest(tx, event):
        return
    before = _known(tx, event, event.data.booking)
    if before is None:
        return
    states = bookings.note_key(tx, before.id, event.data.key, state)
    if _of_its_time(event.data, before):
        bookings.save(tx, before.with_keys(states))


def _of_its_time(key: KeySnapshot, booking: Booking) -> bool:
    """Whether a key is told as it is for where the booking is now, not for where it was moved from."""
    here = key.space == booking.space
    return here and key.valid_from <= booking.begins_at and booking.ends_at <= key.valid_until


def _newest(tx: Transaction, event: Envelope[Event], booking: UUID, states: tuple[BookingState, ...]) -> Booking | None:
    """The booking, locked; None when this is old news, or the booking is in none of these states any more."""
    if not inbox.newest(tx, event):
        return None
    found = _known(tx, event, booking)
    if found is None or found.state in states:
        return found
    metrics.LATE.labels(event.type).inc()
    return None


def _still_so(event: Envelope[BookingPaid] | Envelope[BookingUnpriceable], booking: Booking) -> bool:
    """Whether the booking has not been moved since the version that was priced."""
    if event.data.priced_sequence >= booking.timed_version:
        return True
    metrics.LATE.labels(event.type).inc()
    return False


def _known(tx: Transaction, event: Envelope[Event], booking: UUID) -> Booking | None:
    """The booking, locked. One that isn't there was lost if booking was ever restored, and is on the operator's list:
    None. Else it is a fault: the event becomes a dead letter, to be looked at."""
    found = bookings.lock(tx, booking)
    if found is None and not epoch_of(tx):
        raise NotFound
    if found is None:
        metrics.UNKNOWN.labels(event.type).inc()
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
    return Price(
        quote=told.quote,
        tariff=told.tariff,
        total=told.total,
        currency=told.currency,
        lines=lines,
        free_until=told.free_until,
    )
