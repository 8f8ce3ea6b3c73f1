"""When an arena is open: hours in local wall time, and the instants they mean on a given day.

Which hours count on a day is in `opening_plan`; what they come to is kept day by day (`store.opening`), and is what
availability and bookings go by.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

from kernel.errors import DomainError, Text

OSLO = ZoneInfo("Europe/Oslo")
DAY = 24 * 60
"""Minutes of a day as the clock on the wall counts them."""
AHEAD = timedelta(days=800)
"""How far ahead the days are reckoned. No space can be booked as far (`schemas.squares`), so that a worker that rests
for some weeks closes nothing."""

Kind = Literal["staffed", "extended", "booked_only"]
"""With staff; extended hours (meråpent), without; or open to those who have booked, and nobody else."""
KINDS: tuple[Kind, ...] = get_args(Kind)
Span: TypeAlias = tuple[datetime, datetime]
"""From an instant to another, in UTC."""

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
class Times:
    """Open once, from `opens` to `closes`: minutes after the midnight a day begins with.

    `closes` is above 1440 when that is the day after.
    """

    opens: int
    closes: int
    kind: Kind = "staffed"


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """The same once a week, counted from the midnight that `weekday` (1 is Monday) begins with."""

    weekday: int
    opens: int
    closes: int
    kind: Kind = "staffed"

    @property
    def times(self) -> Times:
        return Times(self.opens, self.closes, self.kind)


@dataclass(frozen=True, slots=True, order=True)
class OpenSpan:
    """Open from an instant to another."""

    begins_at: datetime
    ends_at: datetime
    kind: Kind


def times(opens: str, closes: str, kind: Kind = "staffed") -> Times:
    """Times as people write them: "07:00" to "23:00" or "24:00"; "20:00" to "02:00" runs into the next day."""
    begins, ends = _minutes(opens), DAY if closes == "24:00" else _minutes(closes)
    if begins is None or ends is None or begins == ends:
        raise InvalidHours(opens=opens, closes=closes)
    return Times(begins, ends if ends > begins else ends + DAY, kind)


def hours(weekday: int, opens: str, closes: str, kind: Kind = "staffed") -> Hours:
    """The same for a weekday."""
    written = times(opens, closes, kind)
    return Hours(weekday, written.opens, written.closes, kind)


def clock(minutes: int) -> str:
    """The other way: 1080 is "18:00", 1440 "24:00", 1560 "02:00"."""
    shown = minutes if minutes <= DAY else minutes - DAY
    return f"{shown // 60:02}:{shown % 60:02}"


def instant(day: date, minutes: int) -> datetime:
    """Return the instant when the clock on the wall shows so many minutes after the day's midnight.

    The one rule for nights when the clock changes, as RFC 5545 (3.3.5) has it. A time that comes twice is the first. A
    time that is left out is read with the offset from before the change: 02:30 is 03:30. PostgreSQL's AT TIME ZONE
    takes the second of two, so no statement turns times on the wall into instants, but for midnights.
    """
    local = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    return local.replace(tzinfo=OSLO, fold=0).astimezone(UTC)


def comes_twice(at: datetime) -> bool:
    """Return True if the clock on the wall shows the time of this instant twice, as the clock goes back."""
    wall = at.astimezone(OSLO)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


def spans_on(day: date, open_at: Iterable[Times]) -> Iterator[OpenSpan]:
    """The instants between which it is open, by the times of a day. Those that lie in an hour the clock leaves out, or
    turn about in it, are none."""
    for each in sorted(open_at):
        begins_at, ends_at = instant(day, each.opens), instant(day, each.closes)
        if begins_at < ends_at:
            yield OpenSpan(begins_at, ends_at, each.kind)


def covered(spans: Iterable[Span], begins_at: datetime, ends_at: datetime) -> bool:
    """Whether the spans leave no gap from the beginning to the end. Those that meet or overlap are as one."""
    reached = begins_at
    for opens, closes in sorted(spans):
        if opens <= reached:
            reached = max(reached, closes)
    return reached >= ends_at


def _minutes(shown: str) -> int | None:
    found = _CLOCK.fullmatch(shown)
    return int(found[1]) * 60 + int(found[2]) if found else None
