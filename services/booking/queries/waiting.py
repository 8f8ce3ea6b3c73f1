"""Waiting lists as those who may see them do: who waits, who may act for the tenant, and who oversees the square. To
anybody else they are not there."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, false, func, null, or_, select, tuple_

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.model.waiting import InLine, Offer
from services.booking.store.representatives import represented
from services.booking.store.tables import bookings, spaces, waitings
from services.booking.store.waitings import SHOWN, STATE, waiting_from

_before = waitings.alias("before")
_theirs, _own_space = spaces.alias("theirs"), spaces.alias("own")
_PLACE = (
    select(func.count() + 1)
    .select_from(_before.join(_theirs, _theirs.c.id == _before.c.space))
    .where(
        _before.c.state == "waiting",
        _before.c.square == waitings.c.square,
        tuple_(_before.c.joined_at, _before.c.id) < tuple_(waitings.c.joined_at, waitings.c.id),
        func.tstzrange(_before.c.earliest, _before.c.latest).op("&&")(
            func.tstzrange(waitings.c.earliest, waitings.c.latest)
        ),
        _own_space.c.id == waitings.c.space,
        _own_space.c.parts.op("&&")(_theirs.c.parts),
    )
    .correlate(waitings)
    .scalar_subquery()
)
_AWAITS_PRICE = and_(bookings.c.state == "held", bookings.c.price.is_(null()))
_IN_LINE = SHOWN.add_columns(
    _PLACE.label("place"),
    func.coalesce(_AWAITS_PRICE, false()).label("awaits_price"),
    bookings.c.space.label("offered_space"),
    bookings.c.begins_at.label("offered_from"),
    bookings.c.ends_at.label("offered_to"),
)


def one(tx: Transaction, who: Caller, id: UUID) -> InLine:
    """A waiting with its place in line. Raises NotFound when the caller may not see it, as when it isn't there."""
    row = tx.execute(_IN_LINE.where(waitings.c.id == id, _seen_by(tx, who))).one_or_none()
    if row is None:
        raise NotFound
    return _in_line(row)


def seen_by(
    tx: Transaction, who: Caller, page: PageRequest, *, mine: bool = False, state: str | None = None, **same: str | None
) -> Page[InLine]:
    """The waitings the caller may see, or only those that are `mine`, in the order in which they are offered. `same`
    filters by columns: square, space."""
    order = (waitings.c.joined_at, waitings.c.id)
    filters = [waitings.c[name] == value for name, value in same.items() if value is not None]
    wanted = _IN_LINE.where(_own(tx, who) if mine else _seen_by(tx, who), *filters)
    if state is not None:
        wanted = wanted.where(STATE.in_([state]))
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) > tuple_(*after))
    rows = tx.execute(wanted.order_by(*order).limit(page.fetch))
    return page.cut([_in_line(row) for row in rows], lambda each: (each.waiting.joined_at, each.waiting.id))


def _in_line(row: Row[Any]) -> InLine:
    waiting = waiting_from(row)
    place = row.place if waiting.state == "waiting" else None
    # read from the booking, which may be a part of the while that is waited for, or moved since
    held = Offer(space=row.offered_space, begins_at=row.offered_from, ends_at=row.offered_to)
    offer = held if waiting.state == "offered" else None
    return InLine(waiting=waiting, place=place, offer=offer, awaits_price=row.awaits_price)


def _own(tx: Transaction, who: Caller) -> ColumnElement[bool]:
    return or_(waitings.c.tenant == who.person, waitings.c.tenant.in_(represented(who.person, tx.now)))


def _seen_by(tx: Transaction, who: Caller) -> ColumnElement[bool]:
    everything: Any = Role.OPERATOR in who.roles
    of_my_squares = [waitings.c.square.in_(who.squares)] if Role.ARENA_MANAGER in who.roles else []
    return or_(everything, _own(tx, who), *of_my_squares)
