"""(e) Growth: bookings and series made, and free times searched, with 20 thousand to 10 million bookings in the tables.

Every set has the same bookings to come; the rest is history of the years behind us, completed, so that it claims
nothing. Two whole Torgs are measured in turn, one that stays at 100 thousand and one that grows, so that each ratio is
of two figures from the same minute. History is written without its steps: neither creating nor searching reads them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import psycopg2

from bench import creating, dataset, load, series
from bench.dataset import ARENAS_OF_SQUARE, SMALL, SPACES_OF_ARENA
from bench.figures import Report, Spread, Table, percentile, ratios
from bench.searching import Search, by_http, get, looks
from bench.torg import RESIDENTS, SQUARE, Torg, Wishes, running, square
from kernel.clock import OSLO, SystemClock

BASE = 100_000
SIZES = (SMALL.bookings, 1_000_000, 10_000_000)
AIM = 1.3
CLIENTS = 16
SPACES = 100
SEARCHES = {"search, 1 day": Search(1), "search, 7 days": Search(7)}
DATES = 52
SERIES = tuple(f"series of {DATES}: {step}" for step in series.STEPS)
LOOKS = looks(SystemClock().now().astimezone(OSLO).date())
FIGURES = ("create: mean", "create: p50", "create: p95", *SEARCHES, *LOOKS, *SERIES)
_A_DAY = 8
"""Bookings of each space on every day behind us."""

_HISTORY = """
INSERT INTO bookings (id, version, state, space, arena, square, premises, begins_at, ends_at, purpose, audience,
    participants, tenant, tenant_kind, booked_by, confirm, created_at, changed_at, hold_expires_at)
SELECT uuidv7(begins_at - now() - interval '7 days'), 3, 'completed', 'space-' || space,
    'arena-' || space / %(of_arena)s, 'square-' || space / %(of_square)s, 'hall', begins_at,
    begins_at + interval '1 hour', 'sport', 'adults', 20, person, 'resident', person, 'when_priced',
    begins_at - interval '7 days', begins_at + interval '1 hour', begins_at
FROM generate_series(%(last)s, %(first)s, -1) n,
    LATERAL (SELECT n %% %(spaces)s AS space, n / %(spaces)s AS turn, md5((n %% 49999)::text)::uuid AS person) which,
    LATERAL (
        SELECT date_trunc('day', now()) AS today,
            make_interval(days => 1 + turn / %(of_day)s, hours => 2 * (turn %% %(of_day)s)) AS ago
    ) back,
    LATERAL (
        SELECT today - ago AS begins_at
    ) at
"""
_CHECKED = """
SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = 'bookings'::regclass AND NOT indisunique
UNION ALL
SELECT 'ALTER TABLE bookings DROP CONSTRAINT ' || conname,
    'ALTER TABLE bookings ADD CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE conrelid = 'bookings'::regclass AND contype = 'f'
