"""Answers that are kept, so that a request sent twice with the same `Idempotency-Key` takes effect once.

`kernel.http.writes` calls this inside the transaction of the request: the key is claimed first, the answer kept last;
both are committed with the effect or not at all. A twin that comes meanwhile waits, and is given the answer. Neither
costs a message of its own: the claim goes with the request's first statement, the answer with the commit.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from kernel.db import Transaction, kernel_metadata
from kernel.ids import ids_named
from kernel.problems import AnswerErased, Busy, IdempotencyKeyReused
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
    Column("about", ARRAY(Uuid), comment="the ids that request and answer name; null: not kept then"),
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
_ABOUT = or_(
    idempotency_keys.c.about.op("&&")(bindparam("ids", type_=ARRAY(Uuid))),
    # kept by an earlier release, which did not say what an answer is about
    idempotency_keys.c.about.is_(None)
    & func.encode(idempotency_keys.c.body, "escape").regexp_match(bindparam("pattern", type_=Text)),
)
_ERASE = (
    update(idempotency_keys)
    .where(idempotency_keys.c.created_at <= bindparam("until", type_=DateTime(timezone=True)), _ABOUT)
    .values(status=AnswerErased.status, headers={}, body=b"", about=[])
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A key, whose it is, the request it stands for, and the ids that it names."""

    caller: str
    key: str
    request: bytes
    about: frozenset[UUID] = frozenset()


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


def claim_of(
    secret: bytes, caller: str, key: str, method: str, path: str, body: bytes, *, person: UUID | None = None
) -> Claim:
    """The claim of a request; what identifies it is kept as keyed digests. Whom and what it is about, among them the
    person who asks, is kept besides, so that the answer goes when they are erased."""
    request = hmac.digest(secret, f"{method} {path}\n".encode() + body, "sha256")
    about = ids_named(path) | ({person} if person else set())
    return Claim(hmac.digest(secret, caller.encode(), "sha256").hex(), key, request, frozenset(about))


class KeyTaken(Exception):
    """The key was claimed by another transaction, which is committed; `answered` has its answer."""


def claim(tx: Transaction, wanted: Claim) -> None:
    """Claims the key for this transaction, with its next statement: that one waits for a twin that is under way, and
    raises KeyTaken if the twin succeeds."""
    row = {"caller": wanted.caller, "key": wanted.key, "request": wanted.request, "created_at": tx.now}
    tx.later(_CLAIM, row, refusals={_TAKEN: KeyTaken()})


def answered(tx: Transaction, wanted: Claim) -> Kept:
    """The answer that a taken key was given. Raises IdempotencyKeyReused when the key stands for another request,
    AnswerErased when the answer went with a person it was about."""
    found = tx.execute(_FIND, {"of": wanted.caller, "named": wanted.key}).one_or_none()
    if found is None:  # pruned since
        raise Busy
    if bytes(found.request) != wanted.request:
        raise IdempotencyKeyReused
    if found.status == AnswerErased.status:
        raise AnswerErased
    return Kept(found.status, found.headers, bytes(found.body))


def keep(tx: Transaction, claimed: Claim, answer: Kept, *, lasting: bool = False) -> None:
    """Keeps the answer under the key this transaction has claimed. One that is `lasting` says nothing of anybody, and
    outlasts an erasure."""
    said = " ".join([answer.body.decode(errors="replace"), *answer.headers.values()])
    about = set() if lasting else claimed.about | ids_named(said)
    values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body, "about": sorted(about)}
    tx.later(_KEEP, {"of": claimed.caller, "named": claimed.key, **values})


def erase(tx: Transaction, about: Collection[UUID], *, until: datetime) -> int:
    """Empties the answers that were given no later than that about any of these persons and things. What was asked
    stays done once: asked again, it is answered AnswerErased. How many."""
    pattern = "|".join(map(str, sorted(about)))
    return tx.execute(_ERASE, {"ids": sorted(about), "pattern": pattern, "until": until}).rowcount


def prune(tx: Transaction, *, keep: timedelta) -> int:
    """Deletes keys older than `keep`; returns how many. The elected relay calls this now and then."""
    return tx.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < tx.now - keep)).rowcount
