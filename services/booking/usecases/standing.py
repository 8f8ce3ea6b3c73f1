"""For whom somebody changes what is booked, or waited for. Bookings, series and waiting lists ask it."""

from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.problems import NotFound
from services.booking.events import GivenUpBy
from services.booking.model.bookings import Booking
from services.booking.model.series import Series
from services.booking.store import actors, duties


def side_of(tx: Transaction, who: Caller, tenant: UUID, square: str, *, managers: bool = False) -> GivenUpBy:
    """The tenant, for those who may act for it; the house, for managers of the square where these may. To strangers it
    is not there (NotFound); overseers see it, and may not (Forbidden)."""
    # not whoever booked: who no longer may act for an organisation leaves its bookings to those who may
    if actors.may_act(tx, tenant, who.person):
        return "tenant"
    if managers and who.manages(square):
        return "house"
    raise Forbidden if who.oversees(square) else NotFound


def changing_side_of(tx: Transaction, who: Caller, changed: Booking | Series, *, managers: bool = False) -> GivenUpBy:
    """The same for who gives it up or moves it. Raises OwnInterest for who would be the house for a tenant
    that they could act for a short time ago: the house does so free of charge, and asks nobody again."""
    side = side_of(tx, who, changed.tenant.id, changed.square, managers=managers)
    if side == "house":
        duties.demand_no_interest(tx, who, changed.tenant.id)
    return side
