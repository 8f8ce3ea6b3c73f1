"""A booking is a key: exactly one for a confirmed booking, none for one that is over, in whatever order it is told."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from kernel.contracts import Envelope
from kernel.ids import new_id
from services.access import usecases
from services.access.events import KeyIssued, KeyRevoked
from services.access.model import NoFreeCode, WrongKeyState
from services.access.store import keys, locks
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, CANCELLED, CONFIRMED, ENDS_AT, KARI, Told, published

MARGIN = timedelta(minutes=15)


def repairs(promise: str = "booking_has_key") -> float:
    return REGISTRY.get_sample_value("torg_repairs_total", {"service": "access", "promise": promise}) or 0


def test_a_confirmed_booking_gets_a_key_for_its_spaces_lock(square: Any) -> None:
    booking = Told()
    square.deliver(published(), booking.confirmed())
    square.settle()
    [key] = square.keys_of()
    assert (key.booking, key.space, key.lock, key.state) == (booking.id, "borgen-storsal", square.lock(), "armed")
    assert (key.valid_from, key.valid_until) == (BEGINS_AT - MARGIN, ENDS_AT + MARGIN)
    assert square.history() == ["issued", "armed"]


def test_a_part_of_a_space_has_a_lock_of_its_own(square: Any) -> None:
    square.deliver(published(), published("borgen-storsal-scene"), Told(space="borgen-storsal-scene").confirmed())
    [key] = square.keys_of()
    assert key.lock == square.lock("borgen-storsal-scene") != square.lock("borgen-storsal")


def test_the_code_is_in_no_event_and_nowhere_in_clear(square: Any) -> None:
    square.deliver(Told().confirmed())
    square.settle()
    code = square.keys_of()[0].code.encode()
    with square.database.reading() as tx:
        row = tx.execute(select(keys)).one()
        assert code not in bytes(row.sealed_code) + bytes(row.code_digest)
    assert all(code not in event.encode() for event in square.emitted(KeyIssued))


def test_twice_is_as_once(square: Any) -> None:
    confirmed = Told().confirmed()
    square.deliver(confirmed, confirmed)
    square.settle()
    square.deliver(confirmed)
    assert square.history() == ["issued", "armed"]


def test_a_restatement_of_what_is_known_changes_nothing(square: Any) -> None:
    booking, before = Told(), repairs()
    square.deliver(booking.confirmed(), booking.restated("confirmed", CONFIRMED))
    square.deliver(booking.restated("confirmed", CONFIRMED + 1))
    assert square.history() == ["issued"]
    assert repairs() == before


def test_a_restatement_repairs_what_was_lost_and_is_counted(square: Any) -> None:
    booking, before = Told(), repairs()
    square.deliver(booking.restated("confirmed", CONFIRMED))
    assert [state for _, state in square.states()] == ["issued"]
    assert repairs() == before + 1
    square.deliver(booking.restated("cancelled", CANCELLED))
    assert [state for _, state in square.states()] == ["revoked"]
    assert repairs() == before + 2


def test_a_cancelled_booking_loses_its_key_and_its_code_is_gone(square: Any) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    square.settle()
    square.deliver(booking.cancelled(), booking.cancelled())
    [key] = square.keys_of()
    assert (key.state, key.code) == ("revoked", None)
    with square.database.reading() as tx:
        assert tx.execute(select(keys.c.sealed_code)).scalar_one() is None
    square.settle()
    assert square.history() == ["issued", "armed", "revoked"]


@pytest.mark.parametrize("state", ["cancelled", "declined", "expired"])
def test_what_is_over_has_no_key(square: Any, state: str) -> None:
    booking = Told()
    square.deliver(booking.confirmed(), booking.restated(state, CANCELLED))
    assert square.states() == [(booking.id, "revoked")]


def test_a_held_booking_has_no_key_yet(square: Any) -> None:
    booking = Told()
    square.deliver(booking.restated("held", 1))
    assert square.states() == []
    square.deliver(booking.confirmed())
    assert square.states() == [(booking.id, "issued")]


def test_a_confirmation_overtaken_by_its_cancellation_makes_no_key(square: Any) -> None:
    booking = Told()
    square.deliver(booking.cancelled(), booking.confirmed(), booking.restated("confirmed", CONFIRMED))
    square.settle()
    assert square.states() == []
    assert square.history() == []


def test_a_cancelled_booking_is_never_confirmed_again(square: Any) -> None:
    booking = Told()
    square.deliver(booking.confirmed(), booking.cancelled())
    with pytest.raises(WrongKeyState):
        square.deliver(booking.confirmed(sequence=CANCELLED + 1, ends_at=ENDS_AT + MARGIN))
    assert square.states() == [(booking.id, "revoked")]


def orders(*told: str) -> list[Any]:
    return [pytest.param(each, id="-".join(each)) for each in permutations(told)]


@pytest.mark.parametrize("order", orders("confirmed", "cancelled", "restated confirmed", "restated cancelled"))
def test_in_whatever_order_it_is_told_a_cancelled_booking_ends_without_a_live_key(
    square: Any, order: tuple[str, ...]
) -> None:
    booking = Told()
    told = {
        "confirmed": booking.confirmed(),
        "cancelled": booking.cancelled(),
        "restated confirmed": booking.restated("confirmed", CONFIRMED),
        "restated cancelled": booking.restated("cancelled", CANCELLED),
    }
    for name in order:
        square.deliver(told[name], told[name])
        square.settle()
    first_end = min(order.index("cancelled"), order.index("restated cancelled"))
    was_confirmed = min(order.index("confirmed"), order.index("restated confirmed")) < first_end
    assert square.history() == (["issued", "armed", "revoked"] if was_confirmed else [])
    assert [key.code for key in square.keys_of()] == ([None] if was_confirmed else [])


@pytest.mark.parametrize("order", orders("key issued", "key revoked", "key issued again", "armed too late"))
def test_in_whatever_order_the_lock_is_told_a_revoked_key_stays_revoked(square: Any, order: tuple[str, ...]) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    [issued] = square.emitted(KeyIssued)
    square.deliver(booking.cancelled())
    [revoked] = square.emitted(KeyRevoked)
    again, late = replace(issued, id=new_id()), replace(issued, id=new_id())
    told = {"key issued": issued, "key revoked": revoked, "key issued again": again, "armed too late": late}
    for name in order:
        square.deliver(told[name], told[name])
    assert square.history() == ["issued", "revoked"]
    assert [(key.state, key.code) for key in square.keys_of()] == [("revoked", None)]
    with square.database.transaction() as tx:
        assert usecases.unlock_with_key(tx, issued.data.key, KARI).refusal == "revoked"


def test_the_lock_forgets_a_key_it_was_told_of_before_the_booking_was_cancelled(square: Any) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    square.settle()
    code = square.keys_of()[0].code
    square.deliver(booking.cancelled())
    square.settle()
    square.at(BEGINS_AT)
    with square.database.transaction() as tx:
        assert usecases.unlock_with_code(tx, square.lock(), code, square.codes).refusal == "revoked"


def test_a_moved_booking_moves_its_key_which_keeps_its_code(square: Any) -> None:
    booking, other = Told(), {"space": "borgen-moterom", "begins_at": BEGINS_AT + timedelta(days=1)}
    square.deliver(booking.confirmed())
    square.settle()
    [before] = square.keys_of()
    square.deliver(booking.confirmed(CANCELLED, **other, ends_at=ENDS_AT + timedelta(days=1)))
    assert [(key.state, key.code) for key in square.keys_of()] == [("issued", None)]
    square.settle()
    [after] = square.keys_of()
    assert (after.id, after.space, after.valid_from) == (
        before.id,
        "borgen-moterom",
        BEGINS_AT + timedelta(days=1) - MARGIN,
    )
    # withdrawn from the old door, issued for the new one, armed there
    assert (after.state, after.version) == ("armed", before.version + 3)
    assert after.code == before.code
    assert square.history() == ["issued", "armed", "revoked", "issued", "armed"]


def test_a_key_sent_to_a_lock_it_has_left_is_not_loaded_there(square: Any) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    [to_the_old_lock] = square.emitted(KeyIssued)
    square.deliver(booking.confirmed(CANCELLED, space="borgen-moterom"))
    square.deliver(to_the_old_lock)
    assert square.history() == ["issued", "revoked", "issued"]
    square.settle()
    assert [key.space for key in square.keys_of()] == ["borgen-moterom"]


def test_who_has_no_name_yet_has_a_lock_already(square: Any) -> None:
    square.deliver(Told().confirmed())
    lock = square.lock()
    square.deliver(published(sequence=2, space_name="Storsalen"))
    square.deliver(published(sequence=1, space_name="Gamle Storsalen"), published(sequence=2))
    with square.database.reading() as tx:
        row = tx.execute(select(locks)).one()
    assert (row.id, row.space_name, row.arena_name) == (lock, "Storsalen", "Borgen innbyggertorg")


def test_a_published_space_has_one_lock_however_often_it_is_told(square: Any) -> None:
    event = published()
    square.deliver(event, event, published(sequence=2, square="asker"))
    with square.database.reading() as tx:
        [row] = tx.execute(select(locks)).all()
    assert (row.square, row.margin_before, row.margin_after) == ("asker", MARGIN, MARGIN)


def test_a_lock_with_margins_of_its_own(square: Any) -> None:
    square.deliver(published())
    with square.database.transaction() as tx:
        tx.execute(locks.update().values(margin_before=timedelta(0), margin_after=timedelta(minutes=30)))
    square.deliver(Told().confirmed())
    [key] = square.keys_of()
    assert (key.valid_from, key.valid_until) == (BEGINS_AT, ENDS_AT + timedelta(minutes=30))


def follow(square: Any, event: Envelope[Any], *codes: str) -> None:
    drawn = iter(codes)
    with square.database.transaction() as tx:
        usecases.follow_booking(tx, event, square.codes, lambda: next(drawn))


@pytest.mark.parametrize(
    ("begins_after", "space", "code"),
    [
        (timedelta(0), "borgen-storsal", "222222"),
        (2 * MARGIN - timedelta(seconds=1), "borgen-storsal", "222222"),
        (2 * MARGIN, "borgen-storsal", "111111"),
        (2 * MARGIN + timedelta(seconds=1), "borgen-storsal", "111111"),
        (timedelta(0), "borgen-moterom", "111111"),
    ],
)
def test_two_keys_of_one_lock_never_have_the_same_code_at_the_same_time(
    square: Any, begins_after: timedelta, space: str, code: str
) -> None:
    begins = ENDS_AT + begins_after
    other = Told(space=space, begins_at=begins, ends_at=begins + timedelta(hours=1), booked_by="ola")
    follow(square, Told().confirmed(), "111111")
    follow(square, other.confirmed(), "111111", "222222")
    square.settle()
    assert [key.code for key in square.keys_of("ola")] == [code]


def test_a_revoked_keys_code_is_not_given_to_another_at_the_same_time(square: Any) -> None:
    first, second = Told(), Told(booked_by="ola")
    follow(square, first.confirmed(), "111111")
    follow(square, first.cancelled())
    follow(square, second.confirmed(), "111111", "222222")
    square.settle()
    assert [key.code for key in square.keys_of("ola")] == ["222222"]


def test_when_no_code_is_free_nothing_is_changed(square: Any) -> None:
    follow(square, Told().confirmed(), "111111")
    other = Told()
    with pytest.raises(NoFreeCode):
        follow(square, other.confirmed(), *["111111"] * 100)
    follow(square, other.confirmed(), "222222")
    assert len(square.states()) == 2


@pytest.mark.parametrize("same", ["booking", "code"])
def test_the_database_itself_refuses_a_second_key_for_a_booking_and_a_code_used_twice(square: Any, same: str) -> None:
    follow(square, Told().confirmed(), "111111")
    with square.database.reading() as tx:
        first = dict(tx.execute(select(keys)).mappings().one())
    other = {"booking": {"code_digest": b"another"}, "code": {"booking": new_id(), "credential": new_id()}}[same]
    with pytest.raises(IntegrityError), square.database.transaction() as tx:
        tx.execute(insert(keys), first | {"id": new_id()} | other)


def test_deliveries_at_the_same_time_make_one_key(square: Any) -> None:
    for _ in range(20):
        booking = Told()
        confirmed = booking.confirmed()
        told = [
            confirmed,
            confirmed,
            booking.restated("confirmed", CONFIRMED),
            booking.restated("confirmed", CONFIRMED),
        ]
        at_once(square.deliver, told)
    assert [state for _, state in square.states()] == ["issued"] * 20


def test_bookings_confirmed_at_the_same_time_get_a_lock_and_codes_of_their_own(square: Any) -> None:
    at_once(square.deliver, [Told().confirmed() for _ in range(8)])
    square.settle()
    codes = [key.code for key in square.keys_of()]
    assert len(set(codes)) == 8
    with square.database.reading() as tx:
        assert tx.execute(select(func.count()).select_from(locks)).scalar_one() == 1


def test_confirmation_and_cancellation_at_the_same_time_leave_no_live_key(square: Any) -> None:
    for _ in range(20):
        booking = Told()
        at_once(square.deliver, [booking.confirmed(), booking.cancelled()])
    square.settle()
    assert all(state == "revoked" for _, state in square.states())
