"""When arenas are open, day by day and why; which bookings are outside the hours; why it is closed at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Row, Text, bindparam, func, select, tuple_

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.errors import Text as Name
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.model.bookings import LIVE, Booking
from services.booking.model.opening import DAY, KINDS, OSLO, OpenSpan, covered, instant
from services.booking.model.opening_plan import OpenDay, OpeningPlan, SchoolYear, Why
from services.booking.store import opening
from services.booking.store.bookings import SHOWN, booking_from
from services.booking.store.opening import hours_around, open_days, school_years
from services.booking.store.tables import bookings, spaces

LONGEST_BOOKING = timedelta(days=15)

_DAYS = (
    select(
        open_days.c.day,
        open_days.c.kind,
        open_days.c.why,
        func.lower(open_days.c.during).label("begins_at"),
        func.upper(open_days.c.during).label("ends_at"),
    )
    .where(
        open_days.c.arena == bindparam("arena"),
        open_days.c.day.between(bindparam("first"), bindparam("last")),
    )
    .order_by(open_days.c.day, open_days.c.number)
)
_now = bindparam("now", type_=DateTime(timezone=True))
OUTSIDE_HOURS = ~func.tstzrange(func.greatest(bookings.c.begins_at, _now), bookings.c.ends_at).op(
    "<@", is_comparison=True
)(hours_around(spaces.c.arena, spaces.c.open_kinds, bookings.c.begins_at, bookings.c.ends_at))
"""Whether some of what is to come of a booking is outside the hours in which its space can be booked."""
_CLASHES = (
    SHOWN.join(spaces, spaces.c.id == bookings.c.space)
    .where(
        spaces.c.arena == func.any(bindparam("arenas", type_=ARRAY(Text))),
        bookings.c.state.in_(LIVE),
        bookings.c.ends_at > _now,
        bookings.c.begins_at > bindparam("since", type_=DateTime(timezone=True)),
        OUTSIDE_HOURS,
    )
    .order_by(bookings.c.begins_at, bookings.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOpening:
    """An arena's plan and what days come to. `version` is the plan's."""

    arena: str
    version: int
    plan: OpeningPlan
    days: Sequence[OpenDay]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A local day of a time on which the arena is closed for some of it: why, and when it is open that day, in hours of
    the kinds that count. `kinds` tells of a day that is open then, but in hours of other kinds only."""

    day: date
    why: Why
    open: Sequence[OpenSpan]
    kinds: bool


def hours_of(tx: Transaction, arena: str, *, first: date, last: date) -> ShownOpening:
    """An arena's plan, and its days from the first to the last; those that are not reckoned yet are left out."""
    found = opening.find(tx, arena)
    if found is None:
        raise NotFound
    return ShownOpening(arena=arena, version=found.version, plan=found.plan, days=days(tx, arena, first, last))


def days(tx: Transaction, arena: str, first: date, last: date) -> list[OpenDay]:
    """What local days come to, by what bookings go by."""
    by_day: dict[date, list[Row[Any]]] = {}
    for row in tx.execute(_DAYS, {"arena": arena, "first": first, "last": last}):
        by_day.setdefault(row.day, []).append(row)
    return [OpenDay(day=day, why=_why(rows[0]), spans=_spans(rows)) for day, rows in by_day.items()]


def why_closed(
    tx: Transaction, arena: str, begins_at: datetime, ends_at: datetime, *, kinds: Collection[str] = KINDS
) -> list[Closed]:
    """For each local day of a time on which the arena is closed for some of it, which rule says so. Empty when it is
    open throughout, in hours of these kinds. A day that is not reckoned yet is not told of."""
    first, last = begins_at.astimezone(OSLO).date(), (ends_at - timedelta(microseconds=1)).astimezone(OSLO).date()
    found = days(tx, arena, first - timedelta(days=1), last)
    spans = [span for day in found for span in day.spans]
    closed = []
    for day in found:
        begin, end = max(begins_at, instant(day.day, 0)), min(ends_at, instant(day.day, DAY))
        if begin >= end or _covered(spans, kinds, begin, end):
            continue
        own = tuple(span for span in day.spans if span.kind in kinds)
        closed.append(Closed(day=day.day, why=day.why, open=own, kinds=_covered(spans, KINDS, begin, end)))
    return closed


def clashes_at(tx: Transaction, who: Caller, page: PageRequest, arena: str) -> Page[Booking]:
    """The bookings to come that are outside an arena's hours, the next first; for those who oversee its square."""
    found = opening.find(tx, arena)
    if found is None:
        raise NotFound
    if not who.oversees(found.square):
        raise Forbidden
    return clashes(tx, page, [arena])


def clashes(tx: Transaction, page: PageRequest, arenas: Collection[str]) -> Page[Booking]:
    """The live bookings, not over, of which some is outside the hours in which their space can be booked."""
    wanted, after = _CLASHES.limit(page.fetch), page.after(datetime, UUID)
    if after:
        wanted = wanted.where(tuple_(bookings.c.begins_at, bookings.c.id) > after)
    given = {"arenas": list(arenas), "now": tx.now, "since": tx.now - LONGEST_BOOKING}
    return page.cut([booking_from(row) for row in tx.execute(wanted, given)], lambda each: (each.begins_at, each.id))


def all_school_years(tx: Transaction, page: PageRequest) -> Page[SchoolYear]:
    """The municipality's school years, by id."""
    wanted = select(school_years).order_by(school_years.c.id).limit(page.fetch)
    if after := page.after(str):
        wanted = wanted.where(school_years.c.id > after[0])
    return page.cut([opening.school_year_from(row) for row in tx.execute(wanted)], lambda each: (each.id,))


def _covered(spans: Sequence[OpenSpan], kinds: Collection[str], begins_at: datetime, ends_at: datetime) -> bool:
    return covered(((each.begins_at, each.ends_at) for each in spans if each.kind in kinds), begins_at, ends_at)


def _why(row: Row[Any]) -> Why:
    return Why(rule=row.why["rule"], name=Name(**row.why["name"]))


def _spans(rows: Sequence[Row[Any]]) -> tuple[OpenSpan, ...]:
    return tuple(OpenSpan(row.begins_at, row.ends_at, row.kind) for row in rows if row.kind is not None)
