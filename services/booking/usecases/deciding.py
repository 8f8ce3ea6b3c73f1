"""What arena managers decide of bookings that await approval; where none is left who may, an operator does."""

from uuid import UUID

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.problems import NotFound
from kernel.versions import Expected
from services.booking.model.bookings import Booking
from services.booking.store import actors, bookings, duties
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
    """The booking, locked, for one who may decide on it: a manager of its square with no interest of their own in it,
    else an operator. To strangers it is not there. Raises OwnInterest, ManagersDecide."""
    found = bookings.lock(tx, booking)
    if found is None or not (who.oversees(found.square) or actors.may_act(tx, found.tenant.id, who.person)):
        raise NotFound
    duties.duty(tx, who, found).demand(who, found.square)
    return found
