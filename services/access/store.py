"""Access's tables, and how locks, keys and entries are loaded, locked and saved. Use cases call it; queries read the
same tables. Whoever locks more than one row takes the lock's row first, then its device's, then the key's."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    DateTime,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction
from kernel.ids import new_id
from services.access.model import Door, Entry, Key, KeyState, Lock, Validity

metadata = MetaData()
locks = Table(
    "locks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("space", Text, nullable=False, unique=True),
    Column("arena", Text, nullable=False),
    Column("square", Text, nullable=False),
    Column("space_name", Text),
    Column("arena_name", Text),
    Column("margin_before", Interval, nullable=False),
    Column("margin_after", Interval, nullable=False),
    Column("checked_at", DateTime(timezone=True), nullable=False),
)
keys = Table(
    "keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("booking", Uuid, nullable=False, unique=True),
    Column("booked_by", Text, nullable=False),
    Column("lock", Uuid, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_until", DateTime(timezone=True), nullable=False),
    Column("code_digest", LargeBinary, nullable=False),
    Column("sealed_code", LargeBinary),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
entries = Table(
    "entries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("lock", Uuid, nullable=False),
    Column("space", Text, nullable=False),
    Column("square", Text, nullable=False),
    Column("refusal", Text),
    Column("key", Uuid),
    Column("booking", Uuid),
)

_ADD_LOCK = insert(locks)
_ADD_LOCK_IF_NEW = _ADD_LOCK.on_conflict_do_nothing(index_elements=[locks.c.space])
_PUBLISH_LOCK = _ADD_LOCK.on_conflict_do_update(
    index_elements=[locks.c.space],
    set_={name: _ADD_LOCK.excluded[name] for name in ("arena", "square", "space_name", "arena_name")},
)
KEYS = select(keys, locks.c.space, locks.c.square).join(locks, locks.c.id == keys.c.lock)
"""What `key_from` makes a key of."""

_LOCK_OF_SPACE = select(locks).where(locks.c.space == bindparam("of")).with_for_update()
_LOCK = select(locks).where(locks.c.id == bindparam("of"))
_KEY = KEYS.where(keys.c.id == bindparam("of"))
_KEY_TO_CHANGE = _KEY.with_for_update(of=keys)
_KEY_OF_BOOKING = KEYS.where(keys.c.booking == bindparam("of")).with_for_update(of=keys)
_DIGESTS_IN_USE = select(keys.c.code_digest).where(
    keys.c.lock == bindparam("on"),
    func.tstzrange(keys.c.valid_from, keys.c.valid_until).op("&&")(
        func.tstzrange(
            bindparam("begins", type_=DateTime(timezone=True)), bindparam("ends", type_=DateTime(timezone=True))
        )
    ),
)
_ADD_KEY = insert(keys)
_ADD_ENTRY = insert(entries)
_MUTABLE = ("lock", "valid_from", "valid_until", "code_digest", "state", "version", "changed_at")
_SAVE_KEY = update(keys).where(keys.c.id == bindparam("changed")).values({name: bindparam(name) for name in _MUTABLE})
_SAVE_KEY_AND_CODE = _SAVE_KEY.values(sealed_code=bindparam("sealed_code"))


def publish_lock(tx: Transaction, space: str, arena: str, square: str, *, space_name: str, arena_name: str) -> None:
    """Puts a lock on the door of the space, unless it has one; either way it gets these names."""
    names = {"space_name": space_name, "arena_name": arena_name}
    tx.execute(_PUBLISH_LOCK, _new_lock(tx, space, arena, square) | names)


def lock_of_space(tx: Transaction, space: str, arena: str, square: str) -> Lock:
    """The lock of a space, locked for this transaction. A space not yet published gets its lock here, without names."""
    found = tx.execute(_LOCK_OF_SPACE, {"of": space}).one_or_none()
    if found is None:
        tx.execute(_ADD_LOCK_IF_NEW, _new_lock(tx, space, arena, square))
        found = tx.execute(_LOCK_OF_SPACE, {"of": space}).one()
    return _lock(found)


def find_lock(tx: Transaction, id: UUID) -> Lock | None:
    """A lock by its id; not locked."""
    row = tx.execute(_LOCK, {"of": id}).one_or_none()
    return _lock(row) if row else None


def take_locks_to_check(tx: Transaction, *, most: int) -> list[Lock]:
    """The locks that were longest not compared with their keys, locked for this transaction; those that another worker
    has taken are passed over."""
    longest = select(locks).order_by(locks.c.checked_at).limit(most).with_for_update(skip_locked=True)
    found = [_lock(row) for row in tx.execute(longest)]
    tx.execute(update(locks).where(locks.c.id.in_([lock.door.lock for lock in found])).values(checked_at=tx.now))
    return found


def key_of_booking(tx: Transaction, booking: UUID) -> Key | None:
    """The key of a booking, locked for this transaction."""
    return _first_key(tx, _KEY_OF_BOOKING, booking)


def take_key(tx: Transaction, id: UUID) -> Key | None:
    """A key by its id, locked for this transaction."""
    return _first_key(tx, _KEY_TO_CHANGE, id)


def find_key(tx: Transaction, id: UUID) -> Key | None:
    """A key by its id; not locked."""
    return _first_key(tx, _KEY, id)


def is_revoked(tx: Transaction, id: UUID) -> bool:
    """Whether a key is revoked, which until the end of this transaction nobody changes."""
    state = tx.execute(select(keys.c.state).where(keys.c.id == id).with_for_update(read=True)).scalar_one()
    return bool(state == KeyState.REVOKED)


def take_keys_to_compare(tx: Transaction, lock: UUID, held: Collection[UUID]) -> list[Key]:
    """The live keys of a lock and those it says it holds, locked for this transaction."""
    live = (keys.c.lock == lock) & (keys.c.state != KeyState.REVOKED) & (keys.c.valid_until > tx.now)
    wanted = KEYS.where(or_(live, keys.c.id.in_(held))).order_by(keys.c.id).with_for_update(of=keys)
    return [key_from(row) for row in tx.execute(wanted)]


def digests_in_use(tx: Transaction, lock: UUID, validity: Validity) -> set[bytes]:
    """The digests of the codes some key has on this lock during some of this time, revoked keys' too."""
    asked = {"on": lock, "begins": validity.valid_from, "ends": validity.valid_until}
    found = tx.execute(_DIGESTS_IN_USE, asked)
    return {bytes(digest) for digest in found.scalars()}


