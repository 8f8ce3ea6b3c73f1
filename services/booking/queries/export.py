"""All bookings of some days that somebody may see, as CSV, written while it is sent."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import tuple_

from kernel.auth import Caller
from kernel.db import Transaction
from services.booking.model import export
from services.booking.model.bookings import Booking
from services.booking.model.opening import instant
from services.booking.queries.bookings import filters, visible
from services.booking.queries.calendars import places_of
from services.booking.store.bookings import SHOWN, booking_from
from services.booking.store.tables import bookings

AT_ONCE = 500
Reading = Callable[[], AbstractContextManager[Transaction]]


def csv(reading: Reading, who: Caller, language: str, *, first: date, last: date, **same: str | None) -> Iterator[str]:
    """The table, a batch at a time. Each batch is read in a transaction of its own: however slowly it is fetched, it
    holds up nobody, and a booking that is moved meanwhile may be in it twice or not at all."""
    yield export.BOM + export.header(language)
    after: tuple[datetime, UUID] | None = (instant(first, 0), UUID(int=0))
    while after is not None:
        with reading() as tx:
            found = _batch(tx, who, after, instant(last + timedelta(days=1), 0), same)
            places = places_of(tx, {each.space for each in found}, language)
        yield "".join(export.row(each, places[each.space], language) for each in found)
        after = (found[-1].begins_at, found[-1].id) if len(found) == AT_ONCE else None


def _batch(
    tx: Transaction, who: Caller, after: tuple[datetime, UUID], until: datetime, same: dict[str, str | None]
) -> list[Booking]:
    order = (bookings.c.begins_at, bookings.c.id)
    wanted = SHOWN.where(visible(tx, who), *filters(same), tuple_(*order) > after, bookings.c.begins_at < until)
    return [booking_from(row) for row in tx.execute(wanted.order_by(*order).limit(AT_ONCE))]
