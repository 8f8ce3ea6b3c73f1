"""The nights when the clock changes, both of every year to 2037: search, check, the preview of a series and the search
for one tell the same, what they tell is what is booked, and a feed of it is read back as it is."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest

from kernel.errors import DomainError
from services.booking.files import read
from services.booking.model.imports import ImportRequest
from services.booking.model.opening import OSLO, Span, hours, instant
from services.booking.model.recurrence import Recurrence
from services.booking.queries import calendars as feeds
from services.booking.queries.availability import Wanted, Window, free_times, recurring
from services.booking.recurrence import dates_of
from services.booking.usecases import calendars, opening
from services.booking.usecases.checking import check
from tests.callers import RESIDENT
from tests.nights import NIGHTS
from tests.season import Season

ROOMS = ("always", "bar", "late")
"""Open round the clock; until 02:30 and from 03:00; from 02:30."""
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
YEARS = sorted({night.year for night in NIGHTS} - {2026})
TO_COME = [night for night in NIGHTS if night.year in YEARS]
"""The tests' clock begins in the November of 2026."""
LONG = [pytest.param(year, minutes, marks=pytest.mark.long) for year in YEARS for minutes in (15, 60, 480)]
USE = {"purpose": "culture", "audience": "everyone"}


@pytest.fixture
def night_life(counter: Any, town: Any) -> Any:
    """Three rooms, each in a house with hours of its own, on the day before the first of the nights."""

    def house(id: str, *opens: tuple[str, str]) -> Any:
        weekly = [hours(weekday, *each) for weekday in range(1, 8) for each in opens]
        rules = replace(town.RULES, horizon_days=700, max_minutes=720, min_minutes=15)
        return town.arena(f"{id}-house", town.space(id, rules=rules), opening=weekly)

    houses = (
        house("always", ("00:00", "24:00")),
        house("bar", ("20:00", "02:30"), ("03:00", "12:00")),
        house("late", ("02:30", "20:00")),
    )
    counter.publish(replace(town.BORGEN, arenas=houses))
    return counter


def on_time(counter: Any, year: int) -> None:
    """Waits until the January before, and reckons the days that are open from then on."""
    counter.clock.move(datetime(year, 1, 10, 12, tzinfo=UTC) - counter.clock.now())
    counter.run(opening.reckon_behind)


def walls(night: date, past: int) -> Iterator[datetime]:
    """So many minutes past each hour on the wall, from ten in the evening before until six; in the hour that comes
    twice or never, too."""
    midnight = datetime.combine(night, datetime.min.time())
    for number in range(past - 120, 360, 60):
        yield midnight + timedelta(minutes=number)


def fits(free: Sequence[Span], span: Span) -> bool:
    return any(begins <= span[0] and span[1] <= ends for begins, ends in free)


def searched(counter: Any, night: date, minutes: int) -> dict[str, list[Span]]:
    """Of each room the free times around the night."""
    window = Window(first=night - 2 * DAY, last=night + DAY)
    with counter.database.reading() as tx:
        found = free_times(tx, counter.page(50), Wanted(minutes=minutes), window)
    rooms = [json.loads(each) for each in found.items]
    return {
        each["space"]: [
            tuple(datetime.fromisoformat(free[end]) for end in ("begins_at", "ends_at")) for free in each["free"]
        ]
        for each in rooms
    }


def again_and_again(counter: Any, dates: Sequence[datetime], minutes: int) -> dict[str, set[datetime]]:
    """Of each room the dates of a series on which it is free."""
    when = Recurrence(starts=dates[0], minutes=minutes, dates=dates)
    with counter.database.reading() as tx:
        found = recurring(tx, counter.page(50), Wanted(capacity=8, **USE), dates_of(when), at_least=0)
    return {
        each.space: {date.begins_at for number, date in enumerate(each.dates) if number not in each.failing}
        for each in found.items
    }


def checked(counter: Any, room: str, spans: Sequence[Span]) -> list[Span]:
    """Those of these times that check finds nothing against."""
    with counter.database.reading() as tx:
        return [
            (begins_at, ends_at)
            for begins_at, ends_at in spans
            if not check(tx, None, replace(counter.wanted(room), begins_at=begins_at, ends_at=ends_at)).reasons
        ]


