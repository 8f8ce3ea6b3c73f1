"""Answers that are kept, so that a request sent twice with the same `Idempotency-Key` takes effect once.

`kernel.http.writes` calls this inside the transaction of the request: the key is claimed first, the answer kept last;
both are committed with the effect or not at all. A twin that comes meanwhile waits, and is given the answer. Neither
costs a message of its own: the claim goes with the request's first statement, the answer with the commit.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

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
    insert,
    select,
    update,
)

from kernel.db import Transaction, kernel_metadata
from kernel.problems import Busy, IdempotencyKeyReused
from kernel.settings import Settings

idempotency_keys = Table(
    "idempotency_keys",
    kernel_metadata,
    Column("caller", Text, nullable=False),  # a keyed digest: whose key it is, without saying who that is
    Column("key", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),  # a keyed digest of method, path and body
    Column("status", Integer),  # null only inside the transaction that claims the key
    Column("headers", JSON(none_as_null=True)),
    Column("body", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("caller", "key"),
)
Index("idempotency_keys_age", idempotency_keys.c.created_at)

_CLAIM = insert(idempotency_keys)
_TAKEN = "idempotency_keys_pkey"
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


def secret_from(settings: Settings, service: str) -> bytes:
    """What a service's digests are made with: the setting, or else the password of its database. Neither is in the
    database, so that whoever steals that can't try out which door code or which person a digest stands for."""
    given = settings.idempotency_key or urlsplit(getattr(settings, f"{service}_database_url", "")).password or ""
    return hashlib.sha256(f"torg idempotency of {service}\n{given}".encode()).digest()


def claim_of(secret: bytes, caller: str, key: str, method: str, path: str, body: bytes) -> Claim:
    """The claim of a request; what identifies the caller and the request is kept as keyed digests only."""
    request = hmac.digest(secret, f"{method} {path}\n".encode() + body, "sha256")
    return Claim(hmac.digest(secret, caller.encode(), "sha256").hex(), key, request)


class KeyTaken(Exception):
    """The key was claimed by another transaction, which is committed; `answered` has its answer."""


def claim(tx: Transaction, wanted: Claim) -> None:
    """Claims the key for this transaction, with its next statement: that one waits for a twin that is under way, and
    raises KeyTaken if the twin succeeds."""
    row = {"caller": wanted.caller, "key": wanted.key, "request": wanted.request, "created_at": tx.now}
    tx.later(_CLAIM, row, refusals={_TAKEN: KeyTaken()})


def answered(tx: Transaction, wanted: Claim) -> Kept:
    """The answer that a taken key was given. Raises IdempotencyKeyReused when the key stands for another request."""
    found = tx.execute(_FIND, {"of": wanted.caller, "named": wanted.key}).one_or_none()
    if found is None:  # pruned since
        raise Busy
    if bytes(found.request) != wanted.request:
        raise IdempotencyKeyReused
    return Kept(found.status, found.headers, bytes(found.body))


def keep(tx: Transaction, claimed: Claim, answer: Kept) -> None:
    """Keeps the answer under the key this transaction has claimed."""
    values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    tx.later(_KEEP, {"of": claimed.caller, "named": claimed.key, **values})


def prune(tx: Transaction, *, keep: timedelta) -> int:
    """Deletes keys older than `keep`; returns how many. The elected relay calls this now and then."""
    return tx.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < tx.now - keep)).rowcount
