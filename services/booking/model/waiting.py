"""Waiting lists: who waits for a space at a time, or at any time in a while that fits, and what comes of it.

    waiting ──something frees, and it is your turn──► offered: a held booking, with a deadline
    offered ──confirmed──► taken          offered ──deadline, or declined──► passed; the next is offered it
    waiting ──given up──► left            waiting ──the time is over──► over

The order is published, and the same for all: who joined first is offered first. Who can't have what has become free,
by the rules of the space, their group's size, the house rules they have accepted or their quotas, is passed over, and
keeps the place.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.events import WaitingOffered
from services.booking.model.actors import Actor
from services.booking.model.bookings import Booking, BookingRequest, Confirm
from services.booking.model.deadlines import LEAST_OFFER, offer_until
from services.booking.model.rules import Bookable, BookingRules, EndsBeforeBegin
from services.booking.model.series import near

WaitingState = Literal["waiting", "offered", "taken", "passed", "left", "over"]

LONGEST_WHILE = timedelta(days=14)
"""In how long a while any time that fits can be waited for."""
MOST = 50
"""How many lists a tenant can be on at a time. The skipped dates of series come in addition."""


class FreeNow(DomainError):
    """There is nothing to wait for: the time can be booked."""

    code = "free_now"
    status = 409
    text = Text(
        nb="Tida er ledig fra {begins_at}. Book den i stedet for å vente.",
        nn="Tida er ledig frå {begins_at}. Book ho i staden for å vente.",
        en="That time is free from {begins_at}. Book it instead of waiting.",
    )


class AlreadyWaiting(DomainError):
    """The tenant waits for some of that time there already."""

    code = "already_waiting"
    status = 409
    text = Text(
        nb="Du står allerede på ventelista for hele eller deler av denne tida.",
        nn="Du står alt på ventelista for heile eller delar av denne tida.",
        en="You are on the waiting list for all or some of that time already.",
    )


class AlreadyYours(DomainError):
    """Whoever waits, or an organisation of theirs, holds it or is offered it."""

    code = "already_yours"
    status = 409
    text = Text(
        nb="Du eller organisasjonen din har eller er tilbudt hele eller deler av denne tida.",
        nn="Du eller organisasjonen din har eller er tilboden heile eller delar av denne tida.",
        en="You or your organisation have or are offered all or some of that time.",
    )


class LetGo(DomainError):
    """Whoever waits, or an organisation of theirs, had it, did not confirm it, and nobody has confirmed it since."""

    code = "let_go"
    status = 409
    text = Text(
        nb="Du eller organisasjonen din lot denne tida gå. Du kan vente på den når noen andre har bekreftet den.",
        nn="Du eller organisasjonen din lét denne tida gå. Du kan vente på ho når nokon annan har stadfesta ho.",
        en="You or your organisation let that time go. You can wait for it once somebody else has confirmed it.",
    )


class TooManyWaitings(DomainError):
    """The tenant is on as many waiting lists as anybody may be."""

    code = "too_many_waitings"
    status = 409
    text = Text(
        nb="Du kan ikke stå på mer enn {most} ventelister.",
        nn="Du kan ikkje stå på meir enn {most} ventelister.",
        en="You can't be on more than {most} waiting lists.",
    )


class NotWaiting(DomainError):
    """It has been offered and answered, was left, or is over."""

    code = "not_waiting"
    status = 409
    text = Text(
        nb="Du står ikke på denne ventelista lenger.",
        nn="Du står ikkje på denne ventelista lenger.",
        en="You are not on this waiting list any more.",
    )


class WhileTooLong(DomainError):
    """A longer while than can be waited for."""

    code = "while_too_long"
    text = Text(
        nb="Du kan vente på en tid innenfor høyst {days} dager.",
        nn="Du kan vente på ei tid innanfor høgst {days} dagar.",
        en="You can wait for a time within at most {days} days.",
    )


class NoTimeFits(DomainError):
    """No time of that length in the while keeps to the rules of the space, whoever has it."""

    code = "no_time_fits"
    text = Text(
        nb="Ingen tid på {minutes} minutter kan bookes her i dette tidsrommet.",
        nn="Inga tid på {minutes} minutt kan bookast her i dette tidsrommet.",
        en="No time of {minutes} minutes can be booked here in that while.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRequest:
    """What somebody wants to wait for: a booking from its beginning to its end, or `minutes` somewhere in between."""

    like: BookingRequest
    minutes: int | None = None

    @property
    def length(self) -> int:
        """How many minutes are wanted."""
        return self.minutes or int((self.like.ends_at - self.like.begins_at).total_seconds() // 60)

    def check(self) -> None:
        """Raises EndsBeforeBegin, WhileTooLong or NoTimeFits."""
        long = self.like.ends_at - self.like.begins_at
        if long <= timedelta(0):
            raise EndsBeforeBegin
        if self.minutes is not None and long > LONGEST_WHILE:
            raise WhileTooLong(days=LONGEST_WHILE.days)
        if long < timedelta(minutes=self.length):
            raise NoTimeFits(minutes=self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A time that is not waited for: whoever waits holds it or is offered it (`live`), or has let it go. Set-up and
    clearing are part of it."""

    since: datetime
    until: datetime
    live: bool

    def keeps_out(self, wanted: BookingRequest) -> bool:
        """Return True if the time asked for is some of this."""
        return wanted.begins_at < self.until and self.since < wanted.ends_at


def refuse_own(possible: Iterable[BookingRequest], own: Sequence[Own]) -> None:
    """Raises AlreadyYours or LetGo if whoever waits has all of these times already."""
    if next(others_than(own, possible), None) is None:
        raise AlreadyYours if any(each.live for each in own) else LetGo