def add_key(tx: Transaction, key: Key, sealed_code: bytes) -> None:
    """Saves a new key. The database refuses a second one for the booking, and a code that another key has."""
    identity = {"id": key.id, "booking": key.booking, "booked_by": key.booked_by}
    tx.execute(_ADD_KEY, identity | _mutable(key) | {"sealed_code": sealed_code})


def save_key(tx: Transaction, key: Key, sealed_code: bytes | None = None) -> None:
    """Saves a change of a key that this transaction has locked. With a new code if one is given, and never with a code
    once it is revoked."""
    values = {"changed": key.id} | _mutable(key)
    if sealed_code is not None or key.state is KeyState.REVOKED:
        tx.execute(_SAVE_KEY_AND_CODE, values | {"sealed_code": sealed_code})
    else:
        tx.execute(_SAVE_KEY, values)


def add_entry(tx: Transaction, entry: Entry) -> None:
    """Appends to the entry log."""
    where = {"lock": entry.door.lock, "space": entry.door.space, "square": entry.door.square}
    seen = {"refusal": entry.refusal, "key": entry.key, "booking": entry.booking}
    tx.execute(_ADD_ENTRY, {"id": entry.id, "at": entry.at} | where | seen)


def prune_entries(tx: Transaction, *, keep: timedelta) -> int:
    """Deletes entries older than `keep`; returns how many."""
    return tx.execute(delete(entries).where(entries.c.at < tx.now - keep)).rowcount


def _new_lock(tx: Transaction, space: str, arena: str, square: str) -> dict[str, Any]:
    # the margins are the table's defaults: an installer changes them there
    return {"id": new_id(), "space": space, "arena": arena, "square": square, "checked_at": tx.now}


def _mutable(key: Key) -> dict[str, Any]:
    return {
        "lock": key.door.lock,
        "valid_from": key.validity.valid_from,
        "valid_until": key.validity.valid_until,
        "code_digest": key.code_digest,
        "state": key.state.value,
        "version": key.version,
        "changed_at": key.changed_at,
    }


def _first_key(tx: Transaction, wanted: Select[Any], of: UUID) -> Key | None:
    row = tx.execute(wanted, {"of": of}).one_or_none()
    return key_from(row) if row else None


def _lock(row: Row[Any]) -> Lock:
    return Lock(Door(row.id, row.space, row.square), row.margin_before, row.margin_after)


def key_from(row: Row[Any]) -> Key:
    """The key of a row that has its lock's space and square beside it."""
    return Key(
        id=row.id,
        booking=row.booking,
        booked_by=row.booked_by,
        door=Door(row.lock, row.space, row.square),
        validity=Validity(row.valid_from, row.valid_until),
        code_digest=bytes(row.code_digest),
        state=KeyState(row.state),
        version=row.version,
        changed_at=row.changed_at,
    )
