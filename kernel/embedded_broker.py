"""A broker for one process, so that Torg runs on a machine with nothing installed: kombu's in-memory transport made
correct.

Kombu's own polls once a second, puts a requeued message into every queue its routing key matches, shares one delivery
tag among copies, and drops unacknowledged messages when a channel closes. Messages here die with the process all the
same; so `EmbeddedPublisher` calls an event safe only when every listener has acknowledged it, which a listener does
only after its inbox has it. Whatever was not safe when the process died is still unsent in the outbox, and is sent
again.
"""

import time
from collections.abc import Callable, Sequence
from threading import Condition
from typing import Any
from uuid import UUID, uuid4

from kombu import Connection
from kombu.transport import TRANSPORT_ALIASES, memory, virtual

from kernel import topology
from kernel.contracts import Event
from kernel.db import Database
from kernel.outbox import Unsent

_arrived = Condition()
_outstanding: dict[str, set[str]] = {}
"""Event id → the queues whose listener has not acknowledged it yet."""
_safe_listeners: dict[str, Callable[[str], None]] = {}


class QoS(virtual.QoS):  # type: ignore[misc]
    """Reports acknowledgements, so that a publisher learns when an event is safe."""

    def ack(self, delivery_tag: str) -> None:
        message = self._delivered.get(delivery_tag)
        super().ack(delivery_tag)
        if message is not None:
            _acknowledged(message.properties.get("message_id"), message.delivery_info["queue"])


class Channel(memory.Channel):  # type: ignore[misc]
    """A channel whose messages know their queue, and go back to it alone."""

    QoS = QoS
    do_restore = True

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        info = {**message["properties"]["delivery_info"], "queue": queue}
        properties = {**message["properties"], "delivery_info": info, "delivery_tag": str(uuid4())}
        super()._put(queue, {**message, "properties": properties}, **kwargs)
        with _arrived:
            _arrived.notify_all()

    def _restore(self, message: virtual.Message) -> None:
        self._put(message.delivery_info["queue"], {**message.serializable(), "redelivered": True})


class Transport(memory.Transport):  # type: ignore[misc]
    """Waits for the next message instead of sleeping."""

    Channel = Channel

    def drain_events(self, connection: object, timeout: float | None = None) -> None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                self.cycle.get(self._deliver, timeout=timeout)
                return
            except virtual.base.Empty:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError from None
                with _arrived:
                    _arrived.wait(0.05 if left is None else min(left, 0.05))


class EmbeddedPublisher:
    """Publishes within this process."""

    def __init__(self, url: str, kinds: list[type[Event]], database: Database) -> None:
        self._url = url
        self._kinds = kinds
        self._listeners = {kind.TYPE: kind.LISTENERS for kind in kinds}
        self._database = database
        self._connection: Connection | None = None
        self._under_way: set[str] = set()
        self._safe: list[str] = []

    def send(self, events: Sequence[Unsent]) -> None:
        if self._connection is None:
            self._connection = Connection(self._url)
            topology.declare_for_emitter(self._connection, self._kinds)
            self._channel = self._connection.channel()
        for event in events:
            name = str(event.id)
            queues = {f"{listener}.{event.type}" for listener in self._listeners.get(event.type, ())}
            if not queues:
                self._safe.append(name)
                continue
            _outstanding[name] = queues
            _safe_listeners[name] = self._became_safe
            self._under_way.add(name)
            message = self._channel.prepare_message(event.body, properties={"message_id": name})
            self._channel.basic_publish(message, topology.EVENTS.name, event.type)

    def safe(self) -> list[UUID]:
        found, self._safe = self._safe, []
        return [UUID(name) for name in found]

    def close(self) -> None:
        for name in self._under_way:
            _outstanding.pop(name, None)
            _safe_listeners.pop(name, None)
        self._under_way, self._safe = set(), []
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()

    def _became_safe(self, name: str) -> None:
        self._under_way.discard(name)
        self._safe.append(name)
        self._database.wake()


def register() -> None:
    """Makes `memory://` mean this transport."""
    TRANSPORT_ALIASES["memory"] = f"{__name__}:Transport"


def _acknowledged(name: str | None, queue: str) -> None:
    queues = _outstanding.get(name or "")
    if name is None or queues is None:
        return
    queues.discard(queue)
    if not queues:
        del _outstanding[name]
        _safe_listeners.pop(name)(name)
