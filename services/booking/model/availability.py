"""What is looked for, when, and which of the times that are free is nearest. `queries.availability` finds them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias

from services.booking.model.opening import DAY, OSLO, Span, instant
from services.booking.model.rules import BookingRules

Order = Literal["earliest", "best_fit"]
"""What is free first comes first; or the smallest that is large enough."""
EVERY_WEEKDAY = (1, 2, 3, 4, 5, 6, 7)
Days: TypeAlias = tuple[date, date]
"""From a local day to another, that one included."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a space must be, or be good for. What is left out, or empty, may be anything.

    `capacity` is how many will come, `area` square metres, `minutes` how long it is wanted for (else as short as the
    space is let for), `equipment` pieces by id.
    """

    squares: Sequence[str] = ()
    arenas: Sequence[str] = ()
    spaces: Sequence[str] = ()
    premises: str | None = None
    capacity: int | None = None
    area: float | None = None
    features: Sequence[str] = ()
    purpose: str | None = None
    audience: str | None = None
    noise: str | None = None
    equipment: Mapping[str, int] = field(default_factory=dict)
    minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The local days to look in; of each, from `opens` to `closes` by the clock on the wall, in minutes after its
    midnight: above 1440 is the day after."""

    first: date
    last: date
    opens: int = 0
    closes: int = DAY
    weekdays: Sequence[int] = EVERY_WEEKDAY

    def spans(self) -> list[Span]:
        """The times it comes to, one of each day."""
        days = (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))
        found = (
            (instant(day, self.opens), instant(day, self.closes)) for day in days if day.isoweekday() in self.weekdays
        )
        return [(opens, closes) for opens, closes in found if opens < closes]


def days_of(spans: Iterable[Span]) -> Days:
    """The local days on which some of these times are."""
    opens, closes = zip(*spans, strict=True)
    last = max(closes) - timedelta(microseconds=1)
    return min(opens).astimezone(OSLO).date(), last.astimezone(OSLO).date()


def as_near(rules: BookingRules, begins_at: datetime, ends_at: datetime) -> timedelta:
    """How long a booking by these rules would be that is as long as this, or as nearly so as can be."""
    grid = timedelta(minutes=rules.grid_minutes)
    on_grid = -((begins_at - ends_at) // grid) * grid
    return min(max(on_grid, timedelta(minutes=rules.min_minutes)), timedelta(minutes=rules.max_minutes))


def before_and_after(free: Iterable[Span], begins_at: datetime, length: timedelta, grid: timedelta) -> list[Span]:
    """The last time of this length that begins at an instant or before, and the first that begins then or after, among
    free times that lie on the grid, in their order."""
    gaps = [(opens, closes - length) for opens, closes in free if closes - length >= opens]
    past_grid = (begins_at - _EPOCH) % grid
    floor = begins_at - past_grid
    ceiling = floor + grid if past_grid else floor
    before = [min(last, floor) for first, last in gaps if first <= floor]
    after = [max(first, ceiling) for first, last in gaps if ceiling <= last]
    return [(at, at + length) for at in dict.fromkeys((*before[-1:], *after[:1]))]
