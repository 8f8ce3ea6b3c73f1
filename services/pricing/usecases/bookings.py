"""Following bookings: whatever booking tells, quote, charge and waiver come to stand as the newest of it says."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Literal
from uuid import UUID

import structlog

from kernel import inbox, telemetry
from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.ids import new_id
from services.booking.events import BookingCancelled, BookingRestated, BookingSnapshot, BookingState, SpacePublished
from services.pricing import metrics
from services.pricing.events import BookingCharged, BookingPriced, BookingUnpriceable
from services.pricing.model import charge as charging
from services.pricing.model import quote as quoting
from services.pricing.model import waiver
from services.pricing.model.charge import Charge
from services.pricing.model.quote import Parties, Price, Quote
from services.pricing.model.rent import OSLO, rent, total
from services.pricing.model.tariff import Letting, Unpriceable
from services.pricing.model.waiver import Account, WaiverEntry
from services.pricing.public_holidays import is_public_holiday
from services.pricing.store import charges, quotes, spaces, tariffs, waivers

log = structlog.get_logger(__name__)


class ConfirmedWithoutPrice(Exception):
    """A booking was confirmed that no tariff has a price for. The event becomes a dead letter, to be replayed once a
    tariff is adopted: nobody uses a space unpriced without an operator knowing."""


def follow_booking(tx: Transaction, event: Envelope[BookingSnapshot]) -> None:
    """Brings quote, charge and waiver to where the booking is now. Old news does nothing.

    held: quoted. confirmed: charged. cancelled: settled by the tariff's rule. expired, declined: given back.
    """
    if not inbox.newest(tx, event):
        return
    changed = _FOLLOW[event.data.state](tx, event.data)
    if changed and isinstance(event.data, BookingRestated):
        telemetry.REPAIRS.labels("pricing", "booking").inc()
        log.warning("booking_repaired", state=event.data.state)


def follow_space(tx: Transaction, event: Envelope[SpacePublished]) -> None:
    """Remembers which class of premises a space belongs to."""
    if inbox.newest(tx, event):
        space = event.data
        spaces.save(tx, space=space.space, square=space.square, premises=space.premises)


def _held(tx: Transaction, booking: BookingSnapshot) -> bool:
    if quotes.of_booking(tx, booking.booking) is not None:
        return False
    _quote(tx, booking, id=new_id(), version=1)
    return True


def _confirmed(tx: Transaction, booking: BookingSnapshot) -> bool:
    if charges.of_booking(tx, booking.booking) is not None:
        return False
    _charge(tx, booking)
    return True


def _cancelled(tx: Transaction, booking: BookingSnapshot) -> bool:
    made = charges.of_booking(tx, booking.booking)
    if made is None and booking.confirmed_at is None:
        return _give_waiver_back(tx, booking.booking)
    # the confirmation that this cancellation has overtaken counts all the same
    made = made or _charge(tx, booking)
    if made.state != "charged":
        return False
    _settle(tx, made.cancelled(_price_of(tx, booking.booking), _cancelled_at(booking), tx.now))
    return True


def _ended(tx: Transaction, booking: BookingSnapshot) -> bool:
    """Expired or declined: nothing is owed, whatever was charged before."""
    made = charges.of_booking(tx, booking.booking)
    if made is not None and made.state == "charged":
        _settle(tx, made.credited(tx.now))
        return True
    return _give_waiver_back(tx, booking.booking)


_FOLLOW: Mapping[BookingState, Callable[[Transaction, BookingSnapshot], bool]] = {
    "held": _held,
    "confirmed": _confirmed,
    "cancelled": _cancelled,
    "expired": _ended,
    "declined": _ended,
}
"""Each brings pricing to where the booking is, and tells whether it had anything to do."""


def _quote(tx: Transaction, booking: BookingSnapshot, *, id: UUID, version: int) -> Quote:
    parties = Parties(tenant=booking.tenant.id, booked_by=booking.booked_by, square=booking.square)
    made = partial(Quote, id=id, booking=booking.booking, version=version, parties=parties, quoted_at=tx.now)
    try:
        quote = made(price=_price(tx, booking))
    except Unpriceable as unpriceable:
        quote = made(price=None, reason=unpriceable.reason)
    quotes.save(tx, quote)
    metrics.QUOTES.labels(quote.reason or "priced").inc()
    tx.emit(_quoted(quote), subject=str(quote.id), sequence=quote.version)
    return quote


def _quoted(quote: Quote) -> BookingPriced | BookingUnpriceable:
    if quote.price is None:
        return BookingUnpriceable(booking=quote.booking, reason=quote.reason or "")
    return BookingPriced(
        booking=quote.booking,
        quote=quote.id,
        tariff=quote.price.tariff,
        total=quote.price.total,
        currency=quote.price.currency,
        lines=list(quote.price.lines),
    )


def _price(tx: Transaction, booking: BookingSnapshot) -> Price:
    tariff = tariffs.for_premises(tx, booking.premises, booking.begins_at.astimezone(OSLO).date())
    if tariff is None:
        raise Unpriceable("no_tariff")
    lines = rent(tariff, _letting(booking), is_public_holiday)
    waived = _reserve_waiver(tx, booking, total(lines), tariff.currency)
    if waived:
        lines.append(waiver.waiver_line(waived, lines[0].vat_rate))
    return quoting.price(tariff, lines, booking.begins_at)


def _letting(booking: BookingSnapshot) -> Letting:
    return Letting(
        premises=booking.premises,
        begins_at=booking.begins_at,
        ends_at=booking.ends_at,
        purpose=booking.purpose,
        audience=booking.audience,
        tenant_kind=booking.tenant.kind,
        participants=booking.participants,
    )


def _charge(tx: Transaction, booking: BookingSnapshot) -> Charge:
    quote = quotes.of_booking(tx, booking.booking)
    if quote is None or quote.price is None:
        quote = _quote(tx, booking, id=quote.id if quote else new_id(), version=quote.version + 1 if quote else 1)
    if quote.price is None:
        raise ConfirmedWithoutPrice(quote.reason)
    made = charging.charge(new_id(), quote.id, booking.booking, quote.price, tx.now)
    charges.add(tx, made)
    _use_waiver(tx, quote)
    _tell(tx, made, "confirmed")
    return made


def _settle(tx: Transaction, settled: Charge) -> None:
    charges.settle(tx, settled)
    if settled.state == "credited":
        _give_waiver_back(tx, settled.booking)
    _tell(tx, settled, "cancelled")


def _tell(tx: Transaction, charge: Charge, reason: Literal["confirmed", "cancelled"]) -> None:
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


def _reserve_waiver(tx: Transaction, booking: BookingSnapshot, owed: int, currency: str) -> int:
    """What the tenant's waiver takes off; a person has none."""
    if booking.tenant.kind == "resident":
        return 0
    account = waivers.lock(tx, booking.tenant.id, currency)
    if account is None:
        return 0
    entries = waiver.reserve(account, owed, booking.booking, tx.now)
    return account.balance - _enter(tx, account, entries).balance


