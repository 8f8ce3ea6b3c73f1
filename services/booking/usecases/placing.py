"""Where a booking is asked for, by whom, and what binds them there. Every way of booking begins here: single, in a
series, and from the waiting list."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from kernel.db import Transaction
from services.booking.model.actors import Actor, NotRepresentative, resident
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.quotas import Asked
from services.booking.model.resources import UnknownSpace
from services.booking.model.rules import Bookable
from services.booking.store import resources
from services.booking.usecases import house_rules, quotas


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
    return (resources.with_equipment(tx, place) if wanted.equipment else place), organisation


def tenant_of(wanted: BookingRequest, organisation: Actor | None, person: UUID) -> Actor:
    """Who rents: the person themself, or the organisation. Raises NotRepresentative."""
    if wanted.tenant is None or wanted.tenant == person:
        return resident(person)
    if organisation is None:
        raise NotRepresentative
    return organisation


def demand(
    tx: Transaction,
    person: UUID,
    booking: Booking,
    place: Bookable,
    wanted: BookingRequest,
    *,
    instead_of: Collection[UUID] = (),
) -> None:
    """House rules accepted by whoever books, and room in the tenant's quotas."""
    house_rules.demand_accepted(tx, person, place.unaccepted, wanted.accept_house_rules)
    asked = Asked(place=place, begins_at=booking.begins_at, ends_at=booking.ends_at)
    quotas.demand_room(tx, booking.tenant.id, [asked], instead_of=instead_of)
