"""What drifted apart between keys and locks is found and mended, and each repair is counted."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import delete, select, update

from kernel.ids import new_id
from services.access import usecases
from services.access.events import KeyIssued
from services.access.locks.simulated import SimulatedLock, memory
from services.access.model import ARM_WITHIN, Validity
from services.access.store import locks
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, BOOKED_AT, CANCELLED, ENDS_AT, KARI, Told, published

TICK = timedelta(microseconds=1)
ARMED, LIVE_ONLY = "key_is_armed", "lock_holds_live_keys_only"


def repairs(promise: str) -> float:
    return REGISTRY.get_sample_value("torg_repairs_total", {"service": "access", "promise": promise}) or 0


def reconcile(square: Any, **options: int) -> None:
    with square.database.transaction() as tx:
        usecases.reconcile_locks(tx, **options)


def lose_events(square: Any) -> None:
    """The broker loses what access has told itself."""
    with square.database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE outbox SET sent_at = now()")


def held(square: Any, space: str = "borgen-storsal") -> list[tuple[Any, bool]]:
    with square.database.reading() as tx:
        found = tx.execute(select(memory).where(memory.c.lock == square.lock(space)))
        return [(row.key, row.revoked) for row in found]


@pytest.mark.parametrize(("later", "again"), [(ARM_WITHIN - TICK, 0), (ARM_WITHIN, 1), (ARM_WITHIN + TICK, 1)])
def test_a_key_not_armed_in_time_is_sent_again(square: Any, later: timedelta, again: int) -> None:
    before = repairs(ARMED)
    square.deliver(Told().confirmed())
    lose_events(square)
    square.at(BOOKED_AT + later)
    reconcile(square)
    assert repairs(ARMED) == before + again
    square.settle()
    assert [key.state for key in square.keys_of()] == (["armed"] if again else ["issued"])


def test_it_is_not_sent_again_while_it_may_be_on_its_way(square: Any) -> None:
    square.deliver(Told().confirmed())
    lose_events(square)
    square.at(BOOKED_AT + ARM_WITHIN)
    reconcile(square)
    square.at(BOOKED_AT + 2 * ARM_WITHIN - TICK)
    reconcile(square)
    assert len(square.emitted(KeyIssued)) == 2


def test_a_key_its_lock_lost_is_not_shown_as_live_and_sent_again(square: Any) -> None:
    before = repairs(ARMED)
    square.deliver(Told().confirmed())
    square.settle()
    with square.database.transaction() as tx:
        tx.execute(delete(memory))
    square.at(BOOKED_AT + ARM_WITHIN)
    reconcile(square)
    assert [(key.state, key.code) for key in square.keys_of()] == [("issued", None)]
    square.settle()
    assert [key.state for key in square.keys_of()] == ["armed"]
    assert square.history() == ["issued", "armed", "issued", "armed"]
    assert repairs(ARMED) == before + 1


@pytest.mark.parametrize(("later", "forgotten"), [(ARM_WITHIN - TICK, False), (ARM_WITHIN, True)])
def test_a_revoked_key_the_lock_still_holds_is_forgotten(square: Any, later: timedelta, forgotten: bool) -> None:
    before, booking = repairs(LIVE_ONLY), Told()
    square.deliver(booking.confirmed())
    square.settle()
    square.deliver(booking.cancelled())
    lose_events(square)
    square.at(BOOKED_AT + later)
    reconcile(square)
    reconcile(square)
    assert [revoked for _, revoked in held(square)] == [forgotten]
    assert repairs(LIVE_ONLY) == before + forgotten


def test_a_key_nobody_knows_is_forgotten(square: Any) -> None:
    square.deliver(published())
    stranger, lock = new_id(), square.lock()
    with square.database.transaction() as tx:
        digest = square.codes.digest(lock, "111111")
        SimulatedLock(tx, lock).load(stranger, digest, *[Validity(BEGINS_AT, ENDS_AT)] * 2)
    reconcile(square)
    assert held(square) == [(stranger, True)]


def test_the_lock_a_key_has_left_forgets_it(square: Any) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    square.settle()
    square.deliver(booking.confirmed(CANCELLED, space="borgen-moterom"))
    square.settle()
    square.at(BOOKED_AT + ARM_WITHIN)
    reconcile(square)
    assert [revoked for _, revoked in held(square)] == [True]
    assert [revoked for _, revoked in held(square, "borgen-moterom")] == [False]


def test_where_nothing_has_drifted_nothing_is_told(square: Any) -> None:
    before = (repairs(ARMED), repairs(LIVE_ONLY))
    revoked, live, over = (
        Told(),
        Told(),
        Told(begins_at=BOOKED_AT - timedelta(hours=3), ends_at=BOOKED_AT - timedelta(hours=1)),
    )
    square.deliver(revoked.confirmed(), live.confirmed(), over.confirmed())
    square.settle()
    square.deliver(revoked.cancelled())
    square.settle()
    told = square.history()
    square.at(BOOKED_AT + 2 * ARM_WITHIN)
    reconcile(square)
    assert square.history() == told
    assert (repairs(ARMED), repairs(LIVE_ONLY)) == before


def test_those_checked_longest_ago_come_first(square: Any) -> None:
    square.deliver(*[published(f"room-{number}") for number in range(5)])
    with square.database.transaction() as tx:
        for number in range(5):
            longest = update(locks).where(locks.c.space == f"room-{number}")
            tx.execute(longest.values(checked_at=BOOKED_AT - timedelta(hours=5 - number)))
    for checked in (2, 4, 5):
        reconcile(square, most=2)
        with square.database.reading() as tx:
            done = tx.execute(select(locks.c.space).where(locks.c.checked_at == BOOKED_AT).order_by(locks.c.space))
            assert list(done.scalars()) == [f"room-{number}" for number in range(checked)]


def test_two_workers_reconcile_at_the_same_time_and_repair_once(square: Any) -> None:
    before = repairs(ARMED)
    square.deliver(*[Told(space=f"room-{number}").confirmed() for number in range(6)])
    lose_events(square)
    square.at(BOOKED_AT + ARM_WITHIN)
    at_once(lambda _: reconcile(square), range(4))
    assert repairs(ARMED) == before + 6
    assert len(square.emitted(KeyIssued)) == 12


def test_reconciling_loading_unlocking_and_following_get_along(square: Any) -> None:
    """All that locks rows, at the same time: they wait for each other, and none waits for ever."""
    bookings = [Told() for _ in range(6)]
    square.deliver(*[booking.confirmed() for booking in bookings])
    issued = square.emitted(KeyIssued)
    square.at(BEGINS_AT)
    keys = [key.id for key in square.keys_of()]

    def unlock(key: Any) -> None:
        with square.database.transaction() as tx:
            usecases.unlock_with_key(tx, key, KARI)

    work = [lambda event=event: square.deliver(event) for event in issued]
    work += [lambda key=key: unlock(key) for key in keys]
    work += [lambda booking=booking: square.deliver(booking.cancelled()) for booking in bookings]
    work += [lambda: reconcile(square)] * 6
    at_once(lambda each: each(), work[::2])
    at_once(lambda each: each(), work[1::2])
    square.settle()
    assert all(key.state == "revoked" for key in square.keys_of())
