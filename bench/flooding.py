"""(g) Booking under a flood: steady bookings by a few clients, in quiet and while thirty strangers, each from an
address of its own, ask as fast as they are answered which of all spaces are free on the 520 dates of a rule.

The rate limit is the default: it is a part of what is measured.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg2

from bench import dataset, load
from bench.dataset import SMALL
from bench.figures import Report, Spread, Table, percentile, ratios
from bench.torg import SQUARE, Torg, Wishes, running, square
from kernel.clock import OSLO, SystemClock

BOOKERS = 8
STRANGERS = 30
SPACES = 100
EVERY_SECONDS = 0.2
RULE = "FREQ%3DDAILY%3BCOUNT%3D520"


@dataclass(frozen=True)
class Effort:
    """How often quiet and flood are measured in turn, and for how many seconds each."""

    rounds: int
    seconds: float


def run(*, quick: bool) -> Report:
    """Measures quiet and flood in turn."""
    effort = Effort(1, 10) if quick else Effort(3, 30)
    with running(limited=True) as torg:
        dataset.fill(torg.databases["booking"], SMALL)
        with closing(psycopg2.connect(torg.databases["booking"])) as connection, connection.cursor() as ask:
            ask.execute("SELECT setval(pg_get_serial_sequence('spaces', 'number'), max(number)) FROM spaces")
            connection.commit()
        torg.put("booking", f"/squares/{SQUARE}", square(SPACES))
        return _report(*measure(torg, effort))


def measure(torg: Torg, effort: Effort) -> tuple[list[list[float]], list[list[float]], Counter[int]]:
    """Each round's seconds of single bookings, in quiet and under the flood; and what the strangers were answered."""
    wishes = Wishes(SPACES, torg.bearers(BOOKERS), confirm="by_me")
    book(torg, wishes, 2)  # warms up
    quiet, flooded, answers = [], [], Counter[int]()
    with ProcessPoolExecutor(1) as elsewhere:
        for _ in range(effort.rounds):
            quiet.append(book(torg, wishes, effort.seconds))
            flood = elsewhere.submit(ask, torg.stack.urls["booking"], effort.seconds)
            flooded.append(book(torg, wishes, effort.seconds))
            answers += flood.result()
    return quiet, flooded, answers


def book(torg: Torg, wishes: Wishes, seconds: float) -> list[float]:
    """The seconds that each booking took. Raises LoadFailed when one was refused."""
    with load.clients(torg.bookings[:1], BOOKERS) as asking:
        make = partial(wishes.next_for, url=torg.bookings[0])
        sample = load.open_loop(asking, make, every=EVERY_SECONDS, seconds=seconds, wanted=201, heard=lambda *_: None)
    if sample.refused:
        raise load.LoadFailed(f"{dict(sample.statuses)}, such as {sample.refused.decode()[:500]}")
    return sample.latencies


def ask(url: str, seconds: float) -> Counter[int]:
    """What the strangers are answered."""
    starts = f"{SystemClock().now().astimezone(OSLO).date() + timedelta(days=1)}T18:00"
    path = f"{url}/availability/recurring?starts={starts}&minutes=120&rule={RULE}&at_least=0&limit=200"
    with load.clients([url], STRANGERS) as asking:
        asked = [load.request("GET", path, {"X-Forwarded-For": f"198.51.100.{each.number}"}) for each in asking]
        return load.closed_loop(asking, lambda client: asked[client.number], seconds=seconds, wanted=200).statuses


def _report(quiet: Sequence[Sequence[float]], flooded: Sequence[Sequence[float]], answers: Counter[int]) -> Report:
    p95 = {name: [percentile(each, 95) for each in rounds] for name, rounds in (("quiet", quiet), ("flood", flooded))}
    ratio = ratios(p95["flood"], p95["quiet"])
    rows = [[f"booking, {name}", *_told(rounds)] for name, rounds in (("quiet", quiet), ("flood", flooded))]
    figures: dict[str, Any] = {"p95": p95, "ratio": ratio, "strangers": dict(answers)}
    said = ", ".join(f"{times} times {status}" for status, times in sorted(answers.items()))
    return Report(
        "(g) Booking under a flood of searches",
        [Table(("", "p50 ms", "p95 ms"), [*rows, ["p95, flood : quiet", "", ratio.shown(2)]])],
        figures,
        [f"{STRANGERS} strangers, each with a rule of 520 dates over all spaces, were answered {said}."],
    )


def _told(rounds: Sequence[Sequence[float]]) -> list[str]:
    return [Spread.of([percentile(each, percent) * 1000 for each in rounds]).shown(1) for percent in (50, 95)]
