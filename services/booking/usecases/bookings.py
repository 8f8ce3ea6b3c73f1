"""The life of a booking, as persons ask for it over HTTP and as time passes."""

from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.ids import new_id
from kernel.problems import NotFound
from kernel.versions import Expected
from services.booking import metrics
from services.booking.model import bookings as model
from services.booking.model.actors import Actor, NotRepresentative, resident
from services.booking.model.bookings import Booking, BookingRequest, SlotTaken
from services.booking.model.resources import UnknownSpace
from services.booking.store import actors, bookings, resources

_EXPIRED_AT_ONCE = 100


def hold(tx: Transaction, who: Caller, wanted: BookingRequest) -> Booking:
    """Holds a space for a time, until it is confirmed or the hold expires."""
    found = resources.to_book(tx, wanted.space, tenant=wanted.tenant, person=who.person)
    if found is None:
        raise UnknownSpace(space=wanted.space)
    place, organisation = found
    tenant = _tenant(wanted, organisation, who)
    held = model.hold(wanted, place, tenant=tenant, booked_by=who.person, id=new_id(), now=tx.now)
    if not bookings.add(tx, held, parts=place.parts):
        metrics.CLASHES.inc()
        raise SlotTaken
    _tell(tx, held)
    return held


def confirm(tx: Transaction, who: Caller, booking: UUID, expected: Expected) -> Booking:
    """Confirms a held booking at the price it has; for those who booked it."""
    before = _locked(tx, who, booking, by_managers=False)
    expected.check(before.version)
    return step(tx, before, before.confirmed(now=tx.now))


def cancel(tx: Transaction, who: Caller, booking: UUID, expected: Expected) -> Booking:
    """Gives a booking up; for those who booked it, and the managers of its square."""
    before = _locked(tx, who, booking, by_managers=True)
    expected.check(before.version)
    return step(tx, before, before.cancelled(now=tx.now))


def expire_holds(tx: Transaction) -> None:
    """Gives up holds whose time is over."""
    for before in bookings.lock_expired(tx, most=_EXPIRED_AT_ONCE):
        step(tx, before, before.expired(now=tx.now))


def step(tx: Transaction, before: Booking, after: Booking) -> Booking:
    """Saves a step, and tells of it when the booking has come to another state."""
    if after is not before:
        bookings.save(tx, after)
    if after.state != before.state:
        _tell(tx, after)
    return after


def _tell(tx: Transaction, booking: Booking) -> None:
    tx.emit(booking.happened(), subject=str(booking.id), sequence=booking.version)
    metrics.STEPS.labels(booking.state).inc()


def _tenant(wanted: BookingRequest, organisation: Actor | None, who: Caller) -> Actor:
    if wanted.tenant is None or wanted.tenant == who.person:
        return resident(who.person)
    if organisation is None:
        raise NotRepresentative
    return organisation


def _locked(tx: Transaction, who: Caller, id: UUID, *, by_managers: bool) -> Booking:
    """The booking, for one who may change it. To strangers it is not there; overseers see it, and may not."""
    booking = bookings.lock(tx, id)
    if booking is None:
        raise NotFound
    mine = booking.booked_by == who.person or actors.may_act(tx, booking.tenant.id, who.person)
    if mine or (by_managers and who.manages(booking.square)):
        return booking
    raise Forbidden if who.oversees(booking.square) else NotFound
