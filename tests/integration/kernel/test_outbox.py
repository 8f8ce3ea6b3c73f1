"""Outbox and relay on a real PostgreSQL: what is committed is sent, in order, and marked only when it is safe."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import UUID

import pytest
from amqp import Message
from amqp.exceptions import NotFound
from sqlalchemy import exc, text
from structlog.testing import capture_logs

from kernel import outbox
from kernel.clock import FixedClock
from kernel.contracts import decode
from kernel.db import Database
from kernel.ids import new_id
from kernel.outbox import Unsent
from kernel.relay import AmqpPublisher, PublishFailed, Relay
from tests.speakers import Said, say
from tests.waiting import eventually

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
Fresh = Callable[..., Database]


class FakePublisher:
    """Keeps what it is sent; calls it safe at once unless told to wait."""

    def __init__(self) -> None:
        self.sent: list[Unsent] = []
        self.failing = self.slow = False
        self._unsafe: list[UUID] = []

    def send(self, events: Sequence[Unsent]) -> None:
        if self.failing:
            raise PublishFailed("as it was told to")
        self.sent += events
        self._unsafe += [event.id for event in events]

    def safe(self) -> list[UUID]:
        if self.slow:
            return []
        safe, self._unsafe = self._unsafe, []
        return safe

    def close(self) -> None:
        self._unsafe = []

    def words(self) -> list[str]:
        return [decode(event.body, Said).data.word for event in self.sent]


def relay_of(database: Database, publisher: FakePublisher, keep: timedelta = timedelta(days=30)) -> Relay:
    return Relay(database, publisher, poll=0.01, keep=keep)


def unsent(database: Database) -> int:
    with database.reading() as tx:
        return outbox.backlog(tx)[0]


def test_events_are_sent_in_the_order_they_were_emitted(fresh_database: Fresh) -> None:
    database, publisher = fresh_database("kernel"), FakePublisher()
    say(database, "one", "two", "three")
    say(database, "four")
    relay_of(database, publisher).step()
    assert publisher.words() == ["one", "two", "three", "four"]
    assert unsent(database) == 0


def test_what_is_rolled_back_is_never_sent(fresh_database: Fresh) -> None:
    database, publisher = fresh_database("kernel"), FakePublisher()
    with suppress(ZeroDivisionError), database.transaction() as tx:
        tx.emit(Said(word="no"), subject="s", sequence=1)
        raise ZeroDivisionError
    relay_of(database, publisher).step()
    assert publisher.sent == []


def test_a_failed_part_takes_its_events_with_it(fresh_database: Fresh) -> None:
    database, publisher = fresh_database("kernel"), FakePublisher()
    with database.transaction() as tx:
        tx.emit(Said(word="kept"), subject="s", sequence=1)
        with suppress(ZeroDivisionError), tx.savepoint():
            tx.emit(Said(word="undone"), subject="s", sequence=2)
            raise ZeroDivisionError
    relay_of(database, publisher).step()
    assert publisher.words() == ["kept"]


def test_an_event_committed_late_is_not_passed_over(fresh_database: Fresh) -> None:
    database, publisher = fresh_database("kernel"), FakePublisher()
    relay = relay_of(database, publisher)
    with database.transaction() as early:
        columns, values = (
            "id, type, subject, sequence, body, created_at",
            "gen_random_uuid(), 't', 's', 1, 'early', now()",
        )
        early.execute(text(f"INSERT INTO outbox ({columns}) VALUES ({values})"))
        say(database, "later")
        relay.step()
        assert publisher.words() == ["later"]
    relay.step()
    assert [event.body for event in publisher.sent][1:] == ["early"]


def test_nothing_is_marked_before_it_is_safe_nor_sent_twice_meanwhile(fresh_database: Fresh) -> None:
    database, publisher = fresh_database("kernel"), FakePublisher()
    relay = relay_of(database, publisher)
    publisher.slow = True
    say(database, "one")
    relay.step()
    relay.step()
    assert (publisher.words(), unsent(database)) == (["one"], 1)
    publisher.slow = False
    relay.step()
    assert (publisher.words(), unsent(database)) == (["one"], 0)


def test_what_was_under_way_when_the_broker_failed_is_sent_again(fresh_database: Fresh) -> None:
    database, publisher = fresh_database("kernel"), FakePublisher()
    relay = relay_of(database, publisher)
    publisher.slow = True
    say(database, "one")
    relay.step()
    relay.stand_down()
    publisher.slow = False
    relay.step()
    assert (publisher.words(), unsent(database)) == (["one", "one"], 0)


def test_a_broker_that_fails_loses_nothing(fresh_database: Fresh) -> None:
    database, publisher = fresh_database("kernel"), FakePublisher()
    relay = relay_of(database, publisher)
    publisher.failing = True
    say(database, "one")
    with pytest.raises(PublishFailed):
        relay.step()
    relay.stand_down()
    publisher.failing = False
    relay.step()
    assert (publisher.words(), unsent(database)) == (["one"], 0)


def test_one_relay_is_elected_and_another_takes_over(fresh_database: Fresh) -> None:
    database = fresh_database("kernel")
    first, second = FakePublisher(), FakePublisher()
    elected, waiting = relay_of(database, first), relay_of(database, second)
    elected.step()
    say(database, "one")
    assert waiting.step() == 0
    elected.stand_down()
    waiting.step()
    assert (first.words(), second.words()) == ([], ["one"])


def test_a_relay_whose_connection_was_cut_is_no_longer_elected(fresh_database: Fresh) -> None:
    database = fresh_database("kernel")
    first, second = FakePublisher(), FakePublisher()
    cut_off, next_in_line = relay_of(database, first), relay_of(database, second)
    cut_off.step()
    with database.transaction() as tx:
        tx.emit(Said(word="one"), subject="one", sequence=1)
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        tx.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
    with pytest.raises(exc.DBAPIError):
        cut_off.step()
    next_in_line.step()
    assert (first.words(), second.words()) == ([], ["one"])


def test_a_commit_wakes_the_relay(fresh_database: Fresh) -> None:
    database, publisher = fresh_database("kernel"), FakePublisher()
    relay = Relay(database, publisher, poll=3600, keep=timedelta(days=1))
    running = Thread(target=relay.run)
    running.start()
    say(database, "one")
    eventually(publisher.words, wanted=["one"].__eq__)
    relay.stop()
    running.join(10)
    assert not running.is_alive()


@pytest.mark.parametrize(("age", "left"), [(29, 1), (30, 1), (31, 0)])
def test_sent_events_are_kept_for_as_long_as_told(fresh_database: Fresh, age: int, left: int) -> None:
    clock = FixedClock(NOON)
    database = fresh_database("kernel", clock=clock)
    say(database, "old")
    relay_of(database, FakePublisher()).step()
    clock.move(timedelta(days=age))
    say(database, "unsent")
    with database.transaction() as tx:
        outbox.prune(tx, keep=timedelta(days=30))
    with database.reading() as tx:
        assert tx.execute(text("SELECT count(*) FROM outbox")).scalar_one() == left + 1


def test_the_backlog_tells_depth_and_age(fresh_database: Fresh) -> None:
    clock = FixedClock(NOON)
    database = fresh_database("kernel", clock=clock)
    say(database, "one", "two")
    clock.move(timedelta(seconds=7))
    with database.reading() as tx:
        assert outbox.backlog(tx) == (2, 7.0)


def test_the_log_names_the_event_that_the_broker_would_not_have(fresh_database: Fresh) -> None:
    database, publisher = fresh_database("kernel"), FakePublisher()
    relay = relay_of(database, publisher)
    publisher.failing = True
    say(database, "one")
    with capture_logs() as lines:
        running = Thread(target=relay.run)
        running.start()
        eventually(lambda: lines)
        relay.stop()
        running.join()
    assert (lines[0]["event"], lines[0]["reason"]) == ("relay_interrupted", "as it was told to")


def test_a_refused_event_and_one_that_no_queue_took_are_named() -> None:
    event = new_id()
    refused = AmqpPublisher("amqp://", [])
    refused._under_way = {7: event}
    refused._nacked(7, False)
    with pytest.raises(PublishFailed, match=f"refused event {event}"):
        refused.safe()
    returned = AmqpPublisher("amqp://", [])
    returned._returned(NotFound(), "", Said.TYPE, Message("", message_id=str(event)))
    with pytest.raises(PublishFailed, match=f"no queue took event {event}"):
        returned.safe()
