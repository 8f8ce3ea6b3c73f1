"""The margins of a key end where another tenant's booking begins or ended, if the two exclude each other; they follow
whatever becomes of that."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from kernel.ids import new_id
from services.access import usecases
from services.access.locks.simulated import memory
from services.access.store import keys, locks
from services.booking.events import Tenant
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, BOOKED_AT, CANCELLED, CONFIRMED, ENDS_AT, TENANT, Told, published
from tests.callers import STRANGER

MARGIN = timedelta(minutes=15)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
HALL, THIRD, OTHER_THIRD = "borgen-storsal", "borgen-sal-1", "borgen-sal-2"
NEXT = {"begins_at": ENDS_AT, "ends_at": ENDS_AT + HOUR}
BAND = {"tenant": Tenant(id=UUID(int=7), kind="voluntary"), "booked_by": str(STRANGER.person)}


def next_booking(**different: Any) -> Told:
    """Another tenant's, that begins when the first one ends."""
    return Told(**{**NEXT, **BAND, **different})


def opens(square: Any, booking: Told) -> tuple[datetime, datetime] | None:
    """When the key of a booking opens; the lock agrees."""
    with square.database.reading() as tx:
        key = tx.execute(select(keys).where(keys.c.booking == booking.id)).one()
        held = tx.execute(select(memory).where(memory.c.key == key.id, memory.c.lock == key.lock)).one()
    assert held.revoked == (key.state not in ("issued", "armed"))
    if held.revoked:
        return None
    assert (held.valid_from, held.valid_until) == (key.valid_from, key.valid_until)
    return key.valid_from, key.valid_until


def settled(square: Any, *events: Any) -> None:
    square.deliver(*events, *events)
    square.settle()


def divide(square: Any) -> None:
    """Publishes a hall and two of its thirds."""
    square.deliver(published(HALL, parts=[THIRD, OTHER_THIRD]))
    square.deliver(published(THIRD, parts=[THIRD]), published(OTHER_THIRD, parts=[OTHER_THIRD]))


def test_in_whatever_order_they_come_each_margin_ends_at_the_others_time(square: Any) -> None:
    first, second = Told(), next_booking()
    for order in permutations([first.confirmed(), second.confirmed()]):
        settled(square, *order)
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT)
    assert opens(square, second) == (ENDS_AT, ENDS_AT + HOUR + MARGIN)


def test_the_door_stays_shut_for_who_had_the_time_before(square: Any) -> None:
    first, second = Told(), next_booking()
    settled(square, first.confirmed())
    [key] = square.keys_of()
    settled(square, second.confirmed())
    for at, refusal in ((ENDS_AT - TICK, None), (ENDS_AT, "too_late")):
        square.at(at)
        with square.database.transaction() as tx:
            assert usecases.unlock_with_code(tx, square.lock(), key.code, square.codes).refusal == refusal


@pytest.mark.parametrize(
    ("gap", "left"),
    [(timedelta(0), timedelta(0)), (TICK, TICK), (MARGIN - TICK, MARGIN - TICK), (MARGIN, MARGIN), (HOUR, MARGIN)],
)
def test_between_two_bookings_there_is_as_much_margin_as_there_is_time(
    square: Any, gap: timedelta, left: timedelta
) -> None:
    first, second = Told(), next_booking(begins_at=ENDS_AT + gap, ends_at=ENDS_AT + gap + HOUR)
    settled(square, first.confirmed(), second.confirmed())
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT + left)
    assert opens(square, second) == (ENDS_AT + gap - left, ENDS_AT + gap + HOUR + MARGIN)


def test_one_tenants_bookings_leave_each_other_their_margins(square: Any) -> None:
    first, second = Told(), Told(**NEXT, booked_by=str(STRANGER.person))
    settled(square, first.confirmed(), second.confirmed())
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT + MARGIN)
    assert opens(square, second) == (ENDS_AT - MARGIN, ENDS_AT + HOUR + MARGIN)


