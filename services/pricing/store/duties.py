"""In whose interest something is, as far as booking has told who may act for whom; and which managers are left who have
none in it: the condition by which nobody decides on what benefits them (`kernel.duties`).

Rights reach pricing a moment after they were given. `decided` finds what somebody decided on in between.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, func, literal, or_, select

from kernel.auth import Caller
from kernel.clock import OSLO
from kernel.db import Transaction
from kernel.duties import Duty
from kernel.managers import here, square_managers
from services.pricing.store.tables import agreements, hours, participants, payments, quotes, representations

_managers = square_managers.c
_manager = cast(_managers.person, Text)


def represents(tx: Transaction, actor: UUID, person: UUID) -> bool:
    """Whether a person is this actor, may act for it, or could a short time ago."""
    return bool(tx.execute(select(_interest(tx, literal(actor), literal(str(person))))).scalar_one())


def duty(tx: Transaction, who: Caller, *, square: str, tenant: UUID, persons: Collection[UUID] = ()) -> Duty:
    """How somebody stands to what is a tenant's in a square, and made by these persons."""
    free = ~or_(_managers.person.in_(persons), _interest(tx, literal(tenant), _manager))
    others = _left(tx, who, literal(square), free)
    own = or_(literal(who.person in persons), _interest(tx, literal(tenant), literal(str(who.person))))
    row = tx.execute(select(own.label("own"), others.label("others"))).one()
    return Duty(own=row.own, others=row.others)


def of_hours(tx: Transaction, who: Caller) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The two parts of a `Duty`, for rows of `hours` with their `agreements`."""
    own = _concerns(tx, literal(str(who.person)), literal(who.person))
    return own, _left(tx, who, agreements.c.square, ~_concerns(tx, _manager, _managers.person))


def without_manager(tx: Transaction) -> dict[str, int]:
    """How many hours wait to be decided on, and how many bookings to be paid, for which no manager is left."""
    in_line = select(hours).join(agreements, hours.c.agreement == agreements.c.id).where(hours.c.state == "registered")
    free = ~_concerns(tx, _manager, _managers.person)
    unpaid = select(quotes).where(quotes.c.awaits_payment.is_not(None))
    payable = ~_interest(tx, quotes.c.tenant, _manager)
    waiting = {
        "hours": in_line.where(~_left(tx, None, agreements.c.square, free)),
        "payment": unpaid.where(~_left(tx, None, quotes.c.square, payable)),
    }
    return {
        what: tx.execute(select(func.count()).select_from(rows.subquery())).scalar_one()
        for what, rows in waiting.items()
    }


def decided(tx: Transaction, actor: UUID, person: UUID, *, since: datetime) -> list[UUID]:
    """The hours, bookings and agreements of an actor that a person has decided on since then."""
    of_actor = select(hours.c.id).join(agreements, hours.c.agreement == agreements.c.id)
    approved = of_actor.where(agreements.c.tenant == actor, hours.c.decided_by == person, hours.c.decided_at >= since)
    took = select(quotes.c.booking).join(payments, payments.c.booking == quotes.c.booking)
    paid = took.where(quotes.c.tenant == actor, payments.c.registered_by == str(person), payments.c.paid_at >= since)
    made = select(agreements.c.id).where(agreements.c.tenant == actor, agreements.c.made_by == person)
    rows = approved.union_all(paid, made.where(agreements.c.created_at >= since))
    return list(tx.execute(rows).scalars())


def _concerns(tx: Transaction, person: ColumnElement[str], id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a row of `hours` is in a person's interest: theirs, or of an agreement that they are in."""
    took_part = select(participants.c.person).where(
        participants.c.agreement == hours.c.agreement, participants.c.person == id
    )
    return or_(hours.c.registered_by == id, took_part.exists(), _interest(tx, agreements.c.tenant, person))


def _left(
    tx: Transaction, who: Caller | None, square: ColumnElement[str], free: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether a manager of the square, other than this one, has come lately who is `free`."""
    theirs = [_managers.person != who.person] if who else []
    found: ColumnElement[bool] = (
        select(_managers.person).where(_managers.square == square, here(tx), free, *theirs).exists()
    )
    return found


def _interest(tx: Transaction, actor: Any, person: ColumnElement[str]) -> ColumnElement[bool]:
    since = tx.now - timedelta(days=tx.settings.own_interest_days)
    until, role = representations.c.until, representations.c.role
    not_over = and_(role.is_not(None), or_(until.is_(None), until >= since.astimezone(OSLO).date()))
    lately_ended = and_(role.is_(None), representations.c.changed_at > since)
    theirs = (representations.c.actor == actor, representations.c.person == person)
    held = select(representations.c.actor).where(*theirs, or_(not_over, lately_ended)).exists()
    return or_(cast(actor, Text) == person, held)
