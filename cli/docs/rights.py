"""`deploy/rabbitmq/definitions.json`: the exchanges and queues there must be, and what each service's user may do.

A user is named as its service. It may publish events of its own type prefix, and take from its own queues; it may
declare, bind and delete nothing. Users and passwords are not in it: `deploy/rabbitmq/set-up` makes them first.
"""

import json
from collections.abc import Iterable
from typing import Any

from kombu import Exchange, Queue

from cli.docs import sources
from kernel import topology

VHOST = "torg"
ADMINISTRATOR = "torg"
"""The operator's own user: restores, and workers of releases up to 0.3.0, which share it."""
NOTHING = "^$"
EVERYTHING = ".*"
MOST_BYTES = 1 << 30
"""What an event queue holds before it refuses more."""


def page() -> str:
    """The file's text."""
    return json.dumps(definitions(), indent=2) + "\n"


def definitions() -> dict[str, Any]:
    """What `rabbitmqctl import_definitions` is given."""
    services = sources.services()
    queues = sorted(_queues(), key=lambda queue: str(queue.name))
    return {
        "permissions": [*map(_permission, services), _may(ADMINISTRATOR, EVERYTHING, EVERYTHING, EVERYTHING)],
        "topic_permissions": list(map(_topic_permission, services)),
        "exchanges": [_exchange(topology.EVENTS), _exchange(topology.DEAD_LETTERS)],
        "queues": [_queue(queue) for queue in queues],
        "bindings": [_binding(queue) for queue in queues],
        "policies": [_policy(services)],
    }


def _queues() -> Iterable[Queue]:
    kinds = sources.events()
    for kind in kinds:
        yield from (topology.queue(listener, kind) for listener in kind.LISTENERS)
    yield from map(topology.dead_letter_queue, sorted({listener for kind in kinds for listener in kind.LISTENERS}))


def _permission(service: str) -> dict[str, str]:
    own_queues = rf"^{service}\.(no\.torg\..+|dead-letters)$"
    return _may(service, NOTHING, _exactly(str(topology.EVENTS.name)), own_queues)


def _may(user: str, configure: str, write: str, read: str) -> dict[str, str]:
    return {"user": user, "vhost": VHOST, "configure": configure, "write": write, "read": read}


def _topic_permission(service: str) -> dict[str, str]:
    own_events = rf"^no\.torg\.{service}\."
    return {"user": service, "vhost": VHOST, "exchange": topology.EVENTS.name, "write": own_events, "read": NOTHING}


def _exactly(name: str) -> str:
    return "^" + name.replace(".", r"\.") + "$"


def _exchange(exchange: Exchange) -> dict[str, Any]:
    kept = {"durable": exchange.durable, "auto_delete": exchange.auto_delete, "internal": False}
    return {"name": exchange.name, "vhost": VHOST, "type": exchange.type, **kept, "arguments": {}}


def _queue(queue: Queue) -> dict[str, Any]:
    kept = {"durable": queue.durable, "auto_delete": queue.auto_delete, "arguments": queue.queue_arguments}
    return {"name": queue.name, "vhost": VHOST, "type": "quorum", **kept}


def _binding(queue: Queue) -> dict[str, Any]:
    return {
        "source": queue.exchange.name,
        "vhost": VHOST,
        "destination": queue.name,
        "destination_type": "queue",
        "routing_key": queue.routing_key,
        "arguments": {},
    }


def _policy(services: list[str]) -> dict[str, Any]:
    return {
        "vhost": VHOST,
        "name": "event-queues",
        "pattern": rf"^({'|'.join(services)})\.no\.torg\.",
        "apply-to": "queues",
        "priority": 0,
        "definition": {"max-length-bytes": MOST_BYTES, "queue-leader-locator": "balanced"},
    }
