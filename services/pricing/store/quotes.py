"""Quotes, one per booking."""

from uuid import UUID

from cattrs.preconf.json import make_converter
from sqlalchemy import Row, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction
from services.pricing.model.quote import Parties, Price, Quote
from services.pricing.store.tables import quotes

_json = make_converter()

_SAVE = insert(quotes)
_SAVE = _SAVE.on_conflict_do_update(
    index_elements=[quotes.c.id],
    set_={name: _SAVE.excluded[name] for name in ("version", "quoted_at", "price", "reason")},
)

_OF_BOOKING = select(quotes).where(quotes.c.booking == bindparam("of"))


def of_booking(tx: Transaction, booking: UUID) -> Quote | None:
    """The quote of a booking."""
    found = tx.execute(_OF_BOOKING, {"of": booking}).one_or_none()
    return _quote(found) if found else None


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
    )
