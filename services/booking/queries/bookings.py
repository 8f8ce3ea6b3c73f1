"""Bookings as those who may see them do: who booked, who may act for the tenant, and who oversees the square. To
anybody else they are not there."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, tuple_

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.model.bookings import Booking
from services.booking.store.actors import represented
from services.booking.store.bookings import SHOWN, booking_from
from services.booking.store.tables import bookings


def one(tx: Transaction, who: Caller, booking: UUID) -> Booking:
    """A booking. Raises NotFound when the caller may not see it, as when it isn't there."""
    row = tx.execute(SHOWN.where(bookings.c.id == booking, _seen_by(who))).one_or_none()
    if row is None:
        raise NotFound
    return booking_from(row)


def seen_by(
    tx: Transaction, who: Caller, page: PageRequest, *, mine: bool = False, **same: str | None
) -> Page[Booking]:
    """The bookings the caller may see, or only those that are `mine`, the latest first. `same` filters by columns:
    square, space, state."""
    order = (bookings.c.begins_at, bookings.c.id)
    wanted = SHOWN.where(_own(who) if mine else _seen_by(who), *_filters(same))
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) < tuple_(*after))
    rows = tx.execute(wanted.order_by(*(column.desc() for column in order)).limit(page.fetch))
    return page.cut([booking_from(row) for row in rows], lambda each: (each.begins_at, each.id))


def _filters(same: dict[str, str | None]) -> list[ColumnElement[bool]]:
    return [bookings.c[name] == value for name, value in same.items() if value is not None]


def _own(who: Caller) -> ColumnElement[bool]:
    """Those the person booked, and those of a tenant they are or may act for."""
    return or_(
        bookings.c.booked_by == who.person,
        bookings.c.tenant == who.person,
        bookings.c.tenant.in_(represented(who.person)),
    )


def _seen_by(who: Caller) -> ColumnElement[bool]:
    everything: Any = Role.OPERATOR in who.roles
    of_my_squares = [bookings.c.square.in_(who.squares)] if Role.ARENA_MANAGER in who.roles else []
    return or_(everything, _own(who), *of_my_squares)
