"""Forgets a person: what is to come is given up, what was stays as figures, who it was goes, and others are told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from kernel import erased, erasing, outbox
from kernel.auth import Caller
from kernel.db import Transaction
from kernel.problems import NotFound
from services.booking import metrics
from services.booking.events import PersonErased
from services.booking.model import privacy as model
from services.booking.model.actors import ClaimEnd
from services.booking.model.bookings import Booking
from services.booking.model.privacy import BookingsToCome, Erasure
from services.booking.store import actors, erasures, leaving, privacy, representatives
from services.booking.usecases.actors import end_claim
from services.booking.usecases.offers import making_way
from services.booking.usecases.recording import saved
from services.booking.usecases.representatives import tell

SWEPT_AFTER, SWEPT_UNTIL = erasing.UNDER_WAY, timedelta(minutes=5)
"""How long after an erasure is told what was told with it is looked for: the relay has marked it as sent by then, and a
request that was under way is answered. Told again, it is looked for again."""


def erase_me(tx: Transaction, who: Caller, *, cancel_bookings: bool) -> Erasure:
    """Forgets the caller. Raises BookingsToCome, unless those are to be cancelled."""
    return _erase(tx, who.person, cancel_bookings=cancel_bookings)


def erase(tx: Transaction, person: UUID, *, cancel_bookings: bool) -> Erasure:
    """Forgets a person who asked the municipality to; for operators."""
    if not privacy.known(tx, person):
        raise NotFound
    return _erase(tx, person, cancel_bookings=cancel_bookings)


def erase_again(tx: Transaction, person: UUID, erased_at: datetime) -> bool:
    """Forgets a person whom a restore brought back, with all that they have here, which is from before their erasure.
    False when it is known here that they were erased then, or since."""
    if erased.among(tx, [str(person)], erased_at):
        return False
    _erase(tx, person, cancel_bookings=True)
    return True


def forget_sent(tx: Transaction) -> None:
    """Deletes what was told of persons in the act of erasing them, once it is sent, and answers that were given while
    it went on, and what others wrote then of their bookings."""
    for sent in outbox.sent_between(tx, PersonErased, tx.now - SWEPT_UNTIL, tx.now - SWEPT_AFTER):
        told = sent.data
        erasing.forget(
            tx,
            UUID(told.person),
            told.bookings,
            erased_at=told.erased_at,
            under=uuid4(),
            kept=(PersonErased,),
            until=told.erased_at + SWEPT_AFTER,
        )
        privacy.forget_written(tx, told.untitled)


def _erase(tx: Transaction, person: UUID, *, cancel_bookings: bool) -> Erasure:
    """What others are changing waits, or is waited for. What the person books while it goes on is booked after it."""
    erased.remember(tx, str(person), tx.now)
    locked = privacy.lock(tx, person)
    claims = actors.lock_claimed(tx, person)
    theirs = {person, *(each.id for each in claims)}  # nobody else answers for what is booked for a claim
    live = [each for each in locked if each.live and each.tenant.id in theirs]
    if live and not cancel_bookings:
        raise BookingsToCome([each.id for each in live])
    cancelled = _give_up(tx, live, person)
    for each in claims:
        if each.waits:
            end_claim(tx, each, ClaimEnd(how="given_up", at=tx.now))
    _represent_nobody(tx, person)
    under = uuid4()  # of chance, and nowhere but in what stays: nobody can lead it back to anybody
    privacy.erase(tx, person, locked, under=under)
    things = [each.id for each in locked]
    erasing.forget(tx, person, things, erased_at=tx.now, under=under, kept=(PersonErased,))
    tx.emit(model.happened(person, locked, now=tx.now), subject=str(person), sequence=model.sequence(tx.now))
    if tx.settings.erasure_journal:
        erasures.add(tx, person)
    metrics.ERASED.inc()
    return Erasure(erased_at=tx.now, cancelled=cancelled, kept=len(locked))


def _give_up(tx: Transaction, live: Sequence[Booking], person: UUID) -> tuple[UUID, ...]:
    with making_way(tx, live):
        leaving.leave_all(tx, person)  # or they would be offered what they give up
        # others hear of it without the title, which is to be forgotten
        ended = [replace(model.ended(before, now=tx.now), title=None) for before in live]
        after = [saved(tx, before, now, by=person) for before, now in zip(live, ended, strict=True)]
    return tuple(each.id for each in after if each.state == "cancelled")


def _represent_nobody(tx: Transaction, person: UUID) -> None:
    """The rights end as they always do, so that others hear of it. An organisation may be left without an owner."""
    for actor in privacy.represented(tx, person):
        actors.lock(tx, actor)
        before = representatives.standing(tx, actor, person)
        tell(tx, before, before.ended())
