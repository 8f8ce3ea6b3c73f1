"""Keys of bookings that booking lost when it was restored from an older backup: which of them have to give way to
another booking, and how many wait for an operator. Nearly always there are none.

Called by the use cases and by `restoring`.
"""

from uuid import UUID

from sqlalchemy import DateTime, Row, Text, Uuid, bindparam, cast, func, select, update

from kernel.contracts import source_of
from kernel.db import Transaction
from kernel.unknown import reopen, unknown_subjects
from services.access.margins import EXCLUDES
from services.access.model import LIVE, KeyState, Lock, Validity
from services.access.store import keys, locks
from services.booking.events import BookingRestated

BOOKING = source_of(BookingRestated)

_since, _until = (bindparam(name, type_=DateTime(timezone=True)) for name in ("since", "until"))
_of_unknown = (
    select(unknown_subjects.c.subject)
    .where(unknown_subjects.c.source == BOOKING, unknown_subjects.c.subject == cast(keys.c.booking, Text))
    .exists()
)
_AT = (
    select(keys.c.booking)
    .join(locks, locks.c.id == keys.c.lock)
    .where(
        _of_unknown,
        EXCLUDES,
        keys.c.state.in_(LIVE),
        keys.c.booking != bindparam("besides", type_=Uuid),
        func.coalesce(keys.c.begins_at, keys.c.valid_from) < _until,
        func.coalesce(keys.c.ends_at, keys.c.valid_until) > _since,
    )
)
_HOLDER = update(keys).where(keys.c.booking == bindparam("of")).values(suspended_for=bindparam("holder"))
WAITING = (
    select(
        *(keys.c[name] for name in ("id", "booking", "state", "valid_from", "valid_until", "suspended_for")),
        *(keys.c[name] for name in ("booked_by", "tenant")),
        func.coalesce(keys.c.begins_at, keys.c.valid_from).label("begins_at"),
        func.coalesce(keys.c.ends_at, keys.c.valid_until).label("ends_at"),
        locks.c.space,
        locks.c.square,
        unknown_subjects.c.since,
    )
    .join_from(unknown_subjects, keys, cast(keys.c.booking, Text) == unknown_subjects.c.subject)
    .join(locks, locks.c.id == keys.c.lock)
    .where(unknown_subjects.c.source == BOOKING, unknown_subjects.c.settled_at.is_(None))
    .where(keys.c.state != KeyState.REVOKED, keys.c.valid_until > bindparam("now"))
)
"""The keys, not over, on which an operator has yet to decide."""
_waiting = WAITING.subquery()
_COUNT = select(
    func.count().filter(_waiting.c.state.in_(LIVE)).label("live"),
    func.count().filter(_waiting.c.state == KeyState.SUSPENDED).label("suspended"),
)


def bookings_at(tx: Transaction, lock: Lock, time: Validity, *, besides: UUID) -> list[UUID]:
    """The bookings, unknown to booking, that have a live key and exclude one at this lock in this time."""
    wanted = {"on": lock.door.lock, "parts": list(lock.parts), "since": time.valid_from, "until": time.valid_until}
    return list(tx.execute(_AT, wanted | {"besides": besides}).scalars())


def note_holder(tx: Transaction, booking: UUID, holder: UUID) -> None:
    """Notes which booking has the place and time of one that booking does not know; an operator is to decide on it,
    whatever was decided before."""
    tx.execute(_HOLDER, {"of": booking, "holder": holder})
    reopen(tx, BOOKING, str(booking))


def waiting(tx: Transaction) -> Row[tuple[int, int]]:
    """How many keys, not over, an operator has yet to decide on: `live` and `suspended`."""
    return tx.execute(_COUNT, {"now": tx.now}).one()
