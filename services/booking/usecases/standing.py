"""For whom somebody changes what is booked, or waited for. Bookings, series and waiting lists ask it."""

from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.problems import NotFound
from services.booking.events import GivenUpBy
from services.booking.store import actors


def side_of(tx: Transaction, who: Caller, tenant: UUID, square: str, *, managers: bool = False) -> GivenUpBy:
    """The tenant, for those who may act for it; the house, for managers of the square where these may. To strangers it
    is not there (NotFound); overseers see it, and may not (Forbidden)."""
    # not whoever booked: who no longer may act for an organisation leaves its bookings to those who may
    if actors.may_act(tx, tenant, who.person):
        return "tenant"
    if managers and who.manages(square):
        return "house"
    raise Forbidden if who.oversees(square) else NotFound
