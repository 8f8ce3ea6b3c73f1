"""Booking's heartbeat names the last event of each type that access hears and that was sent."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from kernel.outbox import outbox
from services.booking.events import (
    BookingConfirmed,
    BookingHeld,
    BookingRestated,
    Heartbeat,
    SpacePublished,
)
from services.booking.usecases import reconciliation

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


def beat(counter: Any) -> Heartbeat:
    counter.run(reconciliation.heartbeat)
    told: Heartbeat = counter.told(Heartbeat)[-1].data
    return told


def send(counter: Any, *, at: datetime | None = None) -> None:
    """The relay sends all that waits."""
    with counter.database.transaction() as tx:
        tx.execute(update(outbox).where(outbox.c.sent_at.is_(None)).values(sent_at=at or tx.now))


def last(counter: Any, kind: type[Any]) -> Any:
    with counter.database.reading() as tx:
        newest = select(func.max(outbox.c.position)).where(outbox.c.type == kind.TYPE).scalar_subquery()
        return tx.execute(select(outbox.c.id).where(outbox.c.position == newest)).scalar_one()


def test_it_names_the_last_of_each_type_that_access_hears(counter: Any) -> None:
    counter.confirmed("hall")
    counter.confirmed("room")
    send(counter)
    beating = beat(counter)
    named = {each.type: each.event for each in beating.last}
    assert named[BookingConfirmed.TYPE] == last(counter, BookingConfirmed)
    assert named[SpacePublished.TYPE] == last(counter, SpacePublished)
    assert BookingHeld.TYPE not in named
    assert {each.sent_at for each in beating.last} == {beating.sent_at}


def test_what_waits_to_be_sent_is_not_named(counter: Any) -> None:
    counter.confirmed("hall")
    send(counter)
    sent = last(counter, BookingConfirmed)
    counter.confirmed("room")
    assert {each.type: each.event for each in beat(counter).last}[BookingConfirmed.TYPE] == sent


def test_it_does_not_name_itself(counter: Any) -> None:
    beat(counter)
    send(counter)
    assert Heartbeat.TYPE not in [each.type for each in beat(counter).last]


@pytest.mark.parametrize(("ago", "named"), [(15 * DAY - TICK, True), (15 * DAY, False), (15 * DAY + TICK, False)])
def test_what_listeners_may_have_forgotten_is_not_named(counter: Any, ago: timedelta, named: bool) -> None:
    """They keep what they took for TORG_KEEP_DAYS, 30: half of it is well within."""
    counter.confirmed("hall")
    send(counter, at=counter.clock.now() - ago)
    assert (BookingConfirmed.TYPE in [each.type for each in beat(counter).last]) is named


def test_it_tells_since_when_all_is_told_again_and_nothing_while_that_is_under_way(counter: Any) -> None:
    for space in ("third-1", "third-2", "third-3"):
        counter.confirmed(space, 8)
    counter.clock.move(reconciliation.EVERY)
    begun_at = counter.clock.now()
    counter.run(reconciliation.restate, most=2)
    assert counter.told(BookingRestated)
    assert beat(counter).restated_since is None
    counter.run(reconciliation.restate, most=2)
    assert beat(counter).restated_since == begun_at
