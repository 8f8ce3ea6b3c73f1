"""Fixtures' raw material: a worker process of the two tiny services, and the databases it speaks through."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
from kombu import Connection

from cli.servers.ports import free_port
from cli.servers.processes import Child, Run, wait_until
from kernel import topology
from kernel.db import Database
from tests.speakers import HEARD, MOODS, Said
from tests.templates import as_owner, url_of

ROOT = Path(__file__).parent.parent


class Speaking:
    """Starts, kills and asks workers. `speaker` and `hearer` are the databases of the two services; `environment` has
    the workers' other settings."""

    def __init__(
        self, run: Run, broker: str, speaker: Database, hearer: Database, folder: Path, **environment: str
    ) -> None:
        self._run = run
        self._folder = folder
        self._environment = environment
        self.broker = broker
        self.speaker, self.hearer = speaker, hearer
        self.port = free_port()
        self._children: list[Child] = []
        as_owner(hearer, HEARD, MOODS)

    def start(self, *services: str, die_at: str | None = None, port: int | None = None, wait: bool = True) -> Child:
        """Starts a worker of the services named (both, if none is) and waits until it is ready and the hearer, if it is
        among them, takes what comes; unless the worker is to die, or is told not to be waited for."""
        port = port or self.port
        command = [sys.executable, "-W", "ignore", "-m", "tests.speakers", str(port), *services]
        log = self._folder / f"worker-{port}.log"
        child = self._run.start(
            "worker", command, marker=f"tests.speakers {port}", log=log, env=self._env(die_at), cwd=ROOT
        )
        self._children.append(child)
        if wait and die_at is None:
            hears = "access" in services or not services
            wait_until(lambda: self.is_ready(port) and (not hears or self.hears(port)), child, seconds=120)
        return child

    def stop(self) -> None:
        """Ends all workers."""
        for child in self._children:
            child.kill()

    def is_ready(self, port: int) -> bool:
        """Whether the worker's databases answer: it is ready without a broker, too."""
        try:
            told = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=60)
        except httpx.TransportError:
            return False
        return told.status_code == 200

    def answers(self) -> bool:
        """Whether the worker tells how it is, ready or not."""
        try:
            return bool(httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=60).text)
        except httpx.TransportError:
            return False

    def log(self) -> list[str]:
        """What the worker has logged, a line each."""
        return (self._folder / f"worker-{self.port}.log").read_text().splitlines()

    def standing_still(self) -> str:
        """What the worker's `/readyz` says of its parts; it is not ready when one stands still."""
        told = httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=60)
        still = re.findall(r"^standing still: (.*)$", told.text, re.MULTILINE)[0]
        assert (told.status_code == 200) == (still == "none"), told.text
        return str(still)

    def hears(self, port: int) -> bool:
        """Whether the hearer's queues are bound and consumed."""
        return self.metric("torg_broker_connected", port) == 1  # the speaker has no consumer, and so never is

    def metric(self, name: str, port: int | None = None) -> float:
        """The sum of a metric over its labels, in the running worker."""
        page = httpx.get(f"http://127.0.0.1:{port or self.port}/metrics", timeout=60).text
        return sum(float(found) for found in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE))

    def _env(self, die_at: str | None) -> dict[str, str]:
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TORG_AMQP_URL": self.broker,
            "TORG_BOOKING_DATABASE_URL": url_of(self.speaker),
            "TORG_ACCESS_DATABASE_URL": url_of(self.hearer),
            "TORG_RETRY_LIMIT": "2",
            "TORG_RETRY_BASE_SECONDS": "0.1",
            "TORG_STOP_DEADLINE_SECONDS": "5",
            **self._environment,
        }
        if die_at:
            env |= {"DIE_AT": die_at, "DIED_FILE": str(self._folder / f"died {die_at}")}
        return env


def put(url: str, body: bytes, **properties: object) -> None:
    """Publishes a body past the relay, as a stranger would, and has it confirmed. Raises ChannelError when there is no
    queue that takes it."""
    with Connection(url, transport_options={"confirm_publish": True}) as connection, connection.channel() as channel:
        message = channel.prepare_message(body, properties={"delivery_mode": 2}, **properties)
        channel.basic_publish(message, topology.EVENTS.name, Said.TYPE, mandatory=True)


Start = Callable[[str], Speaking]
