"""Recurrence rules of RFC 5545, read and reckoned into dates by python-dateutil. `usecases.series` calls it.

It stands beside the layers, because a model knows no library. What a rule may say is checked here before dateutil sees
it, and how far dateutil goes is counted: a rule that never comes true (31 April) would otherwise be tried until the
year 9999.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, Literal, Self, TypeAlias

from dateutil import rrule

from services.booking.model.opening import OSLO
from services.booking.model.recurrence import (
    LONGEST_YEARS,
    MOST,
    EndlessRecurrence,
    ExceptedNoDate,
    InvalidRecurrence,
    NoDates,
    Occurrence,
    Recurrence,
    TooFarReaching,
    TooFrequent,
    TooManyDates,
    occurrence,
)

_Frequency: TypeAlias = Literal[0, 1, 2, 3]
_FREQUENCIES: Mapping[str, _Frequency] = {
    "DAILY": rrule.DAILY,
    "WEEKLY": rrule.WEEKLY,
    "MONTHLY": rrule.MONTHLY,
    "YEARLY": rrule.YEARLY,
}
_SUB_DAILY = ("SECONDLY", "MINUTELY", "HOURLY")
_DAYS = {"MO": rrule.MO, "TU": rrule.TU, "WE": rrule.WE, "TH": rrule.TH, "FR": rrule.FR, "SA": rrule.SA, "SU": rrule.SU}
_LONGEST = timedelta(days=LONGEST_YEARS * 366)
_STEPS_A_YEAR = {"DAILY": 366, "WEEKLY": 53, "MONTHLY": 12}
_MOST_IN_LIST = 60
_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}")
_UNTIL = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")


class _TakenTooFar(Exception):
    """The rule has been tried for as long as a series may last."""


class _Interval(int):
    """An interval that counts how often it is taken, and ends that: so a rule without results comes to an end."""

    left: int

    def __new__(cls, value: int, steps: int) -> Self:
        made = super().__new__(cls, value)
        made.left = steps // value + 2
        return made

    def __radd__(self, other: int) -> int:
        self._take()
        return int(self) + other

    def __mul__(self, other: int) -> int:
        self._take()
        return int(self) * other

    def _take(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise _TakenTooFar


def dates_of(recurrence: Recurrence, *, since: datetime | None = None, strays: bool = False) -> list[Occurrence]:
    """The dates of a series, in order, each once. Its limits count from its first date, or from a later time on the
    wall (`since`): those before are not limited. What is excepted must be one of them, unless `strays` are let be, as
    calendars have them. Raises InvalidRecurrence, EndlessRecurrence, TooFrequent, TooManyDates, TooFarReaching,
    ExceptedNoDate or NoDates."""
    excepted = set(recurrence.excepted)
    first = recurrence.starts if since is None else max(recurrence.starts, since)
    starts = [recurrence.starts] if recurrence.rule is None else _by_rule(recurrence, excepted, first)
    if any(abs(each - first) > _LONGEST for each in recurrence.dates if since is None or each >= since):
        raise TooFarReaching(years=LONGEST_YEARS)
    wall = {*starts} | {*recurrence.dates}
    if sum(since is None or each >= since for each in wall - excepted) > MOST:
        raise TooManyDates(most=MOST)
    # two times on the wall may be one instant, when an hour is left out
    dates = {each.begins_at: each for each in (occurrence(each, recurrence.length) for each in wall)}
    left_out = {occurrence(each, recurrence.length).begins_at: each for each in excepted}
    if not strays and (stray := left_out.keys() - dates.keys()):
        raise ExceptedNoDate(excepted=left_out[min(stray)].isoformat(timespec="minutes"))
    kept = sorted(dates[begins_at] for begins_at in dates.keys() - left_out.keys())
    if not kept:
        raise NoDates
    return kept


def _by_rule(recurrence: Recurrence, excepted: set[datetime], first: datetime) -> list[datetime]:
    parts = _parts(recurrence.rule or "")
    starts = recurrence.starts
    years = LONGEST_YEARS + first.year - starts.year
    interval = _Interval(parts.pop("interval", 1), _STEPS_A_YEAR.get(parts["freq"], 1) * years)
    count, until = parts.pop("count", None), parts.pop("until", None)
    if (count is None) == (until is None):
        raise EndlessRecurrence if count is None else InvalidRecurrence(part="COUNT, UNTIL")
    if until is not None and until - first > _LONGEST:
        raise TooFarReaching(years=LONGEST_YEARS)
    frequency = _FREQUENCIES[parts.pop("freq")]
    try:
        made = rrule.rrule(frequency, dtstart=starts, interval=interval, until=until or first + _LONGEST, **parts)
    except ValueError as cause:
        raise InvalidRecurrence(part="RRULE") from cause
    # as many as may be left out, and one more, which tells that there are too many
    most = MOST + len(excepted) + 1
    found = list(_limited(_counted(islice(made, count)), first, most))
    if count is not None and len(found) < count and sum(each >= first for each in found) < most:
        raise TooFarReaching(years=LONGEST_YEARS) if found else NoDates
    return found


def _limited(dates: Iterator[datetime], first: datetime, most: int) -> Iterator[datetime]:
    """The dates until there are so many from the first on."""
    coming = 0
    for each in dates:
        yield each
        coming += each >= first
        if coming == most:
            return


def _counted(dates: Iterator[datetime]) -> Iterator[datetime]:
    try:
        yield from dates
    except _TakenTooFar:
        return


def _parts(rule: str) -> dict[str, Any]:
    """What the rule says, by the names dateutil has for it."""
    said: dict[str, str] = {}
    for part in rule.upper().removeprefix("RRULE:").split(";"):
        name, is_, value = part.partition("=")
        if not is_ or name not in _READ or name in said:
            raise InvalidRecurrence(part=name.strip()[:20] or "RRULE")
        said[name] = value
    frequency = said.get("FREQ", "")
    if frequency in _SUB_DAILY:
        raise TooFrequent
    if frequency not in _FREQUENCIES:
        raise InvalidRecurrence(part="FREQ")
    _refuse_out_of_place(frequency, said)
    found: dict[str, Any] = {}
    for name, value in said.items():
        to, read = _READ[name]
        try:
            found[to] = read(value)
        except ValueError as cause:
            raise InvalidRecurrence(part=name) from cause
    return found


def _refuse_out_of_place(frequency: str, said: Mapping[str, str]) -> None:
    """What RFC 5545 (3.3.10) does not let some frequencies say."""
    numbered = any(each[:1] in "+-0123456789" for each in said.get("BYDAY", "MO").split(","))
    wrong = [
        name
        for name, frequencies in (
            ("BYWEEKNO", ("YEARLY",)),
            ("BYYEARDAY", ("YEARLY",)),
            ("BYMONTHDAY", ("DAILY", "MONTHLY", "YEARLY")),
        )
        if name in said and frequency not in frequencies
    ]
    if numbered and (frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in said):
        wrong.append("BYDAY")
    if "BYSETPOS" in said and not any(name in said for name in _READ if name.startswith("BY") and name != "BYSETPOS"):
        wrong.append("BYSETPOS")
    if wrong:
        raise InvalidRecurrence(part=wrong[0])


def _until(value: str) -> datetime:
    """The last moment, by the clock on the wall: that of UTC when it says so; a date's whole day."""
    found = _UNTIL.fullmatch(value)
    if not found:
        raise ValueError(value)
    day, clock, utc = date.fromisoformat(found[1]), found[2], found[3]
    if clock is None:
        return datetime.combine(day, time.max)
    at = datetime.combine(day, time.fromisoformat(clock))
    try:
        wall = at.replace(tzinfo=UTC).astimezone(OSLO) if utc else at
        # whatever is in the hour that comes twice is in the first of it, and so is over in the second
        return wall.replace(tzinfo=None) if not wall.fold else wall.replace(minute=59, second=59, tzinfo=None)
    except OverflowError:  # the last day there is, moved beyond by its offset
        return at


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,5}", value) or not least <= int(value) <= most:
            raise ValueError(value)
        return int(value)

    return read


