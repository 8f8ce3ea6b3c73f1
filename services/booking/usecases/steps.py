"""A step in a booking's life: saved, kept in its history, and told; and what it leaves is offered to those who wait for
it. Every step of every booking goes through here, or through `recording` inside of `offers.making_way`."""

from uuid import UUID

from kernel.db import Transaction
from services.booking.model.bookings import Booking
from services.booking.usecases.offers import making_way
from services.booking.usecases.recording import saved


def step(
    tx: Transaction, before: Booking, after: Booking, *, by: UUID | None = None, why: str | None = None
) -> Booking:
    """Takes a step. What it leaves is offered to whoever waits for it, before anybody else can see that it is free."""
    with making_way(tx, [before] if after.leaves(before) else []):
        return saved(tx, before, after, by=by, why=why)
