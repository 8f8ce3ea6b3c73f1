"""Booking was restored from an older backup: keys of what is not over any more are issued again, booking hears of those
it lost, and keys of bookings that it does not know make way for those it does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from kernel import restores, unknown
from kernel.contracts import Envelope
from kernel.ids import new_id
from services.access import news, restoring, usecases
from services.access.events import KeyArmed
from services.access.model import KeyState
from services.access.store import keys
from services.access.unknown import BOOKING
from services.booking.events import Heartbeat
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, CANCELLED, CONFIRMED, ENDS_AT, Told, envelope, published, represents

TICK = timedelta(seconds=1)
HALL, PART, OTHER_PART = "borgen-storsal", "borgen-storsal-a", "borgen-storsal-b"


def anew(event: Envelope[Any], epoch: int = 1) -> Envelope[Any]:
    """The event as it is told after a restore."""
    return replace(event, epoch=epoch)


def given_up(square: Any) -> Told:
    """A booking that had a key, and was cancelled before booking was restored."""
    booking = Told()
    square.deliver(booking.confirmed())
    square.settle()
    square.deliver(booking.cancelled())
    square.settle()
    return booking


def test_what_is_confirmed_again_has_its_key_again_with_another_code(square: Any) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    square.settle()
    [before] = square.keys_of()
    square.deliver(booking.cancelled())
    square.settle()

    told = anew(booking.restated("confirmed", CONFIRMED))
    square.deliver(told, told)
    square.settle()

    [after] = square.keys_of()
    assert (after.id, after.state, after.valid_from) == (before.id, "armed", before.valid_from)
    assert after.code not in (None, before.code)
    assert square.history() == ["issued", "armed", "revoked", "issued", "armed"]
    square.at(BEGINS_AT)
    with square.database.transaction() as tx:
        assert usecases.unlock_with_code(tx, after.lock, after.code, square.codes).refusal is None
        assert usecases.unlock_with_code(tx, after.lock, before.code, square.codes).refusal == "unknown_code"


def test_what_is_held_again_has_a_key_once_it_is_confirmed_again(square: Any) -> None:
    booking = given_up(square)
    square.deliver(anew(booking.restated("held", 1)))
    assert square.states() == [(booking.id, "suspended")]
    square.deliver(anew(booking.confirmed(2)))
    square.settle()
    assert square.states() == [(booking.id, "armed")]


@pytest.mark.parametrize("state", ["cancelled", "declined", "expired", "completed", "released"])
def test_what_is_over_still_has_no_key(square: Any, state: str) -> None:
    booking = given_up(square)
    square.deliver(anew(booking.restated(state, CONFIRMED)))
    assert square.states() == [(booking.id, "revoked")]
    assert square.history() == ["issued", "armed", "revoked"]


@pytest.mark.parametrize("order", list(permutations(("held", "confirmed", "cancelled"))), ids="-".join)
def test_in_whatever_order_it_is_told_the_newest_of_the_new_epoch_counts(square: Any, order: tuple[str, ...]) -> None:
    booking = given_up(square)
    told = {
        "held": anew(booking.restated("held", 1)),
        "confirmed": anew(booking.confirmed(2)),
        "cancelled": anew(booking.cancelled(3)),
    }
    for name in order:
        square.deliver(told[name], told[name], booking.confirmed(CANCELLED + 5))  # and one of the epoch before
        square.settle()
    assert square.states() == [(booking.id, "revoked")]


def test_booking_hears_once_of_a_key_that_stayed_armed(square: Any) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    square.settle()
    told = anew(booking.restated("confirmed", CONFIRMED))
    square.deliver(told, told, anew(booking.restated("confirmed", CONFIRMED + 1)))
    first, second = square.emitted(KeyArmed)
    assert second.sequence == first.sequence + 1
    assert square.states() == [(booking.id, "armed")]


def test_in_the_epoch_that_goes_on_nothing_is_told_again(square: Any) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    square.settle()
    square.deliver(booking.restated("confirmed", CONFIRMED + 1))
    assert len(square.emitted(KeyArmed)) == 1


def test_deliveries_of_a_new_epoch_at_the_same_time_make_one_key(square: Any) -> None:
    for _ in range(10):
        booking = given_up(square)
        told = [anew(booking.restated("held", 1)), anew(booking.confirmed(2)), anew(booking.restated("confirmed", 2))]
        at_once(square.deliver, told)
        square.deliver(anew(booking.cancelled(3)))
    square.settle()
    assert {state for _, state in square.states()} == {"revoked"}


def lost(square: Any, **different: Any) -> Told:
    """A booking with an armed key that booking knows nothing of since it was restored."""
    booking = Told(**different)
    square.deliver(booking.confirmed())
    square.settle()
    with square.database.transaction() as tx:
        restores.begin_epoch(tx, 1, at=tx.now)
        unknown.note(tx, BOOKING, [str(booking.id)])
    return booking


def state(square: Any, booking: Told) -> tuple[str, Any]:
    with square.database.reading() as tx:
        row = tx.execute(select(keys).where(keys.c.booking == booking.id)).one()
    return row.state, row.suspended_for


def waiting(square: Any) -> tuple[float | None, ...]:
    with square.database.transaction() as tx:
        usecases.watch_unknown(tx)
    return tuple(
        REGISTRY.get_sample_value("torg_access_unknown_keys", {"state": each}) for each in ("live", "suspended")
    )


def spaces(square: Any, *, shared: bool = False) -> None:
    parts = {HALL: [PART, OTHER_PART], PART: [PART], OTHER_PART: [OTHER_PART]}
    square.deliver(*(published(space, parts=made_of, shared=shared) for space, made_of in parts.items()))


@pytest.mark.parametrize(
    ("different", "gives_way"),
    [
        ({}, True),
        ({"space": PART}, True),
        ({"begins_at": ENDS_AT - TICK, "ends_at": ENDS_AT + timedelta(hours=1)}, True),
        ({"begins_at": ENDS_AT, "ends_at": ENDS_AT + timedelta(hours=1)}, False),
        ({"begins_at": BEGINS_AT - timedelta(hours=1), "ends_at": BEGINS_AT}, False),
        ({"begins_at": BEGINS_AT - timedelta(hours=1), "ends_at": BEGINS_AT + TICK}, True),
        ({"space": "borgen-moterom"}, False),
    ],
)
def test_an_unknown_key_makes_way_for_a_booking_at_its_place_and_time(
    square: Any, different: dict[str, Any], gives_way: bool
) -> None:
    spaces(square)
    unknown_one = lost(square)
    other = Told(booked_by="ola", **different)

    square.deliver(anew(other.confirmed()))
    square.settle()

    assert state(square, unknown_one) == (("suspended", other.id) if gives_way else ("armed", None))
    assert state(square, other)[0] == "armed"
    assert waiting(square) == ((0, 1) if gives_way else (1, 0))


def test_parts_that_have_nothing_in_common_do_not_meet(square: Any) -> None:
    spaces(square)
    unknown_one = lost(square, space=PART)
    square.deliver(Told(space=OTHER_PART, booked_by="ola").confirmed())
    assert state(square, unknown_one) == ("armed", None)


def test_in_a_shared_space_there_is_room_for_both(square: Any) -> None:
    spaces(square, shared=True)
    unknown_one = lost(square, space=PART)
    square.deliver(Told(space=PART, booked_by="ola").confirmed())
    assert state(square, unknown_one) == ("armed", None)


def test_its_lock_forgets_a_key_that_made_way(square: Any) -> None:
    unknown_one = lost(square)
    [key] = square.keys_of()
    square.deliver(Told(booked_by="ola").confirmed())
    square.settle()
    square.at(BEGINS_AT)
    with square.database.transaction() as tx:
        assert usecases.unlock_with_code(tx, key.lock, key.code, square.codes).refusal == "revoked"
    assert state(square, unknown_one)[0] == "suspended"


def settled(how: Any) -> Callable[[Any, Told], None]:
    def settle(square: Any, booking: Told) -> None:
        with square.database.transaction() as tx:
            assert unknown.settle(tx, BOOKING, str(booking.id), how, by="Odd", why="It is near")

    return settle


def test_what_was_kept_is_before_the_operator_again_when_it_had_to_make_way(square: Any) -> None:
    unknown_one = lost(square)
    settled("kept")(square, unknown_one)
    assert waiting(square) == (0, 0)
    square.deliver(Told(booked_by="ola").confirmed())
    assert waiting(square) == (0, 1)
    assert state(square, unknown_one)[0] == "suspended"


def test_what_is_over_alarms_nobody(square: Any) -> None:
    lost(square)
    assert waiting(square) == (1, 0)
    square.at(ENDS_AT + timedelta(minutes=15))
    assert waiting(square) == (0, 0)


def test_what_was_withdrawn_makes_way_no_more(square: Any) -> None:
    unknown_one = lost(square)
    settled("withdrawn")(square, unknown_one)
    with square.database.transaction() as tx:
        restoring.withdraw(tx, unknown_one.id)
    square.deliver(Told(booked_by="ola").confirmed())
    assert state(square, unknown_one) == (KeyState.REVOKED, None)
    assert waiting(square) == (0, 0)


def test_after_a_restore_nobody_is_taken_for_a_no_show_on_what_locks_could_not_tell(square: Any) -> None:
    booking = Told(release_at=BEGINS_AT + timedelta(minutes=15))
    square.deliver(booking.confirmed())
    square.settle()
    square.at(BEGINS_AT + timedelta(minutes=20))
    with square.database.transaction() as tx:
        restoring.after_restore(tx)
        usecases.tell_unused(tx)
    assert square.history() == ["issued", "armed"]
    with square.database.reading() as tx:
        assert tx.execute(select(keys.c.unused_told)).scalar_one() is False


def test_after_a_restore_news_is_stale_until_booking_says_how_far_it_has_told(square: Any) -> None:
    def stale() -> bool:
        with square.database.transaction() as tx:
            return news.is_stale(tx)

    def heartbeat() -> Envelope[Heartbeat]:
        return envelope(Heartbeat(sent_at=square.clock.now()), str(new_id()), 1)

    square.deliver(heartbeat())
    assert not stale()
    with square.database.transaction() as tx:
        restoring.after_restore(tx)
    assert stale()
    square.deliver(anew(heartbeat()))
    assert not stale()


def test_a_right_that_ended_before_changes_no_code_when_it_is_told_again(square: Any) -> None:
    square.deliver(represents("ola", 1), Told().confirmed())
    square.settle()
    square.deliver(represents("ola", 2, role=None))
    square.settle()
    [renewed] = square.keys_of()

    square.deliver(anew(represents("ola", 2, role=None)))
    square.settle()
    assert square.keys_of()[0].code == renewed.code

    square.deliver(anew(represents("ola", 3)), anew(represents("ola", 4, role=None)))
    square.settle()
    assert square.keys_of()[0].code not in (None, renewed.code)
