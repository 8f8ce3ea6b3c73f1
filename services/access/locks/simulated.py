"""A lock that exists in the database alone: two tables stand for its flash memory. Nothing but this module reads or
writes them, so that access learns of the lock only what a real one would tell."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Uuid,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction
from services.access.locks.wrong_codes import WrongCodes
from services.access.model import Decision, Held, Limit, Validity, decide

REMEMBERED = timedelta(hours=24)
"""How long the lock can still tell a person that their time is over, before it drops their key."""

flash = MetaData()
wrong_codes = Table(
    "simulated_lock_wrong_codes",
    flash,
    Column("lock", Uuid, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", DateTime(timezone=True)),
    Column("reachable_since", DateTime(timezone=True), comment="null while it is out of reach"),
)
memory = Table(
    "simulated_lock_memory",
    flash,
    Column("lock", Uuid, primary_key=True),
    Column("key", Uuid, primary_key=True),
    Column("code_digest", LargeBinary, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_until", DateTime(timezone=True), nullable=False),
    Column("begins_at", DateTime(timezone=True)),
    Column("ends_at", DateTime(timezone=True)),
    Column("revoked", Boolean, nullable=False),
)

_LOADED = ("code_digest", "valid_from", "valid_until", "begins_at", "ends_at", "revoked")
_WAKE = insert(wrong_codes).on_conflict_do_nothing()
_TURN = (
    select(wrong_codes.c.count, wrong_codes.c.last_at, wrong_codes.c.reachable_since)
    .where(wrong_codes.c.lock == bindparam("of"))
    .with_for_update()
)
_LOAD = insert(memory)
_RELOAD = _LOAD.on_conflict_do_update(
    index_elements=[memory.c.lock, memory.c.key],
    set_={name: _LOAD.excluded[name] for name in _LOADED},
)


class SimulatedLock:
    """See `LockDevice`. It does one thing at a time, as a small processor does: each call waits for the one before."""

    def __init__(self, tx: Transaction, id: UUID) -> None:
        self._tx = tx
        self._id = id
        turn = tx.execute(_TURN, {"of": id}).one_or_none()
        if turn is None:
            tx.execute(_WAKE, {"lock": id, "count": 0, "reachable_since": tx.now})
            turn = tx.execute(_TURN, {"of": id}).one()
        self._wrong = WrongCodes(turn[0], turn.last_at)
        self._reachable_since: datetime | None = turn.reachable_since

    def reachable_since(self) -> datetime | None:
        return self._reachable_since

    def load(self, key: UUID, code_digest: bytes, validity: Validity, time: Validity) -> None:
        times = {"valid_from": validity.valid_from, "valid_until": validity.valid_until}
        times |= {"begins_at": time.valid_from, "ends_at": time.valid_until}
        row = {"lock": self._id, "key": key, "code_digest": code_digest, "revoked": False, **times}
        self._tx.execute(_RELOAD, row)

    def forget(self, key: UUID) -> None:
        # kept, but struck out, so that the lock can say "revoked" and not "unknown"
        mine = (memory.c.lock == self._id, memory.c.key == key)
        self._tx.execute(update(memory).where(*mine).values(revoked=True))

    def open(self) -> None:
        """It has no bolt to draw."""

    def held(self) -> Mapping[UUID, Validity]:
        return {held.key: held.validity for held in self._all() if not held.revoked}

    def clear_expired(self, now: datetime) -> None:
        over = memory.c.valid_until <= now - REMEMBERED
        self._tx.execute(delete(memory).where(memory.c.lock == self._id, over))

    def try_code(self, code_digest: bytes, now: datetime, limit: Limit | None) -> Decision:
        if self._wrong.paused(now):
            return Decision("too_many_attempts")
        # every entry is compared, and each in constant time: how long it takes tells nothing of the codes
        matching = [held for held in self._all() if compare_digest(held.code_digest, code_digest)]
        if not matching:
            self._count_wrong(now)
        return decide(matching, now, otherwise="unknown_code", limit=limit)

    def try_key(self, key: UUID, now: datetime, limit: Limit | None) -> Decision:
        return decide((held for held in self._all() if held.key == key), now, otherwise="not_armed", limit=limit)

    def _all(self) -> list[Held]:
        found = self._tx.execute(select(memory).where(memory.c.lock == self._id))
        return [_held(row) for row in found]

    def _count_wrong(self, now: datetime) -> None:
        self._wrong = self._wrong.another(now)
        counted = {"count": self._wrong.count, "last_at": self._wrong.last_at}
        self._tx.execute(update(wrong_codes).where(wrong_codes.c.lock == self._id).values(**counted))


def lose_contact(tx: Transaction) -> None:
    """Every lock was out of reach until now, and tells nothing of what it did meanwhile."""
    tx.execute(update(wrong_codes).values(reachable_since=tx.now))


def _held(row: Row[Any]) -> Held:
    # a key that an earlier release loaded has no time of its own
    time = Validity(row.begins_at, row.ends_at) if row.begins_at and row.ends_at else None
    return Held(row.key, Validity(row.valid_from, row.valid_until), row.revoked, bytes(row.code_digest), time)
