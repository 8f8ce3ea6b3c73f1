"""Searching: each filter below, at and above what it asks for; the window of a day; the order, and pages of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kernel.errors import Text
from kernel.pagination import InvalidCursor, PageRequest
from services.booking.model.closures import ClosureRequest
from services.booking.model.opening import hours
from services.booking.model.resources import Equipment, Square
from services.booking.model.sharing import Sharing
from services.booking.queries.availability import Wanted, Window, explained, free_times
from services.booking.usecases import closures
from tests.callers import OPERATOR

WEEK = Window(first=date(2026, 11, 24), last=date(2026, 11, 30))
"""From a Tuesday."""
EVENING = {"opens": 18 * 60, "closes": 20 * 60}


def found(counter: Any, window: Window = WEEK, page: PageRequest | None = None, **asked: Any) -> Mapping[str, Any]:
    """The free times by space, in the order found."""
    order = asked.pop("order", "earliest")
    with counter.database.reading() as tx:
        answer = free_times(tx, page or PageRequest(200), Wanted(**asked), window, order=order)
    items = [json.loads(each) for each in answer.items]
    return {each["space"]: [(each["begins_at"], each["ends_at"]) for each in each["free"]] for each in items}


@pytest.fixture
def town_of_two(counter: Any, town: Any) -> Any:
    """Borgen, as it is; and Tofte with a library of two rooms, chairs and a projector to lend."""
    quiet = replace(town.RULES, purposes=("culture", "course"), audiences=("youth",), min_minutes=45, max_minutes=90)
    reading = replace(town.space("reading", capacity=20, rules=quiet), area=40.0, noise="quiet", features=("piano",))
    stage = replace(town.space("stage", capacity=80), area=40.5, noise="normal", features=("piano", "stage"))
    things = (
        Equipment(id="chairs", name=town.name("Stoler"), pieces=40),
        Equipment(id="projector", name=town.name("Projektor"), pieces=1),
    )
    library = replace(town.arena("library", reading, stage), equipment=things)
    counter.publish(Square(id="tofte", name=town.name("Tofte"), arenas=(library,)))
    return counter


def test_each_filter_below_at_and_above(town_of_two: Any) -> None:
    house = {"hall", "room", "third-1", "third-2", "third-3"}
    everywhere = {"reading", "stage", *house}
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({}, everywhere),
        ({"squares": ["borgen"]}, house),
        ({"squares": ["borgen", "tofte"]}, everywhere),
        ({"squares": ["sætre"]}, set()),
        ({"arenas": ["library"]}, {"reading", "stage"}),
        ({"arenas": ["library", "house"]}, everywhere),
        ({"arenas": ["library"], "squares": ["borgen"]}, set()),
        ({"spaces": ["room", "stage"]}, {"room", "stage"}),
        ({"premises": "gym"}, set()),
        ({"capacity": 50}, {"hall", "stage", "third-1", "third-2", "third-3"}),
        ({"capacity": 51}, {"hall", "stage"}),
        ({"capacity": 151}, set()),
        ({"area": 40.0, "squares": ["tofte"]}, {"reading", "stage"}),
        ({"area": 40.1, "squares": ["tofte"]}, {"stage"}),
        ({"area": 90.0}, house),
        ({"area": 90.1}, set()),
        ({"features": ["piano"]}, {"reading", "stage"}),
        ({"features": ["piano", "stage"]}, {"stage"}),
        ({"features": ["piano", "stage", "kitchen"]}, set()),
        ({"purpose": "culture", "squares": ["tofte"]}, {"reading", "stage"}),
        ({"purpose": "sport", "squares": ["tofte"]}, {"stage"}),
        ({"audience": "youth", "squares": ["tofte"]}, {"reading", "stage"}),
        ({"audience": "seniors", "squares": ["tofte"]}, {"stage"}),
        ({"noise": "quiet", "squares": ["tofte"]}, {"reading", "stage"}),
        ({"noise": "normal", "squares": ["tofte"]}, {"stage"}),
        ({"noise": "loud", "squares": ["tofte"]}, set()),
        ({"minutes": 44, "squares": ["tofte"]}, {"stage"}),
        ({"minutes": 45, "squares": ["tofte"]}, {"reading", "stage"}),
        ({"minutes": 90, "squares": ["tofte"]}, {"reading", "stage"}),
        ({"minutes": 91, "squares": ["tofte"]}, {"stage"}),
        ({"minutes": 29}, set()),
        ({"minutes": 480}, {"stage", *house}),
        ({"minutes": 481}, set()),
        ({"equipment": {"chairs": 40}}, {"reading", "stage"}),
        ({"equipment": {"chairs": 41}}, set()),
        ({"equipment": {"chairs": 1, "projector": 1}}, {"reading", "stage"}),
        ({"equipment": {"chairs": 1, "drums": 1}}, set()),
    ]
    assert [(asked, found(town_of_two, **asked).keys()) for asked, _ in cases] == cases


def test_what_is_lent_is_not_there_to_be_borrowed(town_of_two: Any) -> None:
    town_of_two.hold("stage", 64, 8, equipment={"chairs": 30})  # Tuesday 07:00 to 09:00 in Oslo
    day = Window(first=WEEK.first, last=WEEK.first, opens=6 * 60, closes=10 * 60)

    few, many = (found(town_of_two, day, spaces=["reading"], equipment={"chairs": count}) for count in (10, 11))

    assert few["reading"] == [("2026-11-24T05:00:00+00:00", "2026-11-24T09:00:00+00:00")]
    assert many["reading"] == [
        ("2026-11-24T05:00:00+00:00", "2026-11-24T06:00:00+00:00"),
        ("2026-11-24T08:00:00+00:00", "2026-11-24T09:00:00+00:00"),
    ]


@pytest.mark.parametrize(
    ("window", "free"),
    [
        ({"weekdays": (3,), **EVENING}, [("2026-11-25T17:00", "2026-11-25T19:00")]),
        (
            {"weekdays": (5, 6), "opens": 22 * 60, "closes": 26 * 60},  # over midnight, twice
            [("2026-11-27T21:00", "2026-11-28T01:00"), ("2026-11-28T21:00", "2026-11-29T01:00")],
        ),
        ({"weekdays": (6, 7)}, [("2026-11-27T23:00", "2026-11-29T23:00")]),  # days that meet are one time
        ({"weekdays": (3,), "opens": 0, "closes": 20}, []),  # shorter than it is let for
        ({"weekdays": (3,), "opens": 0, "closes": 30}, [("2026-11-24T23:00", "2026-11-24T23:30")]),
        ({"weekdays": (3,), "opens": 7, "closes": 52}, [("2026-11-24T23:15", "2026-11-24T23:45")]),  # on the grid
        ({"weekdays": ()}, []),
        (
            {"first": date(2027, 3, 27), "last": date(2027, 3, 29), **EVENING},  # 18:00 before and after the change
            [
                ("2027-03-27T17:00", "2027-03-27T19:00"),
                ("2027-03-28T16:00", "2027-03-28T18:00"),
                ("2027-03-29T16:00", "2027-03-29T18:00"),
            ],
        ),
        (
            {"first": date(2027, 3, 28), "last": date(2027, 3, 28)},  # a day of 23 hours
            [("2027-03-27T23:00", "2027-03-28T22:00")],
        ),
        (
            {"first": date(2027, 10, 31), "last": date(2027, 10, 31)},  # of 25
            [("2027-10-30T22:00", "2027-10-31T23:00")],
        ),
        (
            {"first": date(2028, 2, 28), "last": date(2028, 3, 1), **EVENING},  # a leap day
            [
                ("2028-02-28T17:00", "2028-02-28T19:00"),
                ("2028-02-29T17:00", "2028-02-29T19:00"),
                ("2028-03-01T17:00", "2028-03-01T19:00"),
            ],
        ),
    ],
)
def test_a_time_of_day_is_by_the_clock_on_the_wall(
    counter: Any, window: dict[str, Any], free: list[tuple[str, str]]
) -> None:
    wanted = replace(WEEK, **window)
    counter.clock.move(
        max(datetime(wanted.first.year, wanted.first.month, 1, tzinfo=UTC), counter.clock.now()) - counter.clock.now()
    )

    times = found(counter, wanted, spaces=["room"]).get("room", [])

    assert [(begins[:16], ends[:16]) for begins, ends in times] == free


def test_the_earliest_or_the_best_fit_comes_first_a_page_at_a_time(town_of_two: Any) -> None:
    town_of_two.hold("reading", 36, 6, audience="youth", noise="quiet")  # from Tuesday's midnight: free from 01:30
    town_of_two.hold("third-3", 36, 4)

    def pages(order: str, limit: int) -> list[str]:
        listed, cursor = [], None
        while True:
            with town_of_two.database.reading() as tx:
                page = free_times(tx, PageRequest(limit, cursor), Wanted(capacity=11), WEEK, order=order)
            listed += [json.loads(each)["space"] for each in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return listed

    earliest = ["stage", "third-1", "third-2", "hall", "third-3", "reading"]
    best = ["reading", "third-1", "third-2", "third-3", "stage", "hall"]
    assert [pages("earliest", limit) for limit in (1, 4, 6, 7)] == [earliest] * 4
    assert [pages("best_fit", limit) for limit in (1, 4, 6, 7)] == [best] * 4


def test_a_cursor_of_another_order_is_refused(counter: Any) -> None:
    with counter.database.reading() as tx:
        first = free_times(tx, PageRequest(1), Wanted(), WEEK)
        with pytest.raises(InvalidCursor):
            free_times(tx, PageRequest(1, first.next_cursor), Wanted(), WEEK, order="best_fit")


def test_a_hold_whose_time_is_over_is_in_nobodys_way(counter: Any) -> None:
    held = counter.hold("hall", 48, 4)
    day = replace(WEEK, last=WEEK.first)

    def taken() -> bool:
        return any(
            str(held.begins_at.isoformat()) == ends for _, ends in found(counter, day, spaces=["third-1"])["third-1"]
        )

    counter.clock.move(held.hold_expires_at - counter.clock.now() - timedelta(seconds=1))
    assert taken()
    counter.clock.move(timedelta(seconds=1))
    assert not taken()


def test_a_shared_space_with_buffers_needs_room_for_them_too(counter: Any, town: Any) -> None:
    buffered = replace(town.RULES, setup_minutes=30, clearing_minutes=15)
    lobby = replace(town.space("lobby", capacity=30, rules=buffered), sharing=Sharing(groups=1))
    counter.publish(Square(id="asker", name=town.name("Asker"), arenas=(town.arena("culture", lobby),)))
    booked = counter.hold("lobby", 60, 4)
    day = Window(first=WEEK.first, last=WEEK.first)

    (_, before), (after, _) = found(counter, day, spaces=["lobby"])["lobby"]

    assert datetime.fromisoformat(before) == booked.begins_at - timedelta(minutes=45)
    assert datetime.fromisoformat(after) == booked.ends_at + timedelta(minutes=45)


def explanations(counter: Any, window: Window = WEEK, page: PageRequest | None = None, **asked: Any) -> dict[str, Any]:
    order = asked.pop("order", "earliest")
    with counter.database.reading() as tx:
        answer = explained(tx, page or PageRequest(200), Wanted(**asked), window, order=order)
    return {each["space"]: each for each in map(json.loads, answer.items)}


def codes(found: Mapping[str, Any]) -> dict[str, list[str]]:
    return {space: [each["code"] for each in shown["reasons"]] for space, shown in found.items()}


def test_what_is_not_free_is_told_with_every_reason(town_of_two: Any, town: Any) -> None:
    counter = town_of_two
    slow = replace(town.RULES, notice_minutes=6 * 24 * 60, horizon_days=60)
    close = replace(town.RULES, horizon_days=0)
    lobby = replace(town.space("lobby", capacity=30), sharing=Sharing(groups=1))
    mornings = [hours(weekday, "07:00", "09:00") for weekday in range(1, 8)]
    counter.publish(
        Square(
            id="asker",
            name=town.name("Asker"),
            arenas=(
                town.arena("culture", lobby, town.space("slow", rules=slow), town.space("close", rules=close)),
                town.arena("early", town.space("cafe"), opening=mornings),
            ),
        )
    )
    counter.hold("stage", 108, 8, equipment={"chairs": 30})  # all of Tuesday's evening: 18 to 20
    counter.hold("lobby", 108, 8)
    shut = Text(nb="Vask", nn="Vask", en="Cleaning")
    closed = {"begins_at": counter.quarter(106), "ends_at": counter.quarter(113), "reason": shut}
    counter.run(closures.announce, OPERATOR, ClosureRequest(kind="closure", space="third-1", **closed), ())
    evening = Window(first=WEEK.first, last=WEEK.first, **EVENING)
    wanted = {"squares": ["asker", "tofte"], "minutes": 60, "equipment": {}}

    assert codes(explanations(counter, evening, **wanted)) == {
        "reading": [],
        "cafe": ["outside_opening_hours"],
        "close": ["beyond_horizon"],
        "lobby": ["no_room"],
        "slow": ["too_short_notice"],
        "stage": ["slot_taken"],
    }
    assert codes(explanations(counter, evening, spaces=["hall", "third-1", "third-2"], minutes=60)) == {
        "third-2": [],
        "hall": ["space_closed"],
        "third-1": ["space_closed"],
    }
    assert codes(explanations(counter, evening, spaces=["reading"], equipment={"chairs": 11}, minutes=60)) == {
        "reading": ["equipment_lent"]
    }
    assert codes(explanations(counter, replace(evening, first=date(2026, 11, 22), last=date(2026, 11, 22)))) == {
        space: ["in_the_past"] for space in explanations(counter)
    }
    much = {"purpose": "sport", "audience": "adults", "noise": "loud", "capacity": 21, "area": 41.0, "minutes": 91}
    assert codes(
        explanations(counter, evening, spaces=["reading"], features=["organ"], equipment={"drums": 1}, **much)
    ) == {
        "reading": [
            "purpose_not_permitted",
            "audience_not_permitted",
            "too_many_participants",
            "too_loud",
            "unknown_equipment",
            "too_long",
            "too_small",
            "lacks_features",
        ]
    }


def test_an_explanation_has_the_nearest_time_and_the_nearest_space(town_of_two: Any) -> None:
    counter = town_of_two
    counter.hold("stage", 108, 8)
    evening = Window(first=WEEK.first, last=WEEK.first, **EVENING)

    shown = explanations(counter, evening, squares=["tofte", "borgen"], minutes=90, audience="youth", capacity=20)
    other = explanations(counter, evening, minutes=90, purpose="sport", capacity=20)

    assert shown["stage"]["other_time"] == {
        "begins_at": "2026-11-24T15:30:00+00:00",
        "ends_at": "2026-11-24T17:00:00+00:00",
    }
    assert shown["stage"]["elsewhere"] == {
        "space": "reading",
        "begins_at": "2026-11-24T17:00:00+00:00",
        "ends_at": "2026-11-24T19:00:00+00:00",
    }
    assert (shown["room"]["other_time"], shown["room"]["elsewhere"]["space"]) == (None, "hall")
    assert [shown["reading"][name] for name in ("reasons", "other_time", "elsewhere")] == [[], None, None]
    assert other["reading"]["elsewhere"]["space"] == "hall"


@pytest.mark.parametrize("order", ["earliest", "best_fit"])
def test_what_is_free_comes_first_and_pages_are_of_all(town_of_two: Any, order: Any) -> None:
    town_of_two.hold("stage", 108, 8)
    window, wanted = Window(first=WEEK.first, last=WEEK.first, **EVENING), {"capacity": 20}
    listed: list[str] = []
    cursor = None
    while True:
        with town_of_two.database.reading() as tx:
            page = explained(tx, PageRequest(2, cursor), Wanted(**wanted), window, order=order)
        listed += [json.loads(each)["space"] for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    free = list(found(town_of_two, window, order=order, **wanted))
    assert listed[: len(free)] == free
    assert listed[len(free) :] == ["room", "stage"]
