"""Closures for everybody to see, and what closes a space at a time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, tuple_

from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.model.closures import Closure
from services.booking.store.closures import SHOWN, closing, closure_from, closures
from services.booking.store.tables import spaces

_PARTS = select(spaces.c.parts).where(spaces.c.id == bindparam("space"))


def all_closures(
    tx: Transaction,
    page: PageRequest,
    *,
    square: str | None = None,
    arena: str | None = None,
    since: datetime | None = None,
) -> Page[Closure]:
    """Announced closures that are not over, or that end after `since`; the next first."""
    wanted = SHOWN.where(closures.c.state == "announced", closures.c.ends_at > (since or tx.now))
    same = {closures.c.square: square, closures.c.arena: arena}
    wanted = wanted.where(*(column == value for column, value in same.items() if value is not None))
    order = (closures.c.begins_at, closures.c.id)
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) > after)
    rows = tx.execute(wanted.order_by(*order).limit(page.fetch))
    return page.cut([closure_from(row) for row in rows], lambda each: (each.begins_at, each.id))


def one(tx: Transaction, closure: UUID) -> Closure:
    """One closure, lifted or not."""
    row = tx.execute(SHOWN.where(closures.c.id == closure)).one_or_none()
    if row is None:
        raise NotFound
    return closure_from(row)


def closing_space(tx: Transaction, space: str, begins_at: datetime, ends_at: datetime) -> list[Closure]:
    """The closures that keep a space from being booked in some of a time, the earliest first."""
    parts: Any = tx.execute(_PARTS, {"space": space}).scalar_one_or_none() or []
    return closing(tx, parts, begins_at, ends_at)
