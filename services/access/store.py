"""Access's tables, and how locks, keys and entries are loaded, locked and saved. Use cases call it; queries read the
same tables. Whoever locks more than one row takes the lock's row first, then its device's, then the key's."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    Date,
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

from kernel.clock import OSLO
from kernel.db import Transaction
from kernel.ids import new_id
from services.access.model import LIVE, Door, Entry, Key, KeyState, Lock, Validity

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
    Column("parts", ARRAY(Text), nullable=False, comment="the smallest parts of its space; empty: the space itself"),
    Column("shared", Boolean, nullable=False, comment="several bookings may have the space at once"),
    Column("checked_at", DateTime(timezone=True), nullable=False),
)
keys = Table(
    "keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("booking", Uuid, nullable=False, unique=True),
    Column("credential", Uuid, nullable=False, comment="the series or the booking: they share one code"),
    Column("tenant", Uuid),
    Column("booked_by", Text, nullable=False),
    Column("begins_at", DateTime(timezone=True)),
    Column("ends_at", DateTime(timezone=True)),
    Column("release_at", DateTime(timezone=True)),
    Column("unused_told", Boolean, nullable=False),
    Column("renewed_at", DateTime(timezone=True), comment="another code, as somebody knew the one before"),
    Column("lock", Uuid, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_until", DateTime(timezone=True), nullable=False),
    Column("code_digest", LargeBinary, nullable=False),
    Column("sealed_code", LargeBinary),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("suspended_for", Uuid, comment="the booking that has its place, if its own was lost in a restore"),
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
representations = Table(
    "representations",
    metadata,
    Column("actor", Uuid, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("role", Text, comment="null once the right is gone"),
    Column("until", Date, comment="the last day of the right, in Norway"),
    Column("renewed", Boolean, nullable=False, comment="the right is gone, and codes the person knew are renewed"),
    Column("ended_at", DateTime(timezone=True), comment="when a right that is gone was given up"),
)

_ADD_LOCK = insert(locks)
_ADD_LOCK_IF_NEW = _ADD_LOCK.on_conflict_do_nothing(index_elements=[locks.c.space])
_names = {name: _ADD_LOCK.excluded[name] for name in ("arena", "square", "space_name", "arena_name")}
_parts = {name: _ADD_LOCK.excluded[name] for name in ("parts", "shared")}
_NAME_LOCK = _ADD_LOCK.on_conflict_do_update(index_elements=[locks.c.space], set_=_names)
_PUBLISH_LOCK = _ADD_LOCK.on_conflict_do_update(index_elements=[locks.c.space], set_=_names | _parts)
KEYS = select(keys, locks.c.space, locks.c.square).join(locks, locks.c.id == keys.c.lock)
"""What `key_from` makes a key of."""

_LOCK_OF_SPACE = select(locks).where(locks.c.space == bindparam("of")).with_for_update()
_LOCK = select(locks).where(locks.c.id == bindparam("of"))
_CODE_OF = (
    select(keys.c.id, keys.c.sealed_code)
    .where(
        keys.c.credential == bindparam("of"),
        keys.c.sealed_code.is_not(None),
        # what is over or under way may have a code that somebody knows who must not
        or_(keys.c.booking == bindparam("for_booking"), keys.c.valid_from > bindparam("now")),
    )
    .order_by((keys.c.booking == bindparam("for_booking")).desc(), (keys.c.lock == bindparam("on")).desc())
    .order_by(keys.c.valid_from)
    .limit(1)
)
_KEY = KEYS.where(keys.c.id == bindparam("of"))
_KEY_TO_CHANGE = _KEY.with_for_update(of=keys)
_FIND_KEY_OF_BOOKING = KEYS.where(keys.c.booking == bindparam("of"))
_KEY_OF_BOOKING = _FIND_KEY_OF_BOOKING.with_for_update(of=keys)
_DIGESTS_IN_USE = select(keys.c.code_digest).where(
    keys.c.lock == bindparam("on"),
    keys.c.credential != bindparam("besides"),
    func.tstzrange(keys.c.valid_from, keys.c.valid_until).op("&&")(
        func.tstzrange(
            bindparam("begins", type_=DateTime(timezone=True)), bindparam("ends", type_=DateTime(timezone=True))
        )
    ),
)
_other = keys.alias("other")
_CAME_IN = (
    select(entries.c.id)
    .join(_other, _other.c.id == entries.c.key)
    .where(
        entries.c.refusal.is_(None),
        _other.c.lock == keys.c.lock,
        or_(
            _other.c.credential == keys.c.credential,
            _other.c.tenant == keys.c.tenant,
            _other.c.booked_by == keys.c.booked_by,
        ),
        _other.c.valid_from < keys.c.valid_until,
        keys.c.valid_from < _other.c.valid_until,
    )
    .correlate(keys)
)
_OPENED = select(keys.c.id).where(keys.c.id == bindparam("of"), _CAME_IN.exists())
_PERHAPS_UNUSED = (
    select(keys.c.id, keys.c.lock)
    .where(
        keys.c.state == KeyState.ARMED,
        keys.c.unused_told.is_(False),
        keys.c.release_at <= bindparam("now"),
        keys.c.valid_until > bindparam("now"),
        keys.c.changed_at <= keys.c.begins_at,
        ~_CAME_IN.exists(),
    )
    .order_by(keys.c.release_at, keys.c.id)
    .limit(bindparam("most"))
)
_RIGHTS = select(representations).where(representations.c.person == bindparam("of"))
_ADD_KEY = insert(keys)
_ADD_ENTRY = insert(entries)
_MUTABLE = (
    *("lock", "valid_from", "valid_until", "code_digest", "state", "version", "changed_at"),
    *("tenant", "begins_at", "ends_at", "release_at", "unused_told", "renewed_at"),
)
_SAVE_KEY = update(keys).where(keys.c.id == bindparam("changed")).values({name: bindparam(name) for name in _MUTABLE})
_SAVE_KEY_AND_CODE = _SAVE_KEY.values(sealed_code=bindparam("sealed_code"))

_of = keys.c.booking == func.any(bindparam("bookings", type_=ARRAY(Uuid)))
_FORGET_TENANT = update(keys).where(_of, keys.c.tenant == bindparam("who")).values(tenant=bindparam("under"))
_FORGET_BOOKER = update(keys).where(_of, keys.c.booked_by == bindparam("who")).values(booked_by=bindparam("under"))


def publish_lock(tx: Transaction, space: str, arena: str, square: str, **told: Any) -> None:
    """Puts a lock on the door of the space, unless it has one; either way it gets these names and, where they are told,
    the space's parts and whether it is shared."""
    tx.execute(_PUBLISH_LOCK if "parts" in told else _NAME_LOCK, _new_lock(tx, space, arena, square) | told)


