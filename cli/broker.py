"""Torg's queues on a given RabbitMQ: looked for, and deleted, by commands and tests that want a broker of their own."""

from collections.abc import Iterable

from kombu import Connection, Queue

from kernel import topology
from kernel.contracts import Event


def queues(kinds: Iterable[type[Event]]) -> dict[str, Queue]:
    """The queues of these event classes and of the dead letters of who listens to them, by name."""
    pairs = [(listener, kind) for kind in kinds for listener in kind.LISTENERS]
    found = [topology.queue(listener, kind) for listener, kind in pairs]
    found += [topology.dead_letter_queue(listener) for listener, _ in pairs]
    return {queue.name: queue for queue in found}


def holds_any(url: str, kinds: Iterable[type[Event]]) -> bool:
    """Whether the broker has one of the queues already: somebody's Torg is, or was, there."""
    with topology.connection(url) as connection:
        return any(topology.is_there(connection, queue) for queue in queues(kinds).values())


def clear(url: str, kinds: Iterable[type[Event]]) -> None:
    """Deletes the queues with all that waits in them, and the exchanges."""
    with topology.connection(url) as connection, connection.channel() as channel:
        for name in queues(kinds):
            channel.queue_delete(name)
        for exchange in (topology.EVENTS, topology.DEAD_LETTERS):
            channel.exchange_delete(exchange.name)


def empty(connection: Connection, kinds: Iterable[type[Event]]) -> None:
    """Throws away what waits in the queues. They stay, and so do those who are bound to them."""
    for queue in queues(kinds).values():
        if topology.is_there(connection, queue):
            queue(connection.default_channel).purge()
