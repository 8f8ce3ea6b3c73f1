"""Booking was restored from an older backup: what was settled is charged again, or settled otherwise, and the waiver is
set aside again; entries are added and never taken away."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from kernel.contracts import Envelope
from services.pricing import restoring
from services.pricing.events import BookingCharged
from tests.at_once import at_once
from tests.bookings import BOOKED_AT
from tests.office import LIMIT, Booking, Office

TICK = timedelta(microseconds=1)
LATE = {"cancelled_at": LIMIT + TICK}
FULL, WAIVED = 70_000, 20_000


def anew(event: Envelope[Any], epoch: int = 1) -> Envelope[Any]:
    """The event as it is told after a restore."""
    return replace(event, epoch=epoch)


def settled(office: Office, **cancelled: Any) -> Booking:
    """A booking that was charged and given up before booking was restored: in time, unless told otherwise."""
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed(), booking.given_up(4, **cancelled))
    return booking


def amounts(office: Office, booking: Booking) -> list[int]:
    charge = office.charge(booking)
    return [entry.amount for entry in charge.entries] if charge else []


def test_what_is_confirmed_again_is_charged_again_once(office: Office) -> None:
    booking = settled(office)
    assert office.owed(booking) == ("credited", 0)
    before = amounts(office, booking)

    told = anew(booking.restated("confirmed", 3, confirmed_at=BOOKED_AT))
    office.deliver(told, told, booking.given_up(9))

    assert office.owed(booking) == ("charged", FULL)
    assert amounts(office, booking)[: len(before)] == before
    assert [event.data.reason for event in office.emitted(BookingCharged)][-2:] == ["restored", "rescheduled"]


def test_what_was_kept_for_being_late_is_taken_back_before_it_is_charged_again(office: Office) -> None:
    booking = settled(office, **LATE)
    assert office.owed(booking) == ("kept", FULL)
    office.deliver(anew(booking.restated("confirmed", 3, confirmed_at=BOOKED_AT)))
    assert office.owed(booking) == ("charged", FULL)
    assert amounts(office, booking) == [FULL, 0, -FULL, FULL]


@pytest.mark.parametrize("cancelled", [{}, LATE])
def test_what_is_settled_as_before_gets_no_entry(office: Office, cancelled: dict[str, Any]) -> None:
    booking = settled(office, **cancelled)
    before, repairs = office.charge(booking), office.repairs("booking")
    again = {"cancelled_at": LIMIT, "confirmed_at": BOOKED_AT, **cancelled}
    office.deliver(anew(booking.restated("cancelled", 4, **again)))
    assert office.charge(booking) == before
    assert office.repairs("booking") == repairs


@pytest.mark.parametrize(
    ("before", "after", "owed"),
    [({}, LATE, ("kept", FULL)), (LATE, {}, ("credited", 0)), (LATE, {"cancelled_by": "house"}, ("credited", 0))],
)
def test_what_is_settled_otherwise_is_settled_so(
    office: Office, before: dict[str, Any], after: dict[str, Any], owed: tuple[str, int]
) -> None:
    booking = settled(office, **before)
    given = {"cancelled_at": LIMIT, "confirmed_at": BOOKED_AT, "cancelled_by": "tenant", **after}
    told = anew(booking.restated("cancelled", 5, **given))
    office.deliver(told, told)
    assert office.owed(booking) == owed


@pytest.mark.parametrize("state", ["declined", "expired"])
def test_what_was_never_confirmed_owes_nothing(office: Office, state: str) -> None:
    booking = settled(office, **LATE)
    office.deliver(anew(booking.restated(state, 2)))
    assert office.owed(booking) == ("credited", 0)


def test_what_is_held_again_owes_nothing_until_it_is_confirmed(office: Office) -> None:
    booking = settled(office, **LATE)
    office.deliver(anew(booking.restated("held", 1)))
    assert office.owed(booking) == ("reversed", 0)
    office.deliver(anew(booking.confirmed(2)))
    assert office.owed(booking) == ("charged", FULL)


def in_order(order: Sequence[str], office: Office) -> Booking:
    booking = settled(office)
    told = {
        "held": anew(booking.restated("held", 1)),
        "confirmed": anew(booking.confirmed(2)),
        "cancelled": anew(booking.given_up(3, **LATE)),
    }
    for name in order:
        office.deliver(told[name], told[name])
    return booking


@pytest.mark.parametrize("order", list(permutations(("held", "confirmed", "cancelled"))), ids="-".join)
def test_in_whatever_order_it_is_told_the_newest_of_the_new_epoch_counts(office: Office, order: Sequence[str]) -> None:
    assert office.owed(in_order(order, office)) == ("kept", FULL)


def test_at_the_same_time_it_is_charged_once(office: Office) -> None:
    for _ in range(5):
        booking = settled(office)
        again = [booking.restated("confirmed", 3, confirmed_at=BOOKED_AT) for _ in range(3)]
        at_once(office.deliver, [anew(each) for each in (*again, booking.restated("held", 1))])
        assert office.owed(booking) == ("charged", FULL)


def test_the_waiver_is_set_aside_and_used_again(office: Office) -> None:
    office.grant(60)
    booking = settled(office)
    assert office.balance() == WAIVED
    told = anew(booking.restated("confirmed", 3, confirmed_at=BOOKED_AT))
    office.deliver(told, told)
    assert (office.owed(booking), office.balance()) == (("charged", FULL - WAIVED), 0)
    office.deliver(anew(booking.given_up(4)))
    assert (office.owed(booking), office.balance()) == (("credited", 0), WAIVED)


def test_of_a_hold_that_had_run_out_the_waiver_is_set_aside_again(office: Office) -> None:
    office.grant(60)
    booking = Booking()
    office.deliver(booking.held(), booking.expired(2))
    assert office.balance() == WAIVED
    office.deliver(anew(booking.restated("held", 1)))
    assert office.balance() == 0
    office.deliver(anew(booking.confirmed(2)))
    assert (office.owed(booking), office.balance()) == (("charged", FULL - WAIVED), 0)


def test_a_price_stands_though_its_waiver_was_used_elsewhere_since(office: Office) -> None:
    office.grant(60)
    booking, other = settled(office), Booking()
    office.deliver(other.held(), other.confirmed())
    assert office.balance() == 0
    office.deliver(anew(booking.restated("confirmed", 3, confirmed_at=BOOKED_AT)))
    assert (office.owed(booking), office.balance()) == (("charged", FULL - WAIVED), 0)


def test_a_confirmed_booking_that_stays_so_is_not_charged_again(office: Office) -> None:
    office.grant(60)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    before, balance = office.charge(booking), office.balance()
    office.deliver(anew(booking.restated("confirmed", 3, confirmed_at=BOOKED_AT)))
    assert (office.charge(booking), office.balance()) == (before, balance)


def withdraw(office: Office, booking: Booking) -> None:
    with office.database.transaction() as tx:
        restoring.withdraw(tx, booking.id)


def test_what_booking_does_not_know_is_withdrawn_by_reversal(office: Office) -> None:
    office.grant(60)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    office.pay(booking, FULL - WAIVED)
    with office.database.reading() as tx:
        assert restoring.followed(tx) == {booking.id}
        described = restoring.described(tx, [booking.id])[booking.id]
    assert [described[name] for name in ("charge", "charged", "paid", "waived")] == ["charged", 50_000, 50_000, WAIVED]

    withdraw(office, booking)
    withdraw(office, booking)

    assert office.owed(booking) == ("credited", 0)
    assert amounts(office, booking) == [50_000, -50_000]
    assert office.balance() == WAIVED
    assert office.account(booking) == (50_000, 0, 50_000)
    with office.database.reading() as tx:
        assert restoring.followed(tx) == {booking.id}  # the credit is to be paid back


def test_where_there_is_no_money_there_is_nothing_to_decide(office: Office) -> None:
    booking = Booking()
    office.deliver(booking.held(), booking.declined(2))
    with office.database.reading() as tx:
        assert restoring.followed(tx) == set()
