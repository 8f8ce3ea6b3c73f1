"""A series has one key: the same code at every one of its times behind a door, listed once with them all."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from kernel.ids import new_id
from kernel.pagination import PageRequest
from services.access import queries, usecases
from services.access.store import keys
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, CANCELLED, CONFIRMED, ENDS_AT, KARI, Told

WEEK = timedelta(weeks=1)
MARGIN = timedelta(minutes=15)


def occurrences(count: int, **different: Any) -> list[Told]:
    """Bookings of one series, a week apart."""
    series = new_id()
    times = [{"begins_at": BEGINS_AT + week * WEEK, "ends_at": ENDS_AT + week * WEEK} for week in range(count)]
    return [Told(series=series, **each | different) for each in times]


def confirm(square: Any, *bookings: Told) -> None:
    square.deliver(*[booking.confirmed() for booking in bookings])
    square.settle()


def tried(square: Any, code: str) -> str | None:
    with square.database.transaction() as tx:
        return usecases.unlock_with_code(tx, square.lock(), code, square.codes).refusal


def test_a_series_has_one_code_and_is_listed_once_with_its_times(square: Any) -> None:
    bookings = occurrences(4)
    confirm(square, *bookings)
    [key] = square.keys_of()
    assert (key.series, key.booking) == (bookings[0].fields["series"], bookings[0].id)
    assert [time.booking for time in key.times] == [booking.id for booking in bookings]
    assert [time.valid_from for time in key.times] == [BEGINS_AT - MARGIN + week * WEEK for week in range(4)]
    for week in range(4):
        square.at(BEGINS_AT + week * WEEK)
        assert tried(square, key.code) is None
        square.at(ENDS_AT + week * WEEK + MARGIN)
        assert tried(square, key.code) is not None


def test_it_is_shown_as_it_stands_for_the_one_that_goes_on_or_comes_next(square: Any) -> None:
    bookings = occurrences(3)
    confirm(square, *bookings)
    for at, shown in ((BEGINS_AT, 0), (ENDS_AT + MARGIN, 1), (BEGINS_AT + WEEK, 1), (ENDS_AT + 9 * WEEK, 2)):
        square.at(at)
        [key] = square.keys_of()
        assert key.booking == bookings[shown].id
        assert (key.code is None) == (shown == 2)


def test_that_of_one_booking_can_be_asked_for(square: Any) -> None:
    bookings = occurrences(3)
    confirm(square, *bookings)
    with square.database.reading() as tx:
        [key] = queries.keys_of(tx, KARI, square.codes, PageRequest(), bookings[2].id).items
    assert (key.booking, len(key.times), key.code) == (bookings[2].id, 3, square.keys_of()[0].code)


def test_another_s_booking_has_a_key_of_its_own(square: Any) -> None:
    confirm(square, *occurrences(2), *occurrences(2, space="borgen-moterom"), Told(begins_at=BEGINS_AT - WEEK))
    assert len({key.code for key in square.keys_of()}) == 3


def test_a_series_over_two_doors_has_one_code_listed_for_each(square: Any) -> None:
    first, second = occurrences(2)
    second.fields["space"] = "borgen-moterom"
    confirm(square, first, second)
    one, other = square.keys_of()
    assert one.code == other.code
    assert {one.space, other.space} == {"borgen-storsal", "borgen-moterom"}


def test_told_at_the_same_time_they_share_the_code(square: Any) -> None:
    for _ in range(5):
        bookings = occurrences(4)
        at_once(square.deliver, [booking.confirmed() for booking in bookings])
        square.settle()
        mine = [key for key in square.keys_of() if key.series == bookings[0].fields["series"]]
        assert [len(key.times) for key in mine] == [4]


def test_one_that_is_given_up_is_no_time_of_the_key_and_the_others_stay(square: Any) -> None:
    bookings = occurrences(3)
    confirm(square, *bookings)
    [before] = square.keys_of()
    square.deliver(bookings[0].cancelled(CANCELLED))
    square.settle()
    [key] = square.keys_of()
    assert (key.code, key.booking) == (before.code, bookings[1].id)
    assert [time.booking for time in key.times] == [bookings[1].id, bookings[2].id]
    square.at(BEGINS_AT)
    # it may be typed a week later
    assert tried(square, key.code) == "too_early"


def test_one_that_is_moved_keeps_the_series_code(square: Any) -> None:
    bookings = occurrences(3)
    confirm(square, *bookings)
    later = {"begins_at": BEGINS_AT + timedelta(days=2), "ends_at": ENDS_AT + timedelta(days=2)}
    square.deliver(bookings[0].rescheduled(CONFIRMED + 1, **later))
    square.settle()
    [key] = square.keys_of()
    assert key.times[0].valid_from == later["begins_at"] - MARGIN


def test_where_somebody_has_its_code_one_time_has_another(square: Any) -> None:
    first, second = occurrences(2)
    stranger = Told(booked_by="ola", begins_at=BEGINS_AT + WEEK, ends_at=ENDS_AT + WEEK)
    draws = iter(["111111", "111111", "111111", "222222"])
    for booking in (first, stranger, second):
        with square.database.transaction() as tx:
            usecases.follow_booking(tx, booking.confirmed(), square.codes, lambda: next(draws))
    square.settle()
    assert [(key.code, len(key.times)) for key in square.keys_of()] == [("111111", 1), ("222222", 1)]


def test_adjoining_times_of_a_series_share_their_code(square: Any) -> None:
    """Their margins overlap, which two holders' could not."""
    first, second = occurrences(2)
    second.fields |= {"begins_at": ENDS_AT, "ends_at": ENDS_AT + timedelta(hours=1)}
    confirm(square, first, second)
    [key] = square.keys_of()
    assert len(key.times) == 2


def test_the_database_refuses_the_code_to_another_series_at_the_same_time(square: Any) -> None:
    confirm(square, *occurrences(1))
    with square.database.reading() as tx:
        row = dict(tx.execute(select(keys)).mappings().one())
    twin = row | {"id": new_id(), "booking": new_id()}
    with pytest.raises(IntegrityError, match="keys_code_is_one_keys_only"), square.database.transaction() as tx:
        tx.execute(insert(keys), twin | {"credential": new_id()})
    with square.database.transaction() as tx:
        tx.execute(insert(keys), twin)
