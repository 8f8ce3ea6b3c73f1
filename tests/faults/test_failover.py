"""A primary is lost under load and its streaming standby is promoted: with both in their URL, the services go on by
themselves, and what was confirmed is heard, once. The standby is synchronous, so it has all that was confirmed."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cli.servers import databases
from cli.servers.processes import Run
from kernel.db import Database
from kernel.migrate import migrate
from tests.speaking import Speaking
from tests.standby import pair, suspend
from tests.talking import assert_all_heard_once, talk
from tests.templates import owner_of
from tests.waiting import eventually

STATEMENT_SECONDS = 3
ANY_FIRST = "&load_balance_hosts=random"
AGAIN_SECONDS = 45.0
"""Far more than the services take on a machine that others use, and far less than TCP by itself."""


class Failover:
    """The two tiny services over a primary and its standby."""

    def __init__(self, run: Run, amqp_url: str, folder: Path) -> None:
        self.primary, self.standby = pair(run)
        for service in ("booking", "access"):
            databases.provide(self.primary.url(), self.url(service), owner_of(self.url(service)))
            migrate("kernel", owner_of(self.url(service)))
        self._opened: list[Database] = []
        self.speaking = Speaking(
            run,
            amqp_url,
            self.open("booking"),
            self.open("access"),
            folder,
            TORG_REQUEST_TIMEOUT_SECONDS=str(STATEMENT_SECONDS),
        )

    def url(self, service: str) -> str:
        """As an operator writes it."""
        hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in (self.standby, self.primary))
        return f"postgresql://torg:torg@/{service}?{hosts}&target_session_attrs=read-write"

    def open(self, service: str, options: str = "") -> Database:
        url = self.url(service) + options
        self._opened.append(Database(url, service=service, statement_timeout=STATEMENT_SECONDS))
        return self._opened[-1]

    def end(self) -> None:
        self.speaking.stop()
        for database in self._opened:
            database.close()
        for server in (self.primary, self.standby):
            server.kill()


@pytest.fixture
def failover(run: Run, amqp_url: str, tmp_path: Path) -> Iterator[Failover]:
    failover = Failover(run, amqp_url, tmp_path)
    yield failover
    failover.end()


def sent(speaking: Speaking) -> float:
    return speaking.metric("torg_outbox_sent_total")


@pytest.mark.parametrize("lose", ["kill", "freeze"])
def test_the_standby_is_promoted_under_load(failover: Failover, lose: str) -> None:
    speaking = failover.speaking
    worker = speaking.start()
    with ExitStack() as ending:
        said = ending.enter_context(talk(speaking.speaker))
        ending.callback(failover.primary.kill)  # if it is frozen, who talks to it from here waits until it is no more
        eventually(lambda: len(said) > 200)
        failover.primary.kill() if lose == "kill" else suspend(failover.primary.child)
        failover.standby.promote()
        speaking.speaker = failover.open("booking", ANY_FIRST)
        speaking.hearer = failover.open("access", ANY_FIRST)
        already = sent(speaking)
        again = ending.enter_context(talk(speaking.speaker, "again"))
        eventually(lambda: len(again) > 200)
        eventually(lambda: sent(speaking) > already + 200, seconds=AGAIN_SECONDS)
    assert_all_heard_once(speaking, said + again)
    eventually(lambda: speaking.standing_still() == "none")
    assert worker.status is None
