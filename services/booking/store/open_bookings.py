"""How many bookings that are not over somebody answers for (`model.default_limits`): one count of the bookings of a few
tenants, sent together with the wait for others who book for the same."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Select, Uuid, and_, bindparam, func, select

from kernel.db import Transaction
from services.booking.model.bookings import LIVE
from services.booking.model.default_limits import Booker, OpenBookings
from services.booking.model.rules import LONGEST
from services.booking.store.bookings import OVERDUE
from services.booking.store.imports import imported
from services.booking.store.tables import actors, bookings, representatives

_answers = bindparam("answers", type_=Uuid)
_not_over = and_(
    bookings.c.begins_at > bindparam("earliest", type_=DateTime(timezone=True)),
    bookings.c.ends_at > bindparam("now"),
    bookings.c.state.in_(LIVE),
    ~OVERDUE,
)
# rows of representatives stay when the right is gone, and so do the bookings that were made by it
_claimed = (
    select(representatives.c.actor)
    .join(actors, actors.c.id == representatives.c.actor)
    .where(representatives.c.person == _answers, actors.c.verified_by.is_(None))
)


def _count(*whose: ColumnElement[bool]) -> Select[Any]:
    series = bookings.c.series.is_not(None)
    counts = (func.count().filter(~series).label("single"), func.count().filter(series).label("dates"))
    return select(*counts).select_from(bookings).where(*whose, _not_over)


_theirs = func.array_append(func.array(_claimed.scalar_subquery()), _answers)
_PERSONS = _count(bookings.c.tenant == func.any(_theirs), bookings.c.booked_by == _answers)
_ORGANISATIONS = _count(bookings.c.tenant == _answers)
_IMPORTED = _count(
    bookings.c.tenant == _answers, select(imported.c.booking).where(imported.c.booking == bookings.c.id).exists()
)


def of(tx: Transaction, booker: Booker) -> OpenBookings:
    """What the person or the organisation that answers for a booking has already."""
    return _counted(tx, _PERSONS if booker.by_person else _ORGANISATIONS, booker.answers)


def imported_of(tx: Transaction, booker: Booker) -> OpenBookings:
    """What of it was imported from other systems: of an organisation's. No person imports for themself."""
    return OpenBookings(single=0, dates=0) if booker.by_person else _counted(tx, _IMPORTED, booker.answers)


def _counted(tx: Transaction, count: Select[Any], answers: UUID) -> OpenBookings:
    earliest = tx.now - timedelta(minutes=LONGEST)
    row = tx.execute(count, {"answers": answers, "earliest": earliest, "now": tx.now}).one()
    return OpenBookings(single=row.single, dates=row.dates)
