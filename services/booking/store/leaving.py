"""How waiting ends: left by whoever waits or with what it came from, over, or settled by what came of an offer."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Text, Uuid, bindparam, func, text, update

from kernel.db import Transaction
from services.booking.model.deadlines import LEAST_OFFER
from services.booking.store.tables import bookings, waitings
from services.booking.store.waitings import NEVER, STANDS, STATE, minutes

_Instant = DateTime(timezone=True)

_SETTLE = (
    update(waitings)
    .where(waitings.c.state == "offered", bookings.c.id == waitings.c.booking, bookings.c.state != "held")
    .values(state=STATE, changed_at=bindparam("now", type_=_Instant), version=waitings.c.version + 1)
    .returning(waitings.c.state)
)
_CLOSE_OVER = (
    update(waitings)
    .where(
        waitings.c.state == "waiting",
        waitings.c.latest - minutes(waitings.c.minutes) < bindparam("no_sooner", type_=_Instant),
    )
    .values(state="over", changed_at=bindparam("now", type_=_Instant), version=waitings.c.version + 1)
)
_LEAVE = (
    update(waitings)
    .where(waitings.c.state == "waiting")
    .values(state="left", changed_at=bindparam("now", type_=_Instant), version=waitings.c.version + 1)
)
_LEAVE_ONE = _LEAVE.where(waitings.c.id == bindparam("waiting"))
_LEAVE_SERIES = _LEAVE.where(
    waitings.c.series == bindparam("of", type_=Uuid),
    waitings.c.earliest >= bindparam("since", type_=_Instant),
    waitings.c.earliest <= bindparam("until", type_=_Instant),
).returning(waitings.c.earliest)
_LEAVE_WITHDRAWN = _LEAVE.where(waitings.c.space == func.any(bindparam("spaces", type_=ARRAY(Text))))
_LEAVE_FALLEN = _LEAVE.where(waitings.c.series.is_not(None), text(f"NOT {STANDS}"))
_LEAVE_ALL = _LEAVE.where((waitings.c.person == bindparam("who")) | (waitings.c.tenant == bindparam("who")))


def leave(tx: Transaction, id: UUID) -> bool:
    """Gives a place in line up. False when it is not waited in any more: it was offered, left, or is over."""
    return tx.execute(_LEAVE_ONE, {"waiting": id, "now": tx.now}).rowcount == 1


def settle(tx: Transaction) -> list[str]:
    """Writes what came of the offers that were answered, or ran out; what each came to."""
    return list(tx.execute(_SETTLE, {"now": tx.now}).scalars())


def close_over(tx: Transaction) -> int:
    """Closes those who can't be offered anything any more, as it would begin too soon; how many."""
    return tx.execute(_CLOSE_OVER, {"now": tx.now, "no_sooner": tx.now + LEAST_OFFER}).rowcount


def leave_dates(
    tx: Transaction, series: UUID, since: datetime | None = None, until: datetime | None = None
) -> list[datetime]:
    """Nobody waits any more for dates of a series that begin in this time; those that were waited for."""
    times = {"since": since or NEVER[0], "until": until or NEVER[1]}
    return list(tx.execute(_LEAVE_SERIES, {"of": series, "now": tx.now, **times}).scalars())


def leave_fallen(tx: Transaction) -> int:
    """Nobody waits any more for dates of series that stand no more; how many did."""
    return tx.execute(_LEAVE_FALLEN, {"now": tx.now}).rowcount


def leave_spaces(tx: Transaction, spaces: Collection[str]) -> int:
    """Nobody waits any more for spaces that are withdrawn; how many did."""
    return tx.execute(_LEAVE_WITHDRAWN, {"spaces": list(spaces), "now": tx.now}).rowcount if spaces else 0


def leave_all(tx: Transaction, person: UUID) -> int:
    """A person waits for nothing any more."""
    return tx.execute(_LEAVE_ALL, {"who": person, "now": tx.now}).rowcount
