"""Many bookings at once, by people who do not give up, while what serves them is killed; and what must hold afterwards.

Used by the test of processes under fire, and by the soak.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import text

from cli.docs import sources
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

SPACES = ("borgen-storsal-a", "borgen-storsal-b", "borgen-storsal-c", "borgen-moterom-2")
PATIENCE_SECONDS = 300.0
QUIET_SECONDS = 300.0
ENVIRONMENT = {
    "TORG_RATE_LIMIT_PER_MINUTE": "1000000",
    "TORG_RETRY_BASE_SECONDS": "0.2",
    "TORG_PERSON_OPEN_BOOKINGS": "100000",
    "TORG_PERSON_SERIES_DATES": "100000",
}


@dataclass(frozen=True)
class Torg:
    """A running Torg, its databases, and a person's token."""

    stack: Stack
    databases: dict[str, Database]
    bearer: str
    owners: Mapping[str, str] = field(default_factory=dict)

    def ask(self, service: str, sql: str) -> list[Any]:
        with self.databases[service].reading() as tx:
            return list(tx.execute(text(sql)))


@contextmanager
def torg_under_fire(amqp_url: str, server: str, **layout: Any) -> Iterator[Torg]:
    """A whole Torg on this broker and this PostgreSQL; `layout` goes to `Layout`."""
    with whole_torg(amqp_url, server, quiet=True, environment=ENVIRONMENT, **layout) as (stack, provided):
        databases = {service: Database(url, service=service, pool_size=3) for service, url in provided.urls.items()}
        yield Torg(stack, databases, token(stack.issuer, "ola"), provided.owners)
        for database in databases.values():
            database.close()


class Kari:
    """Somebody who does not give up: asks again, with the same Idempotency-Key, until there is an answer. Errors of the
    server are none, if they are forgiven."""

    def __init__(self, torg: Torg, *, forgives: bool = True) -> None:
        self._wanted = _decided if forgives else _answered
        headers = {"Authorization": f"Bearer {torg.bearer}"}
        self._http = httpx.Client(base_url=torg.stack.urls["booking"], headers=headers, timeout=10)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return self._persist("POST", path, body, headers | {"Idempotency-Key": str(new_id())})

    def get(self, path: str) -> httpx.Response:
        return self._persist("GET", path, None, {})

    def _persist(self, *request: Any) -> Any:
        return eventually(lambda: self._answered(*request), wanted=self._wanted, seconds=PATIENCE_SECONDS)

    def _answered(self, method: str, path: str, body: object, headers: dict[str, str]) -> httpx.Response | None:
        try:
            return self._http.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            return None


def _answered(answer: httpx.Response | None) -> bool:
    return answer is not None


def _decided(answer: httpx.Response | None) -> bool:
    return answer is not None and answer.status_code < 500


def _settled(answer: httpx.Response) -> bool:
    return bool(answer.json()["state"] != "held")


def book(torg: Torg, number: int, *, forgives: bool = True) -> None:
    """Books a slot of its own; every fourth is cancelled once it is confirmed."""
    kari = Kari(torg, forgives=forgives)
    midnight = (SystemClock().now() + timedelta(days=3)).astimezone(OSLO).replace(hour=0, minute=0, second=0)
    begins = midnight.replace(microsecond=0) + timedelta(hours=number // len(SPACES))
    time = {"begins_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}
    about = {"purpose": "meeting", "audience": "adults", "participants": 5, "confirm": "when_priced"}
    held = kari.post("/bookings", {"space": SPACES[number % len(SPACES)], **time, **about})
    assert held.status_code == 201, held.text
    if number % 4 == 0:
        path = f"/bookings/{held.json()['id']}"
        confirmed = eventually(lambda: kari.get(path), wanted=_settled, seconds=PATIENCE_SECONDS)
        kari.post(f"{path}/cancel", {}, **{"If-Match": confirmed.headers["ETag"]})


def wait_until_quiet(torg: Torg) -> None:
    """No event waits to be sent or tried again, no booking for a price; and all that was sent has been taken."""

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
    eventually(lambda: under_way(torg), wanted=lambda found: not found, seconds=QUIET_SECONDS)


def under_way(torg: Torg) -> set[tuple[str, Any]]:
    """The listeners that have not taken an event, with its id: brokers keep those, in queues that we do not see."""
    listeners = {kind.TYPE: kind.LISTENERS for kind in sources.events()}
    taken = {
        service: {event for (event,) in torg.ask(service, "SELECT event_id FROM inbox")} for service in torg.databases
    }
    sent = [row for service in torg.databases for row in torg.ask(service, "SELECT id, type FROM outbox")]
    return {(listener, event) for event, kind in sent for listener in listeners[kind] if event not in taken[listener]}


def assert_all_agree(torg: Torg, booked: int) -> None:
    """Each service knows of exactly the bookings there are, and how they stand."""
    states = dict(torg.ask("booking", "SELECT id, state FROM bookings"))
    assert len(states) == booked
    assert set(states.values()) == {"confirmed", "cancelled"}
    confirmed = sorted(booking for booking, state in states.items() if state == "confirmed")
    assert len(confirmed) == booked * 3 // 4
    keys = torg.ask("access", "SELECT booking FROM keys WHERE state <> 'revoked'")
    assert sorted(booking for (booking,) in keys) == confirmed
    charged = torg.ask("pricing", "SELECT booking FROM charges")
    assert sorted(booking for (booking,) in charged) == sorted(states)
    twice = "GROUP BY charge, reason HAVING count(*) > 1"
    assert torg.ask("pricing", f"SELECT charge, reason FROM charge_entries {twice}") == []
    activities = torg.ask("programming", "SELECT booking FROM activities WHERE state = 'scheduled'")
    assert sorted(booking for (booking,) in activities) == confirmed
    assert told(torg, BookingConfirmed) == (booked, booked)
    for kind in (KeyIssued, ActivityScheduled):  # a cancellation may overtake its confirmation: then there is none
        events, bookings = told(torg, kind)
        assert booked >= events == bookings >= len(confirmed)


def told(torg: Torg, kind: type[Event]) -> tuple[int, int]:
    """How many events of a class there were, and of how many bookings they told."""
    counts = "SELECT count(*), count(DISTINCT body::jsonb #>> '{data,booking}') FROM outbox"
    events, bookings = torg.ask(kind.emitter(), f"{counts} WHERE type = '{kind.TYPE}'")[0]
    return events, bookings
