"""`docs/asyncapi.yaml`: what services tell each other, for programs (AsyncAPI 3).

A channel for each event type (the exchange, routed by the type) where its emitter sends, and one for each queue where
its listener receives.
"""

from typing import Any

import yaml

from cli.docs import sources
from cli.docs.schemas import Schema, object_schema
from kernel import topology
from kernel.contracts import Event, source_of

NOTICE = "# Made from the code by `./torg docs`. Change the code, not this file.\n"
JSON = "application/cloudevents+json"

DESCRIPTION = """\
What Torg's services tell each other: CloudEvents 1.0 in JSON over AMQP 0-9-1. Delivered at least once and not always in
order: take an `id` once, and of a `subject` the newest `(epoch, sequence)` only. Fields are only ever added, with a
default.
"""


def page() -> str:
    """The text of `docs/asyncapi.yaml`."""
    return NOTICE + yaml.dump(document(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


def document() -> dict[str, Any]:
    """The AsyncAPI document."""
    kinds = sources.events()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Torg's events",
            "version": "1",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            "tags": [{"name": service} for service in sources.services()],
        },
        "defaultContentType": JSON,
        "channels": _channels(kinds),
        "operations": _operations(kinds),
        "components": {"messages": {kind.__name__: _message(kind) for kind in kinds}, "schemas": _schemas(kinds)},
    }


def _channels(kinds: list[type[Event]]) -> dict[str, Any]:
    exchange = {"name": topology.EVENTS.name, "type": "topic", "durable": True, "autoDelete": False}
    sent = {kind.TYPE: _channel(kind, kind.TYPE, {"is": "routingKey", "exchange": exchange}) for kind in kinds}
    queues = {topology.queue(listener, kind).name: kind for kind in kinds for listener in kind.LISTENERS}
    return sent | {name: _channel(kind, name, _queue(name)) for name, kind in queues.items()}


def _channel(kind: type[Event], address: str, binding: dict[str, Any]) -> dict[str, Any]:
    messages = {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"}}
    return {"address": address, "messages": messages, "bindings": {"amqp": {**binding, "bindingVersion": "0.3.0"}}}


def _queue(name: str) -> dict[str, Any]:
    return {"is": "queue", "queue": {"name": name, "durable": True, "exclusive": False, "autoDelete": False}}


def _operations(kinds: list[type[Event]]) -> dict[str, Any]:
    sends = {
        f"{kind.emitter()}-sends-{kind.__name__}": _operation("send", kind.emitter(), kind, kind.TYPE) for kind in kinds
    }
    receives = {
        f"{listener}-receives-{kind.__name__}": _operation(
            "receive", listener, kind, topology.queue(listener, kind).name
        )
        for kind in kinds
        for listener in kind.LISTENERS
    }
    return sends | receives


def _operation(action: str, service: str, kind: type[Event], channel: str) -> dict[str, Any]:
    place = f"#/channels/{channel}"
    messages = [{"$ref": f"{place}/messages/{kind.__name__}"}]
    return {"action": action, "channel": {"$ref": place}, "tags": [{"name": service}], "messages": messages}


def _message(kind: type[Event]) -> dict[str, Any]:
    envelope = {
        "source": {"const": source_of(kind)},
        "type": {"const": kind.TYPE},
        "data": {"$ref": f"#/components/schemas/{kind.__name__}"},
    }
    return {
        "name": kind.TYPE,
        "title": kind.__name__,
        "summary": sources.told(kind),
        "contentType": JSON,
        "payload": {"allOf": [{"$ref": "#/components/schemas/Envelope"}, {"type": "object", "properties": envelope}]},
    }


def _schemas(kinds: list[type[Event]]) -> dict[str, Schema]:
    parts: dict[str, Schema] = {}
    own = {kind.__name__: object_schema(kind, parts) for kind in kinds}
    return {"Envelope": ENVELOPE, **own, **dict(sorted(parts.items()))}


ENVELOPE: Schema = {
    "type": "object",
    "description": "The attributes of CloudEvents 1.0, by the names its JSON format gives them.",
    "required": ["specversion", "id", "source", "type", "subject", "time", "sequence", "datacontenttype", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid", "description": "UUIDv7; taken once by every listener."},
        "source": {"type": "string", "description": "The service that tells it."},
        "type": {"type": "string", "description": "The routing key, too."},
        "subject": {"type": "string", "description": "The id of the aggregate it tells of."},
        "time": {"type": "string", "format": "date-time"},
        "sequence": {"type": "integer", "minimum": 1, "description": "The version of the aggregate."},
        "epoch": {
            "type": "integer",
            "minimum": 0,
            "description": "Raised when the service is restored from a backup; absent: 0. Greater is newer, whatever"
            " the sequence.",
        },
        "datacontenttype": {"const": "application/json"},
        "traceparent": {"type": "string", "description": "W3C Trace Context, where the work is traced."},
        "data": {"type": "object"},
    },
}


class _Plain(yaml.SafeDumper):
    """YAML without anchors, so that a reader need not look up what stands elsewhere; long texts as they are."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Plain, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)
