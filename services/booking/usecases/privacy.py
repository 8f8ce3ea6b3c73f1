"""Forgets a person: what is to come is given up, what was stays as figures, who it was goes, and others are told."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.problems import NotFound
from services.booking import metrics
from services.booking.model import privacy as model
from services.booking.model.bookings import Booking
from services.booking.model.privacy import BookingsToCome, Erasure
from services.booking.store import actors, leaving, privacy, representatives
from services.booking.usecases.offers import making_way
from services.booking.usecases.recording import saved
from services.booking.usecases.representatives import tell


def erase_me(tx: Transaction, who: Caller, *, cancel_bookings: bool) -> Erasure:
    """Forgets the caller. Raises BookingsToCome, unless those are to be cancelled."""
    return _erase(tx, who.person, cancel_bookings=cancel_bookings)


def erase(tx: Transaction, person: UUID, *, cancel_bookings: bool) -> Erasure:
    """Forgets a person who asked the municipality to; for operators."""
    if not privacy.known(tx, person):
        raise NotFound
    return _erase(tx, person, cancel_bookings=cancel_bookings)


def _erase(tx: Transaction, person: UUID, *, cancel_bookings: bool) -> Erasure:
    """What others are changing waits, or is waited for. What the person books while it goes on is booked after it."""
    locked = privacy.lock(tx, person)
    live = [each for each in locked if each.live and each.tenant.id == person]
    if live and not cancel_bookings:
        raise BookingsToCome([each.id for each in live])
    cancelled = _give_up(tx, live, person)
    _represent_nobody(tx, person)
    # of chance, and nowhere but in what stays: not even the municipality can lead it back to anybody
    privacy.erase(tx, person, locked, under=uuid4())
    tx.emit(model.happened(person, locked, now=tx.now), subject=str(person), sequence=model.sequence(tx.now))
    metrics.ERASED.inc()
    return Erasure(erased_at=tx.now, cancelled=cancelled, kept=len(locked))


def _give_up(tx: Transaction, live: Sequence[Booking], person: UUID) -> tuple[UUID, ...]:
    with making_way(tx, live):
        leaving.leave_all(tx, person)  # or they would be offered what they give up
        after = [saved(tx, before, model.ended(before, now=tx.now), by=person) for before in live]
    return tuple(each.id for each in after if each.state == "cancelled")


def _represent_nobody(tx: Transaction, person: UUID) -> None:
    """The rights end as they always do, so that others hear of it. An organisation may be left without an owner."""
    for actor in privacy.represented(tx, person):
        actors.lock(tx, actor)
        before = representatives.standing(tx, actor, person)
        tell(tx, before, before.ended())