def lock_of_space(tx: Transaction, space: str, arena: str, square: str) -> Lock:
    """The lock of a space, locked for this transaction. A space not yet published gets its lock here, without names."""
    found = tx.execute(_LOCK_OF_SPACE, {"of": space}).one_or_none()
    if found is None:
        tx.execute(_ADD_LOCK_IF_NEW, _new_lock(tx, space, arena, square))
        found = tx.execute(_LOCK_OF_SPACE, {"of": space}).one()
    return lock_from(found)


def find_lock(tx: Transaction, id: UUID) -> Lock | None:
    """A lock by its id; not locked."""
    row = tx.execute(_LOCK, {"of": id}).one_or_none()
    return lock_from(row) if row else None


def take_locks_to_check(tx: Transaction, *, most: int) -> list[Lock]:
    """The locks that were longest not compared with their keys, locked for this transaction; those that another worker
    has taken are passed over."""
    longest = select(locks).order_by(locks.c.checked_at).limit(most).with_for_update(skip_locked=True)
    found = [lock_from(row) for row in tx.execute(longest)]
    tx.execute(update(locks).where(locks.c.id.in_([lock.door.lock for lock in found])).values(checked_at=tx.now))
    return found


def key_of_booking(tx: Transaction, booking: UUID) -> Key | None:
    """The key of a booking, locked for this transaction."""
    return _first_key(tx, _KEY_OF_BOOKING, booking)


