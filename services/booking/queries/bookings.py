"""Bookings as those who may see them do: the tenant, who may act for it, and who oversees the square. To anybody
else they are not there."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, not_, or_, tuple_

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.duties import Decider
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.model.bookings import LIVE, Booking
from services.booking.model.prices import Consequence
from services.booking.store.actors import may_act
from services.booking.store.bookings import SHOWN, Step, booking_from, steps
from services.booking.store.comments import unseen
from services.booking.store.duties import DECIDED, deciders
from services.booking.store.representatives import represented
from services.booking.store.tables import bookings


def one(tx: Transaction, who: Caller, booking: UUID) -> Booking:
    """A booking. Raises NotFound when the caller may not see it, as when it isn't there."""
    row = tx.execute(SHOWN.where(bookings.c.id == booking, visible(tx, who))).one_or_none()
    if row is None:
        raise NotFound
    return booking_from(row)


def history(tx: Transaction, who: Caller, booking: UUID) -> list[Step]:
    """All that happened to a booking the caller may see, its making included."""
    found = one(tx, who, booking)
    since = steps(tx, booking)
    if since and since[0].version == 1:  # it came into being otherwise: imported
        return since
    return [Step(version=1, what="held", at=found.created_at, by=found.booked_by, why=None), *since]


def consequence(tx: Transaction, who: Caller, booking: UUID) -> Consequence:
    """What it would cost if the caller cancelled now. Raises NotFound, or why it can't be cancelled."""
    found = one(tx, who, booking)
    mine = may_act(tx, found.tenant.id, who.person)
    return found.consequence(now=tx.now, by="tenant" if mine else "house")


def decider(tx: Transaction, who: Caller, booking: UUID) -> Decider | None:
    """Who is to decide on a booking the caller may see; None when it awaits no decision."""
    found = one(tx, who, booking)
    return deciders(tx, who, [found])[found.id] if found.state in DECIDED else None


def seen_by(
    tx: Transaction,
    who: Caller,
    page: PageRequest,
    *,
    mine: bool = False,
    unread: bool = False,
    standing: str | None = None,
    **same: str | None,
) -> Page[Booking]:
    """The bookings the caller may see, or only those that are `mine`, the latest first; or those with comments that
    their side has not seen; or those that are live, the next first, or over. `same` filters by columns: square, space,
    state."""
    order = (bookings.c.begins_at, bookings.c.id)
    wanted = SHOWN.where(_own(tx, who) if mine else visible(tx, who), *filters(same))
    if unread:
        wanted = wanted.where(_unread(tx, who))
    next_first = standing == "live"
    if standing is not None:
        wanted = wanted.where(bookings.c.state.in_(LIVE) if next_first else bookings.c.state.not_in(LIVE))
    if after := page.after(datetime, UUID):
        here, last = tuple_(*order), tuple_(*after)
        wanted = wanted.where(here > last if next_first else here < last)
    rows = tx.execute(wanted.order_by(*(each if next_first else each.desc() for each in order)).limit(page.fetch))
    return page.cut([booking_from(row) for row in rows], lambda each: (each.begins_at, each.id))


def filters(same: dict[str, str | None]) -> list[ColumnElement[bool]]:
    """Conditions on columns that must have a value, for those that are given."""
    return [bookings.c[name] == value for name, value in same.items() if value is not None]


def _own(tx: Transaction, who: Caller) -> ColumnElement[bool]:
    """Those of a tenant the person is, or may act for today: not what they booked for an organisation they left."""
    return or_(bookings.c.tenant == who.person, bookings.c.tenant.in_(represented(who.person, tx.now)))


def _unread(tx: Transaction, who: Caller) -> ColumnElement[bool]:
    """Those where the other side wrote something new. What somebody rents and manages they read as its tenant."""
    own = _own(tx, who)
    return or_(and_(own, unseen("house")), and_(not_(own), bookings.c.square.in_(who.squares), unseen("tenant")))


def visible(tx: Transaction, who: Caller) -> ColumnElement[bool]:
    """Whether the caller may see a row of `bookings`."""
    everything: Any = Role.OPERATOR in who.roles
    of_my_squares = [bookings.c.square.in_(who.squares)] if Role.ARENA_MANAGER in who.roles else []
    return or_(everything, _own(tx, who), *of_my_squares)
