"""In whose interest something is, and which managers are left who have none in it: the one condition by which nobody
decides on what benefits them (`kernel.duties`).

Somebody has an interest in all that is of an actor they are, act for, or could act for a short time ago: who gives up
a right decides on nothing of it the moment after. Who booked it for others could act for them then; or has moved it in
from another system, and need not have.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, or_, select

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.duties import Decider, Duty, OwnInterest
from kernel.managers import here, square_managers
from services.booking.events import BookingState
from services.booking.model.bookings import Booking
from services.booking.model.representatives import local_date
from services.booking.store.representatives import in_force
from services.booking.store.tables import actors, bookings, representatives

DECIDED: tuple[BookingState, ...] = ("awaiting_approval", "awaiting_payment")
"""The states in which somebody is to decide on a booking."""
_managers = square_managers.c


def represents(tx: Transaction, actor: UUID, person: UUID) -> bool:
    """Whether a person is this actor, may act for it, or could a short time ago."""
    return bool(tx.execute(select(_interest(tx, literal(actor), literal(person)))).scalar_one())


def represents_number(tx: Transaction, number: str, person: UUID) -> bool:
    """Whether a person acts for any who have or claim an organisation number, or could a short time ago."""
    said = or_(actors.c.organisation_number == number, actors.c.claimed_number == number)
    wanted = select(actors.c.id).where(said, _interest(tx, actors.c.id, literal(person)))
    return tx.execute(wanted.limit(1)).first() is not None


def represented_among(tx: Transaction, tenants: Collection[UUID], person: UUID) -> set[UUID]:
    """Those of these actors that a person is, may act for, or could a short time ago."""
    wanted = select(actors.c.id).where(actors.c.id.in_(tenants), _interest(tx, actors.c.id, literal(person)))
    return {*tx.execute(wanted).scalars()} | ({person} & {*tenants})  # persons need not be kept as actors


def demand_no_interest(tx: Transaction, who: Caller, actor: UUID) -> None:
    """Raises OwnInterest when something is of an actor the caller is, or may act for."""
    if represents(tx, actor, who.person):
        raise OwnInterest


def duty(tx: Transaction, who: Caller, booking: Booking) -> Duty:
    """How somebody stands to a booking that is to be decided on."""
    return _duties(tx, who, [booking.id])[booking.id]


def deciders(tx: Transaction, who: Caller, found: Collection[Booking]) -> dict[UUID, Decider]:
    """Who is to decide on each of these bookings."""
    duties = _duties(tx, who, [each.id for each in found])
    return {each.id: duties[each.id].decider(who, each.square) for each in found}


def no_manager_left(tx: Transaction) -> ColumnElement[bool]:
    """Whether no manager of the square has come lately who may decide on a row of `bookings`."""
    nobody: ColumnElement[bool] = ~_left(tx).exists()
    return nobody


def without_manager(tx: Transaction) -> dict[BookingState, int]:
    """How many bookings wait to be approved, and to be paid, for which no manager is left."""
    wanted = select(bookings.c.state, func.count().label("number")).where(
        bookings.c.state.in_(DECIDED), bookings.c.hold_expires_at > tx.now, no_manager_left(tx)
    )
    found = {row.state: row.number for row in tx.execute(wanted.group_by(bookings.c.state))}
    return {state: found.get(state, 0) for state in DECIDED}


def _duties(tx: Transaction, who: Caller, ids: Collection[UUID]) -> dict[UUID, Duty]:
    if not ids:
        return {}
    others = _left(tx).where(_managers.person != who.person).exists()
    own = _interest(tx, bookings.c.tenant, literal(who.person))
    wanted = select(bookings.c.id, own.label("own"), others.label("others"))
    rows = tx.execute(wanted.where(bookings.c.id.in_(ids)))
    return {row.id: Duty(own=row.own, others=row.others) for row in rows}


def _left(tx: Transaction) -> Any:
    free = ~_interest(tx, bookings.c.tenant, _managers.person)
    return select(_managers.person).where(_managers.square == bookings.c.square, here(tx), free).correlate(bookings)


def _interest(tx: Transaction, actor: Any, person: Any) -> ColumnElement[bool]:
    since = tx.now - timedelta(days=tx.settings.own_interest_days)
    lately_ended = and_(representatives.c.role.is_(None), representatives.c.changed_at > since)
    theirs = (representatives.c.actor == actor, representatives.c.person == person)
    held = or_(in_force(local_date(since)), lately_ended)
    return or_(actor == person, select(representatives.c.actor).where(*theirs, held).exists())
