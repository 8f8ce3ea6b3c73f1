"""Our nameko event handler: `handle_event` marks a method, `EventConsumer` feeds all marked methods of a service from
one connection to the broker.

Differs from nameko's own, which acknowledges what fails and what it can't decode, and closes its connection under
running handlers. Here a delivery is acknowledged once `kernel.deliveries` has made sure of it; at stop the consumer
first takes no more, then lets running handlers end and acknowledge, and closes last.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial, wraps
from threading import Event as Signal
from threading import Lock
from typing import Any, TypeVar

import eventlet
import structlog
from amqp.exceptions import AMQPError, PreconditionFailed
from eventlet.queue import LightQueue
from kombu import Connection, Consumer, Queue
from kombu.exceptions import KombuError
from kombu.message import Message
from nameko.containers import WorkerContext
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint, SharedExtension, register_entrypoint
from sqlalchemy import exc
from structlog.contextvars import bound_contextvars

from kernel import inbox, telemetry, topology
from kernel.contracts import Envelope, Event, decode
from kernel.db import DatabaseUnavailable, Transaction
from kernel.deliveries import Deliveries, Take
from kernel.extensions import ServiceDatabase
from kernel.failures import Retrying
from kernel.outage import Outage
from kernel.progress import Progress
from kernel.trace import continued, ids_in, trace

log = structlog.get_logger(__name__)

E = TypeVar("E", bound=Event)
Handler = Callable[[Any, Transaction, Envelope[E]], None]

_HEARTBEAT_SECONDS = 30
_DRAIN_SECONDS = 0.5
_OBSERVE_SECONDS = 5.0
_PAUSE_SECONDS = 1.0
_RETRY_POLL_SECONDS = 0.25
_CANCEL_SECONDS = 5.0
_CLOSE_SECONDS = 5.0


def handle_event(kind: type[E], *, repeatedly: bool = False) -> Callable[[Handler[E]], Handler[E]]:
    """Makes a method of a nameko service class the handler of an event class: `method(self, tx, event)`.

    The method runs in a transaction that also records the event in the inbox; a repeated event does not reach it,
    unless `repeatedly`: then it is to repair what slipped through the first time, and to do nothing else.
    """

    def decorate(method: Handler[E]) -> Handler[E]:
        @wraps(method)
        def take(self: Any, tx: Transaction, body: bytes) -> None:
            event = decode(body, kind)
            with trace(continued(event.traceparent)), bound_contextvars(event_id=str(event.id), subject=event.subject):
                if inbox.once(tx, event) or repeatedly:
                    method(self, tx, event)

        @wraps(method)
        def delivered(self: Any, deliveries: Deliveries, body: bytes) -> None:
            deliveries.deliver(kind.TYPE, body, partial(take, self))

        delivered.take = take  # type: ignore[attr-defined]
        register_entrypoint(delivered, EventHandler(kind))
        return delivered  # type: ignore[return-value]

    return decorate


class EventConsumer(SharedExtension):  # type: ignore[misc]
    """One connection for all the handlers of a service, and the loop that tries failed deliveries again."""

    database = ServiceDatabase()

    def __init__(self) -> None:
        self._handlers: dict[str, EventHandler] = {}
        self._waiting: LightQueue = LightQueue()
        self._writing = Lock()
        self._stopping = self._closing = False
        self._in_hand = 0
        self._cancelled = Signal()
        self._closed = Signal()

    def add(self, handler: "EventHandler") -> None:
        """Called by each handler at set-up."""
        self._handlers[handler.kind.TYPE] = handler

    def start(self) -> None:
        settings = self.database.settings()
        self._url, self._prefetch = settings.amqp_url, settings.prefetch
        self._service = self.container.service_name
        self._outage = Outage(log, "consumer", service=self._service)
        retrying = Retrying(limit=settings.retry_limit, base=timedelta(seconds=settings.retry_base_seconds))
        self.deliveries = Deliveries(self.database.open(), retrying)
        parts = ("consumer", "handlers", "retries")
        self._consuming, self._handling, self._retrying = (Progress(self._service, part) for part in parts)
        for loop in (self._consume_until_closed, self._hand_out, self._retry_until_stopped):
            self.container.spawn_managed_thread(loop)

    def take_no_more(self) -> None:
        """Cancels the consumers; what was fetched and not begun goes back to the broker when the connection closes."""
        self._stopping = True
        self._cancelled.wait(_CANCEL_SECONDS)

    def stop(self) -> None:
        self._closing = True
        self._waiting.put(None)
        self._closed.wait(_CLOSE_SECONDS)

    def _consume_until_closed(self) -> None:
        while not self._closing:
            self._consuming.got_on()
            try:
                with topology.connect(self._url, heartbeat=_HEARTBEAT_SECONDS) as connection:
                    self._consume(connection)
            except PreconditionFailed:
                log.critical("queue_arguments_differ", service=self._service)
                raise
            except (AMQPError, KombuError, OSError) as error:
                self._outage.met(error)
                telemetry.BROKER_RECONNECTS.labels(self._service, "consumer").inc()
                eventlet.sleep(_PAUSE_SECONDS)
            finally:
                telemetry.BROKER_CONNECTED.labels(self._service).set(0)
            if self._stopping:
                self._cancelled.set()
        self._consuming.rests()
        self._closed.set()

    def _consume(self, connection: Connection) -> None:
        channel = connection.channel()
        channel.basic_qos(0, self._prefetch, False)
        heard: list[tuple[Queue, EventHandler | None]] = [
            (topology.queue(self._service, handler.kind), handler) for handler in self._handlers.values()
        ]
        if connection.transport.driver_type == "amqp":
            heard.append((topology.dead_letter_queue(self._service), None))
        for queue, _ in heard:
            topology.declare_for_listener(connection, self._service, queue)
        consumers = [self._consumer(channel, queue, handler) for queue, handler in heard]
        telemetry.BROKER_CONNECTED.labels(self._service).set(1)
        self._outage.over()
        heartbeat_at = 0.0
        while not self._closing:
            if self._stopping and not self._cancelled.is_set():
                for consumer in consumers:
                    consumer.cancel()
                self._cancelled.set()
            self._consuming.got_on()
            with suppress(TimeoutError):
                connection.drain_events(timeout=_DRAIN_SECONDS)
            if time.monotonic() > heartbeat_at:
                heartbeat_at = time.monotonic() + _HEARTBEAT_SECONDS / 4
                with self._writing:
                    connection.heartbeat_check()

    def _consumer(self, channel: Any, queue: Queue, handler: "EventHandler | None") -> Consumer:
        def arrived(message: Message, *_: object) -> None:
            self._in_hand += 1
            self._handling.begins()
            self._waiting.put((handler, message))

        # on_message gets the raw message; one that can't even be unpacked is handed on too, to become a dead letter
        consumer = Consumer(channel, queues=[queue], auto_declare=False, on_message=arrived, on_decode_error=arrived)
        consumer.consume()
        return consumer

    def _hand_out(self) -> None:
        for handler, message in iter(self._waiting.get, None):
            if self._stopping:
                continue
            if handler is None or _sent_as(message) != handler.kind.TYPE:
                self._bury(handler, message)
                continue
            handled = partial(self._handled, handler, message)
            try:
                self.container.spawn_worker(handler, (self.deliveries, _body(message)), {}, handle_result=handled)
            except ContainerBeingKilled:
                return

    def _handled(self, handler: "EventHandler", message: Message, _: WorkerContext, result: Any, exc_info: Any) -> Any:
        if exc_info is None:
            self._acknowledge(message)
        else:
            # the database is away: the event stays unacknowledged, and is tried again here until the database is back
            self._handling.got_on()
            eventlet.spawn_after(_PAUSE_SECONDS, self._waiting.put, (handler, message))
        return result, exc_info

    def _bury(self, handler: "EventHandler | None", message: Message) -> None:
        """Keeps as a dead letter what RabbitMQ set aside, or what somebody smuggled in: RabbitMQ asks who may send an
        event by its routing key, and not by the further ones that a header may name (CC)."""
        sent_as = _sent_as(message)
        if handler is None:
            died = (message.headers.get("x-death") or [{}])[0]
            sent_as = str(died.get("queue") or sent_as).removeprefix(f"{self._service}.")
            why = f"set aside by the broker: {died.get('reason', 'unknown')}"
        else:
            why = f"sent by another name into the queue of {handler.kind.TYPE}"
        try:
            self.deliveries.bury(sent_as, _body(message), why)
        except exc.SQLAlchemyError:
            self._handling.got_on()
            eventlet.spawn_after(_PAUSE_SECONDS, self._waiting.put, (handler, message))
        else:
            self._acknowledge(message)

    def _acknowledge(self, message: Message) -> None:
        self._in_hand -= 1
        if self._in_hand:
            self._handling.got_on()
        else:
            self._handling.rests()
        try:
            # green threads share the connection: two frames must not be written into each other
            with self._writing:
                message.ack()
        except (AMQPError, KombuError, OSError) as error:
            known = ids_in(_body(message))
            log.info("acknowledgement_lost", service=self._service, error=type(error).__name__, **known)

    def _retry_until_stopped(self) -> None:
        service = self.container.service_cls()
        takes: dict[str, Take] = {name: partial(each.take(), service) for name, each in self._handlers.items()}
        observe_at = 0.0
        outage = Outage(log, "retries", service=self._service)
        while not self._stopping:
            self._retrying.got_on()
            try:
                tried = self.deliveries.retry_next(takes)
                if time.monotonic() > observe_at:
                    observe_at = time.monotonic() + _OBSERVE_SECONDS
                    self.deliveries.observe()
                outage.over()
                pause = 0 if tried else _RETRY_POLL_SECONDS
            except exc.SQLAlchemyError as error:
                outage.met(error)
                pause = _PAUSE_SECONDS
            eventlet.sleep(pause)
        self._retrying.rests()


class EventHandler(Entrypoint):  # type: ignore[misc]
    """The entrypoint of one event class; `EventConsumer` does the work."""

    consumer = EventConsumer()

    def __init__(self, kind: type[Event]) -> None:
        self.kind = kind
        super().__init__(expected_exceptions=(DatabaseUnavailable,))

    def setup(self) -> None:
        self.consumer.add(self)

    def stop(self) -> None:
        self.consumer.take_no_more()

    def take(self) -> Callable[[Any, Transaction, bytes], None]:
        """The function that decodes and handles a body, unbound."""
        taken: Callable[[Any, Transaction, bytes], None] = getattr(self.container.service_cls, self.method_name).take
        return taken


def _sent_as(message: Message) -> str:
    return str((message.delivery_info or {}).get("routing_key") or "")


def _body(message: Message) -> bytes:
    body = message.body
    return body.encode() if isinstance(body, str) else bytes(body)
