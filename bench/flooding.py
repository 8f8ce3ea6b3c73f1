"""(g) Booking under a flood: steady bookings by a few clients, in quiet and while thirty strangers, each from an
address of its own, ask which of all spaces are free on the 520 dates of a rule.

The rate limit is the default: it is a part of what is measured.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import psycopg2

from bench import dataset, load
from bench.dataset import SMALL
from bench.figures import Report, Spread, Table, percentile, ratios
from bench.torg import RESIDENTS, SQUARE, Torg, Wishes, running, square
from kernel.clock import OSLO, SystemClock

BOOKERS = 8
STRANGERS = 30
SPACES = 100
EVERY_SECONDS = 0.2
RULE = "FREQ%3DDAILY%3BCOUNT%3D520"


QUIET = "in quiet"
FLOODS = {"each asks once a second": 1 / STRANGERS, "each asks again at once": None}
"""How the strangers ask: together every so many seconds, or each as soon as it is answered."""


@dataclass(frozen=True)
class Measured:
    """Each round's seconds of single bookings, and what the strangers were answered."""

    rounds: list[list[float]] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)


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
        return _report(measure(torg, effort))


def measure(torg: Torg, effort: Effort) -> dict[str, Measured]:
    """Quiet and each flood in turn."""
    wishes = Wishes(SPACES, torg.bearers(RESIDENTS), confirm="by_me")
    book(torg, wishes, 2)  # warms up
    found = {name: Measured() for name in (QUIET, *FLOODS)}
    with ProcessPoolExecutor(1) as elsewhere:
        for _ in range(effort.rounds):
            found[QUIET].rounds.append(book(torg, wishes, effort.seconds))
            for name, every in FLOODS.items():
                flood = elsewhere.submit(ask, torg.stack.urls["booking"], effort.seconds, every)
                found[name].rounds.append(book(torg, wishes, effort.seconds))
                found[name].answers.update(flood.result())
    return found


def book(torg: Torg, wishes: Wishes, seconds: float) -> list[float]:
    """The seconds that each booking took. Raises LoadFailed when one was refused."""
    with load.clients(torg.bookings[:1], BOOKERS) as asking:
        make = partial(wishes.next_for, url=torg.bookings[0])
        sample = load.open_loop(asking, make, every=EVERY_SECONDS, seconds=seconds, wanted=201, heard=lambda *_: None)
    if sample.refused:
        raise load.LoadFailed(f"{dict(sample.statuses)}, such as {sample.refused.decode()[:500]}")
    return sample.latencies


def ask(url: str, seconds: float, every: float | None) -> Counter[int]:
    """What the strangers are answered: they ask again once they are, or all together every so many seconds."""
    starts = f"{SystemClock().now().astimezone(OSLO).date() + timedelta(days=1)}T18:00"
    path = f"{url}/availability/recurring?starts={starts}&minutes=120&rule={RULE}&at_least=0&limit=200"
    with load.clients([url], STRANGERS) as asking:
        asked = [load.request("GET", path, {"X-Forwarded-For": f"198.51.100.{each.number}"}) for each in asking]

        def make(client: load.Client) -> bytes:
            return asked[client.number]

        if every is None:
            return load.closed_loop(asking, make, seconds=seconds, wanted=200).statuses
        sample = load.open_loop(asking, make, every=every, seconds=seconds, wanted=200, heard=lambda *_: None)
        return sample.statuses


def _report(found: dict[str, Measured]) -> Report:
    p95 = {name: [percentile(each, 95) for each in measured.rounds] for name, measured in found.items()}
    against = {name: ratios(p95[name], p95[QUIET]) for name in FLOODS}
    shown = {QUIET: ""} | {name: ratio.shown(2) for name, ratio in against.items()}
    rows = [[name, *_told(each.rounds), shown[name]] for name, each in found.items()]
    said = [f"{STRANGERS} strangers, {name}: {_counted(found[name].answers)}." for name in FLOODS]
    figures = {"p95": p95, "ratio": against, "strangers": {name: dict(each.answers) for name, each in found.items()}}
    return Report(
        "(g) Booking under a flood of searches",
        [Table(("booking", "p50 ms", "p95 ms", "p95 : quiet"), rows)],
        figures,
        said,
    )


def _told(rounds: Sequence[Sequence[float]]) -> list[str]:
    return [Spread.of([percentile(each, percent) * 1000 for each in rounds]).shown(1) for percent in (50, 95)]


def _counted(answers: Counter[int]) -> str:
    return ", ".join(f"{times} times {status}" for status, times in sorted(answers.items()))
