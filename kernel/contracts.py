"""The event envelope and the base class of an event: what services may know of each other.

An event is a frozen dataclass in its service's `events.py`. On the wire it is a CloudEvents 1.0 JSON object whose
`data` holds the dataclass's fields. Fields are only ever added, with a default; a breaking change is a new type beside
the old.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar, get_args
from uuid import UUID

from cattrs.preconf.json import make_converter


def utc_text(at: datetime) -> str:
    """Return an instant as events and answers have it: in UTC, with a Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


_converter = make_converter()
_converter.register_unstructure_hook(UUID, str)
_converter.register_structure_hook(UUID, lambda value, _: value if isinstance(value, UUID) else UUID(value))
_converter.register_unstructure_hook(datetime, utc_text)


def _aware(value: object, _: object) -> datetime:
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {value!r}")
    return at.astimezone(UTC)


def _exactly(kind: type, *others: type) -> None:
    """Takes these kinds of JSON value and no other: cattrs' own would make 5 of 5.7, and a text of anything."""

    def take(value: Any, _: object) -> Any:
        if type(value) not in (kind, *others):
            raise TypeError(f"{type(value).__name__} where {kind.__name__} is wanted")
        return kind(value)

    _converter.register_structure_hook(kind, take)


_converter.register_structure_hook(datetime, _aware)
_exactly(str)
_exactly(int)
_exactly(bool)
_exactly(float, int)


@_converter.register_structure_hook_factory(lambda kind: getattr(kind, "__origin__", None) is list)
def _list_of(kind: Any) -> Callable[[Any, Any], list[Any]]:
    """Takes a JSON array and nothing else: cattrs' own would make a list of the names in an object."""
    [item] = get_args(kind)

    def take(value: Any, _: object) -> list[Any]:
        if type(value) is not list:
            raise TypeError(f"{type(value).__name__} where list is wanted")
        return [_converter.structure(each, item) for each in value]

    return take


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, in the past tense. Subclasses say who emits it and who listens."""

    TYPE: ClassVar[str]
    """Such as "no.torg.booking.confirmed.v1"; the routing key, too."""
    LISTENERS: ClassVar[tuple[str, ...]] = ()
    """The services that listen. The emitter declares their queues, so an event waits for a service never started
    yet."""

    @classmethod
    def emitter(cls) -> str:
        """The name of the service that emits it: the third part of the type."""
        return cls.TYPE.split(".")[2]


E = TypeVar("E", bound=Event, covariant=True)


class Undecodable(Exception):
    """The body is not an event of the type asked for: not JSON, an attribute missing, or a value of the wrong kind."""


@dataclass(frozen=True, kw_only=True)
class Envelope(Generic[E]):
    """An event with what CloudEvents tells about it. `sequence` is the version of the aggregate `subject`, from 1.
    `epoch` is that of the service that emitted it: 0 until its database is restored from a backup, higher after each
    restore. Of two events the one with the greater (epoch, sequence) is the newer."""

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    sequence: int
    data: E
    traceparent: str | None = None
    epoch: int = 0

    def encode(self) -> bytes:
        """The JSON body that is published: UTF-8, keys in a stable order."""
        body = {
            "specversion": "1.0",
            "id": str(self.id),
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": _converter.unstructure(self.time),
            "sequence": self.sequence,
            "datacontenttype": "application/json",
            "data": _converter.unstructure(self.data),
        }
        if self.traceparent is not None:
            body["traceparent"] = self.traceparent
        if self.epoch:
            body["epoch"] = self.epoch
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def decode(body: bytes | str, kind: type[E]) -> Envelope[E]:
    """The event of class `kind` that `body` holds. Unknown fields are passed over; anything else wrong is
    `Undecodable`."""
    try:
        raw = json.loads(body)
        if not isinstance(raw, Mapping) or raw.get("type") != kind.TYPE:
            raise Undecodable(f"not an event of type {kind.TYPE}")
        sequence, epoch = raw["sequence"], raw.get("epoch", 0)
        if not _whole_from(1, sequence):
            raise Undecodable("sequence is not a whole number from 1")
        if not _whole_from(0, epoch):
            raise Undecodable("epoch is not a whole number from 0")
        return Envelope(
            id=UUID(raw["id"]),
            source=_converter.structure(raw["source"], str),
            type=kind.TYPE,
            subject=_converter.structure(raw["subject"], str),
            time=_aware(raw["time"], None),
            sequence=sequence,
            data=_converter.structure(raw["data"], kind),
            traceparent=_converter.structure(raw["traceparent"], str) if raw.get("traceparent") is not None else None,
            epoch=epoch,
        )
    except Undecodable:
        raise
    # cattrs, json, UUID and fromisoformat each raise kinds of their own; all of them mean one thing here
    except Exception as cause:
        raise Undecodable(f"{kind.TYPE}: {type(cause).__name__}") from cause


def _whole_from(least: int, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def source_of(kind: type[Event]) -> str:
    """The CloudEvents `source` of an event class: "/services/booking"."""
    return f"/services/{kind.emitter()}"


def plain(value: Any) -> Any:
    """A dataclass (or a list of them) as plain JSON values, by the same rules as the wire."""
    return _converter.unstructure(value)
