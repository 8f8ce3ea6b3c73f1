"""The trace a piece of work belongs to: a W3C `traceparent` that travels from HTTP through events.

The HTTP door and the consumer open `trace(...)`; the outbox reads `current_traceparent()` when it appends an event;
every log line inside carries the trace's id as `correlation_id`, which people are shown when something went wrong.
"""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from structlog.contextvars import bound_contextvars

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)
# version 00 only has these four parts; a later version may have more after them, which we pass over
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


def current_traceparent() -> str | None:
    """The traceparent of the work at hand; None outside any."""
    return _current.get()


def new_traceparent() -> str:
    """A traceparent that starts a trace of its own."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def continued(received: str | None) -> str:
    """A traceparent in the same trace as the one received, or a new one when that is missing or malformed."""
    found = _parsed(received)
    if found is None:
        return new_traceparent()
    return f"00-{found[1]}-{secrets.token_hex(8)}-{found[2]}"


def trace_id(traceparent: str) -> str:
    """The 32 hex digits that all work of one trace has in common."""
    return traceparent[3:35]


@contextmanager
def trace(traceparent: str) -> Iterator[None]:
    """Everything inside belongs to this trace, log lines too."""
    token = _current.set(traceparent)
    try:
        with bound_contextvars(correlation_id=trace_id(traceparent)):
            yield
    finally:
        _current.reset(token)


def ids_in(body: bytes) -> dict[str, str]:
    """The ids by which logs tell of the event in `body`, as far as it has them: it may be no event at all, and then
    its texts are nobody's to log."""
    try:
        raw = json.loads(body)
        found = {"event_id": str(UUID(raw["id"]))}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    subject, traceparent = raw.get("subject"), raw.get("traceparent")
    if isinstance(subject, str):
        found["subject"] = subject
    if isinstance(traceparent, str) and _parsed(traceparent):
        found["correlation_id"] = trace_id(traceparent)
    return found


def _parsed(received: str | None) -> re.Match[str] | None:
    found = _TRACEPARENT.fullmatch(received) if received and len(received) <= 512 else None
    return None if found is None or (found[3] and received[:2] == "00") else found  # type: ignore[index]
