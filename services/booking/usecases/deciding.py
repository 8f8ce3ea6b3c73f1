"""What arena managers decide of bookings that await approval."""

from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.versions import Expected
from services.booking.model.bookings import Booking
from services.booking.usecases.bookings import locked
from services.booking.usecases.steps import step

DECLINED = "declined_by_manager"


def approve(tx: Transaction, who: Caller, booking: UUID, expected: Expected) -> Booking:
    """Says yes to a booking."""
    before = to_decide(tx, who, booking)
    expected.check(before.version)
    return step(tx, before, before.approved(now=tx.now), by=who.person)


def decline(tx: Transaction, who: Caller, booking: UUID, expected: Expected, *, why: str) -> Booking:
    """Says no to a booking, and why."""
    before = to_decide(tx, who, booking)
    expected.check(before.version)
    return step(tx, before, before.declined(DECLINED, now=tx.now), by=who.person, why=why)


def to_decide(tx: Transaction, who: Caller, booking: UUID) -> Booking:
    """The booking, locked, for a manager of its square. To strangers it is not there."""
    found, _ = locked(tx, who, booking, managers=True)
    if not who.manages(found.square):
        raise Forbidden
    return found
