"""Whether an event that can't be read is over all the same: then nobody needs to read it. `files.events` asks."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from icalendar import vDDDLists, vDDDTypes, vDuration, vRecur
from icalendar.cal.component import Component as Event

_ANYWHERE = timedelta(days=1)
"""No zone is further from UTC."""
_STEPS = {
    "SECONDLY": timedelta(seconds=1),
    "MINUTELY": timedelta(minutes=1),
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
    "MONTHLY": timedelta(days=31),
    "YEARLY": timedelta(days=366),
}
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)


def was_over(event: Event, now: datetime) -> datetime | None:
    """Return when an event was, if all of it has passed wherever its clock is; None if it may be to come."""
    begins = _times(event, "DTSTART")
    if not begins or "EXRULE" in event or len(_all(event, "RRULE")) > 1:
        return None
    times = [*begins, *_times(event, "DTEND"), *_times(event, "RDATE")]
    rule = event.get("RRULE")
    last = None if rule is None else _last(rule, max(begins))
    if (rule is not None and last is None) or ("RDATE" in event and not _times(event, "RDATE")):
        return None
    end = max(times if last is None else [*times, last])
    try:
        return min(begins) if end + _ANYWHERE + _length(event) < now else None
    except OverflowError:  # as far ahead as a calendar goes
        return None


def _last(rule: object, begins: datetime) -> datetime | None:
    """The latest that a rule may come to, if that can be told."""
    if not isinstance(rule, vRecur):
        return None
    said: dict[str, Any] = {str(name).upper(): values for name, values in rule.items()}
    if until := said.get("UNTIL"):
        return _at(until[0])
    step = _STEPS.get(str(said.get("FREQ", [""])[0]).upper())
    if "COUNT" not in said or step is None or any(name.startswith("BY") for name in said):
        return None
    try:
        return begins + int(said["COUNT"][0]) * int(said.get("INTERVAL", [1])[0]) * step
    except OverflowError:
        return None


def _length(event: Event) -> timedelta:
    return sum((each.td for each in _all(event, "DURATION") if isinstance(each, vDuration)), timedelta())


def _times(event: Event, name: str) -> list[datetime]:
    """The times in a property, by any clock; the day alone of what can't be read."""
    found = []
    for each in _all(event, name):
        values = [value.dt for value in each.dts] if isinstance(each, vDDDLists) else [each]
        found += [at for value in values if (at := _at(value)) is not None]
    return found


def _all(event: Event, name: str) -> list[Any]:
    value = event.get(name)
    return [] if value is None else value if isinstance(value, list) else [value]


def _at(value: Any) -> datetime | None:
    at = value.dt if isinstance(value, vDDDTypes) else value
    if isinstance(at, tuple):  # a period
        return _at(at[0])
    if not isinstance(at, date):
        day = _DAY.match(str(at))
        try:
            at = date(*map(int, day.groups())) if day else None
        except ValueError:
            return None
    if isinstance(at, datetime):
        return in_utc(at)
    return None if at is None else datetime.combine(at, time.max, UTC)


def in_utc(at: datetime) -> datetime:
    """Return an instant in UTC; a time without a zone, and one at either end of the calendar, as it is written."""
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)
