"""A day of a square: open, taken and left, for strangers and for those who may see; whatever the clock does."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from kernel.errors import Text
from kernel.problems import NotFound
from services.booking.model.closures import ClosureRequest
from services.booking.model.opening import hours
from services.booking.model.resources import Square
from services.booking.model.sharing import Sharing
from services.booking.queries.availability import Day, day_of_square
from services.booking.usecases import closures
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER

TUESDAY = date(2026, 11, 24)


@pytest.fixture
def house(counter: Any, town: Any) -> Any:
    """Borgen with a hall in thirds, a stage with buffers, a lobby for two groups; open in the evening, and late."""
    buffered = replace(town.RULES, setup_minutes=30, clearing_minutes=15)
    unstaffed = replace(town.RULES, open_kinds=("staffed",))
    spaces = (
        town.HALL,
        town.space("stage", rules=buffered),
        replace(town.space("lobby", capacity=30), sharing=Sharing(groups=2)),
        town.space("office", rules=unstaffed),
    )
    opening = [hours(weekday, "16:00", "20:00") for weekday in range(1, 8)]
    opening += [hours(weekday, "20:00", "03:00", "extended") for weekday in range(1, 8)]
    counter.publish(
        Square(id="borgen", name=town.name("Borgen"), arenas=(town.arena("house", *spaces, opening=opening),))
    )
    return counter


def day(counter: Any, who: Any = None, on: date = TUESDAY) -> Day:
    with counter.database.reading() as tx:
        return day_of_square(tx, who, "borgen", on)


def space(shown: Day, id: str) -> Any:
    return next(each for each in shown.spaces if each.space == id)


def spans(taken: Any) -> list[tuple[str, str]]:
    return [(f"{each.begins_at:%d %H:%M}", f"{each.ends_at:%d %H:%M}") for each in taken]


def test_what_is_open_and_taken_and_what_is_left(house: Any) -> None:
    stage = house.confirmed("stage", 120, 4, title="Prøve")  # 20:00 to 21:00 in UTC, one hour later in Oslo
    hall = house.hold("hall", 104, 4)
    for begin, people in ((104, 10), (106, 15)):
        house.hold("lobby", begin, 4, participants=people)

    shown = day(house)

    assert (shown.begins_at, shown.ends_at) == (
        datetime.fromisoformat("2026-11-23T23:00Z"),
        datetime.fromisoformat("2026-11-24T23:00Z"),
    )
    thirds = ["third-1", "third-2", "third-3"]
    assert [each.space for each in shown.spaces] == ["hall", *thirds, "stage", "lobby", "office"]
    office = space(shown, "office")
    assert [(each.kind, each.bookable) for each in office.open] == [
        ("extended", False),
        ("staffed", True),
        ("extended", False),
    ]
    assert spans(office.open) == [("23 23:00", "24 02:00"), ("24 15:00", "24 19:00"), ("24 19:00", "24 23:00")]
    assert spans(space(shown, "stage").taken) == [("24 19:30", "24 21:15")]
    assert (stage.begins_at.hour, hall.begins_at.hour) == (20, 16)
    for part in ("hall", "third-1", "third-3"):
        assert spans(space(shown, part).taken) == [("24 16:00", "24 17:00")]
        assert space(shown, part).room is None
    assert [(each.people, each.groups) for each in space(shown, "lobby").room] == [
        (30, 2),
        (20, 1),
        (5, 0),
        (15, 1),
        (30, 2),
    ]


def test_only_those_who_may_see_a_booking_see_which_it_is(house: Any) -> None:
    booking = house.confirmed("stage", 120, 4, title="Prøve")

    for who in (None, STRANGER, OTHER_MANAGER):
        [taken] = space(day(house, who), "stage").taken
        assert (taken.what, taken.booking, taken.reason) == ("booking", None, None)
    for who in (RESIDENT, MANAGER, OPERATOR):
        [taken] = space(day(house, who), "stage").taken
        seen = taken.booking
        assert (seen.id, seen.state, seen.title) == (booking.id, "confirmed", "Prøve")
        assert (seen.begins_at, seen.ends_at) == (booking.begins_at, booking.ends_at)
        assert (taken.begins_at, taken.ends_at) == booking.taken


def test_closures_are_told_with_their_reason_and_take_all_room(house: Any) -> None:
    reason = Text(nb="Maling", nn="Måling", en="Painting")
    request = ClosureRequest(
        kind="maintenance", space="lobby", begins_at=house.quarter(104), ends_at=house.quarter(108), reason=reason
    )
    house.run(closures.announce, MANAGER, request, [])

    lobby = space(day(house), "lobby")

    [taken] = lobby.taken
    assert (taken.what, taken.reason["nb"], taken.booking) == ("maintenance", "Maling", None)
    assert [(each.people, each.groups) for each in lobby.room] == [(30, 2), (0, 0), (30, 2)]


def test_a_hold_whose_time_is_over_is_not_shown(house: Any) -> None:
    held = house.hold("stage", 120, 4)
    house.clock.move(held.hold_expires_at - house.clock.now() - timedelta(seconds=1))
    assert space(day(house), "stage").taken

    house.clock.move(timedelta(seconds=1))
    assert not space(day(house), "stage").taken


@pytest.mark.parametrize(
    ("on", "length", "open_for"),
    [
        ("2027-03-28", 23, [2, 4, 4]),  # from midnight to 03:00, of which one hour is left out
        ("2027-10-31", 25, [4, 4, 4]),  # and one comes twice
        ("2028-02-29", 24, [3, 4, 4]),
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(house: Any, on: str, length: int, open_for: list[int]) -> None:
    shown = day(house, on=date.fromisoformat(on))

    assert shown.ends_at - shown.begins_at == timedelta(hours=length)
    opened = space(shown, "hall").open
    assert [(each.ends_at - each.begins_at) / timedelta(hours=1) for each in opened] == open_for
    assert [each.kind for each in opened] == ["extended", "staffed", "extended"]


def test_a_square_that_is_not_there(house: Any) -> None:
    with house.database.reading() as tx, pytest.raises(NotFound):
        day_of_square(tx, None, "nowhere", TUESDAY)