def _use_waiver(tx: Transaction, quote: Quote) -> None:
    if (account := _account_of(tx, quote)) is not None:
        known = waivers.of_booking(tx, account, quote.booking)
        _enter(tx, account, waiver.use(known, quote.booking, tx.now))


def _give_waiver_back(tx: Transaction, booking: UUID) -> bool:
    quote = quotes.of_booking(tx, booking)
    account = _account_of(tx, quote) if quote else None
    if account is None:
        return False
    entries = waiver.give_back(waivers.of_booking(tx, account, booking), booking, tx.now)
    _enter(tx, account, entries)
    return bool(entries)


def _account_of(tx: Transaction, quote: Quote) -> Account | None:
    return waivers.lock(tx, quote.parties.tenant, quote.price.currency) if quote.price else None


def _enter(tx: Transaction, account: Account, entries: Sequence[WaiverEntry]) -> Account:
    for entry in entries:
        metrics.WAIVED.labels(entry.reason).inc(abs(entry.amount))
    return waivers.add(tx, account, entries)


def _price_of(tx: Transaction, booking: UUID) -> Price:
    quote = quotes.of_booking(tx, booking)
    if quote is None or quote.price is None:
        raise ConfirmedWithoutPrice("charged without a price")
    return quote.price


def _cancelled_at(booking: BookingSnapshot) -> datetime:
    at = booking.cancelled_at if isinstance(booking, BookingCancelled | BookingRestated) else None
    if at is None:
        raise ValueError("a cancelled booking that does not tell when it was cancelled")
    return at