"""


@dataclass(frozen=True)
class Effort:
    """How often each pair is measured, for how many seconds bookings are created, and how many searches are made."""

    rounds: int
    seconds: float
    searches: int


class Growing:
    """A Torg that is given more and more history."""

    def __init__(self, torg: Torg) -> None:
        self._torg = torg
        self._history = 0
        self._url = torg.databases["booking"]
        torg.stack.kill("worker")
        dataset.fill(self._url, SMALL)
        with closing(psycopg2.connect(self._url)) as connection, connection.cursor() as ask:
            ask.execute("SELECT setval(pg_get_serial_sequence('spaces', 'number'), max(number)) FROM spaces")
            connection.commit()
        torg.put("booking", f"/squares/{SQUARE}", series.far_ahead(square(SPACES)))
        self._wishes = Wishes(SPACES, torg.bearers(RESIDENTS), confirm="by_me")
        self._booker = series.Booker(torg)

    def grow(self, bookings: int) -> float:
        """Writes history until there are so many; in how many seconds. Indexes and foreign keys are made anew, not row
        by row."""
        started, wanted = time.monotonic(), bookings - SMALL.bookings
        if wanted > self._history:
            with closing(psycopg2.connect(self._url)) as connection, connection.cursor() as ask:
                self._write(ask, wanted)
                connection.commit()
                connection.autocommit = True
                ask.execute("VACUUM ANALYZE bookings")
            self._history = wanted
        return time.monotonic() - started

    def _write(self, ask: Any, wanted: int) -> None:
        ask.execute("SET maintenance_work_mem = '512MB'")
        ask.execute(_CHECKED)
        checked = ask.fetchall()
        for drop, _ in checked:
            ask.execute(drop)
        parameters = {"first": self._history, "last": wanted - 1, "spaces": SMALL.spaces, "of_day": _A_DAY}
        places = {"of_arena": SPACES_OF_ARENA, "of_square": SPACES_OF_ARENA * ARENAS_OF_SQUARE}
        ask.execute(_HISTORY, parameters | places)
        for _, add in checked:
            ask.execute(add)

    def measure(self, effort: Effort) -> dict[str, float]:
        """Each figure once, in milliseconds."""
        made = creating.created(self._torg, self._wishes, CLIENTS, effort.seconds)
        found = {
            "create: mean": 1000 / made.rate * CLIENTS,
            "create: p50": percentile(made.latencies, 50) * 1000,
            "create: p95": percentile(made.latencies, 95) * 1000,
        }
        with load.clients(self._torg.stack.api_urls("booking"), 1) as (client,):
            return found | self._looked(client, effort.searches) | self._repeated(client, effort.searches)

    def _looked(self, client: load.Client, times: int) -> dict[str, float]:
        url, (bearer,) = self._torg.stack.urls["booking"], self._torg.bearers(1)
        asked: dict[str, Callable[[], object]]
        asked = {
            name: partial(by_http, client, f"{url}/availability", search, bearer) for name, search in SEARCHES.items()
        }
        asked |= {name: partial(get, client, url + path, bearer) for name, path in LOOKS.items()}
        return {name: median(_seconds(ask) for _ in range(times)) * 1000 for name, ask in asked.items()}

    def _repeated(self, client: load.Client, times: int) -> dict[str, float]:
        steps = [self._booker.measured(client, DATES) for _ in range(times)]
        return {
            name: median(each[step] for each in steps) * 1000 for name, step in zip(SERIES, series.STEPS, strict=True)
        }


def _seconds(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started


def run(*, quick: bool) -> Report:
    """Measures up to 10 million; quickly, up to 100 thousand."""
    effort = Effort(1, 2, 3) if quick else Effort(5, 3, 10)
    sizes = (SMALL.bookings, BASE) if quick else SIZES
    with ExitStack() as ending:
        base, grown = (Growing(ending.enter_context(running(api_processes=2))) for _ in range(2))
        base.grow(BASE)
        for each in (base, grown):
            each.measure(Effort(1, 1, 3))  # warms up
        return _report([_beside(base, grown, size, effort) for size in sizes])


def _beside(base: Growing, grown: Growing, size: int, effort: Effort) -> dict[str, Any]:
    filled = grown.grow(size)
    pairs = [(base.measure(effort), grown.measure(effort)) for _ in range(effort.rounds)]
    return {"bookings": size, "filled_in_seconds": filled, "figures": {name: compared(pairs, name) for name in FIGURES}}


def compared(pairs: Sequence[tuple[Mapping[str, float], Mapping[str, float]]], name: str) -> dict[str, Spread]:
    """One figure at 100 thousand and grown, each round's two in turn, and their ratio."""
    base, grown = ([each[which][name] for each in pairs] for which in (0, 1))
    return {"base": Spread.of(base), "grown": Spread.of(grown), "ratio": ratios(grown, base)}


def _report(found: list[dict[str, Any]]) -> Report:
    rows = [
        [f"{each['bookings']:,}: {name}", told["grown"].shown(1), told["base"].shown(1), told["ratio"].shown(2)]
        for each in found
        for name, told in each["figures"].items()
    ]
    columns = ("bookings", "ms", f"ms at {BASE:,}, in turn", "ratio")
    filled = ", ".join(f"{each['bookings']:,} in {each['filled_in_seconds']:.0f} s" for each in found)
    return Report(
        "(e) Growth",
        [Table(columns, rows)],
        {"sizes": found, "base": BASE, "aim": AIM},
        [
            f"{CLIENTS} clients create, at two api processes; one searches, books series. Aim: no ratio above {AIM}.",
            f"Filled: {filled}.",
        ],
    )
