"""The dates of an event that are named one by one (RDATE, EXDATE). `files.events` calls it."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from icalendar.cal.component import Component as Event

from services.booking.files import calendar, parsing
from services.booking.model.import_refusals import NotOnTheMinute, OtherTimeZone, UnreadableRow
from services.booking.model.recurrence import LONGEST_YEARS, TooFarReaching
from services.booking.model.rules import LONGEST

_MINUTE = timedelta(minutes=1)


def added(event: Event, starts: datetime) -> dict[datetime, datetime | None]:
    """The dates that are added, on the wall, and when those end that say so (periods, as IBM Notes writes them). A day
    alone is at the event's own time."""
    found: dict[datetime, datetime | None] = {}
    for at, prop, number in _values(event, "RDATE"):
        begins, until = at if isinstance(at, tuple) else (at, None)
        if isinstance(begins, datetime) and begins.second:
            raise NotOnTheMinute(part="RDATE", cell=begins.strftime("%H:%M:%S"))
        found[_on_the_wall(begins, prop, "RDATE", starts)] = until and _end(begins, until, prop, number)
    return found


def excepted(event: Event, starts: datetime, there: Collection[datetime]) -> list[datetime]:
    """The dates that are left out, on the wall. A day alone is at the event's own time, and so is its midnight, unless
    a date was added then."""
    found = []
    for at, prop, _ in _values(event, "EXDATE"):
        begins = at[0] if isinstance(at, tuple) else at
        named, day = _on_the_wall(begins, prop, "EXDATE", starts), calendar.day_alone(begins)
        found.append(named if day is None or named in there else datetime.combine(day, starts.time()))
    return found


def _values(event: Event, name: str) -> Iterator[tuple[Any, Any, int]]:
    """The values, each with its property and its number there; none of those at which no event can be."""
    if any(each[0] == name for each in event.errors):
        raise UnreadableRow(part=name)
    props = event.get(name, [])
    for prop in props if isinstance(props, list) else [props]:
        for number, each in enumerate(prop.dts):
            if _matters(each.dt, name):
                yield each.dt, prop, number


def _matters(at: Any, name: str) -> bool:
    """Return False of a date at which no event is: before all calendars, or left out after them. Raises
    TooFarReaching."""
    year = getattr(at[0] if isinstance(at, tuple) else at, "year", calendar.FIRST_YEAR)
    if year > calendar.LAST_YEAR and name == "RDATE":
        raise TooFarReaching(years=LONGEST_YEARS)
    return bool(calendar.FIRST_YEAR <= year <= calendar.LAST_YEAR)


def _on_the_wall(at: Any, prop: Any, name: str, starts: datetime) -> datetime:
    if isinstance(at, datetime):
        if at.tzinfo is None and "TZID" in prop.params:
            raise OtherTimeZone
        return calendar.wall(at, name)
    if isinstance(at, date):
        return datetime.combine(at, starts.time())
    raise UnreadableRow(part=name)


def _end(begins: datetime, until: datetime | timedelta, prop: Any, number: int) -> datetime:
    """When a period ends: at a time, or after days by the calendar and hours that pass."""
    try:
        if isinstance(until, datetime):
            ends_at = calendar.instant_of(until)
        else:
            days = parsing.days(prop, number)
            ends_at = calendar.after(begins, days, until - timedelta(days=days))
    except OverflowError as cause:
        raise UnreadableRow(part="RDATE") from cause
    minutes, rest = divmod(ends_at - calendar.instant_of(begins), _MINUTE)
    if rest or not 1 <= minutes <= LONGEST:
        raise UnreadableRow(part="RDATE")
    return ends_at
