"""Takes a person out of what every service keeps besides its own tables: answers to requests, events in the outbox, and
deliveries that failed. Use cases call `forget` in the transaction that erases the person from the service's tables.
"""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog

from kernel import erased, failures, idempotency, inbox, outbox
from kernel.contracts import Envelope, Event
from kernel.db import Transaction
from kernel.ids import ids_named

log = structlog.get_logger(__name__)

UNDER_WAY = timedelta(minutes=1)
"""How long after an erasure a request that was under way may have been answered."""
_WRITTEN_BY_HAND = ("title", "why")
"""Fields of events that hold what a tenant wrote."""


def forget(
    tx: Transaction,
    person: UUID,
    things: Collection[UUID],
    *,
    erased_at: datetime,
    untitled: Collection[UUID] = (),
    subjects: Collection[UUID] = (),
    reasons: bool = False,
    under: UUID,
    kept: Collection[type[Event]] = (),
    until: datetime | None = None,
) -> None:
    """Empties answers that are about the person or these things (bookings), deletes sent events that name the person
    or are of these subjects, but for the kinds that are `kept`, and takes titles out of those not sent yet (of these
    subjects `reasons`, too, where those are written by hand). Failed deliveries from before the erasure name `under`
    instead. What was answered and happened after `until` (now, unless it is given) is of somebody who came back. Twice
    is as once."""
    of, last = list(map(str, subjects)), until or tx.now
    idempotency.erase(tx, {person, *things}, until=last)
    outbox.delete_sent(tx, str(person), of, until=last, kept=kept)
    outbox.rewrite_unsent(tx, str(person), of, lambda body: _untitled(body, erased_at, of, reasons=reasons))
    for failure in failures.naming(tx, {person, *untitled}):
        rewritten = _rewritten(failure.body, {person: under}, erased_at, untitled)
        if rewritten is None:
            failures.settle(tx, failure.id)
            log.info("failed_delivery_erased", entrypoint=failure.entrypoint)
        elif rewritten != failure.body:
            failures.rewrite(tx, failure.id, rewritten)


def until(tx: Transaction, event: Envelope[Event]) -> datetime:
    """Until when a follower may have answered, or told, what names a person of whose erasure this event tells: when it
    first took the event, and a request under way then was over."""
    return inbox.taken_at(tx, event) + UNDER_WAY


def without_erased(tx: Transaction, body: bytes) -> bytes | None:
    """The body of a delivery as it may be kept: without persons who were erased since what it tells of. None if it is
    all about such a person, or can't be read and names one: then it is not kept."""
    named = {str(each): each for each in ids_named(body.decode(errors="replace"))}
    if not named:
        return body
    at = _time(_event(body))
    gone = erased.among(tx, named, at or datetime.fromtimestamp(0, tx.now.tzinfo))
    if not gone:
        return body
    return _rewritten(body, {named[each]: uuid4() for each in gone}, at or tx.now, ())


def _rewritten(body: bytes, instead: dict[UUID, UUID], erased_at: datetime, untitled: Collection[UUID]) -> bytes | None:
    """An event that names others instead of persons, without their titles; None if nothing should be left of it."""
    told = _event(body)
    at = _time(told)
    if told is None or at is None:
        return None
    if at > erased_at:
        return body
    data = told["data"]
    if "erased_at" in data:
        return body  # who is to be forgotten must be known to be forgotten
    if data.get("person") in set(map(str, instead)):
        return None
    tenant = data.get("tenant")
    owner = tenant.get("id") if isinstance(tenant, dict) else tenant
    if owner in set(map(str, instead)) or data.get("booking") in set(map(str, untitled)):
        _blank(data)
    text = _written(told)
    for person, other in instead.items():
        text = text.replace(str(person), str(other))
    return text.encode()


def _untitled(body: str, erased_at: datetime, of: Collection[str], *, reasons: bool) -> str | None:
    """An event without what was written by hand; None if it has nothing, or is of somebody who came back."""
    told = _event(body.encode())
    at = _time(told)
    own = told is not None and told.get("subject") in of
    if told is None or at is None or (at > erased_at and not own):
        return None
    blanked = _blank(told["data"])
    if own and reasons and told["data"].get("reason"):
        told["data"]["reason"], blanked = "", True
    return _written(told) if blanked else None


def _blank(data: dict[str, Any]) -> bool:
    """Takes out what was written by hand; whether there was anything."""
    there = [name for name in _WRITTEN_BY_HAND if data.get(name)]
    data.update(dict.fromkeys(there))
    return bool(there)


def _event(body: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(body)
        return told if isinstance(told["data"], dict) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _time(told: dict[str, Any] | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(told["time"]) if told else None
        return at if at is None or at.tzinfo else None
    except (ValueError, TypeError, KeyError):
        return None


def _written(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
