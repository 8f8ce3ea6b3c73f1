"""The nights when Norway's clock changes, to 2037, and what a time on the wall means on them, found by looking at the
clock minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_OSLO = ZoneInfo("Europe/Oslo")
_MINUTE = timedelta(minutes=1)
YEARS = range(2026, 2038)


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=last.isoweekday() % 7)


SPRING = [_last_sunday(year, 3) for year in YEARS]
"""Days on which the clock goes forward from 02:00 to 03:00."""
AUTUMN = [_last_sunday(year, 10) for year in YEARS]
"""Days on which it goes back from 03:00 to 02:00."""
NIGHTS = sorted([*SPRING, *AUTUMN])


def first_of(wall: datetime) -> datetime:
    """Return the first instant at which the clock shows this; if it never does, the instant at which it would if it had
    not gone forward."""
    at = wall.replace(tzinfo=UTC) - timedelta(hours=3)
    for number in range(240):
        shown = at + number * _MINUTE
        if shown.astimezone(_OSLO).replace(tzinfo=None) == wall:
            return shown
    return wall.replace(tzinfo=UTC) - timedelta(hours=1)