def others_than(own: Sequence[Own], possible: Iterable[BookingRequest]) -> Iterator[BookingRequest]:
    """Those of these times that whoever waits has not already."""
    return (wanted for wanted in possible if not any(each.keeps_out(wanted) for each in own))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody's place in line. Exact when `minutes` is all from `earliest` to `latest`."""

    id: UUID
    version: int
    state: WaitingState
    space: str
    arena: str
    square: str
    tenant: Actor
    person: UUID
    earliest: datetime
    latest: datetime
    minutes: int
    purpose: str
    audience: str
    participants: int
    title: str | None
    confirm: Confirm
    noise: str
    equipment: Mapping[str, int]
    joined_at: datetime
    changed_at: datetime
    series: UUID | None = None
    booking: UUID | None = None
    offered_until: datetime | None = None

    @property
    def exact(self) -> bool:
        return self.latest - self.earliest == timedelta(minutes=self.minutes)

    def request(self, begins_at: datetime) -> BookingRequest:
        """What would be asked for from then on."""
        return BookingRequest(
            space=self.space,
            begins_at=begins_at,
            ends_at=begins_at + timedelta(minutes=self.minutes),
            purpose=self.purpose,
            audience=self.audience,
            participants=self.participants,
            tenant=self.tenant.id,
            title=self.title,
            confirm=self.confirm,
            noise=self.noise,
            equipment=self.equipment,
        )

    def possible(self, place: Bookable, *, now: datetime) -> Iterator[BookingRequest]:
        """The times that keep to the rules of the space, the earliest first, whoever has them; each is found when it is
        asked for, as a long while has thousands. Raises why the only one does not."""
        if self.exact:
            wanted = self.request(self.earliest)
            place.check(wanted, wanted.begins_at, wanted.ends_at, now=now)
            return iter([wanted])
        place.check_use(self.request(self.earliest))
        wanted_ones = (self.request(each) for each in self._beginnings(place.rules, now))
        return (each for each in wanted_ones if _keeps(near(place, each), each, now))

    def offerable(self, place: Bookable, *, now: datetime) -> Iterator[BookingRequest]:
        """The possible times that leave enough time to answer. Raises why the only one is not possible."""
        return (each for each in self.possible(place, now=now) if each.begins_at >= now + LEAST_OFFER)

    def offered(self, booking: Booking, *, now: datetime) -> "Waiting":
        """It is this one's turn."""
        self._demand_waiting()
        until = booking.hold_expires_at
        return self._step(now, state="offered", booking=booking.id, offered_until=until)

    def told(self, booking: Booking) -> WaitingOffered:
        """The event of an offer. It has no price yet; a price that comes late only lengthens what is told here."""
        before = booking.offered_before or booking.begins_at
        return WaitingOffered(
            waiting=self.id,
            booking=booking.id,
            space=booking.space,
            arena=booking.arena,
            square=booking.square,
            begins_at=booking.begins_at,
            ends_at=booking.ends_at,
            tenant=booking.tenant.as_tenant(),
            person=str(self.person),
            joined_at=self.joined_at,
            offered_until=offer_until(booking.created_at, booking.begins_at, before),
            series=self.series,
        )

    def _beginnings(self, rules: BookingRules, now: datetime) -> Iterator[datetime]:
        grid = timedelta(minutes=rules.grid_minutes)
        first = max(self.earliest, now + timedelta(minutes=rules.notice_minutes))
        hour = first.replace(minute=0, second=0, microsecond=0)
        at = hour - (hour - first) // grid * grid
        while at + timedelta(minutes=self.minutes) <= self.latest:
            yield at
            at += grid

    def _demand_waiting(self) -> None:
        if self.state != "waiting":
            raise NotWaiting

    def _step(self, now: datetime, **changes: Any) -> "Waiting":
        return replace(self, version=self.version + 1, changed_at=now, **changes)


def join(wanted: WaitingRequest, place: Bookable, *, tenant: Actor, person: UUID, id: UUID, now: datetime) -> Waiting:
    """A new place in line, the last."""
    like = wanted.like
    return Waiting(
        id=id,
        version=1,
        state="waiting",
        space=place.space,
        arena=place.arena,
        square=place.square,
        tenant=tenant,
        person=person,
        earliest=like.begins_at,
        latest=like.ends_at,
        minutes=wanted.length,
        purpose=like.purpose,
        audience=like.audience,
        participants=like.participants,
        title=like.title,
        confirm=like.confirm,
        noise=like.noise,
        equipment=like.equipment,
        joined_at=now,
        changed_at=now,
    )


def offer(held: Booking, place: Bookable, waiting: Waiting) -> Booking:
    """A held booking as it is offered to one who waited."""
    before = held.begins_at - timedelta(minutes=place.rules.notice_minutes)
    return replace(held, offered_before=before, series=waiting.series)


def _keeps(place: Bookable, wanted: BookingRequest, now: datetime) -> bool:
    try:
        place.check(wanted, wanted.begins_at, wanted.ends_at, now=now)
    except DomainError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What somebody leaves, for those who wait for it: a space, or all of an arena, for a time; and equipment."""

    since: datetime
    until: datetime
    space: str | None = None
    arena: str | None = None
    equipment: Sequence[str] = ()

    @classmethod
    def by(cls, booking: Booking) -> "Left":
        since, until = booking.taken
        return cls(since=since, until=until, space=booking.space, equipment=sorted(booking.equipment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The space and the time that are held for one who waited, as the held booking has them now."""

    space: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InLine:
    """A waiting, and its place in line: how many who want some of the same joined before, and one. `offer`: what can be
    confirmed now; `awaits_price`: not before its price has come."""

    waiting: Waiting
    place: int | None
    offer: Offer | None
    awaits_price: bool
