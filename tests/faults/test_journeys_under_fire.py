"""Two hundred bookings travel through all services while every process is killed (kill -9) in turn. When it is quiet
again: every confirmed booking has exactly one key, one charge and one activity, no event is lost, no effect is
doubled."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from cli.journey import whole_torg
from cli.sign_in import token
from cli.stack import Stack
from kernel import failures, outbox
from kernel.clock import OSLO, SystemClock
from kernel.contracts import Event
from kernel.db import Database
from kernel.ids import new_id
from services.access.events import KeyIssued
from services.booking.events import BookingConfirmed
from services.programming.events import ActivityScheduled
from tests.waiting import eventually

BOOKINGS = 200
SPACES = ("borgen-storsal-a", "borgen-storsal-b", "borgen-storsal-c", "borgen-ovingsrom")
QUIET_SECONDS = 120.0


@dataclass(frozen=True)
class Torg:
    """A running Torg, its databases, and a person's token."""

    stack: Stack
    databases: dict[str, Database]
    bearer: str

    def ask(self, service: str, sql: str) -> list[Any]:
        with self.databases[service].reading() as tx:
            return list(tx.execute(text(sql)))


@pytest.fixture(params=["memory", "rabbitmq"])
def torg(request: pytest.FixtureRequest, postgres: str) -> Iterator[Torg]:
    amqp_url = "memory://" if request.param == "memory" else request.getfixturevalue("amqp_url")
    environment = {"TORG_RATE_LIMIT_PER_MINUTE": "1000000", "TORG_RETRY_BASE_SECONDS": "0.2"}
    with whole_torg(amqp_url, postgres, quiet=True, environment=environment) as (stack, urls):
        databases = {service: Database(url, service=service, pool_size=3) for service, url in urls.items()}
        yield Torg(stack, databases, token(stack.issuer, "ola"))
        for database in databases.values():
            database.close()


class Kari:
    """Somebody who does not give up: asks again, with the same Idempotency-Key, until there is an answer."""

    def __init__(self, torg: Torg) -> None:
        headers = {"Authorization": f"Bearer {torg.bearer}"}
        self._http = httpx.Client(base_url=torg.stack.urls["booking"], headers=headers, timeout=10)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return self._persist("POST", path, body, headers | {"Idempotency-Key": str(new_id())})

    def get(self, path: str) -> httpx.Response:
        return self._persist("GET", path, None, {})

    def _persist(self, *request: Any) -> Any:
        return eventually(lambda: self._answered(*request), wanted=_decided, seconds=60)

    def _answered(self, method: str, path: str, body: object, headers: dict[str, str]) -> httpx.Response | None:
        try:
            return self._http.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            return None


def _decided(answer: httpx.Response | None) -> bool:
    return answer is not None and answer.status_code < 500


def book(torg: Torg, number: int) -> None:
    """Books a slot of its own; every fourth is cancelled once it is confirmed."""
    kari = Kari(torg)
    midnight = (SystemClock().now() + timedelta(days=3)).astimezone(OSLO).replace(hour=0, minute=0, second=0)
    begins = midnight.replace(microsecond=0) + timedelta(hours=number // len(SPACES))
    time = {"begins_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}
    about = {"purpose": "meeting", "audience": "adults", "participants": 5, "confirm": "when_priced"}
    held = kari.post("/bookings", {"space": SPACES[number % len(SPACES)], **time, **about})
    assert held.status_code == 201, held.text
    if number % 4 == 0:
        path = f"/bookings/{held.json()['id']}"
        confirmed = eventually(lambda: kari.get(path), wanted=lambda found: found.json()["state"] != "held", seconds=60)
        kari.post(f"{path}/cancel", {}, **{"If-Match": confirmed.headers["ETag"]})


def kill_each_in_turn(stack: Stack, booked: list[Future[None]]) -> None:
    """Kills every process, again and again, as long as there is work. A process is started by the main thread only."""
    for name in cycle(list(stack.parts)):
        if not wait(booked, timeout=1.0).not_done:
            return
        stack.kill(name)
        stack.restart(name)


def test_every_process_is_killed_in_turn_during_two_hundred_bookings(torg: Torg) -> None:
    with ThreadPoolExecutor(8) as pool:
        booked = [pool.submit(book, torg, number) for number in range(BOOKINGS)]
        kill_each_in_turn(torg.stack, booked)
    for each in booked:
        each.result()
    wait_until_quiet(torg)
    assert_all_agree(torg)


def wait_until_quiet(torg: Torg) -> None:
    """No event waits to be sent or tried again, and no booking for a price."""

    def restless() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for service, database in torg.databases.items():
            with database.reading() as tx:
                found[service] = (outbox.backlog(tx)[0], failures.depths(tx))
        held = torg.ask("booking", "SELECT 1 FROM bookings WHERE state = 'held'")
        unarmed = torg.ask("access", "SELECT 1 FROM keys WHERE state = 'issued'")
        return found | {"held": len(held), "unarmed": len(unarmed)}

    quiet = dict.fromkeys(torg.databases, (0, (0, 0))) | {"held": 0, "unarmed": 0}
    eventually(restless, wanted=quiet.__eq__, seconds=QUIET_SECONDS)


def assert_all_agree(torg: Torg) -> None:
    """Each service knows of exactly the bookings there are, and how they stand."""
    states = dict(torg.ask("booking", "SELECT id, state FROM bookings"))
    assert len(states) == BOOKINGS
    assert set(states.values()) == {"confirmed", "cancelled"}
    confirmed = sorted(booking for booking, state in states.items() if state == "confirmed")
    assert len(confirmed) == BOOKINGS * 3 // 4
    keys = torg.ask("access", "SELECT booking FROM keys WHERE state <> 'revoked'")
    assert sorted(booking for (booking,) in keys) == confirmed
    charged = torg.ask("pricing", "SELECT booking FROM charges")
    assert sorted(booking for (booking,) in charged) == sorted(states)
    twice = "GROUP BY charge, reason HAVING count(*) > 1"
    assert torg.ask("pricing", f"SELECT charge, reason FROM charge_entries {twice}") == []
    activities = torg.ask("programming", "SELECT booking FROM activities WHERE state = 'scheduled'")
    assert sorted(booking for (booking,) in activities) == confirmed
    assert told(torg, BookingConfirmed) == (BOOKINGS, BOOKINGS)
    for kind in (KeyIssued, ActivityScheduled):  # a cancellation may overtake its confirmation: then there is none
        events, bookings = told(torg, kind)
        assert BOOKINGS >= events == bookings >= len(confirmed)


def told(torg: Torg, kind: type[Event]) -> tuple[int, int]:
    """How many events of a class there were, and of how many bookings they told."""
    counts = "SELECT count(*), count(DISTINCT body::jsonb #>> '{data,booking}') FROM outbox"
    events, bookings = torg.ask(kind.emitter(), f"{counts} WHERE type = '{kind.TYPE}'")[0]
    return events, bookings
