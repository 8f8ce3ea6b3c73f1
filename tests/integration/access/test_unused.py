"""Who did not come: told once, by a lock that was there to tell, when no door was opened by the limit."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from kernel.ids import new_id
from services.access import usecases
from services.access.events import DoorOpened, KeyUnused
from services.access.locks.simulated import wrong_codes
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, BOOKED_AT, CANCELLED, CONFIRMED, ENDS_AT, KARI, Told, published

TICK = timedelta(microseconds=1)
MARGIN = timedelta(minutes=15)
LIMIT = BEGINS_AT + timedelta(minutes=20)


def expected(square: Any, **different: Any) -> Told:
    """A booking with an armed key, that is released unless a door is opened."""
    booking = Told(**{"release_at": LIMIT} | different)
    square.deliver(booking.confirmed())
    square.settle()
    return booking


def unused(square: Any) -> list[Any]:
    """Asks who did not come; gives the bookings of whom that was told so far."""
    with square.database.transaction() as tx:
        usecases.tell_unused(tx)
    return [each.data.booking for each in square.emitted(KeyUnused)]


def comes_in(square: Any, booking: Told) -> str | None:
    [key] = [each for each in square.keys_of() if booking.id in {time.booking for time in each.times}]
    [time] = [each for each in key.times if each.booking == booking.id]
    with square.database.transaction() as tx:
        return usecases.unlock_with_key(tx, time.key, KARI).refusal


def reachable_since(square: Any, since: Any) -> None:
    with square.database.transaction() as tx:
        tx.execute(update(wrong_codes).values(reachable_since=since))


@pytest.mark.parametrize(
    ("at", "told"),
    [(LIMIT - TICK, 0), (LIMIT, 1), (LIMIT + TICK, 1), (ENDS_AT + MARGIN - TICK, 1), (ENDS_AT + MARGIN, 0)],
)
def test_who_has_opened_no_door_by_the_limit_is_told_of_once(square: Any, at: Any, told: int) -> None:
    booking = expected(square)
    square.at(at)
    assert unused(square) == [booking.id] * told
    assert unused(square) == [booking.id] * told


def test_the_event_is_newer_than_that_of_the_armed_key(square: Any) -> None:
    expected(square)
    square.at(LIMIT)
    unused(square)
    [told] = square.emitted(KeyUnused)
    [key] = square.keys_of()
    assert (told.subject, told.sequence, told.data.release_at) == (str(key.id), key.version, LIMIT)
    assert key.version == 3


def test_who_has_come_is_not_told_of(square: Any) -> None:
    booking = expected(square)
    square.at(BEGINS_AT - MARGIN)
    assert comes_in(square, booking) is None
    square.at(LIMIT)
    assert unused(square) == []


def test_who_was_refused_has_not_come(square: Any) -> None:
    booking = expected(square)
    square.at(BEGINS_AT - MARGIN - TICK)
    assert comes_in(square, booking) == "too_early"
    square.at(LIMIT)
    assert unused(square) == [booking.id]


def test_a_booking_without_a_limit_is_not_told_of(square: Any) -> None:
    expected(square, release_at=None)
    square.at(ENDS_AT)
    assert unused(square) == []


@pytest.mark.parametrize("since", [None, LIMIT, BEGINS_AT, BEGINS_AT - MARGIN + TICK])
def test_a_lock_that_was_away_says_nothing(square: Any, since: Any) -> None:
    expected(square)
    reachable_since(square, since)
    square.at(LIMIT)
    assert unused(square) == []


def test_a_lock_that_is_back_in_time_can_tell(square: Any) -> None:
    booking = expected(square)
    reachable_since(square, BEGINS_AT - MARGIN)
    square.at(LIMIT)
    assert unused(square) == [booking.id]


def test_a_key_that_never_reached_its_lock_says_nothing(square: Any) -> None:
    square.deliver(Told(release_at=LIMIT).confirmed())
    square.at(LIMIT)
    assert unused(square) == []


@pytest.mark.parametrize("end", ["cancelled", "released"])
def test_of_what_is_over_nothing_is_told(square: Any, end: str) -> None:
    booking = expected(square)
    square.deliver(getattr(booking, end)(CANCELLED))
    square.at(LIMIT)
    assert unused(square) == []


def test_who_moved_their_booking_has_the_new_limit(square: Any) -> None:
    booking = expected(square)
    day = timedelta(days=1)
    later = {"begins_at": BEGINS_AT + day, "ends_at": ENDS_AT + day, "release_at": LIMIT + day}
    square.deliver(booking.rescheduled(CONFIRMED + 1, **later))
    square.settle()
    square.at(LIMIT)
    assert unused(square) == []
    square.at(LIMIT + day)
    assert unused(square) == [booking.id]
    assert square.emitted(KeyUnused)[0].data.release_at == LIMIT + day


def test_a_limit_that_alone_is_changed_counts(square: Any) -> None:
    booking = expected(square)
    square.deliver(booking.rescheduled(CONFIRMED + 1, release_at=LIMIT + MARGIN))
    square.at(LIMIT)
    assert unused(square) == []
    square.at(LIMIT + MARGIN)
    assert unused(square) == [booking.id]


@pytest.mark.parametrize("same", [{"series": new_id()}, {}], ids=["of a series", "of the same tenant"])
def test_who_came_for_the_booking_before_and_stayed_is_there(square: Any, same: dict[str, Any]) -> None:
    earlier = expected(square, begins_at=BEGINS_AT - timedelta(hours=2), ends_at=BEGINS_AT, release_at=None, **same)
    expected(square, **same)
    square.at(BEGINS_AT - timedelta(hours=1))
    assert comes_in(square, earlier) is None
    square.at(LIMIT)
    assert unused(square) == []


def test_who_came_the_week_before_has_not_come(square: Any) -> None:
    week, series = timedelta(weeks=1), new_id()
    last = expected(square, begins_at=BEGINS_AT - week, ends_at=ENDS_AT - week, release_at=LIMIT - week, series=series)
    booking = expected(square, series=series)
    square.at(BEGINS_AT - week)
    assert comes_in(square, last) is None
    square.at(LIMIT)
    assert unused(square) == [booking.id]


def test_each_lock_tells_of_its_own(square: Any) -> None:
    spaces = ["borgen-storsal", "borgen-moterom", "borgen-kjokken"]
    square.deliver(*[published(space) for space in spaces])
    bookings = [expected(square, space=space) for space in spaces]
    square.at(LIMIT)
    assert set(unused(square)) == {booking.id for booking in bookings}


def test_two_workers_tell_once(square: Any) -> None:
    for number in range(10):
        square.at(BOOKED_AT)
        expected(square, space=f"room-{number}")
        square.at(LIMIT)
        at_once(lambda _: unused(square), range(3))
        assert len(unused(square)) == number + 1


def test_a_door_opened_at_the_limit_is_told_before_it_or_after_never_instead(square: Any) -> None:
    """Whichever is first, booking is told of both in the order it happened, and minds the first."""
    for number in range(20):
        square.at(BOOKED_AT)
        booking = expected(square, space=f"room-{number}")
        square.at(LIMIT)
        at_once(lambda what: what(), [lambda: unused(square), lambda booking=booking: comes_in(square, booking)])
        opened = [each for each in square.emitted(DoorOpened) if each.data.booking == booking.id]
        assert len(opened) == 1
        told = [each for each in square.emitted(KeyUnused) if each.data.booking == booking.id]
        assert len(told) <= 1
        assert len([each for each in unused(square) if each == booking.id]) == len(told)
