"""Deliveries on a real PostgreSQL: each takes effect once; what fails is tried again, then kept, and nothing is
dropped."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from structlog.testing import capture_logs

from kernel import failures, inbox, unknown
from kernel.clock import FixedClock
from kernel.contracts import Envelope
from kernel.db import Database, DatabaseUnavailable
from kernel.deliveries import Deliveries, Take
from kernel.failures import Failure, Retrying
from kernel.ids import new_id
from tests.speakers import HEARD, MOODS, Hearer, Said, heard, set_mood
from tests.templates import as_owner

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
TAKE: Take = partial(Hearer.said.take, Hearer())
TAKES = {Said.TYPE: TAKE}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def database(fresh_database: Callable[..., Database], clock: FixedClock) -> Database:
    database = fresh_database("kernel", clock=clock)
    as_owner(database, HEARD, MOODS)
    return database


@pytest.fixture
def deliveries(database: Database) -> Deliveries:
    return Deliveries(database, Retrying(limit=2, base=timedelta(seconds=10)))


def body(word: str, *, sequence: int = 1, subject: str = "s", mood: str = "well", **attributes: object) -> bytes:
    about = {"id": new_id(), "source": "/services/booking", "type": Said.TYPE, "time": NOON, **attributes}
    return Envelope(**about, subject=subject, sequence=sequence, data=Said(word=word, mood=mood)).encode()


def failed(database: Database) -> tuple[int, int]:
    with database.reading() as tx:
        return failures.depths(tx)


def dead(database: Database) -> list[Failure]:
    with database.reading() as tx:
        return list(failures.dead_letters(tx))


def test_a_delivery_takes_effect_once_however_often_it_comes(database: Database, deliveries: Deliveries) -> None:
    same = body("one")
    for _ in range(3):
        deliveries.deliver(Said.TYPE, same, TAKE)
    assert heard(database) == ["one"]


def test_twins_at_the_same_time_take_effect_once(database: Database, deliveries: Deliveries) -> None:
    same = body("one")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: deliveries.deliver(Said.TYPE, same, TAKE), range(8)))
    assert heard(database) == ["one"]
    assert failed(database) == (0, 0)


def test_old_news_of_a_subject_does_nothing(database: Database, deliveries: Deliveries) -> None:
    for word, sequence in [("second", 2), ("first", 1), ("twin of second", 2), ("third", 3)]:
        deliveries.deliver(Said.TYPE, body(word, sequence=sequence), TAKE)
    assert heard(database) == ["second", "third"]


def test_events_of_one_subject_at_the_same_time_end_with_the_newest(database: Database, deliveries: Deliveries) -> None:
    bodies = [body(f"{number:02}", sequence=number) for number in range(1, 21)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: deliveries.deliver(Said.TYPE, each, TAKE), bodies))
    with database.reading() as tx:
        sequences = tx.execute(text("SELECT sequence FROM heard")).scalars().all()
    assert max(sequences) == 20
    assert failed(database) == (0, 0)


def test_a_failure_leaves_no_effect_and_is_tried_again(
    database: Database, deliveries: Deliveries, clock: FixedClock
) -> None:
    deliveries.deliver(Said.TYPE, body("one", mood="badly"), TAKE)
    assert heard(database) == []
    clock.move(timedelta(seconds=9))
    assert not deliveries.retry_next(TAKES)
    set_mood(database, "one", "well")
    clock.move(timedelta(seconds=1))
    assert deliveries.retry_next(TAKES)
    assert heard(database) == ["one"]
    assert failed(database) == (0, 0)


def test_retries_end_in_a_dead_letter(database: Database, deliveries: Deliveries, clock: FixedClock) -> None:
    deliveries.deliver(Said.TYPE, body("one", mood="badly"), TAKE)
    for wait in (10, 40):
        assert dead(database) == []
        clock.move(timedelta(seconds=wait))
        assert deliveries.retry_next(TAKES)
    assert [(letter.attempts, letter.error.split()[0]) for letter in dead(database)] == [(3, "RuntimeError")]
    clock.move(timedelta(days=1))
    assert not deliveries.retry_next(TAKES)


def test_a_dead_letter_is_replayed_from_the_beginning(
    database: Database, deliveries: Deliveries, clock: FixedClock
) -> None:
    deliveries.bury(Said.TYPE, body("one", mood="badly"), "set aside")
    letter = dead(database)[0]
    with database.transaction() as tx:
        assert failures.replay(tx, letter.id)
        assert not failures.replay(tx, new_id())
    assert deliveries.retry_next(TAKES)
    assert (dead(database), heard(database)) == ([], [])
    set_mood(database, "one", "well")
    clock.move(timedelta(seconds=10))
    assert deliveries.retry_next(TAKES)
    assert heard(database) == ["one"]


def test_what_can_not_be_decoded_is_a_dead_letter_at_once(database: Database, deliveries: Deliveries) -> None:
    for undecodable in (b"\xff\x00", b"{}", b""):
        deliveries.deliver(Said.TYPE, undecodable, TAKE)
    assert sorted(letter.body for letter in dead(database)) == [b"", b"{}", b"\xff\x00"]


def test_a_replayed_body_that_still_can_not_be_decoded_stays_a_dead_letter(
    database: Database, deliveries: Deliveries
) -> None:
    deliveries.deliver(Said.TYPE, b"{}", TAKE)
    with database.transaction() as tx:
        failures.replay(tx, failures.dead_letters(tx)[0].id)
    assert deliveries.retry_next(TAKES)
    assert [letter.body for letter in dead(database)] == [b"{}"]


def test_a_failure_of_an_entrypoint_that_is_gone_stays_a_dead_letter(
    database: Database, deliveries: Deliveries
) -> None:
    deliveries.bury("no.torg.booking.gone.v1", b"{}", "set aside")
    with database.transaction() as tx:
        failures.replay(tx, failures.dead_letters(tx)[0].id)
    assert deliveries.retry_next(TAKES)
    assert len(dead(database)) == 1


def test_an_operator_can_discard_a_dead_letter(database: Database, deliveries: Deliveries) -> None:
    deliveries.bury(Said.TYPE, b"{}", "set aside")
    with database.transaction() as tx:
        letter = failures.dead_letters(tx)[0]
        assert failures.dead_letters(tx, id=str(letter.id)) == [letter]
        assert failures.settle(tx, letter.id)
        assert not failures.settle(tx, letter.id)
    assert dead(database) == []


def test_the_error_that_is_kept_holds_no_text_of_the_event(database: Database, deliveries: Deliveries) -> None:
    deliveries.deliver(Said.TYPE, body("a secret", mood="badly"), TAKE)
    with database.reading() as tx:
        error = tx.execute(text("SELECT error FROM failed_deliveries")).scalar_one()
    assert error.startswith("RuntimeError at tests.speakers:")
    assert "told" not in error


def test_two_workers_never_retry_the_same_failure_at_once(
    database: Database, deliveries: Deliveries, clock: FixedClock
) -> None:
    for number in range(6):
        deliveries.deliver(Said.TYPE, body(str(number), subject=str(number), mood="badly"), TAKE)
        set_mood(database, str(number), "well")
    clock.move(timedelta(seconds=10))
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(lambda _: deliveries.retry_next(TAKES), range(12))) == 6
    assert heard(database) == list("012345")


def test_a_database_that_is_away_decides_nothing() -> None:
    away = Database("postgresql://nobody:x@127.0.0.1:1/nothing", service="kernel")
    with pytest.raises(DatabaseUnavailable):
        Deliveries(away, Retrying()).deliver(Said.TYPE, body("one"), TAKE)


@pytest.mark.parametrize(("age", "again"), [(29, False), (30, False), (31, True)])
def test_the_inbox_remembers_for_as_long_as_told(
    database: Database, deliveries: Deliveries, clock: FixedClock, age: int, again: bool
) -> None:
    same = body("one")
    deliveries.deliver(Said.TYPE, same, TAKE)
    clock.move(timedelta(days=age))
    with database.transaction() as tx:
        assert inbox.prune(tx, keep=timedelta(days=30)) == again
    deliveries.deliver(Said.TYPE, same, TAKE)
    assert heard(database) == ["one"]  # by its sequence, even when the inbox has forgotten it


TRACE = "0af7651916cd43dd8448eb211c80319c"
IDS = {"event_id": "01a23107-9584-7043-ae6a-8d81beab59fd", "subject": "s", "correlation_id": TRACE}


def ids(line: dict[str, object]) -> dict[str, object]:
    return {name: line[name] for name in IDS if name in line}


def test_each_line_of_a_failure_has_the_ids_of_its_event(
    database: Database, deliveries: Deliveries, clock: FixedClock
) -> None:
    fails = body("one", mood="badly", id=UUID(IDS["event_id"]), traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    with capture_logs() as lines:
        deliveries.deliver(Said.TYPE, fails, TAKE)
        for wait in (10, 40):
            clock.move(timedelta(seconds=wait))
            deliveries.retry_next(TAKES)
        deliveries.bury(Said.TYPE, fails, "set aside by the broker: delivery_limit")
    told = [(line["event"], ids(line)) for line in lines]
    again, dead_letter = ("event_failed_will_retry", IDS), ("event_became_dead_letter", IDS)
    assert told == [again, again, dead_letter, dead_letter]


@pytest.mark.parametrize(
    ("no_event", "known"),
    [
        (b"", {}),
        (b"\xff", {}),
        (b"[" * 100_000, {}),
        (b"[]", {}),
        (b'{"id": 5, "subject": "Kari", "traceparent": 5}', {}),
        (b'{"id": "Kari", "subject": "Kari", "traceparent": "Kari"}', {}),
        (json.dumps({"id": IDS["event_id"], "subject": ["Kari"]}).encode(), {"event_id": IDS["event_id"]}),
        (json.dumps({"id": IDS["event_id"], "subject": "s"}).encode(), {"event_id": IDS["event_id"], "subject": "s"}),
    ],
)
def test_what_is_no_event_is_logged_with_the_ids_it_has(
    deliveries: Deliveries, no_event: bytes, known: dict[str, str]
) -> None:
    with capture_logs() as lines:
        deliveries.deliver(Said.TYPE, no_event, TAKE)
    assert [(line["event"], ids(line)) for line in lines] == [("event_became_dead_letter", known)]


def test_the_place_of_an_error_is_our_own_line_not_a_librarys(database: Database, deliveries: Deliveries) -> None:
    ours: dict[str, object] = {"__name__": "services.ours", "loads": json.loads}
    exec("def take(tx, body):\n    loads('{')", ours)
    deliveries.deliver(Said.TYPE, body("one"), ours["take"])
    with database.reading() as tx:
        error = tx.execute(text("SELECT error FROM failed_deliveries")).scalar_one()
    assert error == "JSONDecodeError at services.ours:2"


def test_a_handler_that_misses_a_key_is_tried_as_often_as_any(
    database: Database, deliveries: Deliveries, clock: FixedClock
) -> None:
    def misses(tx: object, body: bytes) -> None:
        raise KeyError("missed")

    deliveries.deliver(Said.TYPE, body("one"), misses)
    clock.move(timedelta(seconds=10))
    assert deliveries.retry_next({Said.TYPE: misses})
    assert failed(database) == (1, 0)


@pytest.mark.parametrize("subjects", [[], ["one"], ["one", "two"]])
def test_operators_see_how_much_of_a_restored_source_is_to_be_decided(
    database: Database, deliveries: Deliveries, subjects: list[str]
) -> None:
    with database.transaction() as tx:
        unknown.note(tx, "/services/booking", [*subjects, "decided"])
        unknown.settle(tx, "/services/booking", "decided", "kept", by="Odd", why="It is near")
    deliveries.observe()
    assert REGISTRY.get_sample_value("torg_unknown_waiting", {"service": database.service}) == len(subjects)
