"""How a booking begins: held, until its price comes and its tenant confirms it. `usecases.placing` calls it."""

from datetime import datetime, timedelta
from uuid import UUID

from services.booking.model.actors import Actor
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.deadlines import UNPRICED, unpriced_until
from services.booking.model.moved import placed
from services.booking.model.rules import Bookable


def hold(
    wanted: BookingRequest,
    place: Bookable,
    *,
    tenant: Actor,
    booked_by: UUID,
    id: UUID,
    now: datetime,
    unpriced: timedelta = UNPRICED,
) -> Booking:
    """A new booking that holds the space, when the request keeps to its rules; else the rule's error. Until it has its
    price it is kept for the time `unpriced`, or until it begins."""
    place.check(wanted, wanted.begins_at, wanted.ends_at, now=now)
    return Booking(
        id=id,
        version=1,
        state="held",
        purpose=wanted.purpose,
        audience=wanted.audience,
        title=wanted.title,
        tenant=tenant,
        booked_by=booked_by,
        confirm=wanted.confirm,
        created_at=now,
        changed_at=now,
        hold_expires_at=unpriced_until(now, wanted.begins_at, now + unpriced),
        price_by=now + unpriced,
        **placed(place, wanted),
    )
