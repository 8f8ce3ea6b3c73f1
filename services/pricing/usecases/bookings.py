"""Following bookings: whatever booking tells, quote, charge and waiver come to stand as the newest of it says."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

import structlog

from kernel import erased, inbox, telemetry
from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.ids import new_id
from services.booking.events import (
    BookingCancelled,
    BookingRestated,
    BookingSnapshot,
    BookingState,
    RepresentationChanged,
    SpacePublished,
)
from services.pricing import metrics
from services.pricing.events import BookingCharged, ChangeReason
from services.pricing.model import charge as charging
from services.pricing.model.charge import OPEN, Charge, ChargeState
from services.pricing.model.quote import Price, Quote
from services.pricing.store import charges, duties, quotes, representations, spaces
from services.pricing.usecases import payments, prices, rent_waived
from services.pricing.usecases.persons import without_erased

log = structlog.get_logger(__name__)

Told = Envelope[BookingSnapshot]


class ConfirmedWithoutPrice(Exception):
    """A booking was confirmed that no tariff has a price for, and that was never charged. The event becomes a dead
    letter, to be replayed once a tariff is adopted: nobody uses a space unpriced without an operator knowing."""


def follow_booking(tx: Transaction, event: Told) -> None:
    """Brings quote, charge and waiver to where the booking is now. Old news does nothing.

    held, awaiting: quoted. confirmed: charged, and for good if nobody comes. cancelled: settled by the tariff's rule,
    or credited when the house gave it up. expired, declined: given back. Moved in any of them: quoted anew, and the
    charge reversed and made anew; where there is no price it stands, and booking is told.
    """
    if not inbox.newest(tx, event):
        return
    event = without_erased(tx, event)
    undone = inbox.begins_epoch(tx, event) and _begin_anew(tx, event)
    changed = _FOLLOW[event.data.state](tx, event) or undone
    payments.follow(tx, event)
    if changed and isinstance(event.data, BookingRestated):
        telemetry.REPAIRS.labels("pricing", "booking").inc()
        log.warning("booking_repaired", state=event.data.state)


def follow_space(tx: Transaction, event: Envelope[SpacePublished]) -> None:
    """Remembers which class of premises and which arena a space belongs to."""
    if inbox.newest(tx, event):
        space = event.data
        spaces.save(tx, space=space.space, square=space.square, premises=space.premises, arena=space.arena)


def follow_representation(tx: Transaction, event: Envelope[RepresentationChanged]) -> None:
    """Remembers who may act for an organisation, and so see what it pays, and decide on nothing of it; not who has been
    erased since it was told. What they decided on before this came is told to operators."""
    told = event.data
    erased.queue(tx, told.person)
    if erased.among(tx, [told.person], event.time) or not inbox.newest(tx, event):
        return
    representations.save(tx, told, event.time)
    if told.role is not None and (late := duties.decided(tx, told.actor, UUID(told.person), since=event.time)):
        metrics.OWN_INTEREST.inc(len(late))
        log.error("decided_in_own_interest", actor=str(told.actor), decided=[str(each) for each in late])


def withdraw(tx: Transaction, booking: UUID) -> bool:
    """Gives up what is charged and waived for a booking that booking does not know; whether there was anything."""
    quote = quotes.lock_of_booking(tx, booking)
    if quote is not None and quote.awaits_payment is not None:
        quotes.await_payment(tx, quote.id, None)
    return _give_up(tx, booking)


def _begin_anew(tx: Transaction, told: Told) -> bool:
    """After a restore booking may know nothing of what settled a charge. One that would be settled otherwise now, or
    not at all, is open again, and what was given back of the waiver is set aside once more."""
    quote = quotes.lock_of_booking(tx, told.data.booking)
    made = charges.of_booking(tx, told.data.booking)
    if quote is None:
        return False
    settled = _settled_as(quote, told.data)
    if reopened := made is not None and made.state not in OPEN and made.state != settled:
        _save(tx, made, made.reopened(tx.now), "restored")
    is_charged = made is not None and made.state == "charged"
    if settled != "credited" and not is_charged and (missing := rent_waived.missing(tx, quote)):
        rent_waived.take_again(tx, prices.tell_again(tx, quote, told.sequence), missing)
        return True
    return reopened


def _settled_as(quote: Quote, booking: BookingSnapshot) -> ChargeState | None:
    """How the charge of the booking stands once it is settled; None when it is not to be."""
    if booking.state in ("expired", "declined") or (booking.state == "cancelled" and booking.confirmed_at is None):
        return "credited"
    if booking.state != "cancelled":
        return None
    free = quote.price is None or _for_nothing(booking) or _cancelled_at(booking) <= quote.price.credit_until
    return "credited" if free else "kept"


def _waits(tx: Transaction, told: Told) -> bool:
    """Held or awaiting a decision: nothing is owed, not even for the time it was moved from."""
    _, anew = prices.current(tx, told)
    made = charges.of_booking(tx, told.data.booking)
    if made is None or made.state != "charged":
        return anew
    _save(tx, made, made.reversed(tx.now), "rescheduled")
    return True


def _confirmed(tx: Transaction, told: Told) -> bool:
    quote, anew = prices.current(tx, told, must_have_price=True)
    made = charges.of_booking(tx, told.data.booking)
    if quote.price is None or quote.reason is not None:
        if made is None:
            raise ConfirmedWithoutPrice(quote.reason)
        return anew  # moved to where it has no price: what is charged stands until booking has settled it
    if made is None:
        _charge(tx, quote, quote.price)
    elif made.state == "reversed" or (anew and made.state == "charged"):
        _save(tx, made, made.charged_again(quote.price, tx.now), "rescheduled")
        rent_waived.use(tx, quote)
    else:
        return anew
    return True


def _cancelled(tx: Transaction, told: Told) -> bool:
    booking = told.data
    if booking.confirmed_at is None:
        return _ended(tx, told)
    # the confirmation or the move that this cancellation has overtaken counts all the same
    changed = _confirmed(tx, told) if _is_open(charges.of_booking(tx, booking.booking)) else False
    made = charges.of_booking(tx, booking.booking)
    if made is None or made.state not in OPEN:
        return changed
    price = _price_of(tx, told)
    if price is None or _for_nothing(booking):
        _settle(tx, made, made.credited(tx.now))
    else:
        _settle(tx, made, made.cancelled(price, _cancelled_at(booking), tx.now))
    return True


def _ended(tx: Transaction, told: Told) -> bool:
    """Expired, declined, or given up before it was confirmed: nothing is owed, whatever was charged before."""
    return _give_up(tx, told.data.booking)


def _give_up(tx: Transaction, booking: UUID) -> bool:
    quotes.lock_of_booking(tx, booking)
    made = charges.of_booking(tx, booking)
    if made is not None and made.state in OPEN:
        _settle(tx, made, made.credited(tx.now))
        return True
    return rent_waived.give_back(tx, booking)


_FOLLOW: Mapping[BookingState, Callable[[Transaction, Told], bool]] = {
    "held": _waits,
    "awaiting_approval": _waits,
    "awaiting_payment": _waits,
    "confirmed": _confirmed,
    "in_use": _confirmed,
    "completed": _confirmed,
    "released": _confirmed,
    "cancelled": _cancelled,
    "expired": _ended,
    "declined": _ended,
}
"""Each brings pricing to where the booking is, and tells whether it had anything to do."""


def _charge(tx: Transaction, quote: Quote, price: Price) -> None:
    made = charging.charge(new_id(), quote.id, quote.booking, price, tx.now)
    charges.add(tx, made)
    rent_waived.use(tx, quote)
    _tell(tx, made, "confirmed")


def _settle(tx: Transaction, before: Charge, settled: Charge) -> None:
    _save(tx, before, settled, "cancelled")
    if settled.state == "credited":
        rent_waived.give_back(tx, settled.booking)


def _save(tx: Transaction, before: Charge, after: Charge, reason: ChangeReason) -> None:
    charges.save(tx, before, after)
    _tell(tx, after, reason)


def _tell(tx: Transaction, charge: Charge, reason: ChangeReason) -> None:
    metrics.CHARGES.labels(charge.state).inc()
    told = BookingCharged(
        booking=charge.booking,
        charge=charge.id,
        total=charge.total,
        reason=reason,
        currency=charge.currency,
        lines=list(charge.entries[-1].lines),
    )
    tx.emit(told, subject=str(charge.id), sequence=charge.version)


def _is_open(charge: Charge | None) -> bool:
    return charge is None or charge.state in OPEN


def _price_of(tx: Transaction, told: Told) -> Price | None:
    """Its price; None when it was moved to where it has none, and nothing is charged for it."""
    quote = quotes.of_booking(tx, told.data.booking)
    return quote.price if quote else None


def _for_nothing(booking: BookingSnapshot) -> bool:
    """Whether the house gave it up, or had moved it before its tenant did."""
    told = booking if isinstance(booking, BookingCancelled | BookingRestated) else None
    return told is not None and (told.cancelled_by == "house" or told.for_nothing)


def _cancelled_at(booking: BookingSnapshot) -> datetime:
    at = booking.cancelled_at if isinstance(booking, BookingCancelled | BookingRestated) else None
    if at is None:
        raise ValueError("a cancelled booking that does not tell when it was cancelled")
    return at
