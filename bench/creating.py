"""(a) Bookings created: through HTTP with token, validation, rules, outbox and Idempotency-Key, by two api processes;
and in turn with it pgbench, writing the very same rows into the very same tables of the same PostgreSQL.

The worker rests meanwhile: pgbench has none, and `arming` measures what it does.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import psycopg2

from bench import load, pgbench
from bench.cost import counted
from bench.figures import Report, Spread, Table, milliseconds, ratios
from bench.torg import RESIDENTS, SQUARE, Torg, Wishes, running, square

CLIENTS = (1, 8, 16)
API_PROCESSES = 2
SPACES = 100
_MOST_A_SECOND = 1000
# Rounds of pgbench write far from the bookings made by HTTP, and from each other.
_FIRST_DAY = "2100-01-01 00:00:00+00"
_HOURS_APART = 10_000


@dataclass(frozen=True)
class Round:
    """Bookings made for some seconds: how many a second, each one's seconds, processor seconds of each by part."""

    rate: float
    latencies: list[float]
    cost: dict[str, float]


class Refused(Exception):
    """Some bookings were not created, so the rate would be of something else."""


@dataclass(frozen=True)
class Effort:
    """How often each pair is measured, and for how many seconds each of the two."""

    rounds: int
    seconds: int


def run(*, quick: bool) -> Report:
    """Measures with 1, 8 and 16 clients."""
    effort = Effort(1, 2) if quick else Effort(5, 6)
    with running(api_processes=API_PROCESSES) as torg:
        torg.put("booking", f"/squares/{SQUARE}", square(SPACES))
        torg.stack.kill("worker")
        return _report(measure(torg, effort), durability(torg))


def measure(torg: Torg, effort: Effort) -> list[dict[str, Any]]:
    """The figures for each number of clients."""
    wishes = Wishes(SPACES, torg.bearers(RESIDENTS), confirm="by_me")
    created(torg, wishes, max(CLIENTS), 1)  # warms the processes up, and gives the raw script a booking to copy
    script, rounds = raw_script(torg), count()
    found = []
    for number in CLIENTS:
        pairs = []
        for _ in range(effort.rounds):
            bare = _raw(torg, script, number, effort.seconds, next(rounds))
            pairs.append((created(torg, wishes, number, effort.seconds), bare))
        found.append(figures(number, pairs))
    return found


def durability(torg: Torg) -> dict[str, str]:
    """The settings that say whether a commit is on disk, as PostgreSQL tells them."""
    names = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
    return {name: torg.ask("booking", f"SHOW {name}")[0][0] for name in names}


def raw_script(torg: Torg) -> str:
    """What the api writes for one booking, as a script of pgbench: one transaction with the same rows, each a copy of a
    real one but for ids, space and time."""
    with closing(psycopg2.connect(torg.databases["booking"])) as connection, connection.cursor() as ask:
        begins = f"timestamptz '{_FIRST_DAY}' + :hour::int * interval '1 hour'"
        place = {"id": "uuidv7()", "space": f"'{SQUARE}-' || :space", "begins_at": begins}
        booking = _copy(ask, "bookings", place | {"ends_at": f"{begins} + interval '1 hour'"})
        event = _copy(ask, "outbox", {"position": "DEFAULT", "id": "uuidv7()", "subject": "uuidv7()::text"})
        key = _copy(ask, "idempotency_keys", {"key": "uuidv7()::text"})
    # SQL put together of our own names and of literals that PostgreSQL itself has written
    return f"""
\\set slot :n * :clients + :client_id
\\set n :n + 1
\\set space :slot % {SPACES}
\\set hour :first + :slot / {SPACES}
BEGIN;
{key};
WITH added AS ({booking} RETURNING id, begins_at, ends_at)
INSERT INTO claims (holder, part, during, share)
SELECT added.id, unnest(spaces.parts), tstzrange(added.begins_at, added.ends_at), added.id
FROM added, spaces WHERE spaces.id = '{SQUARE}-' || :space;
{event};
COMMIT;
"""  # noqa: S608


