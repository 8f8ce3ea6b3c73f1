"""What is looked for, when, and which of the times that are free is nearest. `queries.availability` finds them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias

from kernel.errors import DomainError, Text
from services.booking.model.opening import DAY, OSLO, Span, instant
from services.booking.model.rules import Bookable, BookingRules, OffGrid
from services.booking.model.sharing import NOISES

Order = Literal["earliest", "best_fit"]
"""What is free first comes first; or the smallest that is large enough."""
EVERY_WEEKDAY = (1, 2, 3, 4, 5, 6, 7)
Days: TypeAlias = tuple[date, date]
"""From a local day to another, that one included."""


class LacksFeatures(DomainError):
    """The space has not all the features that are looked for. A search that explains tells it; booking does not ask."""

    code = "lacks_features"
    text = Text(
        nb="Lokalet mangler noe av dette: {features}.",
        nn="Lokalet manglar noko av dette: {features}.",
        en="The space lacks some of this: {features}.",
    )


class TooSmall(DomainError):
    """The space is smaller than is looked for. A search that explains tells it; booking does not ask."""

    code = "too_small"
    text = Text(nb="Lokalet er bare {area} m².", nn="Lokalet er berre {area} m².", en="The space is only {area} m².")


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
class _AnyUse:
    """What is wanted as a booking would make use of a place; where nothing is said, such as it is let for."""

    purpose: str
    audience: str
    noise: str
    participants: int
    equipment: Mapping[str, int]

    @classmethod
    def of(cls, wanted: Wanted, rules: BookingRules) -> "_AnyUse":
        return cls(
            purpose=wanted.purpose or next(iter(rules.purposes), ""),
            audience=wanted.audience or next(iter(rules.audiences), ""),
            noise=wanted.noise or NOISES[0],
            participants=wanted.capacity or 0,
            equipment=wanted.equipment,
        )


def unfit(place: Bookable, wanted: Wanted, *, area: float, features: Collection[str]) -> Iterator[DomainError]:
    """Why a space is not what is wanted, whenever it is: by the rules that booking goes by, its size and its features.
    A length off the grid is none: it is how long it must be free."""
    yield from place.misused(_AnyUse.of(wanted, place.rules))
    if wanted.minutes is not None:
        length = place.rules.broken_length(_EPOCH, _EPOCH + timedelta(minutes=wanted.minutes))
        yield from (each for each in length if not isinstance(each, OffGrid))
    if wanted.area is not None and area < wanted.area:
        yield TooSmall(area=f"{area:g}")
    if missing := sorted({*wanted.features} - {*features}):
        yield LacksFeatures(features=", ".join(missing))


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


def cost_of_days(window: Window, *, explain: bool) -> int:
    """What looking for free times costs, of which a day's cost 1: by the days looked at, and what is explained."""
    return 1 + (window.last - window.first).days // 7 + (2 if explain else 0)


def cost_of_dates(count: int) -> int:
    """What looking for spaces that are free on so many dates costs, as much as so many days' free times."""
    return 1 + count // 5


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
