"""The four services together in this process, over databases of their own, with two squares and people whose tokens
are real. What one service tells is brought to the others by `Municipality.settle`, without a broker.

`apis` are the services as they are. `rehearsals` are the same over the same databases, but what a request does there is
rolled back when it has answered, so that any number of tests can ask for the same thing to be done.
"""

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import nameko
from flask import Flask
from sqlalchemy import text, update
from werkzeug.test import TestResponse

from kernel import outbox
from kernel.auth import Caller, Role, TokenVerifier
from kernel.clock import FixedClock
from kernel.contracts import decode
from kernel.db import Database, Transaction
from kernel.settings import Settings
from kernel.topology import known_events
from services.access import api as access
from services.access.service import Access
from services.booking import api as booking
from services.booking.service import Booking
from services.pricing import api as pricing
from services.pricing.service import Pricing
from services.programming import api as programming
from services.programming.service import Programming
from tests.bookings import Delivery
from tests.issuer import Issuer

SETTINGS = Settings(
    access_code_key=base64.urlsafe_b64encode(bytes(range(32))).decode(),
    rate_limit_per_minute=10_000_000,
    person_open_bookings=100_000,
    person_series_dates=100_000,
    person_open_claims=1000,
    invitations_a_day=1000,
)
BUILDS: Mapping[str, Callable[..., Flask]] = {
    "booking": booking.build,
    "access": access.build,
    "pricing": pricing.build,
    "programming": programming.build,
}
WORKERS = {"booking": Booking, "access": Access, "pricing": Pricing, "programming": Programming}
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
"""A Tuesday, 13:00 in Oslo. The services' clock stands still; tokens are of the machine's time."""
SQUARE, SPACE, TARIFF = "borgen", "borgen-storsal", "nesodden-2017"
HOUR = timedelta(hours=1)


class Rehearsed(Exception):
    """All went well, and is now undone."""


class RehearsedDatabase(Database):
    """A service's database in which nothing stays done. `looks` are called with what is done, before it is undone."""

    looks: tuple[Callable[[Transaction], None], ...] = ()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with suppress(Rehearsed), super().transaction() as tx:
            yield tx
            outbox.append(tx)
            tx.execute(text("SELECT 1"))  # what waits for the commit goes with it
            for look in self.looks:
                look(tx)
            raise Rehearsed


class Municipality:
    """Borgen and Tofte, a tariff, a school band that rents, and whoever calls."""

    def __init__(self, urls: Mapping[str, str], issuer: Issuer) -> None:
        self.issuer = issuer
        self.verifier = TokenVerifier([issuer.url], "torg")
        self.clock = clock = FixedClock(NOW)
        of: dict[str, Any] = {"clock": clock, "settings": SETTINGS}
        self.databases = {name: Database(url, service=name, **of) for name, url in urls.items()}
        self.rehearsed = {name: RehearsedDatabase(url, service=name, **of) for name, url in urls.items()}
        self.apis = {name: self._build(name, self.databases[name]) for name in urls}
        self.rehearsals = {name: self._build(name, self.rehearsed[name]) for name in urls}
        self._deliver = {name: Delivery(WORKERS[name], database) for name, database in self.databases.items()}
        self._tokens: dict[tuple[Any, ...], str] = {}

    def close(self) -> None:
        for database in (*self.databases.values(), *self.rehearsed.values()):
            database.close()

    def token(self, subject: str, *roles: Role, squares: tuple[str, ...] = ()) -> str:
        """A good token; one without roles is a resident's."""
        claims = {"sub": subject, "roles": [*roles] or None, "squares": [*squares]}
        asked = (subject, roles, squares)
        if asked not in self._tokens:
            self._tokens[asked] = self.issuer.token(**claims, exp=int(time.time()) + 3600)
        return self._tokens[asked]

    def person(self, subject: str) -> UUID:
        """The actor somebody is by themself."""
        return Caller(subject, self.issuer.url, frozenset()).person

    def call(self, method: str, path: str, token: str, body: Any = None, **headers: str) -> TestResponse:
        """Asks a service, by the path under /api."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        client = self.apis[path.split("/")[1]].test_client()
        return client.open(
            f"/api{path}", method=method, json=body, headers={"Authorization": f"Bearer {token}", **given}
        )

    def did(self, method: str, path: str, token: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """The same for what must succeed; then every service hears of it."""
        answer = self.call(method, path, token, body, **headers)
        assert answer.status_code in (200, 201), answer.text
        self.settle()
        return dict(answer.get_json())

    def settle(self) -> None:
        """Brings every event to those who listen, until there are no more."""
        with nameko.config.patch({"torg": SETTINGS}):  # what a nameko class looks up when it is made
            while any(self.carry_from(name) for name in self.databases):
                pass

    def carry_from(self, name: str) -> bool:
        """Brings what one service has told to those who listen; whether there was anything."""
        kinds = {kind.TYPE: kind for kind in known_events()}
        with self.databases[name].transaction() as tx:
            unsent = update(outbox.outbox).where(outbox.outbox.c.sent_at.is_(None)).values(sent_at=tx.now)
            sent = unsent.returning(outbox.outbox.c.position, outbox.outbox.c.type, outbox.outbox.c.body)
            waiting = sorted(tx.execute(sent).all(), key=lambda row: row.position)
        for row in waiting:
            for listener in kinds[row.type].LISTENERS:
                self._deliver[listener](decode(row.body, kinds[row.type]))
        return bool(waiting)

    def _build(self, name: str, database: Database) -> Flask:
        return BUILDS[name](SETTINGS, database=database, verifier=self.verifier)
