"""A key moves with its booking, is suspended while that is decided anew, and ends with it; whoever may act for the
tenant has it."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from kernel.problems import NotFound
from services.access import usecases
from services.access.events import KeyArmed, KeyRevoked
from services.access.locks.simulated import memory
from services.access.model import WrongKeyState
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, BOOKED_AT, CANCELLED, CONFIRMED, ENDS_AT, KARI, Told, represents
from tests.callers import STRANGER

MARGIN = timedelta(minutes=15)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
NEXT_DAY = {"begins_at": BEGINS_AT + DAY, "ends_at": ENDS_AT + DAY}
MOVED, LAST = CONFIRMED + 1, CONFIRMED + 2
RITA = str(STRANGER.person)


def confirmed(square: Any, **different: Any) -> Told:
    """A booking with an armed key."""
    booking = Told(**different)
    square.deliver(booking.confirmed())
    square.settle()
    return booking


def tried(square: Any, code: str, space: str = "borgen-storsal") -> str | None:
    with square.database.transaction() as tx:
        return usecases.unlock_with_code(tx, square.lock(space), code, square.codes).refusal


def held_by_locks(square: Any) -> list[tuple[Any, bool]]:
    with square.database.reading() as tx:
        return [(row.lock, row.revoked) for row in tx.execute(select(memory).order_by(memory.c.revoked))]


def test_a_moved_booking_opens_at_its_new_time_with_the_same_code_and_not_at_the_old(square: Any) -> None:
    booking = confirmed(square)
    [before] = square.keys_of()
    moved = booking.rescheduled(MOVED, **NEXT_DAY)
    square.deliver(moved, moved)
    square.settle()
    [after] = square.keys_of()
    assert (after.id, after.code, after.valid_from) == (before.id, before.code, BEGINS_AT + DAY - MARGIN)
    assert square.history() == ["issued", "armed", "issued", "armed"]
    square.at(BEGINS_AT)
    assert tried(square, after.code) == "too_early"
    square.at(BEGINS_AT + DAY)
    assert tried(square, after.code) is None


def test_moved_to_another_door_it_opens_that_and_the_old_lock_forgets_it(square: Any) -> None:
    booking = confirmed(square)
    moved = booking.rescheduled(MOVED, space="borgen-moterom")
    square.deliver(moved, moved)
    square.settle()
    [key] = square.keys_of()
    assert (key.space, key.state) == ("borgen-moterom", "armed")
    assert held_by_locks(square) == [(square.lock("borgen-moterom"), False), (square.lock(), True)]
    square.at(BEGINS_AT)
    assert tried(square, key.code) == "revoked"
    assert tried(square, key.code, "borgen-moterom") is None
    [*_, revoked] = square.emitted(KeyRevoked)
    [*_, armed] = square.emitted(KeyArmed)
    assert (revoked.data.lock, revoked.sequence) == (square.lock(), 3)
    assert armed.sequence == 5


def test_moved_there_and_back_it_opens_the_first_door(square: Any) -> None:
    booking = confirmed(square)
    square.deliver(booking.rescheduled(MOVED, space="borgen-moterom"))
    square.deliver(booking.rescheduled(LAST, space="borgen-storsal"))
    square.settle()
    square.deliver(*square.emitted(KeyRevoked))
    [key] = square.keys_of()
    square.at(BEGINS_AT)
    assert tried(square, key.code) is None


def test_where_somebody_has_the_code_a_moved_key_gets_another(square: Any) -> None:
    booking, other = Told(), Told(**NEXT_DAY)
    for each in (booking, other):
        with square.database.transaction() as tx:
            usecases.follow_booking(tx, each.confirmed(), square.codes, lambda: "111111")
    draws = iter(["111111", "222222"])
    with square.database.transaction() as tx:
        usecases.follow_booking(tx, booking.rescheduled(MOVED, **NEXT_DAY), square.codes, lambda: next(draws))
    square.settle()
    assert sorted(key.code for key in square.keys_of()) == ["111111", "222222"]


def test_in_whatever_order_a_move_is_told_it_ends_the_same(square: Any) -> None:
    for order in permutations(("confirmed", "moved", "restated")):
        booking = Told()
        told = {"confirmed": booking.confirmed(), "moved": booking.rescheduled(MOVED, **NEXT_DAY)}
        told["restated"] = booking.restated("confirmed", LAST)
        square.deliver(*(told[name] for name in order), *told.values())
        square.settle()
        [key] = [each for each in square.keys_of() if each.booking == booking.id]
        assert (key.valid_from, key.state) == (BEGINS_AT + DAY - MARGIN, "armed"), order


def test_a_lost_move_is_repaired(square: Any) -> None:
    booking = confirmed(square)
    booking.rescheduled(MOVED, **NEXT_DAY)
    square.deliver(booking.restated("confirmed", MOVED))
    square.settle()
    [key] = square.keys_of()
    assert key.valid_from == BEGINS_AT + DAY - MARGIN


def test_moves_told_at_the_same_time_leave_the_newest(square: Any) -> None:
    for _ in range(10):
        booking = Told(space="borgen-moterom")
        first = booking.confirmed()
        second, third = booking.rescheduled(MOVED, space="borgen-storsal"), booking.rescheduled(LAST, **NEXT_DAY)
        at_once(square.deliver, [first, second, third])
        square.settle()
        [key] = [each for each in square.keys_of() if each.booking == booking.id]
        assert (key.space, key.valid_from, key.state) == ("borgen-storsal", BEGINS_AT + DAY - MARGIN, "armed")


# Decided anew


def test_moved_and_awaiting_approval_it_opens_nothing_until_it_is_confirmed(square: Any) -> None:
    booking = confirmed(square)
    [before] = square.keys_of()
    moved = booking.rescheduled(MOVED, "awaiting_approval", **NEXT_DAY)
    square.deliver(moved, moved)
    square.settle()
    [key] = square.keys_of()
    assert (key.state, key.code) == ("suspended", None)
    square.at(BEGINS_AT)
    assert tried(square, before.code) == "revoked"
    with square.database.transaction() as tx:
        assert usecases.unlock_with_key(tx, key.id, KARI).refusal == "revoked"
    square.deliver(booking.confirmed(LAST), booking.confirmed(LAST))
    square.settle()
    [after] = square.keys_of()
    assert (after.state, after.code, after.valid_from) == ("armed", before.code, BEGINS_AT + DAY - MARGIN)
    assert square.history() == ["issued", "armed", "revoked", "issued", "armed"]


def test_approved_again_before_the_lock_has_heard_of_it_the_key_opens(square: Any) -> None:
    booking = confirmed(square)
    square.deliver(booking.rescheduled(MOVED, "awaiting_approval"), booking.confirmed(LAST))
    square.settle()
    square.deliver(*square.emitted(KeyRevoked))
    [key] = square.keys_of()
    square.at(BEGINS_AT)
    assert tried(square, key.code) is None


@pytest.mark.parametrize("end", ["declined", "expired"])
def test_not_approved_it_is_revoked_for_good(square: Any, end: str) -> None:
    booking = confirmed(square)
    over = getattr(booking, end)(LAST)
    square.deliver(booking.rescheduled(MOVED, "awaiting_approval", **NEXT_DAY), over, over)
    square.settle()
    assert square.states() == [(booking.id, "revoked")]
    with pytest.raises(WrongKeyState):
        square.deliver(booking.confirmed(LAST + 1, ends_at=ENDS_AT + 2 * DAY))


# The end


@pytest.mark.parametrize("end", ["released", "completed"])
def test_what_is_released_or_ended_early_loses_its_key(square: Any, end: str) -> None:
    booking = confirmed(square)
    over = booking.released(CANCELLED) if end == "released" else booking.completed(CANCELLED, at=ENDS_AT - TICK)
    square.deliver(over, over)
    square.settle()
    assert square.states() == [(booking.id, "revoked")]
    overtaken = Told()
    square.deliver(getattr(overtaken, end)(CANCELLED), overtaken.confirmed())
    assert square.states() == [(booking.id, "revoked")]


def test_what_ended_early_loses_its_key_however_late_that_is_told(square: Any) -> None:
    """Its completion was lost, and booking says again how it stands, when its time would have been over."""
    booking = confirmed(square)
    square.deliver(replace(booking.restated("completed", CANCELLED, ended_at=BEGINS_AT + TICK), time=ENDS_AT + TICK))
    square.settle()
    assert square.states() == [(booking.id, "revoked")]


def test_who_stays_to_the_end_gets_out_within_the_margin(square: Any) -> None:
    booking = confirmed(square)
    [key] = square.keys_of()
    square.deliver(booking.completed(CANCELLED, at=ENDS_AT))
    square.settle()
    square.at(ENDS_AT + MARGIN - TICK)
    assert tried(square, key.code) is None


def test_in_use_it_stays(square: Any) -> None:
    booking = confirmed(square)
    square.deliver(booking.restated("in_use", CANCELLED))
    assert square.states() == [(booking.id, "armed")]


# Who may act for the tenant


def opened_by(square: Any, person: str) -> str | None:
    with square.database.transaction() as tx:
        return usecases.unlock_with_key(tx, square.keys_of()[0].id, person).refusal


def test_who_may_act_for_the_tenant_has_its_keys(square: Any) -> None:
    confirmed(square)
    square.at(BEGINS_AT)
    assert square.keys_of(RITA) == []
    with pytest.raises(NotFound):
        opened_by(square, RITA)
    booker = represents(RITA, 1)
    square.deliver(booker, booker)
    assert [key.code for key in square.keys_of(RITA)] == [key.code for key in square.keys_of()]
    assert opened_by(square, RITA) is None
    square.deliver(represents(RITA, 3, role=None), represents(RITA, 2))
    assert square.keys_of(RITA) == []
    with pytest.raises(NotFound):
        opened_by(square, RITA)


def test_the_last_day_of_a_right_is_a_day_of_it(square: Any) -> None:
    confirmed(square)
    square.deliver(represents(RITA, 1, until=BOOKED_AT.date().isoformat()))
    midnight_in_norway = BOOKED_AT + timedelta(hours=6)
    square.at(midnight_in_norway - TICK)
    assert len(square.keys_of(RITA)) == 1
    square.at(midnight_in_norway)
    assert square.keys_of(RITA) == []


def test_who_booked_and_no_longer_acts_for_the_tenant_has_no_key(square: Any) -> None:
    confirmed(square)
    square.deliver(represents(KARI, 1, role=None))
    assert square.keys_of() == []


def test_a_right_for_another_organisation_gives_no_key(square: Any) -> None:
    booking = confirmed(square)
    square.deliver(represents(RITA, 1, actor=booking.id))
    assert square.keys_of(RITA) == []
