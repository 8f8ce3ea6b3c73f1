"""A booking that its tenant moves to a space with other terms keeps to the terms of the new one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.model.actors import resident
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.holding import hold
from services.booking.model.prices import Price
from services.booking.model.refusals import NotPriced
from services.booking.model.rules import Bookable, BookingRules

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
KARI = UUID(int=11)


def place(space: str = "plain", *, approval: bool = False, prepay: bool = False) -> Bookable:
    rules = BookingRules(
        grid_minutes=5,
        min_minutes=30,
        max_minutes=480,
        notice_minutes=0,
        horizon_days=30,
        approval=approval,
        prepay=prepay,
    )
    return Bookable(
        space=space,
        arena="house",
        square="borgen",
        premises="hall",
        capacity=100,
        parts=1,
        rules=rules,
        open=[(NOW - DAY, NOW + 40 * DAY)],
    )


PLAIN, ASKED, PREPAID = place(), place("asked", approval=True), place("prepaid", prepay=True)


def price(total: int, **different: Any) -> Price:
    return Price(quote=UUID(int=7), tariff="nesodden-2017", total=total, currency="NOK", lines=(), **different)


def wanted(space: str, hours: int = 1) -> BookingRequest:
    begins_at = NOW + 5 * DAY
    return BookingRequest(
        space=space,
        begins_at=begins_at,
        ends_at=begins_at + timedelta(hours=hours),
        purpose="culture",
        audience="everyone",
        participants=20,
    )


def accepted(where: Bookable, total: int = 350_00) -> Booking:
    """Held, priced and taken at its price."""
    held = hold(wanted(where.space), where, tenant=resident(KARI), booked_by=KARI, id=UUID(int=1), now=NOW)
    return held.priced(price(total), now=NOW).accepted(now=NOW)


def moved(booking: Booking, where: Bookable, hours: int = 1, by: Any = "tenant") -> Booking:
    return booking.rescheduled(where, wanted(where.space, hours), now=NOW, by=by)


def priced(booking: Booking, total: int) -> Booking:
    return booking.priced(price(total), of_version=booking.timed_version, now=NOW)


@pytest.mark.parametrize(("total", "state"), [(0, "confirmed"), (1, "awaiting_payment"), (550_00, "awaiting_payment")])
def test_moved_to_where_payment_comes_first_it_is_paid_first(total: int, state: str) -> None:
    booking = priced(moved(accepted(PLAIN), PREPAID), total)

    assert booking.state == state
    if state == "awaiting_payment":
        assert (booking.hold_expires_at, booking.confirmed_at) == (NOW + DAY, None)


@pytest.mark.parametrize(
    ("total", "state"), [(400_00, "confirmed"), (415_00, "confirmed"), (415_01, "awaiting_payment")]
)
def test_what_was_paid_before_it_grew_counts(total: int, state: str) -> None:
    paid = accepted(PREPAID, 415_00).paid(now=NOW)

    assert priced(moved(paid, PREPAID, hours=8), total).state == state


def test_what_the_house_moves_is_not_paid_first() -> None:
    assert priced(moved(accepted(PLAIN), PREPAID, by="house"), 550_00).state == "confirmed"


def test_a_price_that_is_told_again_asks_for_nothing_more() -> None:
    paid = priced(moved(accepted(PLAIN), PREPAID), 550_00).paid(now=NOW)

    assert priced(paid, 550_00).state == "confirmed"
    assert priced(paid, 600_00).state == "confirmed"


@pytest.mark.parametrize("before", [accepted(ASKED), accepted(PREPAID)])
def test_moved_to_where_nothing_more_is_asked_it_is_confirmed_by_its_price(before: Booking) -> None:
    booking = moved(before, PLAIN)

    assert (booking.state, booking.price) == ("held", None)
    assert priced(booking, 900_00).state == "confirmed"
    assert booking.unpriceable("no_tariff", now=NOW).state == "declined"


def test_moved_from_approval_to_payment_first_it_is_paid_first() -> None:
    booking = priced(moved(accepted(ASKED), PREPAID), 550_00)

    assert (booking.state, booking.hold_expires_at) == ("awaiting_payment", NOW + DAY)


def test_what_waits_to_be_paid_has_no_more_time_by_a_move() -> None:
    booking = accepted(PREPAID).rescheduled(PREPAID, wanted("prepaid", 2), now=NOW + timedelta(hours=23), by="tenant")

    assert (booking.state, booking.hold_expires_at) == ("awaiting_payment", NOW + DAY)


@pytest.mark.parametrize("before", [accepted(ASKED), accepted(PREPAID)])
def test_what_the_house_moves_waits_for_what_it_waited_for(before: Booking) -> None:
    assert moved(before, PLAIN, by="house").state == before.state


def test_what_cancelling_costs_is_not_known_until_the_new_price_is() -> None:
    late = replace(accepted(PLAIN), price=price(350_00, free_until=NOW + DAY))
    booking = moved(late, PLAIN, hours=2)

    with pytest.raises(NotPriced):
        booking.consequence(now=NOW)
    assert booking.consequence(now=NOW, by="house").fee == 0
    assert priced(booking, 700_00).consequence(now=NOW).fee == 0


def there_and_back(booking: Booking, at: datetime, *, through: Bookable) -> Booking:
    """Moved away, and back a minute later; its price comes at once."""
    minute = timedelta(minutes=1)
    away = booking.rescheduled(through, wanted(through.space), now=at, by="tenant")
    if away.state == "held":
        away = away.priced(price(100), of_version=away.timed_version, now=at)
    back = away.rescheduled(PREPAID, wanted("prepaid"), now=at + minute, by="tenant")
    return back.priced(price(200), of_version=back.timed_version, now=at + minute)


@pytest.mark.parametrize("through", [PLAIN, ASKED])
@pytest.mark.parametrize(("hours", "left"), [(1, 23 * 60), (23, 60), (23.75, 15), (23.9, 15)])
def test_the_time_to_pay_is_not_renewed_by_moving_away_and_back(through: Bookable, hours: float, left: int) -> None:
    unpaid = accepted(PREPAID)
    at = NOW + timedelta(hours=hours)

    back = there_and_back(unpaid, at, through=through)

    assert (back.state, back.hold_expires_at) == ("awaiting_payment", at + timedelta(minutes=1 + left))


def test_however_often() -> None:
    booking, at = accepted(PREPAID), NOW
    for _ in range(4):
        at = booking.hold_expires_at - timedelta(hours=1)
        booking = there_and_back(booking, at, through=PLAIN)

    assert booking.hold_expires_at == at + timedelta(hours=1, minutes=1)


def test_what_was_paid_has_all_of_the_time_for_what_is_dearer() -> None:
    unpaid = accepted(PREPAID)
    late = NOW + timedelta(hours=23)
    paid = there_and_back(unpaid, late, through=PLAIN).paid(now=late + timedelta(minutes=2))

    larger = paid.rescheduled(PREPAID, wanted("prepaid", hours=2), now=late + timedelta(minutes=3), by="tenant")
    asked = larger.priced(price(400), of_version=larger.timed_version, now=late + timedelta(minutes=4))

    assert (asked.state, asked.hold_expires_at) == ("awaiting_payment", late + timedelta(days=1, minutes=4))
