"""The relay: the only publisher. One process per service is elected by an advisory lock held on the very connection it
reads the outbox with, so a relay that lost its lock can't mark anything sent.

Polling is the truth. NOTIFY is not used: it would make all commits of a database wait for each other.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Event as Signal
from typing import Protocol, TypeVar
from uuid import UUID
from zlib import crc32

import structlog
from amqp import Message
from amqp.exceptions import AMQPError, PreconditionFailed
from kombu import Connection
from kombu.exceptions import KombuError
from sqlalchemy import Connection as DatabaseConnection
from sqlalchemy import exc, func, select, text

from kernel import idempotency, inbox, outbox, telemetry, topology
from kernel.contracts import Event
from kernel.db import Database, Transaction
from kernel.outage import Outage
from kernel.outbox import Unsent
from kernel.progress import Progress

log = structlog.get_logger(__name__)

_BATCH = 200
_GATHER_SECONDS = 0.01
_STANDBY_SECONDS = 1.0
_PRUNE_SECONDS = 600.0
_OBSERVE_SECONDS = 2.0

T = TypeVar("T")


class PublishFailed(Exception):
    """The broker refused, returned or did not confirm an event in time; it stays unsent."""


class Publisher(Protocol):
    """Sends events, and tells which of them are safe."""

    def send(self, events: Sequence[Unsent]) -> None:
        """Hands events to the broker. Raises when it can't."""

    def safe(self) -> list[UUID]:
        """The events that became safe since the last call; may wait a while for the broker."""

    def close(self) -> None:
        """Forgets the connection and all that is under way."""


class AmqpPublisher:
    """Publishes to RabbitMQ on a connection of its own, and counts confirms itself, by delivery tag: py-amqp matches
    them too loosely to tell one message's confirm from another's."""

    def __init__(self, url: str, kinds: list[type[Event]], *, confirm_timeout: float = 10.0) -> None:
        self._url = url
        self._kinds = kinds
        self._listened = {kind.TYPE for kind in kinds if kind.LISTENERS}
        self._confirm_timeout = confirm_timeout
        self._connection: Connection | None = None
        self._under_way: dict[int, UUID] = {}
        self._confirmed: list[UUID] = []
        self._refused: str | None = None

    def send(self, events: Sequence[Unsent]) -> None:
        if not events:
            return
        if self._connection is None:
            self._connect()
        for event in events:
            self._tag += 1
            self._under_way[self._tag] = event.id
            message = self._channel.prepare_message(
                event.body,
                content_type="application/cloudevents+json",
                content_encoding="utf-8",
                properties={"message_id": str(event.id), "delivery_mode": 2},
            )
            mandatory = event.type in self._listened
            self._channel.basic_publish(message, topology.EVENTS.name, event.type, mandatory=mandatory)

    def safe(self) -> list[UUID]:
        deadline = time.monotonic() + self._confirm_timeout
        while self._under_way and not self._refused:
            if self._connection is None or time.monotonic() > deadline:
                raise PublishFailed("not confirmed in time")
            try:
                self._connection.drain_events(timeout=1)
            except TimeoutError:
                continue
        if self._refused:
            raise PublishFailed(self._refused)
        confirmed, self._confirmed = self._confirmed, []
        return confirmed

    def close(self) -> None:
        connection, self._connection = self._connection, None
        self._under_way, self._confirmed, self._refused = {}, [], None
        if connection is not None:
            connection.release()

    def _connect(self) -> None:
        self._connection = topology.connect(self._url, heartbeat=0)
        topology.declare_for_emitter(self._connection, self._kinds)
        self._channel = self._connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._acked)
        self._channel.events["basic_nack"].add(self._nacked)
        self._channel.events["basic_return"].add(self._returned)
        self._tag = 0

    def _acked(self, tag: int, multiple: bool) -> None:
        for each in [known for known in self._under_way if known <= tag] if multiple else [tag]:
            self._confirmed.append(self._under_way.pop(each))

    def _nacked(self, tag: int, multiple: bool) -> None:
        self._refused = f"the broker refused event {self._under_way.get(tag)}"

    def _returned(self, _: Exception, __: str, ___: str, message: Message) -> None:
        self._refused = f"no queue took event {message.properties.get('message_id')}"


