"""An activity moves with its booking, is out of the programme while that is decided anew, and leaves it with it."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from services.programming.model import ActivityIsWithdrawn
from tests.bookings import BEGINS_AT, CANCELLED, CONFIRMED, ENDS_AT, Told

LATER = {"space": "borgen-sal-2", "begins_at": BEGINS_AT + timedelta(days=1), "ends_at": ENDS_AT + timedelta(days=1)}
MOVED, LAST = CONFIRMED + 1, CONFIRMED + 2


def shown(programme: Any) -> list[tuple[str, str]]:
    return [(each["space"], each["begins_at"]) for each in programme.items()]


def test_a_moved_booking_moves_its_activity_once(programme: Any) -> None:
    booking = Told()
    programme.deliver(booking.confirmed())
    moved = booking.rescheduled(MOVED, **LATER)
    programme.deliver(moved, moved)
    assert shown(programme) == [("borgen-sal-2", "2026-12-04T17:00:00Z")]
    first, second = programme.told()
    assert (first.subject, second.sequence) == (second.subject, 2)


def test_in_whatever_order_a_move_is_told_it_ends_the_same(programme: Any) -> None:
    for order in permutations(("confirmed", "moved", "restated")):
        booking = Told()
        told = {"confirmed": booking.confirmed(), "moved": booking.rescheduled(MOVED, **LATER)}
        told["restated"] = booking.restated("confirmed", LAST)
        programme.deliver(*(told[name] for name in order), *told.values())
        assert shown(programme) == [("borgen-sal-2", "2026-12-04T17:00:00Z")], order
        programme.deliver(booking.cancelled(LAST + 1))


@pytest.mark.parametrize("end", ["released", "declined", "expired"])
def test_what_is_over_leaves_the_programme_once(programme: Any, end: str) -> None:
    booking = Told()
    over = getattr(booking, end)(CANCELLED)
    programme.deliver(booking.confirmed(), over, over)
    assert programme.history() == ["scheduled", "withdrawn"]
    overtaken = Told()
    programme.deliver(getattr(overtaken, end)(CANCELLED), overtaken.confirmed())
    assert programme.items() == []


@pytest.mark.parametrize("state", ["in_use", "completed"])
def test_what_is_used_stays(programme: Any, state: str) -> None:
    booking = Told()
    programme.deliver(booking.confirmed(), booking.restated(state, CANCELLED))
    assert programme.history() == ["scheduled"]


def test_moved_and_awaiting_approval_it_is_out_of_the_programme_until_it_is_confirmed(programme: Any) -> None:
    booking = Told()
    programme.deliver(booking.confirmed())
    moved = booking.rescheduled(MOVED, "awaiting_approval", **LATER)
    programme.deliver(moved, moved)
    assert programme.items() == []
    programme.deliver(booking.confirmed(LAST), booking.confirmed(LAST))
    assert shown(programme) == [("borgen-sal-2", "2026-12-04T17:00:00Z")]
    assert programme.history() == ["scheduled", "withdrawn", "scheduled"]


def test_not_approved_it_does_not_come_back(programme: Any) -> None:
    booking = Told()
    programme.deliver(booking.confirmed(), booking.rescheduled(MOVED, "awaiting_approval", **LATER))
    programme.deliver(booking.declined(LAST))
    assert programme.history() == ["scheduled", "withdrawn"]
    with pytest.raises(ActivityIsWithdrawn):
        programme.deliver(booking.confirmed(LAST + 1, title="Likevel"))
