"""Quotes, one per booking."""

from datetime import datetime
from uuid import UUID

from cattrs.preconf.json import make_converter
from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction
from services.pricing.model.quote import Parties, Price, Priced, Quote
from services.pricing.store.tables import quotes

_json = make_converter()

_SAVE = insert(quotes)
_SAVE = _SAVE.on_conflict_do_update(
    index_elements=[quotes.c.id],
    set_={name: _SAVE.excluded[name] for name in ("version", "square", "quoted_at", "price", "reason", "priced")},
)

_OF_BOOKING = select(quotes).where(quotes.c.booking == bindparam("of"))
_LOCK_OF_BOOKING = _OF_BOOKING.with_for_update()
_TOLD_PAID = (
    select(quotes.c.booking)
    .where(quotes.c.awaits_payment.is_not(None), quotes.c.paid_told_at < bindparam("before"))
    .order_by(quotes.c.booking)
    .limit(100)
)


def of_booking(tx: Transaction, booking: UUID) -> Quote | None:
    """The quote of a booking."""
    found = tx.execute(_OF_BOOKING, {"of": booking}).one_or_none()
    return _quote(found) if found else None


def lock_of_booking(tx: Transaction, booking: UUID) -> Quote | None:
    """The quote of a booking, locked until the transaction ends."""
    found = tx.execute(_LOCK_OF_BOOKING, {"of": booking}).one_or_none()
    return _quote(found) if found else None


def await_payment(tx: Transaction, quote: UUID, sequence: int | None) -> None:
    """Notes which version of the booking waits to be paid; None: it does not."""
    waits = {"awaits_payment": sequence, "paid_told_at": None}
    tx.execute(update(quotes).where(quotes.c.id == quote).values(waits))


def note_paid_told(tx: Transaction, quote: UUID) -> None:
    """Notes that booking was told it is paid."""
    tx.execute(update(quotes).where(quotes.c.id == quote).values(paid_told_at=tx.now))


def told_paid(tx: Transaction, *, before: datetime) -> list[UUID]:
    """Some bookings that wait to be paid, and were told before that time that they are; not locked."""
    return list(tx.execute(_TOLD_PAID, {"before": before}).scalars())


def save(tx: Transaction, quote: Quote) -> None:
    """Adds a quote, or its new version."""
    row = {
        "id": quote.id,
        "booking": quote.booking,
        "version": quote.version,
        "tenant": quote.parties.tenant,
        "booked_by": quote.parties.booked_by,
        "square": quote.parties.square,
        "quoted_at": quote.quoted_at,
        "price": _json.unstructure(quote.price),
        "reason": quote.reason,
        "priced": _json.unstructure(quote.priced),
    }
    tx.execute(_SAVE, row)


def _quote(row: Row[tuple[object, ...]]) -> Quote:
    return Quote(
        id=row.id,
        booking=row.booking,
        version=row.version,
        parties=Parties(tenant=row.tenant, booked_by=row.booked_by, square=row.square),
        quoted_at=row.quoted_at,
        price=_json.structure(row.price, Price) if row.price is not None else None,
        reason=row.reason,
        priced=_json.structure(row.priced, Priced) if row.priced is not None else None,
        awaits_payment=row.awaits_payment,
    )
