"""When an arena is open: weekly hours in local wall time, and the instants they mean on a given day.

`queries` computes the same in SQL; a test holds the two together over both clock changes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from kernel.errors import DomainError, Text

OSLO = ZoneInfo("Europe/Oslo")
DAY = 24 * 60
"""Minutes of a day as the clock on the wall counts them."""

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class InvalidHours(DomainError):
    """Opening hours that no clock can show, or that end as they begin."""

    code = "invalid_hours"
    text = Text(
        nb="Åpningstida {opens}–{closes} er ikke gyldig.",
        nn="Opningstida {opens}–{closes} er ikkje gyldig.",
        en="The opening hours {opens}–{closes} are not valid.",
    )


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """Open once a week: from `opens` to `closes`, minutes after the midnight that `weekday` (1 is Monday) begins with.

    `closes` is above 1440 when that is the day after.
    """

    weekday: int
    opens: int
    closes: int


def hours(weekday: int, opens: str, closes: str) -> Hours:
    """Hours as people write them: "07:00" to "23:00" or "24:00"; "20:00" to "02:00" runs into the next day."""
    begins, ends = _minutes(opens), DAY if closes == "24:00" else _minutes(closes)
    if begins is None or ends is None or begins == ends:
        raise InvalidHours(opens=opens, closes=closes)
    return Hours(weekday, begins, ends if ends > begins else ends + DAY)


def clock(minutes: int) -> str:
    """The other way: 1080 is "18:00", 1440 "24:00", 1560 "02:00"."""
    shown = minutes if minutes <= DAY else minutes - DAY
    return f"{shown // 60:02}:{shown % 60:02}"


def instant(day: date, minutes: int) -> datetime:
    """The instant when the clock on the wall shows so many minutes after the day's midnight.

    When the clock goes back, an hour comes twice: the later one is meant. When it goes forward, an hour is missing: a
    time in it is as much after the change as it is after the hour. PostgreSQL's AT TIME ZONE says the same.
    """
    local = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    return max(local.replace(tzinfo=OSLO, fold=fold).astimezone(UTC) for fold in (0, 1))


def open_throughout(weekly: Iterable[Hours], begins_at: datetime, ends_at: datetime) -> bool:
    """Whether it is open from the beginning to the end without a gap. Hours that meet or overlap are as one."""
    spans = sorted(_spans(weekly, begins_at.astimezone(OSLO).date(), ends_at.astimezone(OSLO).date()))
    reached = begins_at
    for opens, closes in spans:
        if opens <= reached:
            reached = max(reached, closes)
    return reached >= ends_at


def _spans(weekly: Iterable[Hours], first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """Each time it is open on these days, the night before them included."""
    pattern = tuple(weekly)
    for number in range(-1, (last - first).days + 1):
        day = first + timedelta(days=number)
        for each in pattern:
            if each.weekday == day.isoweekday():
                yield instant(day, each.opens), instant(day, each.closes)


def _minutes(shown: str) -> int | None:
    found = _CLOCK.fullmatch(shown)
    return int(found[1]) * 60 + int(found[2]) if found else None
