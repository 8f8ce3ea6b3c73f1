"""Booking was restored from an older backup: an activity that was withdrawn comes back if its booking is not over."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from kernel.contracts import Envelope
from services.programming import restoring
from tests.bookings import CANCELLED, CONFIRMED, Told


def anew(event: Envelope[Any], epoch: int = 1) -> Envelope[Any]:
    """The event as it is told after a restore."""
    return replace(event, epoch=epoch)


def withdrawn(programme: Any) -> Told:
    booking = Told()
    programme.deliver(booking.confirmed(), booking.cancelled())
    assert programme.items() == []
    return booking


def test_what_is_confirmed_again_is_scheduled_again_once(programme: Any) -> None:
    booking = withdrawn(programme)
    told = anew(booking.restated("confirmed", CONFIRMED))
    programme.deliver(told, told, booking.cancelled(CANCELLED + 5))
    assert len(programme.items()) == 1
    assert programme.history() == ["scheduled", "withdrawn", "scheduled"]


def test_what_is_held_again_waits_until_it_is_confirmed(programme: Any) -> None:
    booking = withdrawn(programme)
    programme.deliver(anew(booking.restated("held", 1)))
    assert programme.items() == []
    programme.deliver(anew(booking.confirmed(2)))
    assert len(programme.items()) == 1


@pytest.mark.parametrize("state", ["cancelled", "declined", "expired", "released"])
def test_what_is_over_stays_out(programme: Any, state: str) -> None:
    booking = withdrawn(programme)
    programme.deliver(anew(booking.restated(state, CANCELLED)))
    assert programme.history() == ["scheduled", "withdrawn"]


@pytest.mark.parametrize("order", list(permutations(("held", "confirmed", "cancelled"))), ids="-".join)
def test_in_whatever_order_it_is_told_the_newest_of_the_new_epoch_counts(programme: Any, order: Any) -> None:
    booking = withdrawn(programme)
    told = {
        "held": anew(booking.restated("held", 1)),
        "confirmed": anew(booking.confirmed(2)),
        "cancelled": anew(booking.cancelled(3)),
    }
    for name in order:
        programme.deliver(told[name], told[name])
    assert programme.items() == []


def test_what_booking_does_not_know_can_be_withdrawn(programme: Any) -> None:
    booking = Told()
    programme.deliver(booking.confirmed())
    with programme.database.transaction() as tx:
        assert restoring.followed(tx) == {booking.id}
        restoring.withdraw(tx, booking.id)
    assert programme.items() == []
    with programme.database.transaction() as tx:
        assert restoring.followed(tx) == set()
        restoring.withdraw(tx, booking.id)
    assert programme.history() == ["scheduled", "withdrawn"]
