"""Free times: the statement and the model say the same, whatever the hours, the clock and the rules."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kernel.errors import DomainError
from kernel.pagination import PageRequest
from services.booking.model.bookings import BookingRequest
from services.booking.model.opening import DAY, hours, instant
from services.booking.model.rules import Bookable
from services.booking.queries.availability import Wanted, Window, free_times
from services.booking.store.resources import to_book
from services.booking.store.tables import claims, spaces
from tests.callers import RESIDENT

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ANY_USE = BookingRequest(
    space="room", begins_at=EPOCH, ends_at=EPOCH, purpose="culture", audience="everyone", participants=1
)

TUESDAY = Window(first=date(2026, 11, 24), last=date(2026, 11, 24))
QUARTER = timedelta(minutes=15)
Span = tuple[datetime, datetime]


def search(counter: Any, first: date, last: date | None = None, **asked: Any) -> dict[str, list[Span]]:
    """The free times of each space that has any, by its id."""
    page = PageRequest(asked.pop("limit", 200), asked.pop("cursor", None))
    with counter.database.reading() as tx:
        window = {name: asked.pop(name) for name in ("opens", "closes", "weekdays") if name in asked}
        order = asked.pop("order", "earliest")
        found = free_times(tx, page, Wanted(**asked), Window(first=first, last=last or first, **window), order=order)
    items = [json.loads(each) for each in found.items]
    return {each["space"]: [_span(time) for time in each["free"]] for each in items}


def _span(time: dict[str, str]) -> Span:
    return datetime.fromisoformat(time["begins_at"]), datetime.fromisoformat(time["ends_at"])


def quarters(first: date, last: date) -> Iterator[datetime]:
    at, end = instant(first, 0), instant(last, DAY)
    while at < end:
        yield at
        at += QUARTER


def bookable(counter: Any, first: date, last: date) -> set[tuple[str, datetime]]:
    """Every space and quarter at which the model would let the shortest booking begin and nothing is in its way."""
    with counter.database.transaction() as tx:
        ids = tx.execute(select(spaces.c.id)).scalars().all()
        span = instant(first, 0), instant(last, DAY)
        places = [to_book(tx, each, *span, tenant=None, person=RESIDENT.person)[0] for each in ids]
        taken = tx.execute(
            select(spaces.c.id, claims.c.during).join_from(spaces, claims, claims.c.part == spaces.c.parts.any_())
        ).all()
    return {
        (place.space, begin)
        for place in places
        for begin in quarters(first, last)
        if _can_begin(place, begin, [row.during for row in taken if row.id == place.space], counter.clock.now())
        and begin + timedelta(minutes=place.rules.min_minutes) <= instant(last, DAY)
    }


def _can_begin(place: Bookable, begin: datetime, taken: list[Any], now: datetime) -> bool:
    end = begin + timedelta(minutes=place.rules.min_minutes)
    try:
        place.check(ANY_USE, begin, end, now=now)
    except DomainError:
        return False
    return not any(begin < during.upper and during.lower < end for during in taken)


def found(counter: Any, first: date, last: date) -> set[tuple[str, datetime]]:
    """The same as `bookable`, as the statement has it."""
    with counter.database.reading() as tx:
        rules = {row.id: row for row in tx.execute(select(spaces.c.id, spaces.c.min_minutes, spaces.c.grid_minutes))}
    return {
        (space, begin)
        for space, times in search(counter, first, last).items()
        for begins, ends in times
        for begin in quarters(first, last)
        if begin.minute % rules[space].grid_minutes == 0
        and begins <= begin
        and begin + timedelta(minutes=rules[space].min_minutes) <= ends
    }


@pytest.fixture
def busy(counter: Any, town: Any) -> Any:
    """A square with all kinds of hours and rules, and bookings in it."""
    weekend = [hours(weekday, "20:00", "04:00") for weekday in (5, 6, 7)]
    in_the_gap = [hours(7, "02:30", "05:00"), hours(7, "01:00", "02:15"), hours(1, "08:00", "16:10")]
    slow = replace(town.RULES, notice_minutes=100, horizon_days=20, min_minutes=45)
    hourly = replace(town.RULES, grid_minutes=60, min_minutes=60)
    counter.publish(
        replace(
            town.BORGEN,
            arenas=(
                *town.BORGEN.arenas,
                town.arena("nights", town.space("bar"), opening=weekend),
                town.arena("early", town.space("chapel"), opening=in_the_gap),
                town.arena("strict", town.space("slow", rules=slow), town.space("hourly", rules=hourly)),
                town.arena("closed", town.space("never"), opening=()),
            ),
        )
    )
    for space, begin in (("hall", 3), ("third-2", 20), ("room", 7), ("hourly", 40), ("slow", 9)):
        counter.hold(space, begin, 4)
    return counter


def week_of(day: str) -> tuple[date, date]:
    first = date.fromisoformat(day)
    return first, first + timedelta(days=3)


@pytest.mark.parametrize(
    ("now", "window"),
    [
        ("2026-11-23T12:00", week_of("2026-11-23")),  # bookings, notice, and hours that are over
        ("2026-11-23T12:07", week_of("2026-11-22")),  # off the grid; a day that is gone
        ("2026-11-23T23:30", week_of("2026-12-12")),  # a horizon, by local days
        ("2026-11-23T12:00", week_of("2027-03-26")),  # the clock goes forward on the 28th
        ("2026-11-23T12:00", week_of("2027-10-29")),  # the clock goes back on the 31st
        ("2027-03-28T00:40", week_of("2027-03-27")),  # now is twenty minutes before it goes forward
        ("2027-10-31T00:40", week_of("2027-10-30")),  # now is in the hour that comes twice
    ],
)
def test_the_statement_and_the_model_agree(busy: Any, now: str, window: tuple[date, date]) -> None:
    busy.clock.move(datetime.fromisoformat(now).replace(tzinfo=UTC) - busy.clock.now())
    expected = bookable(busy, *window)

    assert found(busy, *window) == expected
    assert len({space for space, _ in expected}) > 3


def test_what_is_free_can_be_booked_to_its_very_ends(counter: Any) -> None:
    counter.hold("third-2", 8, 4)
    first, second, *_ = search(counter, date(2026, 11, 23), spaces=["hall"])["hall"]
    begin = (first[0] - counter.quarter()) // QUARTER

    counter.hold("hall", begin, (first[1] - first[0]) // QUARTER)
    later = counter.hold("hall", (second[0] - counter.quarter()) // QUARTER, 4)

    assert later.begins_at == second[0]
    assert [time for time in search(counter, date(2026, 11, 23), spaces=["hall"])["hall"] if time[0] < second[0]] == []


def test_a_booking_that_is_given_up_is_free_in_the_next_search(counter: Any) -> None:
    before = search(counter, date(2026, 11, 23))
    held = counter.hold("hall")
    assert search(counter, date(2026, 11, 23)) != before

    counter.cancel(held)

    assert search(counter, date(2026, 11, 23)) == before


@pytest.mark.parametrize(
    ("asked", "spaces_found"),
    [
        ({}, {"hall", "third-1", "third-2", "third-3", "room"}),
        ({"squares": ["borgen"]}, {"hall", "third-1", "third-2", "third-3", "room"}),
        ({"squares": ["tofte"]}, set()),
        ({"arenas": ["house"], "capacity": 51}, {"hall"}),
        ({"capacity": 50}, {"hall", "third-1", "third-2", "third-3"}),
        ({"capacity": 151}, set()),
        ({"spaces": ["room"]}, {"room"}),
        ({"premises": "gym"}, set()),
        ({"minutes": 15}, set()),
        ({"minutes": 30, "spaces": ["room"]}, {"room"}),
        ({"minutes": 480, "spaces": ["room"]}, {"room"}),
        ({"minutes": 495, "spaces": ["room"]}, set()),
    ],
)
def test_spaces_are_found_by_what_is_asked_for(counter: Any, asked: Any, spaces_found: set[str]) -> None:
    assert search(counter, date(2026, 11, 24), **asked).keys() == spaces_found


@pytest.mark.parametrize(("minutes", "is_found"), [(45, True), (60, True), (61, False)])
def test_a_gap_is_found_when_it_is_long_enough(counter: Any, minutes: int, is_found: bool) -> None:
    counter.hold("room", 0, 32)
    counter.hold("room", 36, 32)
    gap = (counter.quarter(32), counter.quarter(36))

    times = search(counter, gap[0].date(), gap[1].date(), spaces=["room"], minutes=minutes)["room"]

    assert (gap in times) is is_found


def test_spaces_come_a_page_at_a_time(counter: Any) -> None:
    with counter.database.reading() as tx:
        first = free_times(tx, PageRequest(3), Wanted(), TUESDAY)
        rest = free_times(tx, PageRequest(3, first.next_cursor), Wanted(), TUESDAY)

    ids = [json.loads(each)["space"] for each in (*first.items, *rest.items)]
    assert ids == ["hall", "room", "third-1", "third-2", "third-3"]
    assert rest.next_cursor is None


def test_what_is_withdrawn_is_not_found(counter: Any, town: Any) -> None:
    counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.HALL),)))

    assert "room" not in search(counter, date(2026, 11, 24))
