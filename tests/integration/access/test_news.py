"""While access's news of bookings is older than the bound, a key opens in its own booking's time only; and it knows by
booking's heartbeats how old the news is, whatever is late, lost or told twice."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import delete, select

from kernel.contracts import Envelope
from kernel.ids import new_id
from kernel.inbox import inbox
from services.access import news, usecases
from services.access.news import heartbeats
from services.access.queries import KeyView
from services.booking.events import Heartbeat, LastSent
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, BOOKED_AT, ENDS_AT, KARI, Told, envelope

MARGIN = timedelta(minutes=15)
TICK = timedelta(microseconds=1)
BOUND = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)


def heartbeat(
    at: datetime, *named: Envelope[Any], sent_at: datetime | None = None, restated_since: datetime | None = None
) -> Envelope[Heartbeat]:
    """Booking names the last events it sent."""
    last = [LastSent(type=each.type, event=each.id, sent_at=sent_at or at) for each in named]
    return envelope(Heartbeat(sent_at=at, last=last, restated_since=restated_since), str(new_id()), 1)


def known_at(square: Any) -> datetime | None:
    with square.database.reading() as tx:
        return news.known(tx).known_at


def stale(square: Any) -> bool:
    with square.database.reading() as tx:
        return news.is_stale(tx)


def weigh(square: Any) -> None:
    with square.database.transaction() as tx:
        usecases.watch_news(tx)


def tried(square: Any, key: KeyView, at: datetime) -> tuple[str | None, str | None]:
    """What the door says to the code, and to the key itself."""
    square.at(at)
    with square.database.transaction() as tx:
        typed = usecases.unlock_with_code(tx, square.lock(), str(key.code), square.codes).refusal
        shown = usecases.unlock_with_key(tx, key.id, KARI).refusal
    return typed, shown


@pytest.fixture
def armed(square: Any) -> KeyView:
    """A key that is armed."""
    square.deliver(Told().confirmed())
    square.settle()
    [key] = square.keys_of()
    return cast("KeyView", key)


@pytest.mark.parametrize(
    ("at", "fresh", "old"),
    [
        (BEGINS_AT - MARGIN - TICK, "too_early", "too_early"),
        (BEGINS_AT - MARGIN, None, "no_margin"),
        (BEGINS_AT - TICK, None, "no_margin"),
        (BEGINS_AT, None, None),
        (ENDS_AT - TICK, None, None),
        (ENDS_AT, None, "no_margin"),
        (ENDS_AT + MARGIN - TICK, None, "no_margin"),
        (ENDS_AT + MARGIN, "too_late", "too_late"),
    ],
)
def test_while_news_is_stale_a_key_opens_in_its_own_time_only(
    square: Any, armed: KeyView, at: datetime, fresh: str | None, old: str | None
) -> None:
    square.deliver(heartbeat(at - BOUND - TICK))
    assert tried(square, armed, at) == (old, old)
    square.deliver(heartbeat(at - BOUND))
    assert tried(square, armed, at) == (fresh, fresh)


@pytest.mark.parametrize(("age", "is_stale"), [(BOUND - TICK, False), (BOUND, False), (BOUND + TICK, True)])
def test_news_is_stale_once_it_is_older_than_the_bound(square: Any, age: timedelta, is_stale: bool) -> None:
    square.deliver(heartbeat(BOOKED_AT - age))
    assert stale(square) is is_stale


def test_before_the_first_heartbeat_it_is_not_known_to_be_stale(square: Any, armed: KeyView) -> None:
    """As beside an earlier release of booking, which sends none."""
    assert not stale(square)
    assert tried(square, armed, BEGINS_AT - MARGIN) == (None, None)


def test_a_heartbeat_counts_once_all_it_names_is_taken(square: Any) -> None:
    first, second = Told(), Told(begins_at=ENDS_AT, ends_at=ENDS_AT + MINUTE)
    confirmed, cancelled = first.confirmed(), second.cancelled()
    square.deliver(heartbeat(BOOKED_AT - MINUTE), heartbeat(BOOKED_AT, confirmed, cancelled))
    assert known_at(square) == BOOKED_AT - MINUTE
    square.deliver(confirmed)
    weigh(square)
    assert known_at(square) == BOOKED_AT - MINUTE
    square.deliver(cancelled)
    weigh(square)
    assert known_at(square) == BOOKED_AT


def test_a_queue_that_stands_still_is_not_hidden_by_the_others(square: Any) -> None:
    """Cancellations are not taken any more; all else is, heartbeats too."""
    cancelled = Told().cancelled()
    for minute in range(10):
        confirmed = Told(begins_at=ENDS_AT + minute * MINUTE, ends_at=ENDS_AT + (minute + 1) * MINUTE).confirmed()
        named = [confirmed, cancelled] if minute else [confirmed]
        square.deliver(confirmed, heartbeat(BOOKED_AT + minute * MINUTE, *named))
        square.at(BOOKED_AT + minute * MINUTE)
        assert stale(square) is (minute > 5)
    square.deliver(cancelled)
    weigh(square)
    assert not stale(square)


def test_in_whatever_order_and_however_often_the_newest_counts(square: Any) -> None:
    at = [BOOKED_AT + minute * MINUTE for minute in range(3)]
    for shift, order in enumerate(permutations(at)):
        told = [heartbeat(each + shift * 10 * MINUTE) for each in order]
        square.deliver(*told, *told)
        assert known_at(square) == at[-1] + shift * 10 * MINUTE


def test_taken_at_once_the_newest_counts(square: Any) -> None:
    for shift in range(5):
        told = [heartbeat(BOOKED_AT + (shift * 10 + minute) * MINUTE) for minute in range(4)]
        at_once(square.deliver, [*told, *told])
        assert known_at(square) == BOOKED_AT + (shift * 10 + 3) * MINUTE


def test_what_was_lost_does_no_harm_once_all_is_restated(square: Any) -> None:
    """RabbitMQ lost its data, or access was restored from a backup: what it never took, it will never take."""
    lost = Told().cancelled()
    restated = Told(begins_at=ENDS_AT, ends_at=ENDS_AT + MINUTE).restated("confirmed", 3)
    named: dict[str, Any] = {"sent_at": BOOKED_AT}
    square.deliver(heartbeat(BOOKED_AT, lost, **named))
    square.deliver(heartbeat(BOOKED_AT + MINUTE, lost, **named, restated_since=BOOKED_AT))
    assert known_at(square) is None
    waits = heartbeat(BOOKED_AT + 2 * MINUTE, lost, **named, restated_since=BOOKED_AT + TICK)
    waits = replace(
        waits, data=replace(waits.data, last=[*waits.data.last, *heartbeat(BOOKED_AT + MINUTE, restated).data.last])
    )
    square.deliver(waits)
    assert known_at(square) is None
    square.deliver(restated)
    weigh(square)
    assert known_at(square) == BOOKED_AT + 2 * MINUTE
    square.deliver(heartbeat(BOOKED_AT + 3 * MINUTE, lost, **named))
    assert known_at(square) == BOOKED_AT + 3 * MINUTE


@pytest.mark.parametrize(("later", "waits"), [(news.KEPT - TICK, 1), (news.KEPT, 0)])
def test_heartbeats_that_nothing_comes_of_are_forgotten(square: Any, later: timedelta, waits: int) -> None:
    square.deliver(heartbeat(BOOKED_AT, Told().cancelled()))
    square.at(BOOKED_AT + later)
    weigh(square)
    with square.database.reading() as tx:
        assert len(tx.execute(select(heartbeats)).all()) == waits


def test_what_was_taken_and_is_forgotten_since_is_not_asked_for_by_age(square: Any) -> None:
    """The other side of `outbox.last_sent`, which names nothing so old: an event that is named must be in the inbox."""
    confirmed = Told().confirmed()
    square.deliver(confirmed)
    with square.database.transaction() as tx:
        tx.execute(delete(inbox))
    square.deliver(heartbeat(BOOKED_AT, confirmed))
    assert known_at(square) is None


def test_since_when_it_is_fresh_is_known(square: Any) -> None:
    def fresh_since() -> datetime | None:
        with square.database.reading() as tx:
            return news.known(tx).fresh_since

    square.deliver(heartbeat(BOOKED_AT))
    square.at(BOOKED_AT + BOUND)
    square.deliver(heartbeat(BOOKED_AT + BOUND))
    assert fresh_since() == BOOKED_AT
    square.at(BOOKED_AT + 2 * BOUND + TICK)
    square.deliver(heartbeat(BOOKED_AT + 2 * BOUND + TICK))
    assert fresh_since() == BOOKED_AT + 2 * BOUND + TICK


def test_operators_see_how_old_it_is(square: Any) -> None:
    square.deliver(heartbeat(BOOKED_AT))
    for later, is_stale in ((BOUND, 0), (BOUND + MINUTE, 1)):
        square.at(BOOKED_AT + later)
        weigh(square)
        assert REGISTRY.get_sample_value("torg_access_news_age_seconds") == later.total_seconds()
        assert REGISTRY.get_sample_value("torg_access_news_stale") == is_stale
