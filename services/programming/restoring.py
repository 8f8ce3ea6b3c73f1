"""What `./torg restore` and `./torg restored` do with programming's database, one transaction each."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel import outbox
from kernel.db import Transaction
from services.programming import store, usecases
from services.programming.model import ActivityState
from services.programming.store import activities


def after_restore(_: Transaction) -> None:
    """Nothing: what programming lost is told again by booking."""


def followed(tx: Transaction) -> set[UUID]:
    """The bookings that have an activity which is neither withdrawn nor over."""
    there = (activities.c.state != ActivityState.WITHDRAWN, activities.c.ends_at > tx.now)
    return set(tx.execute(select(activities.c.booking).where(*there)).scalars())


def described(tx: Transaction, bookings: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The activities of these bookings, for an operator."""
    return {
        row.booking: {
            "activity": str(row.id),
            "state": row.state,
            "square": row.square,
            "space": row.space,
            "begins_at": row.begins_at.isoformat(),
            "ends_at": row.ends_at.isoformat(),
        }
        for row in tx.execute(select(activities).where(activities.c.booking.in_(bookings)))
    }


def withdraw(tx: Transaction, booking: UUID) -> None:
    """Takes the activity of a booking that booking does not know out of the programme."""
    usecases.withdraw(tx, store.activity_of_booking(tx, booking))


def untitle(tx: Transaction, bookings: Collection[UUID]) -> None:
    """Takes the titles of these bookings' activities, which booking has no more."""
    titled = select(activities.c.booking).where(activities.c.title.is_not(None))
    for booking in set(tx.execute(titled).scalars()) & set(bookings):
        if (activity := store.activity_of_booking(tx, booking)) is not None:
            store.save_activity(tx, activity.untitled())
            outbox.delete_sent(tx, str(booking), [str(activity.id)], until=tx.now)
