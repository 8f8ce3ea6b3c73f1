"""(b) Availability: when every space is free, over HTTP and by the query function; in turn with them the very same
statement through psycopg2 alone. Then what else is asked of it, over HTTP: what fits best, what is free again and again
for a year, why not, exactly this, and a day of a square.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg2
from sqlalchemy import event

from bench import dataset, load
from bench.dataset import LARGE, SMALL, Municipality
from bench.figures import Report, Spread, Table, milliseconds, ratios
from bench.torg import Torg, running
from kernel.clock import OSLO, SystemClock
from kernel.db import Database
from kernel.pagination import DEFAULT_LIMIT, PageRequest
from services.booking.queries import availability

MINUTES = 60
PAGE = 1000
LESS = Municipality(spaces=500, bookings=146_000, of_day=8, first_day=-3)
"""Instead of the large one when it must be quick."""
Ask = Callable[[], list[str]]
"""Asks for all spaces, and returns the JSON that tells when they are free, in one piece or several."""
_CURSOR = re.compile(r'"next_cursor": ?(?:null|"([^"]+)")')


@dataclass(frozen=True)
class Search:
    """A search for all spaces, for so many days from tomorrow."""

    days: int

    @property
    def window(self) -> tuple[date, date]:
        first = SystemClock().now().astimezone(OSLO).date() + timedelta(days=1)
        return first, first + timedelta(days=self.days - 1)


def run(*, quick: bool) -> Report:
    """Searches in both municipalities."""
    plan = [(SMALL, (Search(1), Search(7))), (LESS if quick else LARGE, (Search(30),))]
    rounds = 3 if quick else 30
    found, looks = [], []
    for municipality, searches in plan:
        with running() as torg:
            torg.stack.kill("worker")
            dataset.fill(torg.databases["booking"], municipality)
            found += [measure(torg, municipality, search, rounds) for search in searches]
            looks.append(look(torg, municipality, rounds))
    return _report(found, looks)


def look(torg: Torg, municipality: Municipality, rounds: int) -> dict[str, Any]:
    """What else is asked, in turn, so many times."""
    url, asked = torg.stack.urls["booking"], looks(SystemClock().now().astimezone(OSLO).date())
    seconds: dict[str, list[float]] = {name: [] for name in asked}
    (bearer,) = torg.bearers(1)
    with load.clients(torg.stack.api_urls("booking"), 1) as (client,):
        for number in range(rounds + 1):
            for name, path in asked.items():
                started = time.perf_counter()
                get(client, url + path, bearer)
                if number:  # the first warms up
                    seconds[name].append(time.perf_counter() - started)
    return {
        "spaces": municipality.spaces,
        "bookings": municipality.bookings,
        "milliseconds": {name: milliseconds(values, (50, 95)) for name, values in seconds.items()},
    }


def looks(today: date) -> dict[str, str]:
    """What else is asked, by its name in the tables: the path and query."""
    first, week, year = (today + timedelta(days=days) for days in (1, 7, 364))
    evening, exactly = f"{first}T18:00", f"begins_at={first}T16:00:00Z&ends_at={first}T18:00:00Z"
    use = "purpose=sport&audience=adults&participants=20"
    a_year = f"starts={evening}&minutes=120&rule=FREQ%3DWEEKLY%3BUNTIL%3D{year:%Y%m%d}&limit={PAGE}"
    evenings = f"from={first}&to={week}&minutes={MINUTES}&after=16:00&before=22:00"
    return {
        f"7 days, the first {DEFAULT_LIMIT}": f"/availability?from={first}&to={week}&minutes={MINUTES}",
        "7 evenings, 50 that fit best": f"/availability?{evenings}&order=best_fit&capacity=20&limit=50",
        "7 evenings, 50, explained": f"/availability?{evenings}&explain=true&limit=50",
        "weekly for a year, all spaces, every date": f"/availability/recurring?{a_year}&at_least=0",
        "weekly for a year, free on 80 %, 50": f"/availability/recurring?{a_year.replace(str(PAGE), '50')}",
        "exactly this, and what is nearest": f"/availability/check?space=space-0&{exactly}&{use}",
        "a day of a square of 80 spaces": f"/squares/square-0/day?date={first}",
    }


def measure(torg: Torg, municipality: Municipality, search: Search, rounds: int) -> dict[str, Any]:
    """The three ways in turn, so many times. Raises ValueError when they do not find the same."""
    with _ways(torg, municipality, search) as ways:
        found = {name: free_times(ask()) for name, ask in ways.items()}  # warms up
        if len(set(found.values())) != 1:
            raise ValueError(f"they found different things: {found}")
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, ask in ways.items():
                started = time.perf_counter()
                ask()
                seconds[name].append(time.perf_counter() - started)
    return {
        "spaces": municipality.spaces,
        "bookings": municipality.bookings,
        "days": search.days,
        "free_times": found["bare"],
        "milliseconds": {name: milliseconds(values, (50, 95)) for name, values in seconds.items()},
        "ratio": {name: ratios(values, seconds["bare"]) for name, values in seconds.items() if name != "bare"},
    }


def free_times(told: list[str]) -> int:
    """How many free times are told of."""
    return sum(each.count('"begins_at"') for each in told)


@contextmanager
def _ways(torg: Torg, municipality: Municipality, search: Search) -> Iterator[dict[str, Ask]]:
    url = torg.databases["booking"]
    with ExitStack() as ending:
        database = ending.enter_context(closing(Database(url, service="booking")))
        connection = ending.enter_context(closing(psycopg2.connect(url, options="-c timezone=UTC")))
        connection.autocommit = True
        (client,) = ending.enter_context(load.clients(torg.stack.api_urls("booking"), 1))
        page, (bearer,) = PageRequest(limit=municipality.spaces), torg.bearers(1)
        statement = _statement(database, page, search)
        yield {
            "bare": lambda: _bare(connection, *statement),
            "query": lambda: _query(database, page, search),
            "http": lambda: by_http(client, f"{torg.stack.urls['booking']}/availability", search, bearer),
        }


def _statement(database: Database, page: PageRequest, search: Search) -> tuple[str, Any]:
    """The statement as SQLAlchemy hands it to the driver."""
    seen = deque[tuple[str, Any]](maxlen=1)

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        _query(database, page, search)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return seen.pop()


def _bare(connection: Any, statement: str, parameters: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[-1] for row in cursor.fetchall()]


def _query(database: Database, page: PageRequest, search: Search) -> list[str]:
    first, last = search.window
    with database.reading() as tx:
        window = availability.Window(first=first, last=last)
        return list(availability.free_times(tx, page, availability.Wanted(minutes=MINUTES), window).items)


def by_http(client: load.Client, url: str, search: Search, bearer: str) -> list[str]:
    """Page after page, as large as they may be."""
    first, last = search.window
    asked, pages = f"{url}?from={first}&to={last}&minutes={MINUTES}&limit={PAGE}", []
    cursor: str | None = ""
    while cursor is not None:
        pages.append(get(client, asked + (f"&cursor={cursor}" if cursor else ""), bearer).decode())
        cursor = next_cursor(pages[-1])
    return pages


def next_cursor(page: str) -> str | None:
    """The cursor of a page, without reading all of its JSON; None on the last."""
    found = _CURSOR.search(page)
    if found is None:
        raise load.LoadFailed(f"a page without a cursor: {page[:200]}")
    return found[1]


def get(client: load.Client, url: str, bearer: str) -> bytes:
    """A page's body, as somebody who has signed in gets it. Raises LoadFailed for any other answer."""
    answer = client.ask(load.request("GET", url, {"Authorization": f"Bearer {bearer}"}))
    if answer.status != 200:
        raise load.LoadFailed(f"{answer.status}: {answer.body.decode()[:500]}")
    return answer.body


