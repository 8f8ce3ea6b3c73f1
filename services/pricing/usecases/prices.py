"""What a booking costs: quoted when it is held, and anew when it is moved. `bookings` calls it for every event."""

from functools import partial

from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.ids import new_id
from services.booking.events import BookingRescheduled, BookingRestated, BookingSnapshot
from services.pricing import metrics
from services.pricing.events import BookingPriced, BookingUnpriceable, PriceLine
from services.pricing.model import quote as quoting
from services.pricing.model import waiver
from services.pricing.model.quote import Parties, Priced, Quote
from services.pricing.model.rent import OSLO, rent, total
from services.pricing.model.tariff import Letting, Tariff, Unpriceable
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
        return _quote(tx, told), True
    moved = _moved(quote, told)
    if quote.price is not None and quote.reason is not None and not moved:
        return _saved(tx, quote.put_back(told.sequence)), False
    without = must_have_price and quote.price is None
    if without or isinstance(told.data, BookingRescheduled) or moved:
        return _quote(tx, told, before=quote, stands=must_have_price), True
    if isinstance(told.data, BookingRestated) and told.data.state in _SHOWN:
        quote = tell_again(tx, quote, told.sequence)
    return quote, False


def tell_again(tx: Transaction, quote: Quote, sequence: int) -> Quote:
    """Says a price again, of this version of the booking."""
    return _saved(tx, quote.told_again(sequence))


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


def _quote(
    tx: Transaction, told: Envelope[BookingSnapshot], *, before: Quote | None = None, stands: bool = False
) -> Quote:
    """Quotes a booking for the first time, or anew. An earlier price `stands` where there is none: what it took of the
    waiver does, too."""
    booking, asked = told.data, _asked(told)
    made = partial(
        Quote,
        id=before.id if before else new_id(),
        booking=booking.booking,
        version=before.version + 1 if before else 1,
        parties=Parties(tenant=booking.tenant.id, booked_by=booking.booked_by, square=booking.square),
        quoted_at=tx.now,
        priced=asked,
    )
    try:
        tariff, lines = _rent(tx, asked.letting)
    except Unpriceable as unpriceable:
        metrics.QUOTES.labels(unpriceable.reason).inc()
        if before and stands and before.price is not None:
            return _saved(tx, before.standing(unpriceable.reason, asked))
        _give_back(tx, before)
        return _saved(tx, made(price=None, reason=unpriceable.reason))
    metrics.QUOTES.labels("priced").inc()
    _give_back(tx, before)
    waived = rent_waived.reserve(tx, booking, total(lines), tariff.currency, quote_version=made.keywords["version"])
    if waived:
        lines.append(waiver.waiver_line(waived, lines[0].vat_rate))
    return _saved(tx, made(price=quoting.price(tariff, lines, asked.letting.begins_at)))


def _give_back(tx: Transaction, before: Quote | None) -> None:
    if before is not None:
        rent_waived.give_back(tx, before.booking)


def _rent(tx: Transaction, letting: Letting) -> tuple[Tariff, list[PriceLine]]:
    tariff = tariffs.for_premises(tx, letting.premises, letting.begins_at.astimezone(OSLO).date())
    if tariff is None:
        raise Unpriceable("no_tariff")
    return tariff, rent(tariff, letting, is_public_holiday)


def _saved(tx: Transaction, quote: Quote) -> Quote:
    quotes.save(tx, quote)
    _tell(tx, quote)
    return quote


def _tell(tx: Transaction, quote: Quote) -> None:
    tx.emit(_told(quote), subject=str(quote.id), sequence=quote.version)


def _told(quote: Quote) -> BookingPriced | BookingUnpriceable:
    sequence = quote.priced_sequence
    if quote.price is None or quote.reason is not None:
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
