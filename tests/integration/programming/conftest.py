"""Programming with a database of its own, a clock that is moved by hand, and its API."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from kernel.clock import FixedClock
from kernel.contracts import Envelope, decode
from kernel.db import Database
from kernel.outbox import outbox
from kernel.settings import Settings
from services.programming.api import build
from services.programming.events import ActivityScheduled, ActivityWithdrawn
from services.programming.service import Programming
from tests.bookings import BOOKED_AT, Delivery
from tests.callers import KnownCallers

KINDS = {kind.TYPE: kind for kind in (ActivityScheduled, ActivityWithdrawn)}


class Programme:
    """Programming at work: `deliver` hands it events, `told` is what it emitted, `client` asks its API."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        self.clock = clock
        self.deliver = Delivery(Programming, database)
        self.client: FlaskClient = build(Settings(), database=database, verifier=KnownCallers()).test_client()

    def told(self) -> list[Envelope[Any]]:
        """The events emitted so far, in order."""
        with self.database.reading() as tx:
            rows = tx.execute(select(outbox.c.type, outbox.c.body).order_by(outbox.c.position))
            return [decode(body, KINDS[kind]) for kind, body in rows]

    def history(self) -> list[str]:
        """What was told, in order: "scheduled", "withdrawn"."""
        return [event.type.split(".")[-2].removeprefix("activity_") for event in self.told()]

    def get(self, path: str = "/activities", language: str = "nb", **query: object) -> Any:
        """The API's answer to everyone."""
        headers = {"Accept-Language": language}
        return self.client.get(f"/api/programming{path}", headers=headers, query_string=query)

    def items(self, **query: object) -> list[dict[str, Any]]:
        """What the programme lists, on its first page."""
        found: list[dict[str, Any]] = self.get(**query).json["items"]
        return found


@pytest.fixture
def programme(fresh_database: Callable[..., Database]) -> Programme:
    clock = FixedClock(BOOKED_AT)
    return Programme(fresh_database("programming", clock=clock), clock)
