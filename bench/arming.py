"""(c) From the request to the key: how long until the lock on the door knows the code, on the embedded default.

Bookings come at a steady rate whether the ones before are done or not. One that has to wait its turn has its wait
counted, from when its request was due. What is watched from outside is access's database: the key is armed when the
transaction that says so can be seen.
"""

import re
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import psycopg2

from bench import load
from bench.cost import counted
from bench.figures import Report, Table, milliseconds
from bench.torg import RESIDENTS, SQUARE, Torg, Wishes, running, square, wait_until_quiet
from cli import demo_data
from cli.sign_in import token

SPACES = 100
CLIENTS = 32
LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 120.0
_ID = re.compile(rb'"id": ?"([0-9a-f-]{36})"')
_ARMED = "SELECT booking::text FROM keys WHERE state = 'armed' AND booking = ANY(%s::uuid[])"

STEPS = (
    ("booking", "no.torg.booking.held.v1", "request → held"),
    ("pricing", "no.torg.pricing.booking_priced.v1", "held → priced"),
    ("booking", "no.torg.booking.confirmed.v1", "priced → confirmed"),
    ("access", "no.torg.access.key_issued.v1", "confirmed → key issued"),
    ("access", "no.torg.access.key_armed.v1", "key issued → key armed"),
)

PARTS = ("api", "worker", "PostgreSQL")


class NotArmed(Exception):
    """Some keys were not armed long after their bookings were made."""


@dataclass(frozen=True)
class Pace:
    """So many bookings a second, for so many seconds."""

    per_second: int
    seconds: int


class Watch(threading.Thread):
    """Looks for the keys of bookings that wait for theirs, and notes when it saw each."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._waiting: dict[str, float] = {}
        self._ended = threading.Event()
        self.seconds: dict[str, float] = {}
        """Booking → seconds from when it was due until its key was seen armed."""

    def expect(self, booking: str, since: float) -> None:
        self._waiting[booking] = since

    def finish(self) -> None:
        """Waits until none waits any more. Raises NotArmed."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._waiting and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        self._ended.set()
        self.join()
        if self._waiting:
            raise NotArmed(f"{len(self._waiting)} keys are not armed after {PATIENCE_SECONDS:.0f} s")

    def run(self) -> None:
        with closing(psycopg2.connect(self._url)) as connection, connection.cursor() as ask:
            connection.autocommit = True
            while not self._ended.wait(LOOK_SECONDS):
                if self._waiting:
                    self._look(ask)

    def _look(self, ask: Any) -> None:
        ask.execute(_ARMED, (list(self._waiting),))
        now = time.perf_counter()
        for (booking,) in ask.fetchall():
            self.seconds[booking] = now - self._waiting.pop(booking)


def run(*, quick: bool) -> Report:
    """Measures at 1 and at 100 bookings a second, and between them."""
    paces = (Pace(1, 5), Pace(100, 5)) if quick else (Pace(1, 60), Pace(25, 30), Pace(50, 30), Pace(100, 30))
    with running() as torg:
        demo_data.load(torg.stack.urls, token(torg.stack.issuer, "drift"))
        torg.put("booking", f"/squares/{SQUARE}", square(SPACES))
        wishes = Wishes(SPACES, torg.bearers(RESIDENTS), confirm="when_priced")
        wait_until_quiet(torg)
        book(torg, wishes, Pace(10, 3))  # warms everything up
        return _report([measure(torg, wishes, pace) for pace in paces])


def measure(torg: Torg, wishes: Wishes, pace: Pace) -> dict[str, Any]:
    """The figures at one pace."""
    started = time.perf_counter()
    with counted(torg.pids) as spent:
        created, watch, due = book(torg, wishes, pace)
    seconds = time.perf_counter() - started
    return {
        "per_second": pace.per_second,
        "seconds": pace.seconds,
        "bookings": len(due),
        "armed_per_second": len(due) / seconds,
        "processor_milliseconds": {part: value * 1000 / len(due) for part, value in spent.items()},
        "answered": milliseconds(created.latencies),
        "armed": milliseconds(list(watch.seconds.values())),
        "steps": steps(torg, due),
    }


def book(torg: Torg, wishes: Wishes, pace: Pace) -> tuple[load.Sample, Watch, dict[str, float]]:
    """Makes bookings at a pace, and waits until each has its key; with the wall clock's time each was due."""
    watch, due = Watch(torg.databases["access"]), dict[str, float]()
    behind = time.time() - time.perf_counter()

    def heard(client: load.Client, answer: load.Answer) -> None:
        found = _ID.search(answer.body) if answer.status == 201 else None
        if found is None:
            raise load.LoadFailed(f"{answer.status}: {answer.body.decode()[:500]}")
        booking = found[1].decode()
        due[booking] = client.since + behind
        watch.expect(booking, client.since)

    watch.start()
    (url,) = torg.bookings
    with load.clients([url], CLIENTS) as asking:
        make = partial(wishes.next_for, url=url)
        every = 1 / pace.per_second
        sample = load.open_loop(asking, make, every=every, seconds=pace.seconds, wanted=201, heard=heard)
    watch.finish()
    wait_until_quiet(torg)
    return sample, watch, due


def steps(torg: Torg, due: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """How long each step of these bookings took: from the event that led to it to its own, by the time each bears,
    which is when the transaction that tells of it began."""
    before, found = dict(due), {}
    for service, kind, name in STEPS:
        told = torg.ask(
            service,
            "SELECT body::jsonb -> 'data' ->> 'booking', created_at FROM outbox WHERE type = %s"
            " AND body::jsonb -> 'data' ->> 'booking' = ANY(%s)",
            kind,
            list(due),
        )
        at = {booking: _seconds(created_at) for booking, created_at in told}
        found[name] = milliseconds([at[booking] - before[booking] for booking in due])
        before = at
    return found


def _seconds(at: datetime) -> float:
    return at.timestamp()


def _report(found: list[dict[str, Any]]) -> Report:
    columns = ("bookings a second", "what", "p50 ms", "p95 ms", "p99 ms")
    totals, parts = [], []
    for each in found:
        pace = str(each["per_second"])
        totals += [_row(pace, "key armed", each["armed"]), _row(pace, "request answered", each["answered"])]
        parts += [_row(pace, name, shown) for name, shown in each["steps"].items()]
    costs = [[f"{each['per_second']}", *_costs(each)] for each in found]
    made = "; ".join(
        f"{each['bookings']} at {each['per_second']} a second, {each['armed_per_second']:.0f} keys armed a second"
        for each in found
    )
    return Report(
        "(c) From the request to the key on the door",
        [Table(columns, totals), Table(columns, parts), Table(("processor ms a booking, at", *PARTS), costs)],
        {"paces": found},
        [f"Bookings made: {made}. All of their keys were armed."],
    )


def _costs(figures: Mapping[str, Any]) -> list[str]:
    return [f"{figures['processor_milliseconds'][part]:.1f}" for part in PARTS]


def _row(pace: str, name: str, shown: dict[str, float]) -> list[str]:
    return [pace, name, *(f"{value:.1f}" for value in shown.values())]
