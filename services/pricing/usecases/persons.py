"""Forgetting persons, as booking tells: figures stay, who it was goes, and what comes late brings nobody back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from kernel import erased, erasing, inbox
from kernel.contracts import Envelope
from kernel.db import Transaction
from services.booking.events import BookingSnapshot, PersonErased
from services.pricing.store import persons


def forget_person(tx: Transaction, event: Envelope[PersonErased]) -> None:
    """Lets go of who somebody was. Told again, quotes that were made at the same moment are seen to."""
    told = event.data
    first = erased.remember(tx, told.person, told.erased_at)
    person, under = UUID(told.person), uuid4()
    hours = persons.hours_of(tx, person, told.erased_at)
    persons.forget(tx, person, told.bookings, told.erased_at, under=under)
    if first:
        persons.forget_rights(tx, told.person)
        inbox.forget(tx, told.person)
    erasing.forget(
        tx,
        person,
        [*told.bookings, *hours],
        erased_at=told.erased_at,
        untitled=told.untitled,
        subjects=hours,
        reasons=True,
        under=under,
        until=erasing.until(tx, event),
    )


def forget_again(tx: Transaction, person: UUID, booked: Sequence[UUID], erased_at: datetime) -> None:
    """Forgets a person whom a restore brought back, with these bookings."""
    hours, under = persons.hours_of(tx, person, erased_at), uuid4()
    erased.remember(tx, str(person), erased_at)
    persons.forget(tx, person, booked, erased_at, under=under)
    persons.forget_rights(tx, str(person))
    inbox.forget(tx, str(person))
    erasing.forget(tx, person, [*booked, *hours], erased_at=tx.now, subjects=hours, reasons=True, under=under)


def without_erased(tx: Transaction, event: Envelope[BookingSnapshot]) -> Envelope[BookingSnapshot]:
    """The booking as it is told; what is told late of somebody who was erased since is of nobody."""
    booking = event.data
    gone = erased.among(tx, {booking.booked_by, str(booking.tenant.id)}, event.time)
    if booking.booked_by in gone:
        booking = replace(booking, booked_by=str(uuid4()))
    if str(booking.tenant.id) in gone:
        booking = replace(booking, tenant=replace(booking.tenant, id=uuid4()))
    return event if booking is event.data else replace(event, data=booking)
