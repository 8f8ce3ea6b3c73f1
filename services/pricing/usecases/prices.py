"""What a booking costs: quoted when it is held, and anew when it is moved. `bookings` calls it for every event."""

from functools import partial
from uuid import UUID

from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.ids import new_id
from services.booking.events import BookingRescheduled, BookingRestated, BookingSnapshot
from services.pricing import metrics
from services.pricing.events import BookingPriced, BookingUnpriceable
from services.pricing.model import quote as quoting
from services.pricing.model import waiver
from services.pricing.model.quote import Parties, Price, Priced, Quote
from services.pricing.model.rent import OSLO, rent, total
from services.pricing.model.tariff import Letting, Unpriceable
from services.pricing.public_holidays import is_public_holiday
from services.pricing.store import quotes, tariffs
from services.pricing.usecases import rent_waived

_SHOWN = ("held", "awaiting_approval", "awaiting_payment", "confirmed")
"""The states in which booking has a use for the price."""


def current(tx: Transaction, told: Envelope[BookingSnapshot], *, must_have_price: bool = False) -> tuple[Quote, bool]:
    """The quote of the booking as it is told, and whether it was made or made anew for that.

    A booking keeps its price until it is moved, whatever tariff is adopted. When booking says again how it stands, its
    price is said again, too: the one that was told may have been lost.
    """
    quote = quotes.lock_of_booking(tx, told.data.booking)
    if quote is None:
        return _quote(tx, told, id=new_id(), version=1), True
    without = must_have_price and quote.price is None
    if without or isinstance(told.data, BookingRescheduled) or _moved(quote, told):
        rent_waived.give_back(tx, quote.booking)
        return _quote(tx, told, id=quote.id, version=quote.version + 1), True
    if isinstance(told.data, BookingRestated) and told.data.state in _SHOWN:
        quote = quote.told_again(told.sequence)
        quotes.save(tx, quote)
        _tell(tx, quote)
    return quote, False


def _moved(quote: Quote, told: Envelope[BookingSnapshot]) -> bool:
    return quote.priced is not None and quote.priced.differs(_asked(told))


def _asked(told: Envelope[BookingSnapshot]) -> Priced:
    booking = told.data
    letting = Letting(
        premises=booking.premises,
        begins_at=booking.begins_at,
        ends_at=booking.ends_at,
        purpose=booking.purpose,
        audience=booking.audience,
        tenant_kind=booking.tenant.kind,
        participants=booking.participants,
    )
    return Priced(sequence=told.sequence, space=booking.space, letting=letting)


def _quote(tx: Transaction, told: Envelope[BookingSnapshot], *, id: UUID, version: int) -> Quote:
    booking, asked = told.data, _asked(told)
    parties = Parties(tenant=booking.tenant.id, booked_by=booking.booked_by, square=booking.square)
    made = partial(
        Quote, id=id, booking=booking.booking, version=version, parties=parties, quoted_at=tx.now, priced=asked
    )
    try:
        quote = made(price=_price(tx, booking, asked.letting, version))
    except Unpriceable as unpriceable:
        quote = made(price=None, reason=unpriceable.reason)
    quotes.save(tx, quote)
    metrics.QUOTES.labels(quote.reason or "priced").inc()
    _tell(tx, quote)
    return quote


def _price(tx: Transaction, booking: BookingSnapshot, letting: Letting, version: int) -> Price:
    tariff = tariffs.for_premises(tx, letting.premises, letting.begins_at.astimezone(OSLO).date())
    if tariff is None:
        raise Unpriceable("no_tariff")
    lines = rent(tariff, letting, is_public_holiday)
    waived = rent_waived.reserve(tx, booking, total(lines), tariff.currency, quote_version=version)
    if waived:
        lines.append(waiver.waiver_line(waived, lines[0].vat_rate))
    return quoting.price(tariff, lines, letting.begins_at)


def _tell(tx: Transaction, quote: Quote) -> None:
    tx.emit(_told(quote), subject=str(quote.id), sequence=quote.version)


def _told(quote: Quote) -> BookingPriced | BookingUnpriceable:
    sequence = quote.priced_sequence
    if quote.price is None:
        return BookingUnpriceable(booking=quote.booking, reason=quote.reason or "", priced_sequence=sequence)
    return BookingPriced(
        booking=quote.booking,
        quote=quote.id,
        tariff=quote.price.tariff,
        total=quote.price.total,
        currency=quote.price.currency,
        lines=list(quote.price.lines),
        priced_sequence=sequence,
        free_until=quote.price.credit_until,
    )
