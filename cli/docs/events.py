"""`docs/events.md`: what services tell each other, for people."""

from collections.abc import Iterator
from typing import Any

from cli.docs import sources
from cli.docs.schemas import Schema, object_schema
from cli.docs.tables import NOTICE, table
from kernel import topology
from kernel.contracts import Event, source_of

INTRODUCTION = f"""# Events

{NOTICE}

What the services tell each other, and all they know of each other. An event is a JSON object with the attributes of
CloudEvents 1.0; the tables below list the fields of its `data`. For programs the same is in
[asyncapi.yaml](asyncapi.yaml).

- **Attributes:** `specversion`, `id` (UUIDv7), `source`, `type`, `subject` (the aggregate's id), `time` (UTC),
  `sequence` (the aggregate's version, from 1), `epoch` once the emitter was restored from a backup (absent: 0),
  `datacontenttype`, `traceparent` where the work is traced, `data`.
- **Delivery:** at least once, and not always in order. Listeners take an `id` once, and of a `subject` the newest
  `(epoch, sequence)` only ([why](decisions/0006-newest-wins.md)).
- **Change:** fields are only added, with a default. A breaking change is a new type, `….v2`, beside the old.
- **Money** is whole øre. **Times** are RFC 3339 in UTC. A person is a pseudonym; no event holds a name of a person, a
  code or a secret.
"""

QUEUES = f"""## Queues

One quorum queue for each listener and event type, bound to the topic exchange `{topology.EVENTS.name}` by the type. A
name or an argument that changes would leave a queue behind with events in it, so all are pinned by a test. RabbitMQ
itself sets aside, by way of `{topology.DEAD_LETTERS.name}`, an event that was delivered {topology.DELIVERY_LIMIT} times
and never acknowledged; what merely fails is tried again by the listener from its own database
([operations.md](operations.md#dead-letters)).
"""


def page() -> str:
    """The text of `docs/events.md`."""
    sections = [INTRODUCTION, *(_emitter(service) for service in sources.services()), _parts(), _queues()]
    return "\n".join(sections)


def _emitter(service: str) -> str:
    kinds = _emitted_by(service)
    rows = [(f"[{kind.__name__}](#{_anchor(kind)})", sources.told(kind), _listeners(kind)) for kind in kinds]
    overview = table(("event", "when", "who listens"), rows)
    return "\n".join([f"## What {service} tells", "", overview, *map(_event, kinds)])


def _emitted_by(service: str) -> list[type[Event]]:
    """The events a service emits, by type."""
    return [kind for kind in sources.events() if kind.emitter() == service]


def _event(kind: type[Event]) -> str:
    queues = ", ".join(f"`{topology.queue(listener, kind).name}`" for listener in kind.LISTENERS)
    lines = [f"### {kind.__name__}", "", f"`{kind.TYPE}` from `{source_of(kind)}`. {sources.told(kind)}"]
    lines += ["", f"Queues: {queues or 'none'}.", "", *_carried(kind)]
    return "\n".join(lines)


def _carried(kind: type[Event]) -> Iterator[str]:
    """The fields of its own, after a word about the snapshot it carries."""
    schema, snapshot = object_schema(kind, {}), _snapshot(kind)
    inherited = object_schema(snapshot, {})["properties"] if snapshot else {}
    own = {name: each for name, each in schema["properties"].items() if name not in inherited}
    if snapshot:
        yield f"Carries all of [{snapshot.__name__}](#{_anchor(snapshot)}){', and:' if own else '.'}\n"
    if own:
        yield _fields({**schema, "properties": own})


def _snapshot(kind: type[Event]) -> type[Event] | None:
    """The class between `Event` and the event, which several events of an aggregate share."""
    base = kind.__base__
    return base if base and issubclass(base, Event) and base is not Event else None


def _fields(schema: Schema) -> str:
    rows = [
        (f"`{name}`", _kind(each), "yes" if name in schema["required"] else "no", each.get("description", ""))
        for name, each in schema["properties"].items()
    ]
    return table(("field", "kind", "always there", "meaning"), rows)


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "oneOf" in schema:
        return " or ".join(map(_kind, schema["oneOf"]))
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    return " or ".join(schema.get("format", each) if each == "string" else each for each in _types(schema))


def _types(schema: Schema) -> list[Any]:
    return schema["type"] if isinstance(schema["type"], list) else [schema["type"]]


def _listeners(kind: type[Event]) -> str:
    return ", ".join(kind.LISTENERS) or "nobody yet"


def _parts() -> str:
    """What several events carry: snapshots, and the dataclasses that fields are made of."""
    parts: dict[str, Schema] = {}
    for kind in sources.events():
        object_schema(kind, parts)
    snapshots = {base for kind in sources.events() if (base := _snapshot(kind))}
    sections = [
        f"### {base.__name__}\n\n{sources.told(base)}\n\n{_fields(object_schema(base, {}))}"
        for base in _ordered(snapshots)
    ]
    sections += [f"### {name}\n\n{_told(schema)}{_fields(schema)}" for name, schema in sorted(parts.items())]
    return "\n".join(["## What events carry", "", *sections])


def _ordered(kinds: set[type[Event]]) -> list[type[Event]]:
    return sorted(kinds, key=lambda kind: kind.__name__)


def _told(schema: Schema) -> str:
    return f"{schema['description']}\n\n" if "description" in schema else ""


def _queues() -> str:
    listeners = sorted({listener for kind in sources.events() for listener in kind.LISTENERS})
    rows = [
        (f"`{topology.queue(listener, kind).name}`", kind.__name__, kind.emitter())
        for listener in listeners
        for kind in sources.events()
        if listener in kind.LISTENERS
    ]
    rows += [
        (f"`{topology.dead_letter_queue(each).name}`", f"what {each} could not take", "the broker")
        for each in listeners
    ]
    return "\n".join([QUEUES, table(("queue", "holds", "sent by"), rows)])


def _anchor(kind: type[Event]) -> str:
    return kind.__name__.lower()