def _numbers(most: int, *, negative: bool = True) -> Callable[[str], list[int]]:
    def read(value: str) -> list[int]:
        said = value.split(",")
        if len(said) > _MOST_IN_LIST or not all(map(_NUMBER.fullmatch, said)):
            raise ValueError(value)
        found = [int(each) for each in said]
        if any(each == 0 or abs(each) > most or (each < 0 and not negative) for each in found):
            raise ValueError(value)
        return found

    return read


def _weekdays(value: str) -> list[Any]:
    said = [_DAY.fullmatch(each) for each in value.split(",")]
    if len(said) > _MOST_IN_LIST:
        raise ValueError(value)
    found = []
    for each in said:
        number = int(each[1]) if each and each[1] else None
        if each is None or number == 0 or (number is not None and abs(number) > 53):
            raise ValueError(value)
        found.append(_DAYS[each[2]] if number is None else _DAYS[each[2]](number))
    return found


def _frequency(value: str) -> str:
    return value


def _weekday(value: str) -> Any:
    if value not in _DAYS:
        raise ValueError(value)
    return _DAYS[value]


_READ: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "FREQ": ("freq", _frequency),
    "INTERVAL": ("interval", _number(1, 999)),
    "COUNT": ("count", _number(1, 99_999)),
    "UNTIL": ("until", _until),
    "WKST": ("wkst", _weekday),
    "BYMONTH": ("bymonth", _numbers(12, negative=False)),
    "BYMONTHDAY": ("bymonthday", _numbers(31)),
    "BYYEARDAY": ("byyearday", _numbers(366)),
    "BYWEEKNO": ("byweekno", _numbers(53)),
    "BYSETPOS": ("bysetpos", _numbers(366)),
    "BYDAY": ("byweekday", _weekdays),
}
