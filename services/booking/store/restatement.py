"""How far the job that restates bookings has come: one row, which the worker whose turn it is has locked."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, or_, select, tuple_, update

from kernel.db import Transaction
from services.booking.model.bookings import LIVE, Booking
from services.booking.store.bookings import SHOWN, booking_from
from services.booking.store.tables import bookings, restatement

_LOOK_BACK = timedelta(days=1)
_AFTER_ALL = UUID(int=2**128 - 1)

_place = (bookings.c.ends_at, bookings.c.id)
_reached = (bindparam("ends_at", type_=bookings.c.ends_at.type), bindparam("booking", type_=bookings.c.id.type))
_TAKE = select(
    restatement.c.begun_at, restatement.c.done, restatement.c.ends_at, restatement.c.booking
).with_for_update(skip_locked=True)
_SAVE = update(restatement)
_NEXT = (
    SHOWN.where(
        tuple_(*_place) > tuple_(*_reached),
        or_(bookings.c.state.in_(LIVE), bookings.c.changed_at > bindparam("since")),
    )
    .order_by(*_place)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One walk through the bookings that are not long over, in the order they end. `ends_at` and `booking` are the last
    one reached."""

    begun_at: datetime
    done: bool
    ends_at: datetime
    booking: UUID

    def after(self, batch: list[Booking], *, most: int) -> "Sweep":
        """The sweep when these are told; a batch of fewer than `most` was the last."""
        if len(batch) < most:
            return replace(self, done=True)
        return replace(self, ends_at=batch[-1].ends_at, booking=batch[-1].id)


def take(tx: Transaction) -> Sweep | None:
    """The sweep, locked; None when it is another worker's turn."""
    row = tx.execute(_TAKE).one_or_none()
    return Sweep(**row._mapping) if row else None


def new_sweep(now: datetime) -> Sweep:
    """A sweep that begins after what ended a day ago."""
    return Sweep(begun_at=now, done=False, ends_at=now - _LOOK_BACK, booking=_AFTER_ALL)


def next_batch(tx: Transaction, sweep: Sweep, *, most: int) -> list[Booking]:
    """The next bookings of the sweep that are live, or changed within a day of its beginning."""
    reached = {"ends_at": sweep.ends_at, "booking": sweep.booking, "since": sweep.begun_at - _LOOK_BACK, "most": most}
    return [booking_from(row) for row in tx.execute(_NEXT, reached)]


def save(tx: Transaction, sweep: Sweep) -> None:
    """Writes how far it has come."""
    values = {"begun_at": sweep.begun_at, "done": sweep.done, "ends_at": sweep.ends_at, "booking": sweep.booking}
    tx.execute(_SAVE, values)
