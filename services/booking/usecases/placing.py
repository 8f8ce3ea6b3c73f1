"""Where a booking is asked for, by whom, who makes way for it, and what binds them there. Every way of booking begins
here: single, in a series, and from the waiting list.

Lock order, for all of them: the booking that is changed (several by id) → the space (`place_for`; several by id) →
the line, where somebody waits (`waitings.queue`) → those who make way (`make_way`) → the tenant's quotas → claims, by
part and time → equipment, by number. Nobody waits for a booking while holding claims, so rivals meet in a queue and
not in a ring; where somebody waits, who makes way is not waited for. Those who move to each other's times do not wait
for each other either: what somebody is known to have is refused at once (`store.claims`), even if they are just moving
away.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from kernel.db import Transaction
from kernel.ids import new_id
from services.booking.model.actors import Actor, NotRepresentative, resident
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.default_limits import Booker
from services.booking.model.holding import hold
from services.booking.model.quotas import Asked
from services.booking.model.resources import UnknownSpace
from services.booking.model.rules import Bookable
from services.booking.store import bookings, resources, waitings
from services.booking.store import dates as meeting
from services.booking.store.dates import Taking
from services.booking.usecases import house_rules, quotas
from services.booking.usecases.recording import saved


def place_for(
    tx: Transaction, wanted: BookingRequest, person: UUID, *, until: datetime | None = None
) -> tuple[Bookable, Actor | None]:
    """The space, kept as it is until the transaction ends; and the tenant, if it is an organisation the person may act
    for. The place knows its opening hours around the time wanted, or from there until a later time."""
    found = resources.to_book(
        tx, wanted.space, wanted.begins_at, until or wanted.ends_at, tenant=wanted.tenant, person=person
    )
    if found is None:
        raise UnknownSpace(space=wanted.space)
    place, organisation = found
    if place.awaited:
        waitings.queue(tx)
    return (resources.with_equipment(tx, place) if wanted.equipment else place), organisation


def tenant_of(wanted: BookingRequest, organisation: Actor | None, person: UUID) -> Actor:
    """Who rents: the person themself, or the organisation. Raises NotRepresentative."""
    if wanted.tenant is None or wanted.tenant == person:
        return resident(person)
    if organisation is None:
        raise NotRepresentative
    return organisation


def begin_hold(tx: Transaction, wanted: BookingRequest, place: Bookable, *, tenant: Actor, person: UUID) -> Booking:
    """A new booking that holds the space, not written yet; else the rule's error."""
    unpriced = timedelta(minutes=tx.settings.unpriced_hold_minutes)
    return hold(wanted, place, tenant=tenant, booked_by=person, id=new_id(), now=tx.now, unpriced=unpriced)


def make_way(tx: Transaction, places: Iterable[Bookable], wanted: Collection[Taking]) -> None:
    """Lets holds whose time is over, and that nobody has cleared away yet, make way for what is asked for. Every way of
    booking and moving calls it before anything is counted or taken; where nothing is overdue it costs nothing. Those
    that somebody waits for stay: they are for the first in line."""
    there = list(places)
    if not any(place.overdue for place in there):
        return
    overdue = meeting.expired_in_the_way(tx, wanted)
    in_line = any(place.awaited for place in there)
    for before in bookings.lock_expired_among(tx, overdue, in_line=in_line):
        saved(tx, before, before.expired(now=tx.now))


def demand(
    tx: Transaction,
    person: UUID,
    booking: Booking,
    place: Bookable,
    wanted: BookingRequest,
    *,
    instead_of: Collection[UUID] = (),
) -> None:
    """House rules accepted by whoever books, and room in the tenant's quotas and under the limits without any."""
    house_rules.demand_accepted(tx, person, place.unaccepted, wanted.accept_house_rules)
    series = booking.series is not None
    asked = Asked(place=place, begins_at=booking.begins_at, ends_at=booking.ends_at, series=series)
    quotas.demand_room(tx, Booker(tenant=booking.tenant, person=person), [asked], instead_of=instead_of)
