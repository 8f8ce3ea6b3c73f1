"""What happens to bookings as time passes. Safe to do twice at once: rows that another has locked are passed over."""

from kernel.db import Transaction
from services.booking.store import bookings, waitings
from services.booking.usecases.offers import making_way
from services.booking.usecases.recording import saved
from services.booking.usecases.steps import step

AT_ONCE = 100


def expire_holds(tx: Transaction) -> None:
    """Gives up bookings that nobody confirmed, approved or paid in time."""
    # before the rows: whoever takes what somebody waits for may be clearing holds away, too
    waitings.queue(tx)
    expired = bookings.lock_expired(tx, most=AT_ONCE)
    with making_way(tx, expired):
        for before in expired:
            saved(tx, before, before.expired(now=tx.now))


def complete_ended(tx: Transaction) -> None:
    """Completes bookings whose time is over."""
    for before in bookings.lock_over(tx, most=AT_ONCE):
        step(tx, before, before.completed(now=tx.now))
