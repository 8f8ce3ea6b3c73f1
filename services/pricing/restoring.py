"""What `./torg restore` and `./torg restored` do with pricing's database, one transaction each."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from kernel import erased
from kernel.db import Transaction
from services.pricing.model.charge import OPEN
from services.pricing.store.tables import charges, payments, quotes, waiver_entries
from services.pricing.usecases import bookings, persons

_HOLDING = ("reserved", "released", "used", "returned")
_paid = (
    select(func.coalesce(func.sum(payments.c.amount), 0))
    .where(payments.c.booking == quotes.c.booking)
    .scalar_subquery()
)
_waived = (
    select(func.coalesce(-func.sum(waiver_entries.c.amount), 0))
    .where(waiver_entries.c.booking == quotes.c.booking, waiver_entries.c.reason.in_(_HOLDING))
    .scalar_subquery()
)


def after_restore(_: Transaction) -> None:
    """Nothing: what pricing lost is told again by booking."""


def followed(tx: Transaction) -> set[UUID]:
    """The bookings that there is money in: charged, paid, or waived."""
    charged = or_(charges.c.state.in_(OPEN), charges.c.total != 0)
    wanted = select(quotes.c.booking).outerjoin(charges, charges.c.booking == quotes.c.booking)
    return set(tx.execute(wanted.where(or_(charged, _paid != 0, _waived != 0))).scalars())


def described(tx: Transaction, bookings: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The money in these bookings, in øre, for an operator, and whose it is."""
    wanted = (
        select(quotes, charges.c.total, charges.c.state, _paid.label("paid"), _waived.label("waived"))
        .outerjoin(charges, charges.c.booking == quotes.c.booking)
        .where(quotes.c.booking.in_(bookings))
    )
    return {
        row.booking: {
            "charge": row.state,
            "charged": row.total or 0,
            "paid": int(row.paid),
            "waived": int(row.waived),
            "currency": row.price["currency"] if row.price else None,
            "square": row.square,
            "booked_by": row.booked_by,
            "tenant": str(row.tenant),
        }
        for row in tx.execute(wanted)
    }


def withdraw(tx: Transaction, booking: UUID) -> None:
    """Credits what is charged for a booking that booking does not know, and gives back what it took of a waiver. What
    was paid stays, as credit."""
    bookings.withdraw(tx, booking)


def forget(tx: Transaction, person: UUID, erased_at: datetime) -> bool:
    """Forgets again a person whom the backup knows; False when it knows of their erasure."""
    if erased.among(tx, [str(person)], erased_at):
        return False
    own = or_(quotes.c.tenant == person, quotes.c.booked_by == str(person))
    booked = list(tx.execute(select(quotes.c.booking).where(own)).scalars())
    persons.forget_again(tx, person, booked, erased_at)
    return True
