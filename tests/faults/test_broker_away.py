"""With RabbitMQ away, nobody who has a booking is locked out; and whoever cancelled theirs gets in, at the most, in the
time that was theirs, never in the margins, where another has the place by now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from cli.journey import whole_torg
from cli.servers.processes import Run
from cli.servers.rabbitmq import PrivateRabbitMQ
from cli.sign_in import token
from cli.stack import Stack
from kernel.auth import Role
from kernel.clock import SystemClock
from kernel.ids import new_id
from services.booking.usecases import reconciliation
from tests.contract.conftest import a_municipality
from tests.contract.things import a_space, tree
from tests.municipality import NOW, SPACE, SQUARE, TARIFF, Municipality
from tests.tariffs import document
from tests.templates import Templates
from tests.waiting import eventually

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
USE = {"purpose": "meeting", "audience": "adults", "participants": 5, "confirm": "when_priced"}
PATIENCE_SECONDS = 60.0


# Each moment: the four services in this process; what is told is carried from one to the other, or not.


class Town:
    """Kari had the hall, and cancels; Ola has the time since, or the one after."""

    def __init__(self, municipality: Municipality) -> None:
        self.all = municipality
        self.operator = municipality.token("drift", Role.OPERATOR)
        self.kari, self.ola = municipality.token("kari"), municipality.token("ola")
        municipality.did("PUT", f"/booking/squares/{SQUARE}", self.operator, tree("house", a_space(SPACE)))
        municipality.did("PUT", f"/pricing/tariffs/{TARIFF}", self.operator, document())

    def book(self, token: str, begins_at: datetime, **asked: Any) -> dict[str, Any]:
        wanted = {"space": SPACE, **USE, "begins_at": begins_at.isoformat(), "ends_at": (begins_at + HOUR).isoformat()}
        answer = self.all.call("POST", "/booking/bookings", token, wanted | asked)
        assert answer.status_code == 201, answer.text
        return dict(answer.get_json())

    def cancel(self, token: str, booking: str) -> None:
        answer = self.all.call("POST", f"/booking/bookings/{booking}/cancel", token, {}, If_Match="*")
        assert answer.status_code == 200, answer.text

    def beat(self) -> None:
        """Booking's heartbeat; only what is carried arrives."""
        with self.all.databases["booking"].transaction() as tx:
            reconciliation.heartbeat(tx)

    def key(self, token: str) -> str:
        [key] = self.all.call("GET", "/access/keys", token).get_json()["items"]
        return str(key["id"])

    def door(self, token: str, key: str, at: datetime) -> str | None:
        self.all.clock.move(at - self.all.clock.now())
        answer = self.all.call("POST", f"/access/keys/{key}/unlock", token)
        assert answer.status_code == 200, answer.text
        reason: str | None = answer.get_json()["reason"]
        return reason


@pytest.fixture
def town(templates: Templates) -> Iterator[Town]:
    with a_municipality(templates) as municipality:
        yield Town(municipality)


def test_a_cancelled_key_never_opens_before_or_after_its_time(town: Town) -> None:
    begins_at = NOW + HOUR
    booking = town.book(town.kari, begins_at)
    town.all.settle()
    key = town.key(town.kari)
    town.beat()
    town.all.settle()

    town.all.clock.move(30 * MINUTE)  # the broker is away from now on: nothing is carried
    town.cancel(town.kari, booking["id"])
    town.book(town.ola, begins_at)
    town.book(town.ola, begins_at + HOUR)
    town.beat()

    assert town.door(town.kari, key, begins_at - 15 * MINUTE) == "no_margin"
    assert town.door(town.kari, key, begins_at - MINUTE) == "no_margin"
    assert town.door(town.kari, key, begins_at) is None  # the rest of it, as docs/operations.md says
    assert town.door(town.kari, key, begins_at + HOUR - MINUTE) is None
    assert town.door(town.kari, key, begins_at + HOUR) == "no_margin"
    assert town.door(town.kari, key, begins_at + HOUR + 14 * MINUTE) == "no_margin"

    town.all.settle()
    assert town.door(town.kari, key, begins_at + HOUR + 14 * MINUTE) == "revoked"


def test_nobody_is_locked_out_of_their_own_time(town: Town) -> None:
    begins_at = NOW + 5 * HOUR
    town.book(town.kari, begins_at)
    town.all.settle()
    key = town.key(town.kari)
    town.beat()
    town.all.settle()
    for at, refusal in ((begins_at - MINUTE, "no_margin"), (begins_at, None), (begins_at + HOUR - MINUTE, None)):
        assert town.door(town.kari, key, at) == refusal
    town.beat()
    town.all.settle()
    assert town.door(town.kari, key, begins_at + HOUR + MINUTE) is None


