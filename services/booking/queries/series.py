"""Series as those who may see them do: who booked, who may act for the tenant, and who oversees the square. To anybody
else they are not there."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, tuple_

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.model.series import Scope, SeriesConsequence, Standing, meant
from services.booking.model.series import consequence as costs
from services.booking.store import series as store
from services.booking.store.actors import may_act
from services.booking.store.bookings import SHOWN as BOOKINGS
from services.booking.store.bookings import booking_from
from services.booking.store.representatives import represented
from services.booking.store.series import SHOWN, series, series_from
from services.booking.store.tables import bookings


def one(tx: Transaction, who: Caller, id: UUID) -> dict[str, Any]:
    """A series with how it stands, its dates and its history. Raises NotFound when the caller may not see it, as when
    it isn't there."""
    row = tx.execute(SHOWN.where(series.c.id == id, _seen_by(tx, who))).one_or_none()
    if row is None:
        raise NotFound
    [found] = store.standing(tx, [series_from(row)])
    return {
        "series": found.series,
        "figures": found.figures,
        "occurrences": store.dates(tx, id),
        "history": store.steps(tx, id),
    }


def consequence(tx: Transaction, who: Caller, id: UUID, *, scope: Scope, booking: UUID | None) -> SeriesConsequence:
    """What it would cost if the caller gave these bookings of a series up now. Raises NotFound, or why they can't be
    cancelled."""
    row = tx.execute(SHOWN.where(series.c.id == id, _seen_by(tx, who))).one_or_none()
    if row is None:
        raise NotFound
    found = [booking_from(each) for each in tx.execute(BOOKINGS.where(bookings.c.series == id))]
    mine = may_act(tx, row.tenant, who.person)
    chosen = meant(found, scope, booking, now=tx.now)
    return costs(chosen, now=tx.now, by="tenant" if mine else "house")


def seen_by(
    tx: Transaction, who: Caller, page: PageRequest, *, mine: bool = False, **same: str | None
) -> Page[Standing]:
    """The series the caller may see, or only those that are `mine`, the latest first. `same` filters by columns:
    square, space, state."""
    order = (series.c.created_at, series.c.id)
    filters = [series.c[name] == value for name, value in same.items() if value is not None]
    wanted = SHOWN.where(_own(tx, who) if mine else _seen_by(tx, who), *filters)
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) < tuple_(*after))
    rows = tx.execute(wanted.order_by(*(column.desc() for column in order)).limit(page.fetch))
    found = page.cut([series_from(row) for row in rows], lambda each: (each.created_at, each.id))
    return Page(store.standing(tx, found.items), found.next_cursor)


def _own(tx: Transaction, who: Caller) -> ColumnElement[bool]:
    return or_(series.c.tenant == who.person, series.c.tenant.in_(represented(who.person, tx.now)))


def _seen_by(tx: Transaction, who: Caller) -> ColumnElement[bool]:
    everything: Any = Role.OPERATOR in who.roles
    of_my_squares = [series.c.square.in_(who.squares)] if Role.ARENA_MANAGER in who.roles else []
    return or_(everything, _own(tx, who), *of_my_squares)