def _report(found: list[dict[str, Any]], looks: list[dict[str, Any]]) -> Report:
    names = {"bare": "the statement, psycopg2 alone", "query": "the query function", "http": "HTTP, all pages"}
    rows = []
    for each in found:
        asked = f"{each['spaces']} spaces, {each['bookings']} bookings, {each['days']} days"
        for name, shown in names.items():
            ratio: Spread | None = each["ratio"].get(name)
            times = [f"{value:.1f}" for value in each["milliseconds"][name].values()]
            rows.append([f"{asked}: {shown}", *times, ratio.shown(2) if ratio else ""])
    free = ", ".join(str(each["free_times"]) for each in found)
    return Report(
        "(b) Availability of every space",
        [Table(("", "p50 ms", "p95 ms", ": the statement"), rows), _looks_table(looks)],
        {"searches": found, "looks": looks},
        [f"Free times of {MINUTES} minutes or more found: {free}. HTTP: pages of {PAGE} spaces."],
    )


def _looks_table(looks: list[dict[str, Any]]) -> Table:
    rows = [
        [f"{each['spaces']} spaces, {each['bookings']} bookings: {name}", *(f"{value:.1f}" for value in times.values())]
        for each in looks
        for name, times in each["milliseconds"].items()
    ]
    return Table(("", "p50 ms", "p95 ms"), rows)
