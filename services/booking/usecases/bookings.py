"""The life of a booking, as persons ask for it over HTTP."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.errors import DomainError
from kernel.problems import NotFound
from kernel.versions import Expected
from services.booking import metrics
from services.booking.events import GivenUpBy
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.refusals import SlotTaken, SpaceClosed
from services.booking.model.rules import Bookable
from services.booking.model.shrinking import takes_no_more
from services.booking.store import bookings, claims
from services.booking.usecases.offers import making_way
from services.booking.usecases.placing import begin_hold, demand, make_way, place_for, tenant_of
from services.booking.usecases.recording import saved
from services.booking.usecases.standing import changing_side_of, side_of
from services.booking.usecases.steps import step
from services.booking.usecases.telling import tell


def hold(tx: Transaction, who: Caller, wanted: BookingRequest) -> Booking:
    """Holds a space for a time, until it is confirmed or the hold expires."""
    place, organisation = place_for(tx, wanted, who.person)
    tenant = tenant_of(wanted, organisation, who.person)
    new = begin_hold(tx, wanted, place, tenant=tenant, person=who.person)
    make_way(tx, [place], [new])
    demand(tx, who.person, new, place, wanted)
    if not bookings.add(tx, new, parts=place.parts):
        raise lost(tx, new)
    tell(tx, new)
    return new


def confirm(tx: Transaction, who: Caller, booking: UUID, expected: Expected) -> Booking:
    """Takes a held booking at the price it has; for those who booked it."""
    before, _ = locked(tx, who, booking)
    expected.check(before.version)
    return step(tx, before, before.accepted(now=tx.now), by=who.person)


def cancel(tx: Transaction, who: Caller, booking: UUID, expected: Expected, *, why: str | None = None) -> Booking:
    """Gives a booking up; for those who booked it, and the managers of its square."""
    before, by = to_change(tx, who, booking)
    expected.check(before.version)
    return step(tx, before, before.cancelled(now=tx.now, by=by), by=who.person, why=why)


def reschedule(
    tx: Transaction, who: Caller, booking: UUID, expected: Expected, *, why: str | None = None, **changes: Any
) -> Booking:
    """Moves a booking, or makes it smaller: it has the new time or keeps the old. For those who booked it, and the
    managers of both squares. `changes` may hold space, begins_at, ends_at, participants, noise, equipment."""
    before, by = to_change(tx, who, booking)
    expected.check(before.version)
    wanted = replace(before.request, **changes)
    place, _ = place_for(tx, wanted, who.person)
    if by == "house" and not who.manages(place.square):
        raise Forbidden
    return moved(tx, before, place, wanted, by=by, person=who.person, why=why)


def moved(
    tx: Transaction,
    before: Booking,
    place: Bookable,
    wanted: BookingRequest,
    *,
    by: GivenUpBy,
    person: UUID | None,
    why: str | None,
    offered: bool = True,
) -> Booking:
    """A locked booking at another time or place; what it leaves is `offered` to whoever waits for it. Raises SlotTaken:
    the transaction must then be rolled back."""
    after = before.rescheduled(place, wanted, now=tx.now, by=by)
    smaller = takes_no_more(before, wanted)
    if not smaller:
        make_way(tx, [place], [after])
    if by == "tenant" and person is not None and not smaller:
        demand(tx, person, after, place, wanted, instead_of=[before.id])
    with making_way(tx, [before] if offered else []):
        if not bookings.move(tx, before, after, parts=place.parts):
            raise lost(tx, after)
        return saved(tx, before, after, by=person, why=why)


def put_back(tx: Transaction, before: Booking, *, why: str) -> bool:
    """Puts a locked booking back to where it was before its tenant moved it; False if it can't be there any more."""
    try:
        with tx.savepoint():
            after = before.put_back(now=tx.now)
            place, _ = place_for(tx, after.request, before.booked_by)
            make_way(tx, [place], [after])
            with making_way(tx, [before]):
                if not bookings.move(tx, before, after, parts=place.parts):
                    raise lost(tx, after)
                saved(tx, before, after, why=why)
    except DomainError:
        return False
    return True


def lost(tx: Transaction, wanted: Booking) -> SlotTaken:
    """Why a booking did not get its time: it is closed then, or others have it."""
    metrics.CLASHES.inc()
    return SpaceClosed() if claims.closed(tx, [wanted]) else SlotTaken()


def end_early(tx: Transaction, who: Caller, booking: UUID, expected: Expected) -> Booking:
    """Those who were there have left: the rest of the time is for others."""
    before, _ = locked(tx, who, booking, managers=True)
    expected.check(before.version)
    return step(tx, before, before.ended_early(now=tx.now), by=who.person)


def locked(tx: Transaction, who: Caller, id: UUID, *, managers: bool = False) -> tuple[Booking, GivenUpBy]:
    """The booking, for one who may change it, and for whom they do. To strangers it is not there; overseers see it, and
    may not."""
    booking = bookings.lock(tx, id)
    if booking is None:
        raise NotFound
    return booking, side_of(tx, who, booking.tenant.id, booking.square, managers=managers)


def to_change(tx: Transaction, who: Caller, id: UUID) -> tuple[Booking, GivenUpBy]:
    """The same, for one who gives it up or moves it: a manager only where they have no interest of their own in it."""
    booking, _ = locked(tx, who, id, managers=True)
    return booking, changing_side_of(tx, who, booking, managers=True)
