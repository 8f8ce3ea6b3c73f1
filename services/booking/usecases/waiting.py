"""Waiting lists: joined and left by persons, and looked through by time for what `offers` missed."""

from collections.abc import Iterator
from itertools import chain
from uuid import UUID

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.ids import new_id
from kernel.problems import NotFound
from services.booking import metrics
from services.booking.model import waiting as model
from services.booking.model.bookings import BookingRequest
from services.booking.model.waiting import (
    MOST,
    AlreadyWaiting,
    FreeNow,
    NoTimeFits,
    NotWaiting,
    TooManyWaitings,
    Waiting,
    WaitingRequest,
    refuse_own,
)
from services.booking.store import leaving, own, places, waitings
from services.booking.usecases import bookings, house_rules, offers
from services.booking.usecases.placing import place_for, tenant_of
from services.booking.usecases.standing import side_of
from services.booking.usecases.steps import step

AT_ONCE = 100
"""Offers made by time in one transaction: others wait meanwhile who book what is waited for."""


def join(tx: Transaction, who: Caller, wanted: WaitingRequest) -> Waiting:
    """Puts somebody last in line for what they can't book now. They accept the house rules as whoever books does."""
    wanted.check()
    place, organisation = place_for(tx, wanted.like, who.person)
    tenant = tenant_of(wanted.like, organisation, who.person)
    waiting = model.join(wanted, place, tenant=tenant, person=who.person, id=new_id(), now=tx.now)
    possible = _some(waiting.possible(place, now=tx.now), waiting)
    house_rules.demand_accepted(tx, who.person, place.unaccepted, wanted.like.accept_house_rules)
    if (now := offers.first_free(tx, possible, place)) is not None:
        raise FreeNow(begins_at=now.begins_at.isoformat().replace("+00:00", "Z"))
    refuse_own(_some(waiting.offerable(place, now=tx.now), waiting), own.own(tx, waiting))
    places.queue(tx, f"waiting {tenant.id}")
    if waitings.waited_for(tx, tenant.id) >= MOST:
        raise TooManyWaitings(most=MOST)
    if not waitings.add(tx, waiting):
        raise AlreadyWaiting
    metrics.WAITINGS.labels("joined").inc()
    return waiting


def leave(tx: Transaction, who: Caller, id: UUID) -> Waiting:
    """Gives a place in line up; or what was offered, in this very moment, too: it then goes to the next."""
    found = _there(tx, id)
    side_of(tx, who, found.tenant.id, found.square)
    if leaving.leave(tx, id):
        metrics.WAITINGS.labels("left").inc()
        return _there(tx, id)
    # it has been offered, maybe while this one waited for the row
    offered = _there(tx, id)
    if offered.state != "offered" or offered.booking is None:
        raise NotWaiting
    before, _ = bookings.locked(tx, who, offered.booking)
    if before.state != "held":
        raise NotWaiting
    step(tx, before, before.cancelled(now=tx.now), by=who.person)
    return _there(tx, id)


def offer_again(tx: Transaction) -> None:
    """Offers what is free and was not when it became so: a quota has room again, house rules were accepted, hours are
    longer. Notes what came of offers, and closes what is over."""
    if not waitings.anybody(tx):
        return
    waitings.queue(tx)
    for outcome in leaving.settle(tx):
        metrics.WAITINGS.labels(outcome).inc()
    metrics.WAITINGS.labels("over").inc(leaving.close_over(tx))
    metrics.WAITINGS.labels("left").inc(leaving.leave_fallen(tx))
    offers.offer(tx, None, most=AT_ONCE)


def _some(times: Iterator[BookingRequest], waiting: Waiting) -> Iterator[BookingRequest]:
    """These times, of which there is one at least. Raises NoTimeFits."""
    first = next(times, None)
    if first is None:
        raise NoTimeFits(minutes=waiting.minutes)
    return chain([first], times)


def _there(tx: Transaction, id: UUID) -> Waiting:
    found = waitings.find(tx, id)
    if found is None:
        raise NotFound
    return found