def _copy(ask: Any, table: str, changed: Mapping[str, str]) -> str:
    """An INSERT that writes the newest row of a table again, some columns changed."""
    ask.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (table,),
    )
    kinds = dict(ask.fetchall())
    texts = ", ".join(f"{name}::text" for name in kinds)
    ask.execute(f"SELECT {texts} FROM {table} ORDER BY created_at DESC LIMIT 1")  # noqa: S608 - our own names
    row = dict(zip(kinds, ask.fetchone(), strict=True))
    values = [changed.get(name) or _literal(row[name], kind) for name, kind in kinds.items()]
    return f"INSERT INTO {table} ({', '.join(kinds)}) VALUES ({', '.join(values)})"  # noqa: S608 - see raw_script


def _literal(value: str | None, kind: str) -> str:
    return "NULL" if value is None else f"{pgbench.quoted(value)}::{kind}"


def _raw(torg: Torg, script: str, clients: int, seconds: int, number: int) -> Round:
    variables = {"n": 0, "clients": clients, "first": number * _HOURS_APART}
    with counted(torg.pids) as spent:
        made = pgbench.run(torg.databases["booking"], script, clients=clients, seconds=seconds, variables=variables)
    return Round(made.rate, made.latencies, shares(spent, len(made.latencies)))


def created(torg: Torg, wishes: Wishes, number: int, seconds: float) -> Round:
    urls = torg.bookings
    with load.clients(urls, number) as asking:
        make = [partial(wishes.next_for, url=urls[client.number % len(urls)]) for client in asking]
        stock = _stock(asking, make, round(_MOST_A_SECOND * seconds))

        def taken(client: load.Client) -> bytes:
            written = stock[client.number]
            return written.popleft() if written else make[client.number](client)

        with counted(torg.pids) as spent:
            sample = load.closed_loop(asking, taken, seconds=seconds, wanted=201)
    if sample.refused:
        raise Refused(f"{dict(sample.statuses)}, such as {sample.refused.decode()[:500]}")
    return Round(sample.rate, sample.latencies, shares(spent, len(sample.latencies)))


def _stock(
    asking: Sequence[load.Client], make: Sequence[Callable[[load.Client], bytes]], most: int
) -> list[deque[bytes]]:
    """Requests written before the clock starts: people's machines write theirs elsewhere."""
    return [deque(make[client.number](client) for _ in range(most // len(asking))) for client in asking]


def shares(spent: Mapping[str, float], bookings: int) -> dict[str, float]:
    """What one booking cost: in all api processes, and in PostgreSQL."""
    apis = sum(seconds for part, seconds in spent.items() if part.startswith("api"))
    return {"apis": apis / bookings, "PostgreSQL": spent["PostgreSQL"] / bookings}


def figures(clients: int, pairs: Sequence[tuple[Round, Round]]) -> dict[str, Any]:
    """What rounds of Torg and pgbench, measured in turn, came to."""
    ours, bare = zip(*pairs, strict=True)
    return {
        "clients": clients,
        "torg": _told(ours),
        "pgbench": _told(bare),
        "ratio": ratios([each.rate for each in ours], [each.rate for each in bare]),
    }


def _told(rounds: Sequence[Round]) -> dict[str, Any]:
    parts = rounds[0].cost
    return {
        "per_second": Spread.of([each.rate for each in rounds]),
        "milliseconds": milliseconds([seconds for each in rounds for seconds in each.latencies]),
        "processor_milliseconds": {part: Spread.of([each.cost[part] * 1000 for each in rounds]) for part in parts},
        "rounds": [each.rate for each in rounds],
    }


def _report(found: list[dict[str, Any]], settings: dict[str, str]) -> Report:
    rows, costs = [], []
    for each in found:
        for name in ("torg", "pgbench"):
            who, told = f"{each['clients']} clients, {name}", each[name]
            times = [f"{value:.1f}" for value in told["milliseconds"].values()]
            rows.append([who, told["per_second"].shown(), *times, each["ratio"].shown(3) if name == "torg" else ""])
            costs.append([who, *(spread.shown(2) for spread in told["processor_milliseconds"].values())])
    columns = ("", "created a second", "p50 ms", "p95 ms", "p99 ms", "Torg : pgbench")
    return Report(
        "(a) Bookings created",
        [Table(columns, rows), Table(("processor ms a booking", "apis", "PostgreSQL"), costs)],
        {"by_clients": found, "api_processes": API_PROCESSES, "durability": settings},
        [f"PostgreSQL's settings: {json.dumps(settings)}."],
    )