@pytest.mark.parametrize("end", ["cancelled", "released", "declined", "expired", "awaiting_approval", "ended early"])
def test_once_the_other_is_gone_the_margin_is_back(square: Any, end: str) -> None:
    first, second = Told(), next_booking()
    over = {
        "awaiting_approval": lambda: second.rescheduled(CANCELLED, "awaiting_approval"),
        "ended early": lambda: second.completed(CANCELLED, at=ENDS_AT + TICK, ended_at=ENDS_AT + TICK),
    }
    settled(square, first.confirmed(), second.confirmed())
    settled(square, over.get(end, lambda: getattr(second, end)(CANCELLED))())
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT + MARGIN)
    assert opens(square, second) is None


def test_confirmed_again_it_ends_the_margin_again(square: Any) -> None:
    first, second = Told(), next_booking()
    settled(square, first.confirmed(), second.confirmed())
    settled(square, second.rescheduled(CANCELLED, "awaiting_approval"))
    settled(square, second.confirmed(CANCELLED + 1))
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT)


def test_who_stays_to_the_end_keeps_the_next_out_until_then(square: Any) -> None:
    first, second = Told(), next_booking()
    settled(square, first.confirmed(), second.confirmed())
    settled(square, first.completed(CANCELLED, at=ENDS_AT))
    assert opens(square, second) == (ENDS_AT, ENDS_AT + HOUR + MARGIN)


def test_moved_away_it_leaves_the_margin_and_ends_it_where_it_comes(square: Any) -> None:
    first, second = Told(), next_booking()
    later = Told(begins_at=ENDS_AT + 3 * HOUR, ends_at=ENDS_AT + 4 * HOUR)
    settled(square, first.confirmed(), second.confirmed(), later.confirmed())
    there = {"begins_at": ENDS_AT + 2 * HOUR, "ends_at": ENDS_AT + 3 * HOUR}
    settled(square, second.rescheduled(CANCELLED, **there))
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT + MARGIN)
    assert opens(square, second) == (there["begins_at"] - MARGIN, there["ends_at"])
    assert opens(square, later) == (there["ends_at"], ENDS_AT + 4 * HOUR + MARGIN)


def test_moved_to_another_space_it_leaves_the_margin(square: Any) -> None:
    first, second = Told(), next_booking()
    settled(square, first.confirmed(), second.confirmed())
    settled(square, second.rescheduled(CANCELLED, space="borgen-moterom"))
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT + MARGIN)


# Which exclude each other


@pytest.mark.parametrize(("one", "other"), [(HALL, THIRD), (THIRD, HALL), (HALL, OTHER_THIRD), (THIRD, THIRD)])
def test_spaces_with_a_part_in_common_exclude_each_other(square: Any, one: str, other: str) -> None:
    divide(square)
    first, second = Told(space=one), next_booking(space=other)
    settled(square, second.confirmed(), first.confirmed())
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT)
    assert opens(square, second) == (ENDS_AT, ENDS_AT + HOUR + MARGIN)


def test_neighbours_in_other_parts_do_not(square: Any) -> None:
    divide(square)
    first, second = Told(space=THIRD), next_booking(space=OTHER_THIRD)
    settled(square, first.confirmed(), second.confirmed())
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT + MARGIN)
    assert opens(square, second) == (ENDS_AT - MARGIN, ENDS_AT + HOUR + MARGIN)


def test_those_who_share_a_space_do_not_but_who_has_all_of_it_does(square: Any) -> None:
    square.deliver(published(THIRD, parts=[THIRD], shared=True), published(HALL, parts=[THIRD, OTHER_THIRD]))
    first, second = Told(space=THIRD), next_booking(space=THIRD)
    settled(square, first.confirmed(), second.confirmed())
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT + MARGIN)
    whole = next_booking(space=HALL, begins_at=ENDS_AT + HOUR, ends_at=ENDS_AT + 2 * HOUR, tenant=TENANT)
    settled(square, whole.confirmed())
    assert opens(square, second) == (ENDS_AT - MARGIN, ENDS_AT + HOUR)


def test_told_no_parts_by_an_earlier_release_those_known_stay(square: Any) -> None:
    divide(square)
    square.deliver(published(HALL, sequence=2, space_name="Salen"))
    with square.database.reading() as tx:
        row = tx.execute(select(locks).where(locks.c.space == HALL)).one()
    assert (row.space_name, row.parts, row.shared) == ("Salen", [THIRD, OTHER_THIRD], False)


# At once, and what was missed