def find_key_of_booking(tx: Transaction, booking: UUID) -> Key | None:
    """The key of a booking; not locked."""
    return _first_key(tx, _FIND_KEY_OF_BOOKING, booking)


def take_key(tx: Transaction, id: UUID) -> Key | None:
    """A key by its id, locked for this transaction."""
    return _first_key(tx, _KEY_TO_CHANGE, id)


def find_key(tx: Transaction, id: UUID) -> Key | None:
    """A key by its id; not locked."""
    return _first_key(tx, _KEY, id)


def is_withdrawn(tx: Transaction, id: UUID) -> bool:
    """Whether a key is suspended or revoked, which until the end of this transaction nobody changes."""
    state = tx.execute(select(keys.c.state).where(keys.c.id == id).with_for_update(read=True)).scalar_one()
    return state not in LIVE


def take_keys_to_compare(tx: Transaction, lock: UUID, held: Collection[UUID]) -> list[Key]:
    """The live keys of a lock and those it says it holds, locked for this transaction."""
    live = (keys.c.lock == lock) & keys.c.state.in_(LIVE) & (keys.c.valid_until > tx.now)
    wanted = KEYS.where(or_(live, keys.c.id.in_(held))).order_by(keys.c.id).with_for_update(of=keys)
    return [key_from(row) for row in tx.execute(wanted)]


def sealed_code(tx: Transaction, credential: UUID, booking: UUID, lock: UUID) -> tuple[UUID, bytes] | None:
    """The code that keys of this credential have, sealed, and the key it is sealed for: the booking's own key before
    others on this lock, and those before the rest."""
    row = tx.execute(_CODE_OF, {"of": credential, "for_booking": booking, "on": lock, "now": tx.now}).one_or_none()
    return (row.id, bytes(row.sealed_code)) if row else None


def digests_in_use(tx: Transaction, lock: UUID, validity: Validity, *, besides: UUID) -> set[bytes]:
    """The digests of the codes that keys of other credentials have on this lock during some of this time, revoked keys'
    too."""
    asked = {"on": lock, "besides": besides, "begins": validity.valid_from, "ends": validity.valid_until}
    found = tx.execute(_DIGESTS_IN_USE, asked)
    return {bytes(digest) for digest in found.scalars()}


def add_key(tx: Transaction, key: Key, sealed_code: bytes) -> None:
    """Saves a new key. The database refuses a second one for the booking, and a code that another key has."""
    identity = {"id": key.id, "booking": key.booking, "credential": key.credential, "booked_by": key.booked_by}
    tx.execute(_ADD_KEY, identity | _mutable(key) | {"sealed_code": sealed_code})


def save_key(tx: Transaction, key: Key, sealed_code: bytes | None = None) -> None:
    """Saves a change of a key that this transaction has locked. With a new code if one is given, and never with a code
    once it is revoked."""
    values = {"changed": key.id} | _mutable(key)
    if sealed_code is not None or key.state is KeyState.REVOKED:
        tx.execute(_SAVE_KEY_AND_CODE, values | {"sealed_code": sealed_code})
    else:
        tx.execute(_SAVE_KEY, values)


def may_hold(tx: Transaction, key: UUID, person: str) -> bool:
    """Whether somebody may see and use a key."""
    return tx.execute(select(keys.c.id).where(keys.c.id == key, held_by(tx, person))).first() is not None


def held_by(tx: Transaction, person: str) -> ColumnElement[bool]:
    """Which keys somebody may see and use: as their tenant, or as one who may act for it today. Who booked may, too,
    until booking tells that they no longer act for the tenant."""
    known = tx.execute(_RIGHTS, {"of": person}).all()
    today = tx.now.astimezone(OSLO).date()
    acts_for = [row.actor for row in known if row.role is not None and (row.until is None or today <= row.until)]
    no_longer = [row.actor for row in known if row.actor not in acts_for]
    booked = (keys.c.booked_by == person) & (keys.c.tenant.is_(None) | keys.c.tenant.not_in(no_longer))
    return or_(keys.c.tenant.in_([*acts_for, *_as_actor(person)]), booked)


