"""What is paid at the counter, before or after a booking is confirmed. Booking hears once what it waits for is paid."""

from datetime import timedelta
from uuid import UUID

from kernel import telemetry
from kernel.auth import Caller
from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.ids import new_id
from kernel.problems import NotFound
from services.booking.events import BookingSnapshot
from services.pricing import metrics
from services.pricing.events import BookingPaid
from services.pricing.model.payment import NothingToPay, NotTheAmountOwed, Payment
from services.pricing.model.quote import Quote
from services.pricing.store import duties, payments, quotes, representations

TOLD_AGAIN_AFTER = timedelta(minutes=5)
"""A booking that still waits when this long ago it was told to be paid, is told again."""


def register(tx: Transaction, caller: Caller, booking: UUID, *, amount: int) -> Payment:
    """Notes that a booking was paid, by a manager of its square who got the money and has no interest in the booking,
    else by an operator. One that nobody waits for any more is kept as credit."""
    quote = quotes.lock_of_booking(tx, booking)
    if quote is None or not representations.may_see(tx, caller, quote.parties):
        raise NotFound
    parties = quote.parties
    duties.duty(tx, caller, square=parties.square, tenant=parties.tenant).demand(caller, parties.square)
    owed = (quote.price.total if quote.price else 0) - payments.paid(tx, booking)
    if quote.price is None or owed <= 0:
        raise NothingToPay
    if amount != owed:
        raise NotTheAmountOwed(owed=owed)
    made = Payment(
        id=new_id(),
        booking=booking,
        amount=amount,
        currency=quote.price.currency,
        paid_at=tx.now,
        registered_by=str(caller.person),
    )
    payments.add(tx, made)
    metrics.PAID.inc(amount)
    _tell_if_paid(tx, quote)
    return made


def follow(tx: Transaction, told: Envelope[BookingSnapshot]) -> None:
    """Remembers whether the booking waits to be paid; what was paid for it before, at another time or place, counts."""
    quote = quotes.lock_of_booking(tx, told.data.booking)
    awaits = told.sequence if told.data.state == "awaiting_payment" else None
    if quote is None or quote.awaits_payment == awaits:
        return
    quotes.await_payment(tx, quote.id, awaits)
    if awaits is not None:
        _tell_if_paid(tx, quotes.lock_of_booking(tx, quote.booking) or quote)


def tell_again(tx: Transaction) -> None:
    """Tells booking once more of what is paid and still waits, as far as pricing knows."""
    for booking in quotes.told_paid(tx, before=tx.now - TOLD_AGAIN_AFTER):
        quote = quotes.lock_of_booking(tx, booking)
        if quote is not None and quote.awaits_payment is not None:
            _tell_if_paid(tx, quote)
            telemetry.REPAIRS.labels("pricing", "booking_hears_of_payment").inc()


def _tell_if_paid(tx: Transaction, quote: Quote) -> None:
    if quote.awaits_payment is None or quote.price is None:
        return
    paid = payments.paid(tx, quote.booking)
    if paid < quote.price.total:
        return
    told = BookingPaid(
        booking=quote.booking,
        amount=paid,
        paid_at=tx.now,
        currency=quote.price.currency,
        priced_sequence=quote.priced_sequence,
    )
    tx.emit(told, subject=str(quote.booking), sequence=quote.awaits_payment)
    quotes.note_paid_told(tx, quote.id)
