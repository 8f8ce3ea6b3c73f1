"""How far the job that restates bookings has come: one row, which the worker whose turn it is has locked.

A sweep goes through the bookings that are live or changed lately. After a restore it is `complete`: it goes through all
of them, those to come first, and counts them.
"""

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, tuple_, update

from kernel.db import Transaction
from services.booking.model.bookings import LIVE, Booking
from services.booking.store.bookings import SHOWN, booking_from
from services.booking.store.tables import bookings, restatement

_LOOK_BACK = timedelta(days=1)
_AFTER_ALL = UUID(int=2**128 - 1)
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)

_place = (bookings.c.ends_at, bookings.c.id)
_reached = (bindparam("ends_at", type_=bookings.c.ends_at.type), bindparam("booking", type_=bookings.c.id.type))
_SWEEP = select(*(column for column in restatement.c if column.name != "id"))
_TAKE = _SWEEP.with_for_update(skip_locked=True)
_SAVE = update(restatement)
_NEXT = (
    SHOWN.where(
        tuple_(*_place) > tuple_(*_reached),
        or_(bookings.c.state.in_(LIVE), bookings.c.changed_at > bindparam("since")),
    )
    .order_by(*_place)
    .limit(bindparam("most"))
)
_NEXT_OF_ALL = (
    SHOWN.where(
        tuple_(*_place) > tuple_(*_reached),
        or_(bindparam("until", type_=bookings.c.ends_at.type).is_(None), bookings.c.ends_at <= bindparam("until")),
    )
    .order_by(*_place)
    .limit(bindparam("most"))
)
_ALL = select(func.count()).select_from(bookings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One walk through the bookings that are not long over, in the order they end. `ends_at` and `booking` are the last
    one reached. A `complete` one has then (`until`) those that are: `told` of `expected` bookings so far."""

    begun_at: datetime
    done: bool
    ends_at: datetime
    booking: UUID
    complete: bool = False
    until: datetime | None = None
    told: int = 0
    expected: int = 0

    @property
    def under_way(self) -> bool:
        """Whether it is a complete one that has bookings to tell yet."""
        return self.complete and not self.done

    def after(self, batch: list[Booking], *, most: int) -> "Sweep":
        """The sweep when these are told; a batch of fewer than `most` was the last, but for those that are over."""
        told = replace(self, told=self.told + len(batch))
        if len(batch) == most:
            return replace(told, ends_at=batch[-1].ends_at, booking=batch[-1].id)
        if self.complete and self.until is None:
            return replace(told, until=self.begun_at - _LOOK_BACK, ends_at=_BEFORE_ALL, booking=_AFTER_ALL)
        return replace(told, done=True)


def take(tx: Transaction) -> Sweep | None:
    """The sweep, locked; None when it is another worker's turn."""
    row = tx.execute(_TAKE).one_or_none()
    return Sweep(**row._mapping) if row else None


def last(tx: Transaction) -> Sweep:
    """The sweep as it stands; not locked."""
    return Sweep(**tx.execute(_SWEEP).one()._mapping)


def new_sweep(now: datetime) -> Sweep:
    """A sweep that begins after what ended a day ago."""
    return Sweep(begun_at=now, done=False, ends_at=now - _LOOK_BACK, booking=_AFTER_ALL)


def complete_sweep(tx: Transaction) -> Sweep:
    """A sweep through all bookings, counted."""
    return replace(new_sweep(tx.now), complete=True, expected=tx.execute(_ALL).scalar_one())


def next_batch(tx: Transaction, sweep: Sweep, *, most: int) -> list[Booking]:
    """The next bookings of the sweep: all of them, or those that are live, or changed within a day of its beginning."""
    reached = {"ends_at": sweep.ends_at, "booking": sweep.booking, "most": most}
    if sweep.complete:
        rows = tx.execute(_NEXT_OF_ALL, {**reached, "until": sweep.until})
    else:
        rows = tx.execute(_NEXT, {**reached, "since": sweep.begun_at - _LOOK_BACK})
    return [booking_from(row) for row in rows]


def save(tx: Transaction, sweep: Sweep) -> None:
    """Writes how far it has come."""
    tx.execute(_SAVE, {each.name: getattr(sweep, each.name) for each in fields(sweep)})
