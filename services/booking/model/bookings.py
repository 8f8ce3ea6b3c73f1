"""A booking's life, and the event that tells of each step.

    held ──price──► held, priced ──accept──► awaiting_approval ──approve──► awaiting_payment ──paid──► confirmed
      (a space that asks for neither approval nor payment is confirmed at once)
    confirmed ──door opened──► in_use ──time over, or ended early──► completed
    confirmed ──time over──► completed          ──door shut by the limit──► released
    held, awaiting_* ──deadline (`deadlines`)──► expired      held, awaiting_approval ──decline──► declined
    held, awaiting_*, confirmed ──cancel──► cancelled; ──reschedule──► the same, at another time or place
Every step gives a new `Booking`, one version up, or raises the error that names why it can't be taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from services.booking.events import BookingState, GivenUpBy
from services.booking.model.actors import Actor
from services.booking.model.deadlines import answer_by, answer_time, pay_until, unpriced_until
from services.booking.model.house_rules import RuleVersion
from services.booking.model.moved import MovedFrom, awaiting_price, pays_first, placed
from services.booking.model.prices import Consequence, Price, free_until
from services.booking.model.refusals import (
    AlreadyBegun,
    AlreadyOver,
    HoldExpired,
    HoldNotExpired,
    NotAwaitingApproval,
    NotAwaitingPayment,
    NotConfirmed,
    NotHeld,
    NotInUse,
    NotLive,
    NotOver,
    NotPriced,
    NotUnused,
    TooLateToMove,
)
from services.booking.model.rules import Bookable
from services.booking.model.sharing import Trait, traits
from services.booking.model.shrinking import made_smaller, takes_no_more

PURPOSES = ("sport", "culture", "meeting", "course", "youth", "volunteer", "commercial")
AUDIENCES = ("everyone", "children", "youth", "adults", "seniors")

Confirm = Literal["when_priced", "by_me"]
KeyState = Literal["armed", "revoked"]
WAITING: tuple[BookingState, ...] = ("held", "awaiting_approval", "awaiting_payment")
"""The states that end by themselves at `hold_expires_at`."""
LIVE: tuple[BookingState, ...] = (*WAITING, "confirmed", "in_use")
"""The states in which a booking takes its space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest:
    """A request to book a space. `tenant` rents; None is the person who asks. `equipment` is pieces by id."""

    space: str
    begins_at: datetime
    ends_at: datetime
    purpose: str
    audience: str
    participants: int
    tenant: UUID | None = None
    title: str | None = None
    confirm: Confirm = "by_me"
    noise: str = "normal"
    equipment: Mapping[str, int] = field(default_factory=dict)
    accept_house_rules: Sequence[RuleVersion] = ()
    """Versions that whoever asks has read and accepts with the booking."""


