"""A part of a worker that hangs is told by `/readyz` and by a metric, though it says nothing itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.servers.processes import Run
from kernel.db import Database
from tests.speakers import heard, say
from tests.speaking import Speaking
from tests.talking import all_sent
from tests.waiting import eventually


@pytest.fixture(params=["memory", "rabbitmq"])
def speaking(request: pytest.FixtureRequest, run: Run, fresh_database, tmp_path: Path) -> Iterator[Speaking]:
    broker = "memory://" if request.param == "memory" else request.getfixturevalue("amqp_url")
    databases = (fresh_database("kernel", statement_timeout=120), fresh_database("kernel", statement_timeout=120))
    speaking = Speaking(run, broker, *databases, tmp_path, TORG_STILL_SECONDS="2", TORG_REQUEST_TIMEOUT_SECONDS="60")
    yield speaking
    speaking.stop()


@contextmanager
def shut(database: Database, table: str) -> Iterator[None]:
    """Lets nobody else near a table."""
    with database.transaction() as tx:
        tx.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


def test_a_relay_that_stands_still_is_told(speaking: Speaking) -> None:
    worker = speaking.start()
    eventually(lambda: speaking.standing_still() == "none")
    with shut(speaking.speaker, "outbox"):
        eventually(lambda: speaking.standing_still() == "booking relay")
        assert speaking.metric("torg_standing_still_seconds") >= 2
    eventually(lambda: speaking.standing_still() == "none")
    assert "stands_still" in worker.log.read_text()


def test_a_consumer_that_stands_still_is_told(speaking: Speaking) -> None:
    speaking.start()
    with shut(speaking.hearer, "heard"):
        say(speaking.speaker, "one", "two")
        eventually(lambda: speaking.standing_still() == "access handlers")
    eventually(lambda: speaking.standing_still() == "none")
    eventually(lambda: heard(speaking.hearer) == ["one", "two"])
    eventually(lambda: all_sent(speaking.speaker))
