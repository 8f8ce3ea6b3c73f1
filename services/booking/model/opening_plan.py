"""Which hours an arena keeps on a day, and why: its opening plan, read by one published order.

    1. a single date          ("2027-05-18")
    2. a day of every year    ("12-24", or the moveable Easter eve and Whit eve)
    3. a public holiday, by the plan's rule for them; a plan whose rule is `as_usual` passes on
    4. a pattern that is valid and governs the weekday: one for school days or school holidays before one for always,
       then the one that is valid from the latest day
    5. the arena's weekly hours

The first that says something says all: a special day without hours is closed. Hours belong to the day they begin on,
so a Friday's night until 02:00 is open until 02:00 even if Saturday is closed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Literal

from kernel.errors import DomainError, Text
from services.booking.model.opening import Hours, OpenSpan, Times, spans_on

Scope = Literal["always", "school_days", "school_holidays"]
HolidayRule = Literal["as_usual", "as_sunday", "closed", "hours"]
Rule = Literal["special_date", "special_day", "public_holiday", "pattern", "weekly"]

SUNDAY = 7
EVERY_DAY = (1, 2, 3, 4, 5, 6, SUNDAY)
MOVEABLE = {"easter_eve": -1, "whit_eve": 48}
"""Days that move with Easter: so many days from Easter Sunday."""


class ValidityReversed(DomainError):
    """Something would be valid until a day before it begins."""

    code = "validity_reversed"
    text = Text(
        nb="Siste dag {last} er før første dag {first}.",
        nn="Siste dag {last} er før første dag {first}.",
        en="The last day {last} is before the first day {first}.",
    )


class HoursNotGoverned(DomainError):
    """A pattern has hours on a weekday that it does not govern."""

    code = "hours_not_governed"
    text = Text(
        nb="Mønsteret fra {valid_from} har timer på ukedag {weekday}, som det ikke gjelder for.",
        nn="Mønsteret frå {valid_from} har timar på vekedag {weekday}, som det ikkje gjeld for.",
        en="The pattern from {valid_from} has hours on weekday {weekday}, which it does not govern.",
    )


class PatternsTie(DomainError):
    """Two patterns of the same scope begin on the same day and govern the same weekday: neither comes first."""

    code = "patterns_tie"
    text = Text(
        nb="To mønstre gjelder begge fra {valid_from} på ukedag {weekday}.",
        nn="To mønster gjeld begge frå {valid_from} på vekedag {weekday}.",
        en="Two patterns both govern weekday {weekday} from {valid_from}.",
    )


class SpecialDayTwice(DomainError):
    """The same special day is there twice."""

    code = "special_day_twice"
    text = Text(
        nb="Den spesielle dagen {on} står to ganger.",
        nn="Den spesielle dagen {on} står to gonger.",
        en="The special day {on} is there twice.",
    )


class SchoolYearsOverlap(DomainError):
    """Another school year has some of the same days."""

    code = "school_years_overlap"
    status = 409
    text = Text(
        nb="Skoleåret {other} har noen av de samme dagene.",
        nn="Skuleåret {other} har nokre av dei same dagane.",
        en="The school year {other} has some of the same days.",
    )


class HolidayOutsideSchoolYear(DomainError):
    """A school holiday lies outside its school year."""

    code = "holiday_outside_school_year"
    text = Text(
        nb="Ferien fra {first} til {last} ligger ikke i skoleåret.",
        nn="Ferien frå {first} til {last} ligg ikkje i skuleåret.",
        en="The holiday from {first} to {last} is not within the school year.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolHoliday:
    """A named break in a school year, both days included."""

    name: Text
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolYear:
    """The municipality's skolerute for a year, both days included."""

    id: str
    first_day: date
    last_day: date
    holidays: tuple[SchoolHoliday, ...] = ()

    def check(self, others: Iterable["SchoolYear"]) -> None:
        """Raises the error of the first thing that is wrong with it, or with it beside the others."""
        _demand_order(self.first_day, self.last_day)
        for each in self.holidays:
            _demand_order(each.first_day, each.last_day)
            if each.first_day < self.first_day or self.last_day < each.last_day:
                raise HolidayOutsideSchoolYear(first=each.first_day, last=each.last_day)
        for other in others:
            if other.id != self.id and other.first_day <= self.last_day and self.first_day <= other.last_day:
                raise SchoolYearsOverlap(other=other.id)


