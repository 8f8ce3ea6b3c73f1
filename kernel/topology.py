"""The exchanges and queues: one topic exchange for all events, one queue for each listener and event type, one queue
for what a listener's worker could not even take. Their names and arguments are a contract; changed ones fail at start.

They are there before any service is, from `deploy/rabbitmq/definitions.json`, which is made from here,
and a service's own user may declare none (decision 36). Where they are missing emitters declare their listeners' queues
too, so an event waits for a service that was never started.
"""

from typing import Any
from urllib.parse import urlsplit

from amqp.exceptions import NotFound
from kombu import Connection, Exchange, Queue

from kernel import silence
from kernel.contracts import Event

EVENTS = Exchange("torg.events", type="topic", durable=True)
DEAD_LETTERS = Exchange("torg.dead-letters", type="direct", durable=True)

DELIVERY_LIMIT = 20
"""Deliveries to workers that died over it, before RabbitMQ itself sets an event aside."""


def connection(url: str, **options: Any) -> Connection:
    """A connection to the broker, not opened yet. By `amqps` the broker must have a certificate for the very name it is
    called by: py-amqp asks for one, but not whose, unless told the name."""
    parts = urlsplit(url)
    if parts.scheme == "amqps":
        options["ssl"] = {"server_hostname": parts.hostname}
    return Connection(url, connect_timeout=silence.CONNECT_SECONDS, **options)


def connect(url: str, *, heartbeat: int) -> Connection:
    """A new connection to the broker. What it asks, and is not answered in time, raises TimeoutError."""
    opened = connection(url, heartbeat=heartbeat, transport_options={"socket_settings": silence.TCP})
    opened.connect()
    if opened.transport.driver_type == "amqp":
        # py-amqp's own read_timeout is the kernel's, which sockets of eventlet know nothing of
        opened.connection.transport.sock.settimeout(silence.SILENCE_SECONDS)
    return opened


def queue(listener: str, kind: type[Event]) -> Queue:
    """The queue of a listener for an event class: a quorum queue that sets aside what kills its worker time and
    again."""
    return Queue(
        f"{listener}.{kind.TYPE}",
        exchange=EVENTS,
        routing_key=kind.TYPE,
        durable=True,
        queue_arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD_LETTERS.name,
            "x-dead-letter-routing-key": listener,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        },
    )


def dead_letter_queue(listener: str) -> Queue:
    """Where RabbitMQ puts what a listener could not take; its worker moves it on into the database."""
    return Queue(
        f"{listener}.dead-letters",
        exchange=DEAD_LETTERS,
        routing_key=listener,
        durable=True,
        queue_arguments={"x-queue-type": "quorum"},
    )


def known_events(root: type[Event] = Event) -> set[type[Event]]:
    """The event classes imported so far."""
    own = {root} if "TYPE" in vars(root) else set()
    return own.union(*(known_events(kind) for kind in root.__subclasses__()))


def emitted_by(service: str) -> list[type[Event]]:
    """The event classes a service emits, by type, of those imported so far."""
    return sorted((kind for kind in known_events() if kind.emitter() == service), key=lambda kind: kind.TYPE)


def declare_for_emitter(connection: Connection, kinds: list[type[Event]]) -> None:
    """Makes sure of the exchange, and of the queues of everyone who listens to these events."""
    _make_sure(connection, EVENTS)
    for kind in kinds:
        for listener in kind.LISTENERS:
            _make_sure(connection, dead_letter_queue(listener))
            _make_sure(connection, queue(listener, kind))


def declare_for_listener(connection: Connection, listener: str, wanted: Queue) -> None:
    """Makes sure of a queue that the listener hears. Whoever may declare it has its arguments compared, too: to declare
    what is there with others is refused (PreconditionFailed)."""
    if connection.userid == listener:
        _make_sure(connection, wanted)
    else:
        _declare(connection, wanted)


def is_there(connection: Connection, wanted: Exchange | Queue) -> bool:
    """Whether RabbitMQ has an exchange or a queue of this name. Anybody may ask."""
    try:
        with connection.channel() as channel:
            there = wanted(channel)
            there.declare(passive=True) if isinstance(wanted, Exchange) else there.queue_declare(passive=True)
    except NotFound:
        return False
    return True


def _make_sure(connection: Connection, wanted: Exchange | Queue) -> None:
    if connection.transport.driver_type != "amqp" or not is_there(connection, wanted):
        _declare(connection, wanted)


def _declare(connection: Connection, wanted: Exchange | Queue) -> None:
    with connection.channel() as channel:
        wanted(channel).declare()