def test_confirmed_at_once_neither_opens_in_the_others_time(square: Any) -> None:
    divide(square)
    for day in range(10):
        shift = timedelta(days=day)
        first = Told(space=HALL, begins_at=BEGINS_AT + shift, ends_at=ENDS_AT + shift)
        second = next_booking(space=THIRD, begins_at=ENDS_AT + shift, ends_at=ENDS_AT + shift + HOUR)
        third = Told(space=OTHER_THIRD, begins_at=BEGINS_AT + shift - HOUR, ends_at=BEGINS_AT + shift, **BAND)
        at_once(square.deliver, [first.confirmed(), second.confirmed(), third.confirmed()])
        square.settle()
        assert opens(square, first) == (BEGINS_AT + shift, ENDS_AT + shift)
        assert opens(square, second) == (ENDS_AT + shift, ENDS_AT + shift + HOUR + MARGIN)


def test_given_up_and_confirmed_at_once_the_margin_fits_what_is_left(square: Any) -> None:
    for day in range(10):
        shift = timedelta(days=day)
        first = Told(begins_at=BEGINS_AT + shift, ends_at=ENDS_AT + shift)
        second = next_booking(begins_at=ENDS_AT + shift, ends_at=ENDS_AT + shift + HOUR)
        settled(square, first.confirmed())
        at_once(square.deliver, [second.confirmed(), second.cancelled()])
        at_once(square.deliver, [second.cancelled(), first.restated("confirmed", CONFIRMED)])
        square.settle()
        assert opens(square, first) == (BEGINS_AT + shift - MARGIN, ENDS_AT + shift + MARGIN)


def test_old_news_moves_no_margin(square: Any) -> None:
    first, second = Told(), next_booking()
    settled(square, first.confirmed(), second.cancelled(), second.confirmed())
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT + MARGIN)


@pytest.mark.parametrize(("ahead", "mended"), [(timedelta(days=1), False), (timedelta(days=1) - TICK, True)])
def test_margins_that_reach_into_a_time_are_mended_the_day_before(square: Any, ahead: timedelta, mended: bool) -> None:
    """As after an upgrade, or when it was told late that two spaces exclude each other."""
    first, second = Told(space=HALL), next_booking(space=THIRD)
    settled(square, first.confirmed(), second.confirmed())
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT + MARGIN)
    divide(square)
    square.at(ENDS_AT - MARGIN - ahead)
    for _ in range(2):
        with square.database.transaction() as tx:
            usecases.mend_margins(tx)
    square.settle()
    assert opens(square, second) == (ENDS_AT if mended else ENDS_AT - MARGIN, ENDS_AT + HOUR + MARGIN)


def test_a_lock_of_an_earlier_release_gets_its_space_as_its_part(square: Any) -> None:
    first, second = Told(), next_booking()
    settled(square, first.confirmed())
    with square.database.transaction() as tx:
        tx.execute(update(locks).values(parts=[]))
    settled(square, second.confirmed())
    square.at(ENDS_AT - HOUR)
    with square.database.transaction() as tx:
        usecases.mend_margins(tx)
    square.settle()
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT)
    assert opens(square, second) == (ENDS_AT, ENDS_AT + HOUR + MARGIN)


def test_a_new_margin_lost_on_its_way_is_sent_again(square: Any) -> None:
    first, second = Told(), next_booking()
    settled(square, first.confirmed())
    with square.database.transaction() as tx:
        before = tx.execute(select(memory.c.key, memory.c.valid_until)).one()
    settled(square, second.confirmed())
    with square.database.transaction() as tx:
        tx.execute(update(memory).where(memory.c.key == before.key).values(valid_until=before.valid_until))
    square.at(BOOKED_AT + HOUR)
    with square.database.transaction() as tx:
        usecases.reconcile_locks(tx)
    assert [key.state for key in square.keys_of()] == ["armed"]
    square.settle()
    assert opens(square, first) == (BEGINS_AT - MARGIN, ENDS_AT)


def test_an_event_told_twice_moves_a_margin_once(square: Any) -> None:
    first, second = Told(), next_booking()
    settled(square, first.confirmed())
    confirmed = second.confirmed()
    square.deliver(confirmed, confirmed, replace(confirmed, id=new_id()))
    with square.database.reading() as tx:
        assert tx.execute(select(keys.c.version).where(keys.c.booking == first.id)).scalar_one() == 3
