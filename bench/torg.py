"""A whole Torg to be measured: on a PostgreSQL of its own that syncs to disk as in earnest, gone afterwards.

Its settings are the defaults, but for the rate limit and how many bookings a person may have, which would otherwise be
what is measured.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg2

from bench.load import Client, request
from cli import SERVICES
from cli.servers.postgres import PrivatePostgres
from cli.servers.processes import Run, reap
from cli.sign_in import resident_token, token
from cli.stack import Layout, Stack, provide_databases
from kernel.clock import SystemClock
from kernel.ids import new_id
from kernel.migrate import migrate

SQUARE = "bench"
UNLIMITED = {
    "TORG_RATE_LIMIT_PER_MINUTE": "100000000",
    "TORG_PERSON_OPEN_BOOKINGS": "1000000",
    "TORG_PERSON_SERIES_DATES": "1000000",
}
RESIDENTS = 500
"""How many persons book in turn: those of one wait for each other, and have more bookings than any person has."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Torg:
    """One that runs. `databases` holds each service's URL, as its owner."""

    stack: Stack
    databases: Mapping[str, str]
    server: PrivatePostgres

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each part that runs, PostgreSQL too."""
        return {**self.stack.pids, "PostgreSQL": self.server.child.pid}

    @property
    def bookings(self) -> list[str]:
        """Where bookings are made: a URL for each api process."""
        return [f"{url}/bookings" for url in self.stack.api_urls("booking")]

    def bearers(self, count: int) -> list[str]:
        """Tokens of so many residents."""
        stack = self.stack
        return [resident_token(stack.issuer, stack.issuer_key_file, f"resident-{number}") for number in range(count)]

    def put(self, service: str, path: str, body: object) -> None:
        """Writes something as the operator."""
        headers = {"Authorization": f"Bearer {token(self.stack.issuer, 'drift')}"}
        httpx.put(self.stack.urls[service] + path, json=body, headers=headers, timeout=60).raise_for_status()

    def ask(self, service: str, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a service's database answers."""
        with closing(psycopg2.connect(self.databases[service])) as connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall())


@contextmanager
def running(*, api_processes: int = 1, limited: bool = False) -> Iterator[Torg]:
    """Starts PostgreSQL, migrates, starts every process; all of it is gone afterwards. `limited`: with the default rate
    limit, and limits of bookings."""
    reap()
    with ExitStack() as ending:
        run = ending.enter_context(Run("bench"))
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="torg-bench-")))
        server = PrivatePostgres(folder / "postgres", run)
        ending.callback(server.remove)
        server.start()
        ending.callback(server.stop)
        databases = provide_databases(server.url(), folder)
        for service in SERVICES:
            migrate(service, databases.owners[service])
        environment = {} if limited else UNLIMITED
        layout = Layout(folder=folder, databases=databases.urls, api_processes=api_processes, environment=environment)
        stack = Stack(run, layout)
        stack.start()
        ending.callback(stack.stop)
        yield Torg(stack, databases.owners, server)


def square(spaces: int) -> dict[str, Any]:
    """A square of one arena that never closes, with so many spaces, to be booked by the hour for a year ahead."""
    rules = {
        "grid_minutes": 60,
        "min_minutes": 60,
        "max_minutes": 240,
        "notice_minutes": 0,
        "horizon_days": 366,
    }
    opening = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]
    described = [
        {"id": space_id(number), "name": _named(f"Sal {number}"), "premises": "hall", "capacity": 50, "area": 120.0}
        | rules
        for number in range(spaces)
    ]
    arena = {"id": f"{SQUARE}-arena", "name": _named("Arena"), "opening": opening, "spaces": described}
    return {"name": _named("Torg"), "arenas": [arena]}


def space_id(number: int) -> str:
    return f"{SQUARE}-{number}"


class Wishes:
    """Requests for bookings of which no two want the same: the spaces in turn, hour after hour, from tomorrow on; and
    the persons in turn."""

    def __init__(self, spaces: int, bearers: Sequence[str], *, confirm: str) -> None:
        self._spaces = spaces
        self._bearers = bearers
        self._confirm = confirm
        self._numbers = count()
        self._first = SystemClock().now().replace(minute=0, second=0, microsecond=0) + 24 * HOUR

    def next_for(self, client: Client, url: str) -> bytes:
        """The next request."""
        number = next(self._numbers)
        hour, space = divmod(number, self._spaces)
        headers = {
            "Authorization": f"Bearer {self._bearers[number % len(self._bearers)]}",
            "Idempotency-Key": str(new_id()),
            "Accept": "application/json",
        }
        return request("POST", url, headers, json.dumps(self._wish(space, hour)).encode())

    def _wish(self, space: int, hour: int) -> dict[str, Any]:
        return {
            "space": space_id(space),
            "begins_at": _instant(self._first + hour * HOUR),
            "ends_at": _instant(self._first + (hour + 1) * HOUR),
            "purpose": "sport",
            "audience": "adults",
            "participants": 20,
            "title": "Trening",
            "confirm": self._confirm,
        }


def wait_until_quiet(torg: Torg, *, seconds: float = 60.0) -> None:
    """Waits until every event is sent and taken. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while any(torg.ask(service, "SELECT 1 FROM outbox WHERE sent_at IS NULL LIMIT 1") for service in SERVICES):
        if time.monotonic() > deadline:
            raise TimeoutError("events still wait to be sent")
        time.sleep(0.1)


def _named(name: str) -> dict[str, str]:
    return {"nb": name, "nn": name, "en": name}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
