"""A single event of an iCalendar file (RFC 5545), as Outlook, Google and others write it. `files.events` puts them
together."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from icalendar.cal.component import Component as Event

from kernel.errors import DomainError
from services.booking.files import meaning, parsing
from services.booking.model import imports
from services.booking.model.import_refusals import NotOnTheMinute, OtherTimeZone, UnreadableRow
from services.booking.model.imports import Row
from services.booking.model.opening import OSLO, instant
from services.booking.model.recurrence import Length, Occurrence
from services.booking.model.rules import LONGEST

_MINUTE = timedelta(minutes=1)
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Years in which something can be."""


def row(
    event: Event,
    line: int,
    uid: str,
    span: Occurrence | None,
    *,
    void: DomainError | None = None,
    gone: bool = False,
) -> Row:
    return Row(
        line=line,
        uid=uid,
        place=imports.place_name(_text(event, "LOCATION")),
        begins_at=span.begins_at if span else None,
        ends_at=span.ends_at if span else None,
        title=None if meaning.is_private(event) else imports.title(_text(event, "SUMMARY")),
        cancelled=gone,
        void=void,
    )


def span(event: Event) -> Occurrence:
    begins = one(event, "DTSTART")
    length = _length(event, begins)
    try:
        ends_at = after(begins, length.days, length.minutes * _MINUTE)
    except OverflowError as cause:
        raise UnreadableRow(part="DURATION") from cause
    if ends_at.year > LAST_YEAR:
        raise UnreadableRow(part="DURATION")
    return Occurrence(instant_of(begins), ends_at)


def span_if_any(event: Event) -> Occurrence | None:
    """When it is, as far as it matters: of what takes no room nothing need be understood."""
    try:
        return span(event)
    except (UnreadableRow, OtherTimeZone):
        return None


def on_the_wall(event: Event, *, by_rule: bool = True) -> tuple[datetime, Length]:
    """When a recurring event is at first, by the clock on the wall in Oslo, and how long it lasts each time. By a rule
    it recurs by Norway's clock; dates that are named one by one may be by any."""
    begins = one(event, "DTSTART")
    elsewhere = isinstance(begins, datetime) and begins.tzinfo is not None and not _as_in_norway(begins)
    if by_rule and elsewhere:
        raise OtherTimeZone
    length = _length(event, begins)
    if not 1 <= length.nominal <= LONGEST:
        raise UnreadableRow(part="DTEND")
    if elsewhere:
        return wall(begins, "DTSTART"), length
    return datetime.combine(begins, begins.time() if isinstance(begins, datetime) else time.min), length


def _as_in_norway(at: datetime) -> bool:
    """Whether the zone's clock shows what Norway's does, summer and winter. A recurring event in UTC, say, would move
    on the wall when the clock changes."""
    days = (datetime(at.year, month, 1, 12) for month in (1, 7))  # noqa: DTZ001  # on the wall of both
    return all(each.replace(tzinfo=at.tzinfo).utcoffset() == each.replace(tzinfo=OSLO).utcoffset() for each in days)


def _length(event: Event, begins: date | datetime) -> Length:
    """How long an event lasts: dates and days are of the calendar, times and hours pass (RFC 5545, 3.3.6)."""
    if "DTEND" in event:
        return _until(event, begins, one(event, "DTEND"))
    if "DURATION" in event:
        lasts = one(event, "DURATION", timedelta)
        if not isinstance(begins, datetime):
            return Length(days=lasts.days or 1)
        days = parsing.days(event["DURATION"])
        return Length(days=days, minutes=(lasts - timedelta(days=days)) // _MINUTE)
    # a day lasts until the next, and a moment no time at all
    return Length() if isinstance(begins, datetime) else Length(days=1)


def _until(event: Event, begins: date | datetime, ends: date | datetime) -> Length:
    if not isinstance(begins, datetime) and not isinstance(ends, datetime):
        return Length(days=(ends - begins).days or 1)  # some count the last day in, and end on the first
    if not isinstance(begins, datetime) or not isinstance(ends, datetime):
        raise UnreadableRow(part="DTEND")
    ours = begins.tzinfo is None or _as_in_norway(begins)
    midnights = [wall(each, "DTEND") for each in (begins, ends)]
    if ours and meaning.is_all_day(event) and all(each.time() == time.min for each in midnights):
        return Length(days=(midnights[1] - midnights[0]).days)
    return Length(minutes=(instant_of(ends) - instant_of(begins)) // _MINUTE)


def one(event: Event, name: str, kind: type = date) -> Any:
    """The value of a property that must be there once."""
    prop = event.get(name)
    if prop is None or isinstance(prop, list) or any(each[0] == name for each in event.errors):
        raise UnreadableRow(part=name)
    found = getattr(prop, "dt", None)
    if not isinstance(found, kind):
        raise UnreadableRow(part=name)
    if isinstance(found, date) and not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise UnreadableRow(part=name)
    if isinstance(found, timedelta) and found % _MINUTE:
        raise NotOnTheMinute(part=name, cell=str(found))
    if isinstance(found, datetime):
        if found.second or found.microsecond:
            raise NotOnTheMinute(part=name, cell=found.strftime("%H:%M:%S"))
        if found.tzinfo is None and "TZID" in prop.params:
            raise OtherTimeZone
    return found


def instant_of(at: date | datetime) -> datetime:
    """A day begins at midnight in Oslo, and a time without a zone is of Oslo's clock."""
    if isinstance(at, datetime) and at.tzinfo is not None:
        return at.astimezone(UTC)
    wall = at if isinstance(at, datetime) else datetime.combine(at, time.min)
    return instant(wall.date(), wall.hour * 60 + wall.minute)


def wall(at: Any, part: str) -> datetime:
    """What the clock in Oslo shows then; 03:30 for a 02:30 that is left out."""
    if not isinstance(at, date):
        raise UnreadableRow(part=part)
    return instant_of(at).astimezone(OSLO).replace(tzinfo=None)


def day_alone(at: date) -> date | None:
    """The day, if no time of it is named: some clients write a day as its midnight."""
    if not isinstance(at, datetime):
        return at
    return at.date() if at.time() == time.min else None


def after(begins: date | datetime, days: int, hours: timedelta) -> datetime:
    """What is so much later: days by the calendar, hours and minutes as they pass (RFC 5545, 3.3.6)."""
    return instant_of(begins + timedelta(days=days)) + hours


def _text(event: Event, name: str) -> str:
    """A property's text, empty if there is none or more than one."""
    value = event.get(name)
    return "" if value is None or isinstance(value, list) else str(value)
