"""Dates that a series did not get: waited for while others have them, and moved with the series. `series` and `imports`
call it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from kernel.db import Transaction
from kernel.ids import new_id
from services.booking import metrics
from services.booking.model.recurrence import Occurrence
from services.booking.model.series import TAKEN, Series, Shift, SkippedDate
from services.booking.model.waiting import Waiting, WaitingRequest
from services.booking.store import bookings, leaving, own, waitings
from services.booking.store import series as store


def wait(tx: Transaction, series: Series, skipped: Iterable[SkippedDate]) -> None:
    """Puts a series in line for the dates that others have, and its own side has not."""
    dates = [_waiting(series, each, id=new_id(), now=tx.now) for each in skipped if each.ends_at > tx.now]
    waiting = [each for each, had in zip(dates, own.own_of_each(tx, dates), strict=True) if not had]
    waitings.add_all(tx, waiting)
    metrics.WAITINGS.labels("joined").inc(len(waiting))


def taken(skipped: Iterable[SkippedDate]) -> list[SkippedDate]:
    """Those that others have."""
    return [each for each in skipped if each.reason in TAKEN]


def move(tx: Transaction, series: Series, shift: Shift, *, since: datetime | None) -> None:
    """Moves the skipped dates of a series that has moved, from one on or (None) all, and its places in line with them:
    last in the line of the new time, as nobody has waited there. What would be over is skipped no more."""
    waited = set(leaving.leave_dates(tx, series.id, since=since))
    before = store.take_ahead(tx, series.id, since)
    moved = [(each, after) for each in before if (after := shift.of_skipped(each)).ends_at > tx.now]
    store.skip(tx, series.id, [after for _, after in moved])
    wait(tx, series, [after for each, after in moved if each.begins_at in waited])


def stands(tx: Transaction, date: SkippedDate) -> bool:
    """Whether the booking that was made for a skipped date still takes its space."""
    found = bookings.lock(tx, date.booking) if date.booking else None
    return found is not None and found.live


def _waiting(series: Series, date: SkippedDate, *, id: UUID, now: datetime) -> Waiting:
    """The place in line of a skipped date."""
    wanted = series.request(Occurrence(date.begins_at, date.ends_at))
    return Waiting(
        id=id,
        version=1,
        state="waiting",
        space=series.space,
        arena=series.arena,
        square=series.square,
        tenant=series.tenant,
        person=series.booked_by,
        earliest=date.begins_at,
        latest=date.ends_at,
        minutes=WaitingRequest(like=wanted).length,
        purpose=series.purpose,
        audience=series.audience,
        participants=series.participants,
        title=series.title,
        confirm=series.confirm,
        noise=series.noise,
        equipment=series.equipment,
        joined_at=now,
        changed_at=now,
        series=series.id,
    )
