"""Where the margins of keys end: at the time of another tenant's booking, if the two exclude each other. They do when
their spaces have a part in common, or are one space that is not shared; a door that both pass does not matter.

A key that comes, moves or goes moves the margins of its neighbours in the same transaction. So whoever changes keys
first locks the locks of all spaces that exclude theirs, in the order of their ids (`queue`). `usecases` calls it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, DateTime, Text, Uuid, and_, bindparam, func, or_, select, text, update

from kernel.db import Transaction
from services.access import metrics, store
from services.access.events import KeyIssued
from services.access.model import LIVE, Key, Lock, Validity
from services.access.store import KEYS, key_from, keys, lock_from, locks
from services.booking.events import BookingSnapshot

AHEAD = timedelta(days=1)
"""How long before a key opens `mend` looks at its margins again."""
MENDED_AT_ONCE = 100


def _overlap(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
    return one.op("&&", is_comparison=True)(other)


_spaces = bindparam("spaces", type_=ARRAY(Text))
_named = locks.alias("named")
_AROUND = (
    select(locks)
    .where(
        select(_named.c.id).where(_named.c.space == func.any(_spaces), _overlap(_named.c.parts, locks.c.parts)).exists()
    )
    .order_by(locks.c.id)
    .with_for_update(of=locks)
)
_during = func.tstzrange(
    bindparam("since", type_=DateTime(timezone=True)), bindparam("until", type_=DateTime(timezone=True))
)
EXCLUDES = or_(
    and_(locks.c.id == bindparam("on"), locks.c.shared.is_(False)),
    and_(locks.c.id != bindparam("on"), _overlap(locks.c.parts, bindparam("parts", type_=ARRAY(Text)))),
)
"""Whether a booking at the lock of a key excludes one at the lock `on`, whose space has these `parts`."""
_another_tenant = or_(
    keys.c.tenant.is_distinct_from(bindparam("tenant", type_=Uuid)),
    and_(keys.c.tenant.is_(None), keys.c.booked_by != bindparam("booked_by")),
)
_OTHERS = KEYS.where(
    EXCLUDES,
    _another_tenant,
    keys.c.booking != bindparam("besides", type_=Uuid),
    keys.c.state.in_(LIVE),
    _overlap(func.tstzrange(keys.c.valid_from, keys.c.valid_until), _during),
).order_by(keys.c.id)
_OTHERS_TO_CHANGE = _OTHERS.with_for_update(of=keys)
# an earlier release beside this one adds locks without
_OWN_PART = (
    update(locks)
    .where(func.cardinality(locks.c.parts) == 0)
    .values(parts=func.array_append(locks.c.parts, locks.c.space))
)
_REACHING_IN = text(
    """
    WITH near AS (
        SELECT keys.booking, keys.tenant, keys.booked_by, keys.valid_from, keys.valid_until, locks.id AS lock,
               locks.space, locks.shared, part,
               coalesce(begins_at, valid_from) AS begins_at, coalesce(ends_at, valid_until) AS ends_at
          FROM keys JOIN locks ON locks.id = keys.lock CROSS JOIN unnest(locks.parts) AS part
         WHERE state IN ('issued', 'armed') AND valid_until > :now AND valid_from < :soon
    )
    SELECT DISTINCT key.booking, key.space FROM near AS key JOIN near AS other
        ON key.part = other.part AND NOT (key.lock = other.lock AND key.shared)
       AND (key.tenant IS DISTINCT FROM other.tenant OR key.tenant IS NULL AND key.booked_by <> other.booked_by)
       AND key.booking <> other.booking
       AND (other.begins_at < key.begins_at AND key.valid_from < least(other.ends_at, key.begins_at)
            OR other.ends_at > key.ends_at AND key.valid_until > greatest(other.begins_at, key.ends_at))
     ORDER BY key.space, key.booking LIMIT :most
    """
)


@dataclass(frozen=True, slots=True)
class Around:
    """The locks whose keys may have to make way for a booking, locked for this transaction; and the key of that booking
    as it was."""

    locks: Mapping[UUID, Lock]
    before: Key | None


def queue(tx: Transaction, booking: BookingSnapshot) -> Around:
    """Waits until nobody else changes keys that this booking, where it was and where it is, has to do with."""
    before = store.find_key_of_booking(tx, booking.booking)
    return Around(_around(tx, {booking.space} | ({before.door.space} if before else set())), before)


def validity(tx: Transaction, lock: Lock, booking: BookingSnapshot) -> Validity:
    """When the key of a booking opens: with the margins that others leave it."""
    whose = (booking.booking, booking.tenant.id, booking.booked_by)
    return _validity(tx, lock, booking.begins_at, booking.ends_at, *whose)


def move_others(tx: Transaction, around: Around, after: Key | None) -> None:
    """Moves the margins of others where the key of a booking was, and where it is."""
    for key in (around.before, after):
        if key is not None and key.live and key.door.lock in around.locks:
            for other in _neighbours(tx, around, key):
                _move(tx, around.locks[other.door.lock], other)


def mend(tx: Transaction, *, most: int = MENDED_AT_ONCE) -> int:
    """Moves margins of keys of the coming day that reach into the time of others; how many."""
    tx.execute(_OWN_PART)
    found = tx.execute(_REACHING_IN, {"now": tx.now, "soon": tx.now + AHEAD, "most": most}).all()
    known = _around(tx, {row.space for row in found}) if found else {}
    mended = 0
    for row in found:
        key = store.key_of_booking(tx, row.booking)
        if key is not None and key.live and key.door.lock in known:
            mended += _move(tx, known[key.door.lock], key)
    return mended


def _around(tx: Transaction, spaces: set[str]) -> dict[UUID, Lock]:
    return {row.id: lock_from(row) for row in tx.execute(_AROUND, {"spaces": sorted(spaces)})}


def _neighbours(tx: Transaction, around: Around, key: Key) -> Sequence[Key]:
    """The keys whose margins the time of this one may end, locked for this transaction."""
    reach = max(max(lock.margin_before, lock.margin_after) for lock in around.locks.values())
    times = {"since": key.time.valid_from - reach, "until": key.time.valid_until + reach}
    whose = {"besides": key.booking, "tenant": key.tenant, "booked_by": key.booked_by}
    lock = around.locks[key.door.lock]
    found = tx.execute(_OTHERS_TO_CHANGE, {"on": lock.door.lock, "parts": list(lock.parts), **times, **whose})
    return [key_from(row) for row in found]


def _validity(
    tx: Transaction,
    lock: Lock,
    begins_at: datetime,
    ends_at: datetime,
    booking: UUID,
    tenant: UUID | None,
    booked_by: str,
) -> Validity:
    widest = lock.validity(begins_at, ends_at)
    wanted: dict[str, Any] = {"on": lock.door.lock, "parts": list(lock.parts)}
    wanted |= {"since": widest.valid_from, "until": widest.valid_until}
    wanted |= {"besides": booking, "tenant": tenant, "booked_by": booked_by}
    return lock.validity(begins_at, ends_at, [key_from(row).time for row in tx.execute(_OTHERS, wanted)])


def _move(tx: Transaction, lock: Lock, key: Key) -> bool:
    """Lets the margins of a key end where they should; whether they did not."""
    time = key.time
    fitting = _validity(tx, lock, time.valid_from, time.valid_until, key.booking, key.tenant, key.booked_by)
    if fitting == key.validity:
        return False
    moved = key.with_margins(fitting, tx.now)
    store.save_key(tx, moved)
    tx.emit(moved.told(KeyIssued), subject=str(moved.id), sequence=moved.version)
    metrics.KEYS.labels("margins").inc()
    return True