class Relay:
    """Sends a service's outbox, in order, for as long as it is elected. `step` is one pass; `run` passes until
    stopped."""

    def __init__(self, database: Database, publisher: Publisher, *, poll: float, keep: timedelta) -> None:
        self._database = database
        self._publisher = publisher
        self._poll = poll
        self._keep = keep
        self._wake = Signal()
        self._stopping = False
        self._elected: DatabaseConnection | None = None
        self._under_way: set[UUID] = set()
        self._prune_at = self._observe_at = 0.0
        self._service = database.service
        self._outage = Outage(log, "relay", service=database.service)
        self._progress = Progress(self._service, "relay")
        database.wake = self.wake

    def wake(self) -> None:
        """There is something to send, or something became safe."""
        self._wake.set()

    def stop(self) -> None:
        """Ends `run` after the pass under way."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        """Passes over the outbox until stopped. An error costs a pause, never an event."""
        while not self._stopping:
            self._progress.got_on()
            pause = self._poll
            try:
                moved = self.step()
                self._outage.over()
                if moved:
                    # under load the next pass finds more to do, instead of doing it one by one
                    time.sleep(_GATHER_SECONDS if moved < _BATCH else 0.0)
                    continue
                pause = self._poll if self._elected else _STANDBY_SECONDS
            except PreconditionFailed:
                self.stand_down()
                raise
            except (PublishFailed, AMQPError, KombuError, OSError, exc.SQLAlchemyError) as error:
                self._outage.met(error)
                telemetry.BROKER_RECONNECTS.labels(self._service, "relay").inc()
                self.stand_down()
                pause = _STANDBY_SECONDS
            if pause and not self._stopping:
                self._wake.wait(pause)
            self._wake.clear()
        self.stand_down()
        self._progress.rests()

    def step(self) -> int:
        """One pass: sends what waits, marks what is safe. Returns how many events it moved; 0 when not elected."""
        if self._elected is None and not self._stand():
            return 0
        self._observe()  # before the broker is asked: it is when it is away that operators must see what waits
        waiting = self._work(lambda tx: outbox.unsent(tx, under_way=self._under_way, most=_BATCH))
        self._publisher.send(waiting)
        self._under_way.update(event.id for event in waiting)
        safe = self._publisher.safe()
        if safe:
            self._work(lambda tx: outbox.mark_sent(tx, safe))
            self._under_way.difference_update(safe)
            telemetry.OUTBOX_SENT.labels(self._service).inc(len(safe))
        return len(waiting) + len(safe)

    def stand_down(self) -> None:
        """Gives up the election and the connection to the broker; what was under way will be sent again."""
        elected, self._elected = self._elected, None
        self._under_way.clear()
        telemetry.RELAY_LEADER.labels(self._service).set(0)
        if elected is not None:
            elected.invalidate()
            elected.close()
        try:
            self._publisher.close()
        except (AMQPError, OSError) as error:
            log.info("broker_connection_already_gone", service=self._service, error=type(error).__name__)

    def _stand(self) -> bool:
        # Each pass is one statement or two, so it needs no transaction round them.
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        lock = select(func.pg_try_advisory_lock(crc32(b"torg relay")))
        if connection.execute(lock).scalar_one():
            # A mark lost when PostgreSQL crashes is made again: its event is sent once more, and changes nothing.
            connection.execute(text("SET synchronous_commit TO off"))
            self._elected = connection
            telemetry.RELAY_LEADER.labels(self._service).set(1)
            return True
        connection.close()
        self._tell(0, 0.0)  # the elected one tells; what we told as such must not stay
        return False

    def _observe(self) -> None:
        """Now and then: tells operators how much waits, and deletes what is old."""
        now = time.monotonic()
        if now > self._observe_at:
            self._observe_at = now + _OBSERVE_SECONDS
            self._tell(*self._work(outbox.backlog))
        if now > self._prune_at:
            self._prune_at = now + _PRUNE_SECONDS
            for prune in (outbox.prune, inbox.prune, idempotency.prune):
                self._work(lambda tx, prune=prune: prune(tx, keep=self._keep))  # type: ignore[misc]

    def _tell(self, depth: int, age: float) -> None:
        telemetry.OUTBOX_DEPTH.labels(self._service).set(depth)
        telemetry.OUTBOX_AGE.labels(self._service).set(age)

    def _work(self, work: Callable[[Transaction], T]) -> T:
        connection = self._elected
        if connection is None:
            raise PublishFailed("not elected")
        found = work(Transaction(connection, self._service, self._database.clock.now()))
        self._progress.got_on()
        return found
