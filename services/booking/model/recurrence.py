"""When a series is, by the clock on the wall, and the dates that comes to. Rules are reckoned by `booking.recurrence`,
as a model knows no library."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.errors import DomainError, Text
from services.booking.model.opening import DAY, instant
from services.booking.model.rules import BookingRules

MOST = 520
"""Dates in one series."""
LONGEST_YEARS = 11
"""How far from its first date a series may reach; no space is let that far ahead."""


class InvalidRecurrence(DomainError):
    """The rule is not one of RFC 5545, or says what it may not say here."""

    code = "invalid_recurrence"
    text = Text(
        nb="Regelen for gjentakelse er ikke gyldig: {part}.",
        nn="Regelen for gjentaking er ikkje gyldig: {part}.",
        en="The recurrence rule is not valid: {part}.",
    )


class EndlessRecurrence(DomainError):
    """The rule has neither COUNT nor UNTIL."""

    code = "endless_recurrence"
    text = Text(
        nb="En fast booking må ha en slutt: et antall eller en siste dag.",
        nn="Ei fast booking må ha ein slutt: eit tal eller ein siste dag.",
        en="A series must end: after a number of times, or on a last day.",
    )


class TooFrequent(DomainError):
    """The rule repeats more often than daily."""

    code = "too_frequent"
    text = Text(
        nb="En fast booking kan ikke gjentas oftere enn hver dag.",
        nn="Ei fast booking kan ikkje takast opp att oftare enn kvar dag.",
        en="A series can't repeat more often than daily.",
    )


class TooManyDates(DomainError):
    """More dates than one series may have."""

    code = "too_many_dates"
    text = Text(
        nb="En fast booking kan ha høyst {most} datoer.",
        nn="Ei fast booking kan ha høgst {most} datoar.",
        en="A series can have at most {most} dates.",
    )


class NoDates(DomainError):
    """The rule comes to no date at all, or all that it comes to are left out."""

    code = "no_dates"
    text = Text(
        nb="Regelen gir ingen datoer.",
        nn="Regelen gir ingen datoar.",
        en="The rule comes to no dates.",
    )


class ExceptedNoDate(DomainError):
    """What is to be left out is none of the dates."""

    code = "excepted_no_date"
    text = Text(
        nb="{excepted} er ingen av datoene, og kan ikke holdes utenom.",
        nn="{excepted} er ingen av datoane, og kan ikkje haldast utanfor.",
        en="{excepted} is none of the dates, and can't be left out.",
    )


class TooFarReaching(DomainError):
    """The dates reach further from the first than a series may."""

    code = "too_far_reaching"
    text = Text(
        nb="En fast booking kan vare i høyst {years} år.",
        nn="Ei fast booking kan vare i høgst {years} år.",
        en="A series can last for at most {years} years.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When a series is: from `starts` by the clock on the wall in Oslo, for so many days of the calendar and then so
    many minutes that pass, again by `rule` (an RRULE of RFC 5545; None: no more than that once) and at `dates`, but not
    at `excepted`. A rule's first date is the first that it gives, not before `starts`."""

    starts: datetime
    minutes: int
    days: int = 0
    rule: str | None = None
    dates: Sequence[datetime] = ()
    excepted: Sequence[datetime] = ()

    @property
    def length(self) -> "Length":
        return Length(days=self.days, minutes=self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long a date lasts: days of the calendar, whatever hours they have, and then minutes that pass."""

    days: int = 0
    minutes: int = 0

    @property
    def nominal(self) -> int:
        """The minutes it has in a week when the clock does not change."""
        return self.days * DAY + self.minutes


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One of its dates, in UTC."""

    begins_at: datetime
    ends_at: datetime

    def taken(self, rules: BookingRules) -> tuple[datetime, datetime]:
        """From when until when it would keep others out: set-up and clearing included."""
        setup, clearing = timedelta(minutes=rules.setup_minutes), timedelta(minutes=rules.clearing_minutes)
        return self.begins_at - setup, self.ends_at + clearing


def occurrence(starts: datetime, length: Length) -> Occurrence:
    """Return a date of a series: it begins by the clock on the wall, lasts for the days of the calendar, and then for
    the minutes that pass."""
    at = starts.hour * 60 + starts.minute
    days_end_at = instant(starts.date() + timedelta(days=length.days), at)
    return Occurrence(instant(starts.date(), at), days_end_at + timedelta(minutes=length.minutes))
