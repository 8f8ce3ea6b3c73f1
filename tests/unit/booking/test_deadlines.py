"""Until when what is not confirmed is kept: before, at and after each limit, whatever the price does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.model.actors import resident
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.deadlines import HOLD, UNPRICED, answer_by, unpriced_until
from services.booking.model.holding import hold
from services.booking.model.prices import Price
from services.booking.model.refusals import HoldExpired
from services.booking.model.rules import Bookable, BookingRules

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KARI = UUID(int=11)
RULES = BookingRules(grid_minutes=5, min_minutes=30, max_minutes=240, notice_minutes=0, horizon_days=30)
PLACE = Bookable(
    space="room",
    arena="house",
    square="borgen",
    premises="hall",
    capacity=100,
    parts=1,
    rules=RULES,
    open=[(NOW - timedelta(days=1), NOW + timedelta(days=40))],
)
PRICE = Price(quote=UUID(int=7), tariff="nesodden-2017", total=35000, currency="NOK", lines=())


def at(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


def wanted(begin: int = 600, **different: Any) -> BookingRequest:
    like = {"purpose": "culture", "audience": "everyone", "participants": 20} | different
    return BookingRequest(space="room", begins_at=at(begin), ends_at=at(begin + 60), **like)


def held(begin: int = 600, unpriced: timedelta = UNPRICED, **different: Any) -> Booking:
    return hold(
        wanted(begin, **different),
        PLACE,
        tenant=resident(KARI),
        booked_by=KARI,
        id=UUID(int=1),
        now=NOW,
        unpriced=unpriced,
    )


def moved(booking: Booking, minutes: float, begin: int = 600) -> Booking:
    return booking.rescheduled(PLACE, wanted(begin), now=at(minutes), by="tenant")


@pytest.mark.parametrize(("begin", "kept"), [(600, 120), (125, 120), (120, 120), (115, 115), (5, 5), (0, 1)])
def test_what_has_no_price_is_kept_for_two_hours_or_until_it_begins(begin: int, kept: int) -> None:
    assert held(begin).hold_expires_at == at(kept)


@pytest.mark.parametrize(("begin", "kept"), [(1.5, 1.5), (1, 1), (0.5, 1)])
def test_a_price_has_a_minute_to_come_however_soon_it_begins(begin: float, kept: float) -> None:
    assert unpriced_until(NOW, at(begin), at(120)) == at(kept)


def test_how_long_it_may_wait_for_its_price_is_the_municipality_s_to_say() -> None:
    assert held(unpriced=30 * MINUTE).hold_expires_at == at(30)


@pytest.mark.parametrize(
    ("priced", "begin", "kept"),
    [(0, 600, 15), (1, 600, 16), (119, 600, 134), (100, 120, 115), (100, 115, 115), (100, 110, 115), (0.5, 0, 15.5)],
)
def test_from_its_price_on_there_are_fifteen_minutes_to_confirm_it(priced: float, begin: int, kept: float) -> None:
    booking = held(begin).priced(PRICE, now=at(priced))

    assert (booking.hold_expires_at, booking.answer_from) == (at(kept), at(priced))


@pytest.mark.parametrize(("late", "kept"), [(-1, 134.98), (0, 120), (1, 120)])
def test_a_price_after_its_time_brings_nothing_back(late: int, kept: float) -> None:
    now = at(120) + timedelta(seconds=late)

    booking = held().priced(PRICE, now=now)

    assert booking.price == PRICE
    assert booking.hold_expires_at == (now + HOLD if late < 0 else at(kept))
    if late >= 0:
        with pytest.raises(HoldExpired):
            booking.accepted(now=now)


def test_the_same_price_again_and_a_corrected_one_give_no_more_time() -> None:
    booking = held().priced(PRICE, now=at(1))

    again = booking.priced(PRICE, now=at(10))
    corrected = booking.priced(replace(PRICE, total=40000), now=at(10))

    assert (again.hold_expires_at, corrected.hold_expires_at) == (at(16), at(16))
    assert corrected.price is not None
    assert corrected.price.total == 40000


def test_one_to_be_confirmed_when_priced_is_confirmed_by_a_price_that_is_late() -> None:
    assert held(confirm="when_priced").priced(PRICE, now=at(119)).state == "confirmed"


def test_moved_it_waits_for_its_price_anew() -> None:
    booking = moved(held().priced(PRICE, now=at(1)), 10, begin=700)

    assert (booking.price, booking.hold_expires_at) == (None, at(120))
    assert booking.priced(PRICE, of_version=1, now=at(11)) is booking
    assert booking.priced(PRICE, of_version=booking.version, now=at(60)).hold_expires_at == at(75)


def test_moved_to_an_earlier_time_it_is_kept_until_then() -> None:
    assert moved(held().priced(PRICE, now=at(1)), 10, begin=60).hold_expires_at == at(60)


def test_moved_to_and_fro_it_ends_all_the_same() -> None:
    booking, now = held(), 0
    while not booking.overdue(now=at(now)):
        booking = moved(booking, now, begin=600 + now % 2 * 30).priced(PRICE, of_version=99, now=at(now))
        now += 14

    assert booking.hold_expires_at <= at(120 + 15)


def test_what_was_moved_after_a_late_price_keeps_what_it_had() -> None:
    booking = moved(held().priced(PRICE, now=at(119)), 130, begin=700)

    assert booking.hold_expires_at == at(134)


def test_a_date_of_a_series_can_be_confirmed_once_all_are_priced() -> None:
    date = replace(held(), series=UUID(int=5)).priced(PRICE, now=at(1))

    assert (date.hold_expires_at, date.answer_from) == (at(120), None)
    assert date.answerable(now=at(3)).hold_expires_at == at(18)
    assert date.answerable(now=at(3)).answerable(now=at(9)).hold_expires_at == at(18)
    assert replace(date, price=None).answerable(now=at(3)).answer_from is None


@pytest.mark.parametrize(
    ("priced", "notice", "kept"),
    [(0, 0, 120), (90, 0, 210), (119, 0, 239), (0, 481, 119), (0, 590, 15), (90, 481, 119), (110, 481, 125)],
)
def test_an_offer_is_kept_as_long_from_its_price_as_one_that_is_priced_at_once(
    priced: int, notice: int, kept: int
) -> None:
    offer = replace(held(), offered_before=at(600 - notice))

    assert (offer.hold_expires_at, offer.answer_minutes) == (at(120), 120)
    assert offer.priced(PRICE, now=at(priced)).hold_expires_at == at(kept)


def test_one_that_was_held_before_these_rules_keeps_what_it_was_told() -> None:
    before = replace(held(), price_by=None, hold_expires_at=at(15))

    assert before.priced(PRICE, now=at(10)).hold_expires_at == at(25)
    assert moved(before, 5).hold_expires_at == at(15)


def test_what_a_price_gives_is_counted_from_no_later_than_the_end_of_the_first_two_hours() -> None:
    assert answer_by(at(125), at(600), at(120), None) == at(135)
