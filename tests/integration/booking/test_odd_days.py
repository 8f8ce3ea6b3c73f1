"""Nights when the clock changes, leap days, holidays and nights: what a series comes to there, what its bookings take,
and what a quota counts of them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kernel.errors import Text
from kernel.versions import ANY_VERSION, Expected
from services.booking.model.opening import hours, times
from services.booking.model.opening_plan import OpeningPlan, Pattern, PublicHolidays, SpecialDay
from services.booking.model.places import Place
from services.booking.model.quotas import SpaceGroup
from services.booking.store.tables import bookings, claims
from services.booking.usecases import opening, quotas
from tests.callers import MANAGER, OPERATOR
from tests.season import Season

NAME = Text(nb="Rom", nn="Rom", en="Rooms")
NIGHT, EVENING = 480, 120
"""Minutes that pass: from 22:00 to 06:00, but for nights when the clock changes, and from 18:00 to 20:00."""


@pytest.fixture
def far(counter: Any, town: Any, season: Season) -> Season:
    """A room that can be booked two years ahead, for nights that are longer than eight hours, and needs a quarter of an
    hour before and after."""
    rules = replace(town.RULES, horizon_days=700, max_minutes=720, setup_minutes=15, clearing_minutes=15)
    counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.space("room", rules=rules)),)))
    return season


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def taken(counter: Any) -> list[tuple[str, float]]:
    """What was booked: when it begins, in UTC, and for how many hours; each claim is that with its quarters."""
    statement = (
        select(bookings.c.begins_at, bookings.c.ends_at, claims.c.during)
        .join_from(bookings, claims, claims.c.holder == bookings.c.id)
        .order_by(bookings.c.begins_at)
    )
    with counter.database.reading() as tx:
        rows = tx.execute(statement).all()
    quarter = timedelta(minutes=15)
    assert all((row.during.lower, row.during.upper) == (row.begins_at - quarter, row.ends_at + quarter) for row in rows)
    return [(f"{row.begins_at:%Y-%m-%dT%H:%M}", (row.ends_at - row.begins_at) / timedelta(hours=1)) for row in rows]


@pytest.mark.parametrize(
    ("starts", "minutes", "rule", "expected"),
    [
        (  # the clock goes forward in the night to 28 March 2027
            "2027-03-20T22:00",
            NIGHT,
            "FREQ=WEEKLY;COUNT=3",
            [("2027-03-20T21:00", 8), ("2027-03-27T21:00", 8), ("2027-04-03T20:00", 8)],
        ),
        (  # and back in the night to 31 October
            "2027-10-23T22:00",
            NIGHT,
            "FREQ=WEEKLY;COUNT=3",
            [("2027-10-23T20:00", 8), ("2027-10-30T20:00", 8), ("2027-11-06T21:00", 8)],
        ),
        (
            "2027-03-27T18:00",
            EVENING,
            "FREQ=DAILY;COUNT=2",
            [("2027-03-27T17:00", 2), ("2027-03-28T16:00", 2)],
        ),
        (  # 02:30 is not there on the second day
            "2027-03-27T02:30",
            EVENING,
            "FREQ=DAILY;COUNT=3",
            [("2027-03-27T01:30", 2), ("2027-03-28T01:30", 2), ("2027-03-29T00:30", 2)],
        ),
        (  # from before the hour that comes twice until after it
            "2027-10-31T01:00",
            EVENING,
            "FREQ=DAILY;COUNT=1",
            [("2027-10-30T23:00", 2)],
        ),
        (  # a leap day, by day of the month; a day before it, by night
            "2027-12-29T18:00",
            EVENING,
            "FREQ=MONTHLY;BYMONTHDAY=29;COUNT=4",
            [("2027-12-29T17:00", 2), ("2028-01-29T17:00", 2), ("2028-02-29T17:00", 2), ("2028-03-29T16:00", 2)],
        ),
        (
            "2028-02-28T22:00",
            NIGHT,
            "FREQ=DAILY;COUNT=3",
            [("2028-02-28T21:00", 8), ("2028-02-29T21:00", 8), ("2028-03-01T21:00", 8)],
        ),
        ("2026-12-31T22:00", NIGHT, "FREQ=DAILY;COUNT=1", [("2026-12-31T21:00", 8)]),
    ],
)
def test_a_series_takes_the_hours_that_pass(
    counter: Any, far: Season, starts: str, minutes: int, rule: str, expected: list[tuple[str, float]]
) -> None:
    far.book("room", starts=wall(starts), minutes=minutes, rule=rule)

    assert taken(counter) == expected


@pytest.mark.parametrize(
    ("starts", "shift", "expected"),
    [
        ("2027-03-21T22:00", {"days": 6}, ("2027-03-27T21:00", 8)),
        ("2027-03-27T22:00", {"days": 7}, ("2027-04-03T20:00", 8)),
        ("2027-03-21T18:00", {"days": 7}, ("2027-03-28T16:00", 8)),
        ("2027-03-28T18:00", {"at": 60}, ("2027-03-28T00:00", 8)),
        ("2027-10-24T22:00", {"days": 6}, ("2027-10-30T20:00", 8)),
        ("2027-10-24T22:00", {"days": 7, "at": 150}, ("2027-10-31T00:30", 8)),  # 02:30 comes twice: the first
        ("2027-10-30T22:00", {"minutes": 60}, ("2027-10-30T20:00", 1)),
    ],
)
def test_a_move_begins_by_the_clock_on_the_wall_and_keeps_its_length(
    counter: Any, far: Season, starts: str, shift: dict[str, int], expected: tuple[str, float]
) -> None:
    series = far.book("room", starts=wall(starts), minutes=NIGHT, rule="FREQ=DAILY;COUNT=1")

    far.move(series, **shift)

    assert taken(counter) == [expected]


OPEN, SHUT = "held", "outside_opening_hours"


@pytest.mark.parametrize(
    ("starts", "minutes", "count", "states"),
    [
        # the 24th and the 31st have a rule of their own, and so has each holiday: closed
        ("2026-12-23T18:00", EVENING, 5, [OPEN, SHUT, SHUT, SHUT, OPEN]),
        ("2026-12-23T10:00", EVENING, 3, [OPEN, OPEN, SHUT]),
        ("2026-12-31T18:00", EVENING, 3, [SHUT, SHUT, OPEN]),
        # the night of an evening before runs into the day that is closed, and none begins there
        ("2026-12-30T22:00", 240, 4, [OPEN, SHUT, SHUT, OPEN]),
        ("2027-04-30T22:00", 240, 3, [OPEN, SHUT, OPEN]),
        ("2027-04-30T22:00", 255, 1, [SHUT]),
        ("2027-03-24T18:00", EVENING, 7, [OPEN, SHUT, SHUT, SHUT, SHUT, SHUT, OPEN]),  # Easter, with its eve
    ],
)
def test_holidays_are_skipped_and_told(
    counter: Any, season: Season, starts: str, minutes: int, count: int, states: list[str]
) -> None:
    days = tuple(hours(weekday, "08:00", "02:00") for weekday in range(1, 8))
    eve = (times("08:00", "13:00"),)
    plan = OpeningPlan(
        patterns=(Pattern(name=NAME, valid_from=date(2026, 1, 1), hours=days),),
        public_holidays=PublicHolidays(rule="closed"),
        special_days=(
            SpecialDay(on="12-24", name=NAME, hours=eve),
            SpecialDay(on="12-31", name=NAME, hours=eve),
            SpecialDay(on="easter_eve", name=NAME, hours=()),
        ),
    )
    counter.run(opening.change_plan, OPERATOR, "house", plan, ANY_VERSION)
    rule = f"FREQ=DAILY;COUNT={count}"

    found = season.preview("room", starts=wall(starts), minutes=minutes, rule=rule, policy="skip")

    assert [each.clash.code if each.clash else OPEN for each in found.dates] == states
    if OPEN in states:
        booked = season.book("room", starts=wall(starts), minutes=minutes, rule=rule, policy="skip")
        assert season.states(booked) == states


USED_UP = "quota_exceeded"


@pytest.mark.parametrize(
    ("starts", "rule", "limit", "states"),
    [
        ("2027-03-20T22:00", "FREQ=WEEKLY;COUNT=1", 479, [USED_UP]),
        ("2027-03-20T22:00", "FREQ=WEEKLY;COUNT=1", 480, [OPEN]),
        # eight hours pass in the nights to 28 March and to 31 October, too
        ("2027-03-27T22:00", "FREQ=WEEKLY;COUNT=1", 479, [USED_UP]),
        ("2027-03-27T22:00", "FREQ=WEEKLY;COUNT=2", 480, [OPEN, OPEN]),
        ("2027-10-30T22:00", "FREQ=WEEKLY;COUNT=1", 479, [USED_UP]),
        ("2027-10-30T22:00", "FREQ=WEEKLY;COUNT=2", 480, [OPEN, OPEN]),
        # a night from Sunday counts two hours in its week and six in the next
        ("2027-04-11T22:00", "FREQ=DAILY;COUNT=2", 359, [USED_UP, USED_UP]),
        ("2027-04-11T22:00", "FREQ=DAILY;COUNT=2", 839, [OPEN, USED_UP]),
        ("2027-04-11T22:00", "FREQ=DAILY;COUNT=2", 840, [OPEN, OPEN]),
        # Monday 28 February and the leap day are one week
        ("2028-02-28T22:00", "FREQ=DAILY;COUNT=2", 959, [OPEN, USED_UP]),
        ("2028-02-28T22:00", "FREQ=DAILY;COUNT=2", 960, [OPEN, OPEN]),
    ],
)
def test_a_quota_counts_the_minutes_that_pass(
    counter: Any, far: Season, starts: str, rule: str, limit: int, states: list[str]
) -> None:
    group = SpaceGroup(id="rooms", version=0, name=NAME, places=[Place("space", "room")], prime=())
    counter.run(quotas.put_group, MANAGER, Expected(frozenset({0})), group)
    none = dict.fromkeys(("actor", "prime_week_minutes", "open_bookings", "valid_until"))
    limits = {"week_minutes": limit, "category": "resident", "valid_from": date(2026, 1, 1), **none}
    counter.run(quotas.put_quota, MANAGER, Expected(frozenset({0})), "some", group="rooms", name=NAME, **limits)

    found = far.preview("room", starts=wall(starts), minutes=NIGHT, rule=rule, policy="skip")

    assert [each.clash.code if each.clash else OPEN for each in found.dates] == states
    if OPEN in states:
        booked = far.book("room", starts=wall(starts), minutes=NIGHT, rule=rule, policy="skip")
        assert far.states(booked) == states
