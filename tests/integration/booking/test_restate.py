"""Bookings told again: all that are live or changed lately, once an hour, a batch at a time."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from kernel.outbox import outbox
from services.booking.events import BookingRestated, Heartbeat, PersonErased, RepresentationChanged, SpacePublished
from services.booking.store import bookings as booking_store
from services.booking.store import restatement as restatement_store
from services.booking.store.tables import bookings, restatement
from services.booking.usecases import privacy, reconciliation
from services.booking.usecases.reconciliation import AGAIN_EVERY, AGAIN_FOR, EVERY
from tests.at_once import at_once
from tests.callers import RESIDENT

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def tick(counter: Any, times: int = 1, most: int = 2) -> None:
    for _ in range(times):
        counter.run(reconciliation.restate, most=most)


def restated(counter: Any) -> list[tuple[str, str, int]]:
    return [(event.subject, event.data.state, event.sequence) for event in counter.told(BookingRestated)]


def test_live_bookings_are_told_as_they_stand(counter: Any) -> None:
    held, confirmed = counter.hold("room"), counter.confirmed("hall")

    tick(counter, most=10)

    assert sorted(restated(counter)) == sorted([(str(held.id), "held", 1), (str(confirmed.id), "confirmed", 3)])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_sweep_tells_each_booking_once_batch_by_batch(counter: Any, count: int) -> None:
    held = [counter.hold("room", number * 4) for number in range(count)]

    tick(counter, times=count + 3)

    assert [subject for subject, *_ in restated(counter)] == [str(booking.id) for booking in held]


def test_bookings_that_end_at_the_same_time_are_all_told(counter: Any) -> None:
    held = [counter.hold(space) for space in ("room", "third-1", "third-2", "third-3")]

    tick(counter, times=4, most=1)

    assert {subject for subject, *_ in restated(counter)} == {str(booking.id) for booking in held}


@pytest.mark.parametrize(("waited", "told"), [(EVERY - SECOND, 1), (EVERY, 2), (EVERY + SECOND, 2)])
def test_the_next_sweep_begins_an_hour_after_the_last(counter: Any, waited: timedelta, told: int) -> None:
    counter.confirmed("room", 8)
    tick(counter, times=3)
    counter.clock.move(waited)

    tick(counter, times=3)

    assert len(restated(counter)) == told


@pytest.mark.parametrize(("after_the_end", "told"), [(DAY - SECOND, True), (DAY, False)])
def test_a_booking_is_told_until_a_day_after_it_is_over(counter: Any, after_the_end: timedelta, told: bool) -> None:
    booking = counter.confirmed("room")
    counter.clock.move(booking.ends_at - counter.clock.now() + after_the_end)

    tick(counter)

    assert bool(restated(counter)) is told


@pytest.mark.parametrize(("ago", "told"), [(DAY - SECOND, True), (DAY, False)])
def test_a_booking_that_was_given_up_is_told_for_a_day(counter: Any, ago: timedelta, told: bool) -> None:
    booking = counter.confirmed("room", begin=400)
    counter.cancel(booking)
    counter.clock.move(ago)

    tick(counter)

    assert restated(counter) == ([(str(booking.id), "cancelled", 4)] if told else [])


def test_two_workers_do_not_tell_the_same(counter: Any) -> None:
    counter.hold("room")

    with counter.database.transaction() as tx:
        tx.execute(select(restatement).with_for_update())
        tick(counter)

    assert restated(counter) == []


def test_rights_and_erasures_are_told_again_for_some_days(counter: Any) -> None:
    counter.organisation("kari")
    counter.run(privacy.erase_me, RESIDENT, cancel_bookings=True)
    made, once = counter.clock.now(), len(counter.told())

    def again(after: timedelta) -> int:
        """How many of these go out, so long after they were made; then they are sent."""
        counter.clock.move(made + after - counter.clock.now())
        counter.run(reconciliation.tell_again)
        with counter.database.transaction() as tx:
            unsent = tx.execute(update(outbox).where(outbox.c.sent_at.is_(None)).values(sent_at=tx.now))
            return unsent.rowcount

    everything = again(timedelta(0))
    assert everything == once
    told = len(counter.told(PersonErased)) + len(counter.told(RepresentationChanged))
    assert told == 3
    waits = (AGAIN_EVERY - SECOND, AGAIN_EVERY, 2 * AGAIN_EVERY - SECOND, AGAIN_FOR - SECOND, AGAIN_FOR, 2 * AGAIN_FOR)
    assert [again(wait) for wait in waits] == [0, told, 0, told, 0, 0]


def begin_anew(counter: Any) -> int:
    """All is told again, as after a restore; how many bookings that is."""
    expected: int = counter.run(reconciliation.begin_anew)
    return expected


def sent(counter: Any) -> None:
    """The relay has sent everything."""
    with counter.database.transaction() as tx:
        tx.execute(update(outbox).where(outbox.c.sent_at.is_(None)).values(sent_at=tx.now))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_after_a_restore_every_booking_is_told_once_and_counted(counter: Any, count: int) -> None:
    over = counter.confirmed("hall", 4)
    counter.clock.move(over.ends_at - counter.clock.now() + 2 * DAY)
    to_come = [counter.hold("room", 400 + number * 4) for number in range(count)]
    sent(counter)

    assert begin_anew(counter) == count + 1
    for _ in range(count + 4):
        sent(counter)
        counter.run(reconciliation.restate_restored, most=2)

    told = [subject for subject, *_ in restated(counter)]
    assert told == [*(str(booking.id) for booking in to_come), str(over.id)]
    with counter.database.reading() as tx:
        sweep = restatement_store.last(tx)
    assert (sweep.told, sweep.expected, sweep.done) == (count + 1, count + 1, True)


def test_what_is_only_told_again_waits_while_much_is_not_sent(counter: Any) -> None:
    for number in range(3):
        counter.hold("room", number * 4)
    sent(counter)
    begin_anew(counter)
    sent(counter)

    counter.run(reconciliation.restate_restored, most=2)
    counter.run(reconciliation.restate_restored, most=2)
    assert len(restated(counter)) == 2
    sent(counter)
    counter.run(reconciliation.restate_restored, most=2)
    assert len(restated(counter)) == 3


def test_where_nothing_was_restored_nothing_is_told_in_haste(counter: Any) -> None:
    counter.hold("room")
    counter.run(reconciliation.restate_restored)
    assert restated(counter) == []


def test_after_the_complete_sweep_the_ordinary_ones_go_on(counter: Any) -> None:
    counter.hold("room")
    sent(counter)
    begin_anew(counter)
    for _ in range(3):
        sent(counter)
        counter.run(reconciliation.restate_restored, most=2)
    assert len(restated(counter)) == 1
    counter.clock.move(EVERY)
    tick(counter)
    assert len(restated(counter)) == 2


def test_two_workers_share_a_complete_sweep(counter: Any) -> None:
    for number in range(5):
        counter.hold("room", number * 4)
    sent(counter)
    begin_anew(counter)
    sent(counter)
    at_once(lambda most: counter.run(reconciliation.restate_restored, most=most), [3, 3, 3])
    for _ in range(4):
        sent(counter)
        counter.run(reconciliation.restate_restored, most=3)
    told = [subject for subject, *_ in restated(counter)]
    assert len(told) == len(set(told)) == 5


def test_after_a_restore_spaces_rights_and_erasures_are_told_and_keys_are_asked_for(counter: Any) -> None:
    counter.confirmed("hall")
    counter.run(privacy.erase_me, RESIDENT, cancel_bookings=True)
    counter.organisation("kari")
    kept = counter.confirmed("room")
    with counter.database.transaction() as tx:
        booking_store.note_key(tx, kept.id, kept.id, "armed")
        booking_store.save(tx, booking_store.lock(tx, kept.id).with_keys(["armed"]))
    sent(counter)
    spaces = {event.subject for event in counter.told(SpacePublished)}
    rights = {event.subject for event in counter.told(RepresentationChanged)}

    begin_anew(counter)

    with counter.database.reading() as tx:
        again = tx.execute(select(outbox.c.type, outbox.c.subject).where(outbox.c.sent_at.is_(None))).all()
        assert tx.execute(select(bookings.c.key).where(bookings.c.id == kept.id)).scalar_one() is None
    assert {subject for kind, subject in again if kind == SpacePublished.TYPE} == spaces
    assert {subject for kind, subject in again if kind == RepresentationChanged.TYPE} == rights
    assert PersonErased.TYPE in {kind for kind, _ in again}


def test_there_is_no_heartbeat_while_all_is_told_again(counter: Any) -> None:
    counter.hold("room")
    sent(counter)
    begin_anew(counter)
    counter.run(reconciliation.heartbeat)
    assert counter.told(Heartbeat) == []
    for _ in range(3):
        sent(counter)
        counter.run(reconciliation.restate_restored, most=2)
    counter.run(reconciliation.heartbeat)
    assert len(counter.told(Heartbeat)) == 1
