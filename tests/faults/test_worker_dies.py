"""A worker is killed (kill -9) at the worst points, on RabbitMQ and on the embedded broker: nothing lost, nothing
twice."""

import signal

import pytest
from sqlalchemy import text

from kernel import outbox
from kernel.db import Database
from tests.speakers import MORTAL_POINTS, heard, say
from tests.speaking import Speaking, Start
from tests.waiting import eventually

WORDS = [f"word {number:03}" for number in range(50)]


@pytest.fixture(params=["memory", "rabbitmq"])
def speaking(request: pytest.FixtureRequest, speak_over: Start) -> Speaking:
    return speak_over("memory://" if request.param == "memory" else request.getfixturevalue("amqp_url"))


def all_sent(database: Database) -> bool:
    with database.reading() as tx:
        return outbox.backlog(tx)[0] == 0


@pytest.mark.parametrize("point", MORTAL_POINTS)
def test_killed_at_the_worst_point(speaking: Speaking, point: str) -> None:
    say(speaking.speaker, *WORDS)
    dying = speaking.start(die_at=point)
    assert eventually(lambda: dying.status) == -signal.SIGKILL
    speaking.start()
    eventually(lambda: all_sent(speaking.speaker))
    assert eventually(lambda: heard(speaking.hearer), wanted=lambda words: len(words) >= len(WORDS)) == WORDS
    eventually(lambda: all_sent(speaking.hearer))


def test_killed_again_and_again_under_load(speaking: Speaking) -> None:
    said: list[str] = []
    for life in range(5):
        worker = speaking.start()
        for number in range(40):
            said.append(f"life {life} word {number:02}")
            say(speaking.speaker, said[-1])
        worker.kill()
    speaking.start()
    assert eventually(lambda: heard(speaking.hearer), wanted=lambda words: len(words) >= len(said)) == sorted(said)
    eventually(lambda: all_sent(speaking.speaker))


def is_handling(database: Database) -> bool:
    """Whether a handler is in the middle of its transaction: what relay and retries do there takes no such time."""
    idle = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    with database.reading() as tx:
        return tx.execute(text(f"{idle} AND state_change < clock_timestamp() - interval '0.1 s'")).first() is not None


def test_a_stop_lets_running_handlers_end(speaking: Speaking) -> None:
    worker = speaking.start()
    say(speaking.speaker, "slow one", mood="slowly")
    eventually(lambda: is_handling(speaking.hearer))
    worker.send(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert heard(speaking.hearer) == ["slow one"]
    speaking.start()
    eventually(lambda: all_sent(speaking.speaker))
    assert heard(speaking.hearer) == ["slow one"]
    if speaking.broker != "memory://":  # it was acknowledged before the connection closed, so it does not come again
        assert speaking.metric("torg_inbox_duplicates_total") == 0


def test_events_wait_for_a_listener_that_was_never_started(speak_over: Start, amqp_url: str) -> None:
    speaking = speak_over(amqp_url)
    speaker = speaking.start("booking")
    say(speaking.speaker, *WORDS)
    eventually(lambda: all_sent(speaking.speaker))
    speaker.kill()
    speaking.start("access")
    assert eventually(lambda: heard(speaking.hearer), wanted=lambda words: len(words) >= len(WORDS)) == WORDS