_ASKED_FOR = {each.name for each in fields(BookingRequest)} - {"tenant", "accept_house_rules"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """The right to use a space during a time. Where it is stands as it stood when it was booked.

    `version` counts its own steps. News from the door (`key`, `opened_at`) is noted without one, so that a person who
    cancels is not told that the booking has changed since they looked. `timed_version` is the one in which space, time
    or participants were last set: an earlier price is old news. It may wait for a price until `price_by`, and can be
    confirmed since `answer_from`; an offer could be booked by others until `offered_before`."""

    id: UUID
    version: int
    state: BookingState
    space: str
    arena: str
    square: str
    premises: str
    begins_at: datetime
    ends_at: datetime
    purpose: str
    audience: str
    participants: int
    title: str | None
    tenant: Actor
    booked_by: UUID
    confirm: Confirm
    created_at: datetime
    changed_at: datetime
    hold_expires_at: datetime
    price_by: datetime | None = None
    answer_from: datetime | None = None
    offered_before: datetime | None = None
    price: Price | None = None
    key: KeyState | None = None
    opened_at: datetime | None = None
    confirmed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_by: GivenUpBy | None = None
    ended_at: datetime | None = None
    """When it gave back the rest of its time, once that was under way: ended early, released or cancelled. None when it
    kept all of it, or gave it up before it began."""
    decline_reason: str | None = None
    noise: str = "normal"
    equipment: Mapping[str, int] = field(default_factory=dict)
    series: UUID | None = None
    shared: bool = False
    setup_minutes: int = 0
    clearing_minutes: int = 0
    needs_approval: bool = False
    needs_payment: bool = False
    release_at: datetime | None = None
    timed_version: int = 1
    moved_by_house: bool = False
    """By the municipality, and neither taken nor moved by its tenant since: free to give up until it begins."""
    price_outdated: bool = False
    moved_from: MovedFrom | None = None
    """Where it was confirmed, before its tenant moved it; kept as long as its price is that of before."""
    payment_left: timedelta | None = None
    """Of the time to pay, when it was moved while it waited for that; None: all of it."""

    @property
    def live(self) -> bool:
        """Whether it takes its space."""
        return self.state in LIVE

    @property
    def awaits_price(self) -> bool:
        """Whether pricing has not said yet what it costs where it is."""
        return self.live and (self.price_outdated or (self.state == "held" and self.price is None))

    @property
    def taken(self) -> tuple[datetime, datetime]:
        """From when until when it keeps others out: set-up and clearing included."""
        setup, clearing = timedelta(minutes=self.setup_minutes), timedelta(minutes=self.clearing_minutes)
        return self.begins_at - setup, self.ends_at + clearing

    @property
    def request(self) -> BookingRequest:
        """What would be asked for to have it as it is."""
        same = {name: getattr(self, name) for name in _ASKED_FOR}
        return BookingRequest(**same, tenant=self.tenant.id)

    @property
    def traits(self) -> Trait:
        """What others in a shared space may have to be kept apart from."""
        return traits(purpose=self.purpose, audience=self.audience, noise=self.noise)

    def priced(self, price: Price, *, of_version: int = 1, now: datetime) -> "Booking":
        """With a price; held, it is accepted at once if its tenant asked for that; to be paid, it is confirmed if it
        costs nothing any more. The same price again, or that of before its last move, changes nothing."""
        if not self.live:
            raise NotLive
        if of_version >= self.timed_version and pays_first(self, price.total):
            return replace(self.price_stands(), price=price, confirmed_at=None)._settled(now)
        known = price == self.price or of_version < self.timed_version
        current = self if of_version < self.timed_version else self.price_stands()
        priced = current if known else current._step(now, price=price)
        if self.state == "awaiting_payment" and not known and price.total == 0:
            return replace(priced, state="confirmed", confirmed_at=now)
        at_once = priced.price == price and self.confirm == "when_priced" and now < self.hold_expires_at
        if self.state == "held" and at_once:
            return priced.accepted(now=now)
        return priced if known or self.confirmed_as_one else priced.answerable(now=now)

    @property
    def confirmed_as_one(self) -> bool:
        """Whether it is confirmed with its series: once all dates are priced."""
        return self.series is not None and self.offered_before is None

    @property
    def answer_minutes(self) -> int:
        """How many minutes there are, at the most, to confirm it once it has its price."""
        return answer_time(offered=self.offered_before is not None) // timedelta(minutes=1)

    def answerable(self, *, now: datetime) -> "Booking":
        """Its tenant can confirm it from now on, if it is held and has its price."""
        if self.state != "held" or self.price is None or self.answer_from is not None or self.overdue(now=now):
            return self
        until = answer_by(now, self.begins_at, self.price_by or self.hold_expires_at, self.offered_before)
        return replace(self, answer_from=now, hold_expires_at=until)

    def accepted(self, *, now: datetime) -> "Booking":
        """The tenant takes it at its price: confirmed, or waiting for what else the space asks for."""
        if self.state != "held":
            raise NotHeld
        if self.price is None:
            raise NotPriced
        if now >= self.hold_expires_at:
            raise HoldExpired
        taken = replace(self, moved_by_house=False)
        awaits = {"state": "awaiting_approval", "hold_expires_at": self.begins_at}
        return taken._step(now, **awaits) if self.needs_approval else taken._settled(now)

    def approved(self, *, now: datetime) -> "Booking":
        """An arena manager says yes."""
        self._demand_undecided(now)
        return self._settled(now)

    def declined(self, reason: str, *, now: datetime) -> "Booking":
        """An arena manager says no, for a reason that is a stable code."""
        self._demand_undecided(now)
        return self._step(now, state="declined", decline_reason=reason)

    def price_stands(self) -> "Booking":
        """Its price is known to be that of where it is."""
        return replace(self, price_outdated=False, moved_from=None) if self.price_outdated else self

    def unpriceable(self, reason: str, *, now: datetime) -> "Booking":
        """Refused because it has no price where it is, whoever has said yes to it before."""
        if self.state not in WAITING and self.moved_from is None:
            raise NotHeld
        return self._step(now, state="declined", decline_reason=reason)

    def put_back(self, *, now: datetime) -> "Booking":
        """Confirmed where its tenant moved it from, on the terms it was booked on; its price is told again."""
        self._demand_changeable(now)
        if self.moved_from is None:
            raise NotConfirmed
        back = self.moved_from.back(now, self.version + 1)
        return self._step(now, **back, state="confirmed", confirmed_at=self.confirmed_at or now)

    def paid(self, *, now: datetime) -> "Booking":
        """Paid beforehand, as the space asks."""
        if self.state != "awaiting_payment":
            raise NotAwaitingPayment
        return self._step(now, state="confirmed", confirmed_at=now, payment_left=None)

    def expired(self, *, now: datetime) -> "Booking":
        """Given up because nobody confirmed, approved or paid in time."""
        if self.state not in WAITING:
            raise NotHeld
        if now < self.hold_expires_at:
            raise HoldNotExpired
        return self._step(now, state="expired")

    def cancelled(self, *, now: datetime, by: GivenUpBy = "tenant") -> "Booking":
        """Given up by the tenant or the municipality; possible until its time is over, or it is in use."""
        self._demand_changeable(now)
        ended_at = now if now >= self.begins_at else None
        return self._step(now, state="cancelled", cancelled_at=now, cancelled_by=by, ended_at=ended_at)

    def rescheduled(self, place: Bookable, wanted: BookingRequest, *, now: datetime, by: GivenUpBy) -> "Booking":
        """At another time, in another space, with more or fewer participants; the price is asked for anew.

        Made smaller, it keeps the terms it was booked on, and breaks no rule that it kept before; rules that came later
        do not bind it. What was decided for the old is decided again, unless the municipality itself moves it, whom
        notice and horizon do not bind.
        """
        self._demand_changeable(now)
        if self.overdue(now=now):
            raise HoldExpired
        self._demand_in_time(now, by)
        smaller = takes_no_more(self, wanted)
        if smaller:
            place.check_smaller(self, wanted)
        else:
            place.check(wanted, wanted.begins_at, wanted.ends_at, now=now, ahead=by == "tenant")
        decide_again = place.rules.approval and by == "tenant" and self.state != "held" and not smaller
        where = made_smaller(self, wanted) if smaller else placed(place, wanted)
        elsewhere = any(getattr(wanted, name) != getattr(self, name) for name in ("space", "begins_at", "ends_at"))
        by_house = by == "house" and (elsewhere or self.moved_by_house)
        moved = self._step(now, **where, timed_version=self.version + 1, moved_by_house=by_house)
        bigger_at = place if by == "tenant" and not smaller else None
        moved = replace(moved, **awaiting_price(self, by, bigger_at, now), key=None if elsewhere else self.key)
        if moved.state == "held":
            return moved._unpriced(place)
        if decide_again or moved.state == "awaiting_approval":
            return replace(moved, state="awaiting_approval", hold_expires_at=moved.begins_at, confirmed_at=None)
        if moved.state == "awaiting_payment":
            return replace(moved, hold_expires_at=min(moved.hold_expires_at, moved.begins_at))
        return moved

    def started(self, at: datetime, *, now: datetime) -> "Booking":
        """In use: its door was opened."""
        if self.state != "confirmed":
            raise NotConfirmed
        return replace(self._step(now, state="in_use"), opened_at=at)

    def completed(self, *, now: datetime) -> "Booking":
        """Its time is over."""
        if self.state not in ("confirmed", "in_use"):
            raise NotConfirmed
        if now < self.ends_at:
            raise NotOver
        return self._step(now, state="completed")

    def ended_early(self, *, now: datetime) -> "Booking":
        """Those who were there have left before the time was over; what it costs stays."""
        if not self.under_way(now=now):
            raise NotInUse
        if now >= self.ends_at:
            raise AlreadyOver
        return self._step(now, state="completed", ended_at=now)

    def released(self, release_at: datetime, *, now: datetime) -> "Booking":
        """Nobody came: its door stayed shut until then, and the space is for others."""
        if self.state != "confirmed":
            raise NotConfirmed
        if self.opened_at is not None or release_at != self.release_at or now < release_at or now >= self.ends_at:
            raise NotUnused
        return self._step(now, state="released", ended_at=now)

    def with_keys(self, states: Sequence[KeyState]) -> "Booking":
        """Knows how its keys stand: one that is armed is enough to get in."""
        key: KeyState | None = "armed" if "armed" in states else "revoked" if states else None
        return replace(self, key=key)

    def opened(self, at: datetime) -> "Booking":
        """Its door was opened; hearing of a later opening first does no harm."""
        return replace(self, opened_at=at if self.opened_at is None else min(at, self.opened_at))

    def consequence(self, *, now: datetime, by: GivenUpBy = "tenant") -> Consequence:
        """What cancelling it now would cost."""
        self._demand_changeable(now)
        if self.moved_from is not None and by == "tenant":
            raise NotPriced
        late = self.free_until is not None and now > self.free_until
        owed = self.price.total if self.price and self.state == "confirmed" and late and by == "tenant" else 0
        return Consequence(fee=owed, currency=self.price.currency if self.price else "NOK", free_until=self.free_until)

    @property
    def free_until(self) -> datetime | None:
        """Until when its tenant may give it up for nothing; None: whenever."""
        limit = self.price.free_until if self.price else None
        return free_until(limit, self.begins_at, moved_by_house=self.moved_by_house)

    @property
    def given_up_for_nothing(self) -> bool:
        """Whether it was cancelled for nothing, whatever the price's limit: the house had moved it."""
        return self.moved_by_house and self.cancelled_at is not None and self.cancelled_at <= self.begins_at

    def _demand_undecided(self, now: datetime) -> None:
        if self.state != "awaiting_approval":
            raise NotAwaitingApproval
        if now >= self.hold_expires_at:
            raise HoldExpired

    def overdue(self, *, now: datetime) -> bool:
        """Whether its deadline is over, though nobody has cleared it away."""
        return self.state in WAITING and now >= self.hold_expires_at

    def under_way(self, *, now: datetime) -> bool:
        """Whether it is in use, or could be."""
        return self.state == "in_use" or (self.state == "confirmed" and now >= self.begins_at)

    def changeable(self, *, now: datetime) -> bool:
        """Whether it can be cancelled or moved still."""
        return self.live and now < self.ends_at and self.state != "in_use"

    def leaves(self, before: "Booking") -> bool:
        """Whether it has given up something of what it took before."""
        return before.live and not (self.live and self.timed_version == before.timed_version)

    def _demand_changeable(self, now: datetime) -> None:
        if not self.live:
            raise NotLive
        if now >= self.ends_at:
            raise AlreadyOver
        if self.state == "in_use":
            raise AlreadyBegun

    def _demand_in_time(self, now: datetime, by: GivenUpBy) -> None:
        late = self.state == "confirmed" and self.free_until is not None and now > self.free_until
        if by == "tenant" and late:
            raise TooLateToMove

    def _unpriced(self, place: Bookable) -> "Booking":
        """It waits for its price anew, no longer than it could have waited for the first."""
        price_by = max(self.price_by or self.hold_expires_at, self.hold_expires_at)
        before = self.offered_before and self.begins_at - timedelta(minutes=place.rules.notice_minutes)
        until = unpriced_until(self.changed_at, self.begins_at, price_by)
        return replace(self, price=None, answer_from=None, offered_before=before, hold_expires_at=until)

    def _settled(self, now: datetime) -> "Booking":
        """Confirmed, once it is paid if it must be."""
        if self.needs_payment and self.price is not None and self.price.total > 0:
            until = pay_until(now, self.begins_at, self.payment_left)
            return self._step(now, state="awaiting_payment", hold_expires_at=until)
        return self._step(now, state="confirmed", confirmed_at=now)

    def _step(self, now: datetime, **changes: Any) -> "Booking":
        return replace(self, version=self.version + 1, changed_at=now, **changes)