@pytest.mark.parametrize(("silent", "refusal"), [(5 * MINUTE, None), (5 * MINUTE + timedelta(seconds=1), "no_margin")])
def test_one_queue_that_stands_still_is_enough(town: Town, silent: timedelta, refusal: str | None) -> None:
    """All that booking tells arrives but for its cancellations."""
    begins_at = NOW + HOUR
    booking = town.book(town.kari, begins_at)
    town.all.settle()
    key = town.key(town.kari)
    cancelled_at = begins_at - 10 * MINUTE
    town.all.clock.move(cancelled_at - town.all.clock.now())
    town.beat()
    town.all.settle()
    town.cancel(town.kari, booking["id"])
    lose(town, "no.torg.booking.cancelled.v1")
    town.all.clock.move(silent)
    town.beat()
    town.all.settle()
    assert town.door(town.kari, key, cancelled_at + silent) == refusal


def lose(town: Town, kind: str) -> None:
    """The broker takes an event of this type, and its listener never gets it."""
    with town.all.databases["booking"].transaction() as tx:
        tx.execute(text("UPDATE outbox SET sent_at = :now WHERE type = :kind"), {"now": tx.now, "kind": kind})


# And once for real: every process, over a RabbitMQ that is killed.


@dataclass(frozen=True)
class Caller:
    """Somebody at the services' doors."""

    stack: Stack
    persona: str

    def ask(self, service: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        bearer = {"Authorization": f"Bearer {token(self.stack.issuer, self.persona)}"}
        with httpx.Client(base_url=self.stack.urls[service], headers=bearer | headers, timeout=30) as http:
            answer = http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def book(self, begins_at: datetime) -> str:
        time = {"begins_at": begins_at.isoformat(), "ends_at": (begins_at + HOUR).isoformat()}
        wanted = {"space": "away-hall", **USE, **time}
        once = {"Idempotency-Key": str(new_id())}
        return str(self.ask("booking", "POST", "/bookings", wanted, **once)["id"])

    def key(self, booking: str) -> dict[str, Any] | None:
        found = self.ask("access", "GET", f"/keys?booking={booking}")["items"]
        return found[0] if found else None

    def unlock(self, key: str) -> str | None:
        once = {"Idempotency-Key": str(new_id())}
        reason: str | None = self.ask("access", "POST", f"/keys/{key}/unlock", {}, **once)["reason"]
        return reason


@pytest.fixture
def mortal_rabbitmq(run: Run) -> Iterator[PrivateRabbitMQ]:
    server = PrivateRabbitMQ(run.temporary_folder(), run)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def away(postgres: str, mortal_rabbitmq: PrivateRabbitMQ) -> Iterator[Stack]:
    """A whole Torg, whose access bears with old news for a minute; a hall with slots of five minutes' grid."""
    environment = {"TORG_ACCESS_NEWS_SECONDS": "60"}
    with whole_torg(mortal_rabbitmq.url, postgres, quiet=True, environment=environment) as (stack, _):
        hall = a_space("away-hall", grid_minutes=5, min_minutes=15)
        Caller(stack, "drift").ask("booking", "PUT", "/squares/away", tree("away-house", hall))
        yield stack


def soon() -> datetime:
    """The next five minutes that begin late enough for all of this, and early enough for the margin."""
    now = SystemClock().now().replace(second=0, microsecond=0)
    return now + timedelta(minutes=10 - now.minute % 5)


def armed(caller: Caller, booking: str) -> dict[str, Any]:
    key = eventually(
        lambda: caller.key(booking), wanted=lambda key: bool(key and key["state"] == "armed"), seconds=PATIENCE_SECONDS
    )
    assert key is not None
    return key


@pytest.mark.long
def test_over_a_real_broker_that_is_killed(away: Stack, mortal_rabbitmq: PrivateRabbitMQ) -> None:
    kari, ola = Caller(away, "kari"), Caller(away, "ola")
    begins_at = soon()
    theirs = kari.book(begins_at)
    key = armed(kari, theirs)["id"]
    mona = Caller(away, "mona")
    eventually(lambda: mona.ask("access", "GET", "/news")["known_at"], seconds=PATIENCE_SECONDS)

    mortal_rabbitmq.kill()
    kari.ask("booking", "POST", f"/bookings/{theirs}/cancel", {}, **{"If-Match": "*"})
    ours = ola.book(begins_at)
    assert kari.unlock(key) is None  # within the margin, and the news is new yet
    eventually(lambda: kari.unlock(key), wanted=lambda refusal: refusal == "no_margin", seconds=100)
    assert mona.ask("access", "GET", "/news")["stale"]
    assert SystemClock().now() < begins_at

    mortal_rabbitmq.restart()
    eventually(lambda: kari.unlock(key), wanted=lambda refusal: refusal == "revoked", seconds=PATIENCE_SECONDS)
    assert ola.unlock(armed(ola, ours)["id"]) is None