@dataclass(frozen=True)
class Calendar:
    """What all arenas go by: the name of the public holiday a day is, if it is one, and the school years."""

    public_holiday: Callable[[date], Text | None]
    school_years: Sequence[SchoolYear] = ()

    @cached_property
    def _years(self) -> list[SchoolYear]:
        return sorted(self.school_years, key=lambda year: year.first_day)

    def school(self, day: date) -> Scope:
        """Whether a day is a school day or a school holiday; `always` where no school year tells.

        Between two school years is summer. Weekends in term count as school days: a pattern's weekdays say the rest.
        """
        before = [year for year in self._years if year.first_day <= day]
        if not before:
            return "always"
        year = before[-1]
        if day > year.last_day:
            return "school_holidays" if len(before) < len(self._years) else "always"
        off = any(each.first_day <= day <= each.last_day for each in year.holidays)
        return "school_holidays" if off else "school_days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A week's hours while it is valid, both days included. Of the weekdays it governs, one without hours is closed."""

    name: Text
    valid_from: date
    valid_until: date | None = None
    scope: Scope = "always"
    weekdays: tuple[int, ...] = EVERY_DAY
    hours: tuple[Hours, ...] = ()

    def governs(self, day: date, weekday: int, school: Scope) -> bool:
        """Whether it says anything of a day that is taken for this weekday."""
        valid = self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
        return valid and weekday in self.weekdays and self.scope in ("always", school)

    def check(self) -> None:
        _demand_order(self.valid_from, self.valid_until)
        for each in self.hours:
            if each.weekday not in self.weekdays:
                raise HoursNotGoverned(valid_from=self.valid_from, weekday=each.weekday)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicHolidays:
    """What a plan does on public holidays. `hours` are those of the rule `hours`."""

    rule: HolidayRule = "as_usual"
    hours: tuple[Times, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """A day that is unlike others: `on` is "2027-05-18", "12-24" (every year), "easter_eve" or "whit_eve"."""

    on: str
    name: Text
    hours: tuple[Times, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningPlan:
    """What an arena keeps beside its weekly hours."""

    patterns: tuple[Pattern, ...] = ()
    public_holidays: PublicHolidays = field(default_factory=PublicHolidays)
    special_days: tuple[SpecialDay, ...] = ()

    @property
    def follows_school(self) -> bool:
        """Whether a school year matters to it."""
        return any(pattern.scope != "always" for pattern in self.patterns)

    def check(self) -> None:
        """Raises the error of the first thing that contradicts itself."""
        for pattern in self.patterns:
            pattern.check()
        for one, other in combinations(self.patterns, 2):
            if (one.valid_from, one.scope) == (other.valid_from, other.scope):
                for weekday in sorted({*one.weekdays} & {*other.weekdays}):
                    raise PatternsTie(valid_from=one.valid_from, weekday=weekday)
        for one_day, other_day in combinations(self.special_days, 2):
            if one_day.on == other_day.on:
                raise SpecialDayTwice(on=one_day.on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Which rule decided a day's hours, and what it is called."""

    rule: Rule
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """What a day comes to: the spans that begin on it, and why. Without spans it is closed."""

    day: date
    why: Why
    spans: tuple[OpenSpan, ...] = ()


WEEKLY = Why(
    rule="weekly",
    name=Text(nb="Vanlige åpningstider", nn="Vanlege opningstider", en="Usual opening hours"),
)


def open_on(day: date, plan: OpeningPlan, weekly: Sequence[Hours], calendar: Calendar) -> OpenDay:
    """When an arena is open on a day, and why."""
    why, open_at = _decided(day, plan, weekly, calendar)
    return OpenDay(day=day, why=why, spans=tuple(spans_on(day, open_at)))


def open_days(
    first: date, last: date, plan: OpeningPlan, weekly: Sequence[Hours], calendar: Calendar
) -> Iterator[OpenDay]:
    """The same for all days from the first to the last."""
    for number in range((last - first).days + 1):
        yield open_on(first + timedelta(days=number), plan, weekly, calendar)


@lru_cache
def easter(year: int) -> date:
    """Easter Sunday, by the Gregorian reckoning of Meeus, Jones and Butcher."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    to_sunday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _decided(day: date, plan: OpeningPlan, weekly: Sequence[Hours], calendar: Calendar) -> tuple[Why, Iterable[Times]]:
    special = {each.on: each for each in plan.special_days}
    if found := special.get(day.isoformat()):
        return Why(rule="special_date", name=found.name), found.hours
    for on in _every_year(day):
        if found := special.get(on):
            return Why(rule="special_day", name=found.name), found.hours
    holiday = None if plan.public_holidays.rule == "as_usual" else calendar.public_holiday(day)
    if holiday is None:
        return _by_pattern(day, day.isoweekday(), plan, weekly, calendar)
    why = Why(rule="public_holiday", name=holiday)
    if plan.public_holidays.rule == "as_sunday":
        return why, _by_pattern(day, SUNDAY, plan, weekly, calendar)[1]
    return why, plan.public_holidays.hours if plan.public_holidays.rule == "hours" else ()


def _every_year(day: date) -> Iterator[str]:
    """What a day is called every year. A moveable day comes before the date it falls on."""
    from_easter = (day - easter(day.year)).days
    yield from (name for name, after in MOVEABLE.items() if after == from_easter)
    yield day.strftime("%m-%d")


def _by_pattern(
    day: date, weekday: int, plan: OpeningPlan, weekly: Sequence[Hours], calendar: Calendar
) -> tuple[Why, Iterable[Times]]:
    school = calendar.school(day) if plan.follows_school else "always"
    governing = [pattern for pattern in plan.patterns if pattern.governs(day, weekday, school)]
    if not governing:
        return WEEKLY, _of(weekday, weekly)
    pattern = max(governing, key=lambda each: (each.scope != "always", each.valid_from))
    return Why(rule="pattern", name=pattern.name), _of(weekday, pattern.hours)


def _of(weekday: int, week: Iterable[Hours]) -> list[Times]:
    return [each.times for each in week if each.weekday == weekday]


def _demand_order(first: date, last: date | None) -> None:
    if last is not None and last < first:
        raise ValidityReversed(first=first, last=last)
