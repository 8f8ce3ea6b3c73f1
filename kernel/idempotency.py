"""Answers that are kept, so that a request sent twice with the same `Idempotency-Key` takes effect once.

`kernel.http.writes` calls this inside the transaction of the request: the key is claimed first, the answer kept last;
both are committed with the effect or not at all. A twin that comes meanwhile waits, and is given the answer.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction, kernel_metadata
from kernel.problems import Busy, IdempotencyKeyReused

idempotency_keys = Table(
    "idempotency_keys",
    kernel_metadata,
    Column("caller", Text, nullable=False),  # a digest: whose key it is, without saying who that is
    Column("key", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),  # a digest of method, path and body
    Column("status", Integer),  # null only inside the transaction that claims the key
    Column("headers", JSON(none_as_null=True)),
    Column("body", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("caller", "key"),
)
Index("idempotency_keys_age", idempotency_keys.c.created_at)

_CLAIM = insert(idempotency_keys).on_conflict_do_nothing()
_THIS = (idempotency_keys.c.caller == bindparam("of"), idempotency_keys.c.key == bindparam("named"))
_FIND = select(
    idempotency_keys.c.request, idempotency_keys.c.status, idempotency_keys.c.headers, idempotency_keys.c.body
).where(*_THIS)
_KEEP = update(idempotency_keys).where(*_THIS)


@dataclass(frozen=True, slots=True)
class Claim:
    """A key, whose it is, and the request it stands for."""

    caller: str
    key: str
    request: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given the first time."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def claim_of(caller: str, key: str, method: str, path: str, body: bytes) -> Claim:
    """The claim of a request; what identifies the caller and the request is kept as digests only."""
    request = hashlib.sha256(f"{method} {path}\n".encode() + body).digest()
    return Claim(hashlib.sha256(caller.encode()).hexdigest(), key, request)


def claim(tx: Transaction, wanted: Claim) -> Kept | None:
    """Claims the key for this transaction, or finds the answer it was given before. Waits for a twin that is under way.

    Raises IdempotencyKeyReused when the key stands for another request.
    """
    row = {"caller": wanted.caller, "key": wanted.key, "request": wanted.request, "created_at": tx.now}
    if tx.execute(_CLAIM, row).rowcount == 1:
        return None
    found = tx.execute(_FIND, {"of": wanted.caller, "named": wanted.key}).one_or_none()
    if found is None:  # pruned between the two statements
        raise Busy
    if bytes(found.request) != wanted.request:
        raise IdempotencyKeyReused
    return Kept(found.status, found.headers, bytes(found.body))


def keep(tx: Transaction, claimed: Claim, answer: Kept) -> None:
    """Keeps the answer under the key this transaction has claimed."""
    values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    tx.execute(_KEEP, {"of": claimed.caller, "named": claimed.key, **values})


def prune(tx: Transaction, *, keep: timedelta) -> int:
    """Deletes keys older than `keep`; returns how many. The elected relay calls this now and then."""
    return tx.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < tx.now - keep)).rowcount
