"""Names and arguments of exchanges and queues. A change would leave a queue behind with events in it, or keep consumers
from starting: it needs a plan for what waits there, and then a new golden file."""

from typing import Any

from kombu import Exchange, Queue

from cli.docs import sources
from kernel import topology
from tests.contract import golden


def described_exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "name": exchange.name,
        "type": exchange.type,
        "durable": exchange.durable,
        "auto_delete": exchange.auto_delete,
    }


def described_queue(queue: Queue) -> dict[str, Any]:
    return {
        "exchange": queue.exchange.name,
        "routing_key": queue.routing_key,
        "durable": queue.durable,
        "exclusive": queue.exclusive,
        "auto_delete": queue.auto_delete,
        "arguments": queue.queue_arguments,
    }


def test_exchanges_and_queues_are_as_pinned() -> None:
    kinds = sources.events()
    listeners = sorted({listener for kind in kinds for listener in kind.LISTENERS})
    queues = [topology.queue(listener, kind) for kind in kinds for listener in kind.LISTENERS]
    queues += [topology.dead_letter_queue(listener) for listener in listeners]
    found = {
        "exchanges": [described_exchange(topology.EVENTS), described_exchange(topology.DEAD_LETTERS)],
        "queues": {queue.name: described_queue(queue) for queue in sorted(queues, key=lambda queue: queue.name)},
    }
    assert golden.pretty(found) == golden.written("queues.json")


def test_no_queue_is_named_after_a_method() -> None:
    for kind in sources.events():
        for listener in kind.LISTENERS:
            assert topology.queue(listener, kind).name == f"{listener}.{kind.TYPE}"
