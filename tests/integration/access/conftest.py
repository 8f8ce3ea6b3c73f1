"""Access with a database of its own, a clock that is moved by hand, and its own events brought back to it."""

import base64
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import nameko
import pytest
from sqlalchemy import select, update

from kernel.clock import FixedClock
from kernel.contracts import Envelope, decode
from kernel.db import Database
from kernel.outbox import outbox
from kernel.pagination import PageRequest
from kernel.settings import Settings
from services.access import queries
from services.access.codes import codes_from
from services.access.events import KeyArmed, KeyIssued, KeyRevoked
from services.access.queries import KeyView
from services.access.service import Access
from services.access.store import keys, locks
from tests.bookings import BOOKED_AT, KARI, Delivery

SETTINGS = Settings(access_code_key=base64.urlsafe_b64encode(bytes(range(32))).decode())


class Square:
    """Access at work: `deliver` hands it events, `settle` brings back those it emits to itself until it is quiet."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        self.clock = clock
        self.codes = codes_from(SETTINGS)
        self.deliver = Delivery(Access, database)

    def at(self, moment: datetime) -> None:
        """Moves the clock to this moment."""
        self.clock.move(moment - self.clock.now())

    def emitted(self, kind: type[Any], *, only_unsent: bool = False) -> list[Envelope[Any]]:
        """The events of a kind that were emitted so far, in order."""
        with self.database.reading() as tx:
            wanted = select(outbox.c.body).where(outbox.c.type == kind.TYPE).order_by(outbox.c.position)
            wanted = wanted.where(outbox.c.sent_at.is_(None)) if only_unsent else wanted
            return [decode(body, kind) for body in tx.execute(wanted).scalars()]

    def settle(self) -> None:
        """Brings access's events back to it until there are none left; and once more each, as brokers do."""
        while waiting := [*self.emitted(KeyIssued, only_unsent=True), *self.emitted(KeyRevoked, only_unsent=True)]:
            self.deliver(*waiting, *waiting)
            with self.database.transaction() as tx:
                sent = update(outbox).where(outbox.c.id.in_([event.id for event in waiting]))
                tx.execute(sent.values(sent_at=tx.now))

    def history(self) -> list[str]:
        """What was told of keys, in order: "issued", "armed", "revoked"."""
        told = {KeyIssued.TYPE: "issued", KeyArmed.TYPE: "armed", KeyRevoked.TYPE: "revoked"}
        with self.database.reading() as tx:
            types = tx.execute(select(outbox.c.type).order_by(outbox.c.position)).scalars()
            return [told[each] for each in types if each in told]

    def keys_of(self, person: str = KARI) -> list[KeyView]:
        """The keys of a person, as they are shown them."""
        with self.database.reading() as tx:
            return list(queries.keys_of(tx, person, self.codes, PageRequest()).items)

    def states(self) -> list[tuple[UUID, str]]:
        """Each key's booking and state."""
        with self.database.reading() as tx:
            return [(row.booking, row.state) for row in tx.execute(select(keys).order_by(keys.c.booking))]

    def lock(self, space: str = "borgen-storsal") -> UUID:
        """The lock on the door of a space."""
        with self.database.reading() as tx:
            found: UUID = tx.execute(select(locks.c.id).where(locks.c.space == space)).scalar_one()
            return found


@pytest.fixture
def square(fresh_database: Callable[..., Database]) -> Iterator[Square]:
    clock = FixedClock(BOOKED_AT)
    with nameko.config.patch({"torg": SETTINGS}):
        yield Square(fresh_database("access", clock=clock), clock)
