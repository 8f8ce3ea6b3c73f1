"""Whose turn it is: what becomes free is offered, in the very transaction that frees it, to the first in line who can
have it, then to the next, until nobody fits. A rival sees what was taken before, or the offer; never a gap between.

`steps` calls it for bookings that leave, `closures` for what is opened again, and `waiting` for what these missed.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from kernel.db import Transaction
from kernel.errors import DomainError
from services.booking import metrics
from services.booking.model import waiting as model
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.default_limits import Booker
from services.booking.model.house_rules import refuse_unaccepted
from services.booking.model.quotas import Asked
from services.booking.model.recurrence import Occurrence
from services.booking.model.refusals import SlotTaken
from services.booking.model.rules import Bookable
from services.booking.model.series import near
from services.booking.model.waiting import Left, Waiting
from services.booking.store import bookings, dates, own, waitings
from services.booking.store import series as series_store
from services.booking.usecases import quotas
from services.booking.usecases.placing import begin_hold, place_for, tenant_of
from services.booking.usecases.telling import tell

_LOOKED_AT = 100
"""How many times of a wish are looked at together."""


@contextmanager
def making_way(tx: Transaction, leaving: Collection[Booking]) -> Iterator[None]:
    """Bookings leave in here, all of them or some of what they had; then it is offered to who waits for it."""
    left = awaited_of(tx, leaving)
    yield
    offer_left(tx, left)


@contextmanager
def opening(tx: Transaction, left: Collection[Left]) -> Iterator[None]:
    """What was closed is opened in here; then it is offered to who waits for it."""
    awaited = bool(left) and waitings.queue_if_awaited(tx, left)
    yield
    offer_left(tx, left if awaited else [])


def awaited_of(tx: Transaction, leaving: Collection[Booking]) -> list[Left]:
    """What these bookings will leave, if somebody waits for any of it: to be asked before they leave, and given to
    `offer_left` when they have."""
    left = [Left.by(each) for each in leaving if each.live and each.taken[1] > tx.now]
    return left if left and waitings.queue_if_awaited(tx, left) else []


def offer_left(tx: Transaction, left: Collection[Left]) -> None:
    """Offers what was left, now that it is free."""
    if left:
        offer(tx, left)


def offer(tx: Transaction, left: Collection[Left] | None, *, most: int = 10_000) -> None:
    """Offers what was left, or (None) whatever is free, to those who wait for it, in their order. Once round is
    enough: what one is offered leaves no more for those before."""
    offered = 0
    with waitings.impatiently(tx):
        turn = waitings.next_in_line(tx, left)
        while turn is not None and offered < most:
            try:
                with waitings.trial(tx):
                    _offer_to(tx, turn)
                offered += 1
            except DomainError:
                metrics.WAITINGS.labels("passed_over").inc()
            except waitings.InUse:
                metrics.WAITINGS.labels("put_off").inc()
            turn = waitings.next_in_line(tx, left, after=turn)


def first_free(tx: Transaction, possible: Iterable[BookingRequest], place: Bookable) -> BookingRequest | None:
    """The first of these times that nobody has. Holds whose time is over, and that nobody has cleared away yet, are in
    the way: clearing them is what makes them free. No more times are looked at than it takes: mostly one of the first
    is free."""
    times = iter(possible)
    while some := list(islice(times, _LOOKED_AT)):
        asked = [(number, Occurrence(each.begins_at, each.ends_at), place) for number, each in enumerate(some)]
        taken = dates.clashes(tx, some[0], asked, overdue_too=True)
        found = next((each for number, each in enumerate(some) if (number, place.space) not in taken), None)
        if found is not None:
            return found
    return None


def _offer_to(tx: Transaction, waiting: Waiting) -> None:
    """Holds what is free for one who waits. Raises why they can't have it."""
    asked = replace(waiting.request(waiting.earliest), ends_at=waiting.latest)
    place, organisation = place_for(tx, asked, waiting.person)
    tenant = tenant_of(asked, organisation, waiting.person)
    refuse_unaccepted(place.unaccepted)
    mine = own.own(tx, waiting)
    wanted = first_free(tx, model.others_than(mine, waiting.offerable(place, now=tx.now)), place)
    if wanted is None:
        raise SlotTaken
    here = near(place, wanted)
    offered = model.offer(begin_hold(tx, wanted, here, tenant=tenant, person=waiting.person), place, waiting)
    series = waiting.series is not None
    room = Asked(place=here, begins_at=offered.begins_at, ends_at=offered.ends_at, series=series)
    booker = Booker(tenant=tenant, person=waiting.person)
    if not (quotas.have_room(tx, booker, [room]) and bookings.add(tx, offered, parts=place.parts)):
        raise SlotTaken
    _told(tx, waiting, offered)


def _told(tx: Transaction, waiting: Waiting, offered: Booking) -> None:
    after = waiting.offered(offered, now=tx.now)
    waitings.save(tx, after)
    if waiting.series is not None:
        series_store.booked_after_all(tx, waiting.series, waiting.earliest, offered.id)
    tell(tx, offered)
    tx.emit(after.told(offered), subject=str(after.id), sequence=after.version)
    metrics.WAITINGS.labels("offered").inc()
