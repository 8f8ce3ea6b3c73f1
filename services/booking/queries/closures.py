"""Closures for everybody to see, what one would hit, and what closes a space at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Integer, Uuid, bindparam, cast, func, literal_column, select, true, tuple_

from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.model.bookings import Booking
from services.booking.model.closures import Closure
from services.booking.store.bookings import SHOWN, booking_from
from services.booking.store.closures import closing, closure_from, closures
from services.booking.store.opening import hours_around
from services.booking.store.tables import arenas, bookings, claims, spaces

_ids = func.any(bindparam("ids", type_=ARRAY(Uuid)))
_wanted = func.tstzrange(bookings.c.begins_at, bookings.c.ends_at)
_taken = func.tstzrange(
    bookings.c.begins_at - func.make_interval(0, 0, 0, 0, 0, spaces.c.setup_minutes),
    bookings.c.ends_at + func.make_interval(0, 0, 0, 0, 0, spaces.c.clearing_minutes),
)
_empty: ColumnElement[Any] = literal_column("'{}'::text[]")
_ELSEWHERE = (
    select(spaces.c.id.label("space"))
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .where(
        arenas.c.square == bookings.c.square,
        ~spaces.c.withdrawn,
        spaces.c.sharing.is_(None),
        spaces.c.premises == bookings.c.premises,
        spaces.c.capacity >= bookings.c.participants,
        (spaces.c.purposes == _empty) | (bookings.c.purpose == func.any(spaces.c.purposes)),
        (spaces.c.audiences == _empty) | (bookings.c.audience == func.any(spaces.c.audiences)),
        ~spaces.c.parts.op("&&")(cast(bindparam("closed", type_=ARRAY(Integer)), ARRAY(Integer))),
        _wanted.op("<@", is_comparison=True)(
            hours_around(spaces.c.arena, spaces.c.open_kinds, bookings.c.begins_at, bookings.c.ends_at)
        ),
        ~select(claims.c.part)
        .where(claims.c.part == func.any(spaces.c.parts), claims.c.during.op("&&")(_taken))
        .correlate(spaces, bookings)
        .exists(),
    )
    .order_by(spaces.c.capacity, spaces.c.id)
    .limit(3)
    .correlate(bookings)
    .lateral("elsewhere")
)
_ALTERNATIVES = (
    select(bookings.c.id, _ELSEWHERE.c.space).join_from(bookings, _ELSEWHERE, true()).where(bookings.c.id == _ids)
)
_HIT = SHOWN.where(bookings.c.id == _ids).order_by(bookings.c.begins_at, bookings.c.id)
_PARTS = select(spaces.c.parts).where(spaces.c.id == bindparam("space"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A booking that a closure would hit, and spaces of its square that would do instead at the same time."""

    booking: Booking
    alternatives: Sequence[str] = field(default=())


def all_closures(
    tx: Transaction,
    page: PageRequest,
    *,
    square: str | None = None,
    arena: str | None = None,
    since: datetime | None = None,
) -> Page[Closure]:
    """Announced closures that are not over, or that end after `since`; the next first."""
    wanted = select(closures).where(closures.c.state == "announced", closures.c.ends_at > (since or tx.now))
    same = {closures.c.square: square, closures.c.arena: arena}
    wanted = wanted.where(*(column == value for column, value in same.items() if value is not None))
    order = (closures.c.begins_at, closures.c.id)
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) > after)
    rows = tx.execute(wanted.order_by(*order).limit(page.fetch))
    return page.cut([closure_from(row) for row in rows], lambda each: (each.begins_at, each.id))


def one(tx: Transaction, closure: UUID) -> Closure:
    """One closure, lifted or not."""
    row = tx.execute(select(closures).where(closures.c.id == closure)).one_or_none()
    if row is None:
        raise NotFound
    return closure_from(row)


def hits(tx: Transaction, ids: Sequence[UUID], closed: Sequence[int]) -> list[Hit]:
    """Those of these holders that are bookings, the next first, and where else in their square there is room."""
    elsewhere: dict[UUID, list[str]] = {}
    for row in tx.execute(_ALTERNATIVES, {"ids": list(ids), "closed": list(closed)}):
        elsewhere.setdefault(row.id, []).append(row.space)
    found = [booking_from(row) for row in tx.execute(_HIT, {"ids": list(ids)})]
    return [Hit(booking=each, alternatives=elsewhere.get(each.id, ())) for each in found]


def closing_space(tx: Transaction, space: str, begins_at: datetime, ends_at: datetime) -> list[Closure]:
    """The closures that keep a space from being booked in some of a time, the earliest first."""
    parts: Any = tx.execute(_PARTS, {"space": space}).scalar_one_or_none() or []
    return closing(tx, parts, begins_at, ends_at)
