"""(f) Series: 52 and 520 dates previewed, booked and given up again, each in one request and one transaction; and what
a date costs beside a booking made by itself.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

from bench import creating, load
from bench.figures import Report, Table, milliseconds, percentile, ratios
from bench.torg import RESIDENTS, SQUARE, Torg, Wishes, running, space_id, square
from kernel.clock import OSLO, SystemClock
from kernel.ids import new_id

RULES = {52: "FREQ=WEEKLY;COUNT=52", 520: "FREQ=DAILY;COUNT=520"}
SPACES = 100
_HORIZON_DAYS = 730
_HOURS = 8
STEPS = ("preview", "book", "cancel")


@dataclass(frozen=True)
class Effort:
    """How many series of each length, and for how many seconds single bookings are made between them."""

    rounds: int
    seconds: float


class Booker:
    """Books series that nobody else wants: a space and an hour of its own for each, and gives them up again."""

    def __init__(self, torg: Torg) -> None:
        self._url = f"{torg.stack.urls['booking']}/series"
        self._bearer = torg.bearers(1)[0]
        self._numbers = count()
        self._first = SystemClock().now().astimezone(OSLO).date() + timedelta(days=200)

    def measured(self, client: load.Client, dates: int) -> dict[str, float]:
        """The seconds of each step of one series."""
        hour, space = divmod(next(self._numbers) % (SPACES * _HOURS), SPACES)
        wanted = {
            "space": space_id(space),
            "starts": f"{self._first}T{8 + hour:02}:00",
            "minutes": 60,
            "rule": RULES[dates],
            "policy": "all_or_nothing",
            "purpose": "sport",
            "audience": "adults",
            "participants": 20,
            "title": "Trening",
        }
        found, _ = self._timed(client, "/preview", wanted, 200)
        booked, series = self._timed(client, "", wanted, 201)
        given_up = {"scope": "all", "why": "Måling"}
        cancelled, _ = self._timed(client, f"/{series['id']}/cancel", given_up, 200)
        return {"preview": found, "book": booked, "cancel": cancelled}

    def _timed(self, client: load.Client, path: str, body: Mapping[str, Any], status: int) -> tuple[float, Any]:
        said = {"Authorization": f"Bearer {self._bearer}", "Idempotency-Key": str(new_id()), "If-Match": "*"}
        written = load.request("POST", self._url + path, said, json.dumps(body).encode())
        started = time.perf_counter()
        answer = client.ask(written)
        seconds = time.perf_counter() - started
        if answer.status != status:
            raise load.LoadFailed(f"{answer.status}: {answer.body.decode()[:500]}")
        return seconds, json.loads(answer.body)


def run(*, quick: bool) -> Report:
    """Measures both lengths."""
    effort = Effort(2, 1) if quick else Effort(20, 2)
    with running() as torg:
        torg.put("booking", f"/squares/{SQUARE}", far_ahead(square(SPACES)))
        torg.stack.kill("worker")
        return _report(measure(torg, effort))


def measure(torg: Torg, effort: Effort) -> list[dict[str, Any]]:
    """The figures for each number of dates."""
    wishes = Wishes(SPACES, torg.bearers(RESIDENTS), confirm="by_me")
    with load.clients(torg.stack.api_urls("booking"), 1) as (client,):
        booker = Booker(torg)
        measured = partial(booker.measured, client)
        for dates in RULES:
            measured(dates)  # warms up
        return [_figures(torg, measured, wishes, dates, effort) for dates in RULES]


def _figures(
    torg: Torg, measured: Callable[[int], dict[str, float]], wishes: Wishes, dates: int, effort: Effort
) -> dict[str, Any]:
    series, single = [], []
    for _ in range(effort.rounds):
        series.append(measured(dates))
        single.append(percentile(creating.created(torg, wishes, 1, effort.seconds / effort.rounds).latencies, 50))
    steps = {step: [each[step] for each in series] for step in STEPS}
    return {
        "dates": dates,
        "milliseconds": {step: milliseconds(seconds, (50, 95)) for step, seconds in steps.items()},
        "date_to_single": ratios([seconds / dates for seconds in steps["book"]], single),
    }


def far_ahead(described: dict[str, Any]) -> dict[str, Any]:
    """The square, to be booked as far ahead as the longest series goes."""
    for arena in described["arenas"]:
        for space in arena["spaces"]:
            space["horizon_days"] = _HORIZON_DAYS
    return described


def _report(found: list[dict[str, Any]]) -> Report:
    rows = []
    for each in found:
        for step, shown in each["milliseconds"].items():
            ratio = each["date_to_single"].shown(2) if step == "book" else ""
            rows.append([f"{each['dates']} dates: {step}", *(f"{value:.0f}" for value in shown.values()), ratio])
    columns = ("", "p50 ms", "p95 ms", "a date : a booking by itself")
    return Report("(f) Series", [Table(columns, rows)], {"series": found}, ["One client, one api process."])