def held(counter: Any, room: str, span: Span) -> Any:
    """The booking, or the code of what refuses it."""
    wanted = replace(counter.wanted(room), begins_at=span[0], ends_at=span[1])
    try:
        return counter.run(counter.usecases.hold, RESIDENT, wanted)
    except DomainError as refusal:
        return refusal.code


def in_feed(counter: Any, secret: str) -> tuple[list[Span], list[Any]]:
    """What a reader of others and our own import find in a feed."""
    with counter.database.reading() as tx:
        text = feeds.text(tx, secret, portal="https://torg.test")
    events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    request = ImportRequest(source="torg", kind="ics", content=text.encode())
    rows = read(request, now=counter.clock.now()).rows
    assert all(row.fault is None for row in rows)
    return (
        sorted((each["DTSTART"].dt.astimezone(UTC), each["DTEND"].dt.astimezone(UTC)) for each in events),
        sorted((row.begins_at, row.ends_at) for row in rows),
    )


def booked_and_read_back(
    counter: Any, season: Season, night: date, room: str, dates: Sequence[datetime], minutes: int
) -> None:
    """Books what is free of a series; it is what was previewed, and what readers of the room's feed find."""
    asked = {"starts": dates[0], "minutes": minutes, "rule": None, "dates": dates}
    previewed = season.preview(room, policy="skip", **asked).dates
    possible = [(each.occurrence.begins_at, each.occurrence.ends_at) for each in previewed if each.clash is None]
    booked = season.book(room, policy="skip", confirm="when_priced", **asked)
    made = [each for each in season.dates(booked) if each.booking]
    for each in made:
        counter.deliver(counter.priced(counter.booking(each.booking), quote=each.booking.int))
    assert [(each.begins_at, each.ends_at) for each in made] == possible
    secret = counter.run(calendars.make, RESIDENT, space=room).secret
    for found in in_feed(counter, secret):
        assert [span for span in found if span[0] > instant(night - DAY, 0)] == possible, (night, room)


def test_all_tell_the_same_of_a_series_and_a_feed_gives_it_back(night_life: Any, season: Season) -> None:
    counter = night_life
    for number, night in enumerate(TO_COME):
        on_time(counter, night.year)
        minutes, past = (60, 0) if night.year % 2 else (45, 30)
        dates = list(walls(night, past))
        free, repeated = searched(counter, night, minutes), again_and_again(counter, dates, minutes)
        for room in ROOMS:
            asked = {"starts": dates[0], "minutes": minutes, "rule": None, "dates": dates}
            previewed = season.preview(room, policy="skip", **asked).dates
            spans = [(each.occurrence.begins_at, each.occurrence.ends_at) for each in previewed]
            possible = [span for span, each in zip(spans, previewed, strict=True) if each.clash is None]

            assert all(ends - begins == timedelta(minutes=minutes) for begins, ends in spans)
            assert possible == [span for span in spans if fits(free[room], span)], (night, room)
            assert possible == checked(counter, room, spans), (night, room)
            assert {begins for begins, _ in possible} == repeated[room], (night, room)
        booked_and_read_back(counter, season, night, ROOMS[number % len(ROOMS)], dates, minutes)


@pytest.mark.parametrize(("year", "minutes"), [(2027, 60), *LONG])
def test_what_search_and_check_offer_can_be_booked_and_nothing_else(night_life: Any, year: int, minutes: int) -> None:
    """Every quarter of an hour of both nights, for lengths up to more than the night."""
    counter = night_life
    on_time(counter, year)
    for night in (each for each in NIGHTS if each.year == year):
        first, last = instant(night - DAY, 22 * 60), instant(night, 6 * 60)
        quarters = [first + number * QUARTER for number in range((last - first) // QUARTER)]
        free = searched(counter, night, minutes)
        for room in ROOMS:
            spans = [(begins_at, begins_at + timedelta(minutes=minutes)) for begins_at in quarters]
            possible = [span for span in spans if fits(free[room], span)]
            assert checked(counter, room, spans) == possible, (room, night)
            for span in spans:
                booking = held(counter, room, span)
                assert (not isinstance(booking, str)) == (span in possible), (room, span[0].astimezone(OSLO), booking)
                if not isinstance(booking, str):
                    assert (booking.begins_at, booking.ends_at) == span
                    counter.cancel(booking)