def forget_booker(tx: Transaction, person: str, bookings: Collection[UUID], *, under: UUID) -> None:
    """Puts an id of chance where a person stands in the keys of these bookings."""
    tx.execute(_FORGET_BOOKER, {"bookings": list(bookings), "who": person, "under": str(under)})
    for tenant in _as_actor(person):
        tx.execute(_FORGET_TENANT, {"bookings": list(bookings), "who": tenant, "under": under})


def perhaps_unused(tx: Transaction, *, most: int) -> dict[UUID, list[UUID]]:
    """Some keys with which no door was opened by their time, and the lock of each: by lock, the keys. The locks are
    locked for this transaction; those that another worker has are passed over."""
    found = tx.execute(_PERHAPS_UNUSED, {"now": tx.now, "most": most}).all()
    waiting = select(locks.c.id).where(locks.c.id.in_({row.lock for row in found})).order_by(locks.c.id)
    taken = tx.execute(waiting.with_for_update(skip_locked=True)).scalars().all()
    return {lock: [row.id for row in found if row.lock == lock] for lock in taken}


def opened_a_door(tx: Transaction, key: UUID) -> bool:
    """Whether this key opened its door; or another of the same tenant, series or person that is valid during some of
    its time, with which they came in and stayed."""
    return tx.execute(_OPENED, {"of": key}).first() is not None


def add_entry(tx: Transaction, entry: Entry) -> None:
    """Appends to the entry log."""
    where = {"lock": entry.door.lock, "space": entry.door.space, "square": entry.door.square}
    seen = {"refusal": entry.refusal, "key": entry.key, "booking": entry.booking}
    tx.execute(_ADD_ENTRY, {"id": entry.id, "at": entry.at} | where | seen)


def prune_entries(tx: Transaction, *, keep: timedelta) -> int:
    """Deletes entries older than `keep`; returns how many."""
    return tx.execute(delete(entries).where(entries.c.at < tx.now - keep)).rowcount


def _as_actor(person: str) -> list[UUID]:
    """The actor a person is by themself: its id is their pseudonym."""
    try:
        return [UUID(person)]
    except ValueError:
        return []


def _new_lock(tx: Transaction, space: str, arena: str, square: str) -> dict[str, Any]:
    # the margins are the table's defaults: an installer changes them there
    return {"id": new_id(), "space": space, "arena": arena, "square": square, "parts": [space], "checked_at": tx.now}


def _mutable(key: Key) -> dict[str, Any]:
    return {
        "lock": key.door.lock,
        "valid_from": key.validity.valid_from,
        "valid_until": key.validity.valid_until,
        "code_digest": key.code_digest,
        "state": key.state.value,
        "version": key.version,
        "changed_at": key.changed_at,
        "tenant": key.tenant,
        "begins_at": key.begins_at,
        "ends_at": key.ends_at,
        "release_at": key.release_at,
        "unused_told": key.unused_told,
        "renewed_at": key.renewed_at,
    }


def _first_key(tx: Transaction, wanted: Select[Any], of: UUID) -> Key | None:
    row = tx.execute(wanted, {"of": of}).one_or_none()
    return key_from(row) if row else None


def lock_from(row: Row[Any]) -> Lock:
    """The lock of a row of `locks`."""
    return Lock(Door(row.id, row.space, row.square), row.margin_before, row.margin_after, row.parts)


def key_from(row: Row[Any]) -> Key:
    """The key of a row that has its lock's space and square beside it."""
    return Key(
        id=row.id,
        booking=row.booking,
        credential=row.credential,
        tenant=row.tenant,
        booked_by=row.booked_by,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        release_at=row.release_at,
        unused_told=row.unused_told,
        renewed_at=row.renewed_at,
        door=Door(row.lock, row.space, row.square),
        validity=Validity(row.valid_from, row.valid_until),
        code_digest=bytes(row.code_digest),
        state=KeyState(row.state),
        version=row.version,
        changed_at=row.changed_at,
    )
