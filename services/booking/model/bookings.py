"""A booking's life: held → confirmed → cancelled, or declined, or expired; and the event that tells of each step.

    held ──price──► held, priced ──confirm──► confirmed ──cancel──► cancelled
      ├──decline──► declined        (the tariff has no price for it)
      ├──expire───► expired         (nobody confirmed in time)
      └──cancel───► cancelled

Every step gives a new `Booking`, one version up, or raises the error that names why it can't be taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingHeld,
    BookingRestated,
    BookingSnapshot,
    BookingState,
)
from services.booking.model.actors import Actor
from services.booking.model.rules import Bookable

PURPOSES = ("sport", "culture", "meeting", "course", "youth", "volunteer", "commercial")
AUDIENCES = ("everyone", "children", "youth", "adults", "seniors")
HOLD = timedelta(minutes=15)
"""How long a space is held for one who has not confirmed."""

Confirm = Literal["when_priced", "by_me"]
KeyState = Literal["armed", "revoked"]
LIVE: tuple[BookingState, ...] = ("held", "confirmed")
"""The states in which a booking takes its space."""

S = TypeVar("S", bound=BookingSnapshot)


class SlotTaken(DomainError):
    """Another booking has the space, or a part of it, in some of the time."""

    code = "slot_taken"
    status = 409
    text = Text(
        nb="Lokalet er opptatt i hele eller deler av tida.",
        nn="Lokalet er oppteke i heile eller delar av tida.",
        en="The space is taken for all or some of that time.",
    )


class NotHeld(DomainError):
    """Only a held booking can be confirmed, priced, declined or expire."""

    code = "not_held"
    status = 409
    text = Text(
        nb="Bookingen er ikke en reservasjon lenger.",
        nn="Bookinga er ikkje ein reservasjon lenger.",
        en="The booking is not held any more.",
    )


class NotPriced(DomainError):
    """A booking can't be confirmed before its price is known."""

    code = "not_priced"
    status = 409
    text = Text(
        nb="Prisen er ikke klar ennå. Prøv igjen om et øyeblikk.",
        nn="Prisen er ikkje klar enno. Prøv igjen om ein augneblink.",
        en="The price is not ready yet. Try again in a moment.",
    )


class HoldExpired(DomainError):
    """The time to confirm is over."""

    code = "hold_expired"
    status = 409
    text = Text(
        nb="Fristen for å bekrefte reservasjonen er ute.",
        nn="Fristen for å stadfeste reservasjonen er ute.",
        en="The time to confirm the hold is over.",
    )


class HoldNotExpired(DomainError):
    """A hold can't expire while there is time left to confirm it."""

    code = "hold_not_expired"
    status = 409
    text = Text(
        nb="Fristen for å bekrefte reservasjonen er ikke ute.",
        nn="Fristen for å stadfeste reservasjonen er ikkje ute.",
        en="The time to confirm the hold is not over.",
    )


class NotLive(DomainError):
    """A booking that was cancelled, declined or has expired can't be cancelled."""

    code = "not_live"
    status = 409
    text = Text(
        nb="Bookingen er allerede avsluttet.",
        nn="Bookinga er alt avslutta.",
        en="The booking has already been given up.",
    )


class AlreadyOver(DomainError):
    """A booking can't be cancelled once its time is over."""

    code = "already_over"
    status = 409
    text = Text(
        nb="Bookingen er over, og kan ikke avbestilles.",
        nn="Bookinga er over, og kan ikkje avbestillast.",
        en="The booking is over and can't be cancelled.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """One explained line of a price, as pricing gave it. Amounts are øre; numbers with decimals are texts."""

    code: str
    text: Text
    quantity: str
    unit: str
    unit_amount: int
    amount: int
    vat_rate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a booking costs by a tariff, as quoted by pricing."""

    quote: UUID
    tariff: str
    total: int
    currency: str
    lines: Sequence[PriceLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest:
    """What somebody asks for. `tenant` is the actor who rents; None is the person who asks."""

    space: str
    begins_at: datetime
    ends_at: datetime
    purpose: str
    audience: str
    participants: int
    tenant: UUID | None = None
    title: str | None = None
    confirm: Confirm = "by_me"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """The right to use a space during a time. Where it is stands as it stood when it was booked.

    `version` counts its own steps. News from the door (`key`, `opened_at`) is noted without one, so that a person who
    cancels is not told that the booking has changed since they looked.
    """

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
    price: Price | None = None
    key: KeyState | None = None
    opened_at: datetime | None = None
    confirmed_at: datetime | None = None
    cancelled_at: datetime | None = None
    decline_reason: str | None = None

    @property
    def live(self) -> bool:
        """Whether it takes its space."""
        return self.state in LIVE

    def priced(self, price: Price, *, now: datetime) -> "Booking":
        """Held with a price; confirmed at once when the tenant asked for that. The same price again changes nothing."""
        self._demand_held()
        priced = self if price == self.price else self._step(now, price=price)
        at_once = self.confirm == "when_priced" and now < self.hold_expires_at
        return priced.confirmed(now=now) if at_once else priced

    def confirmed(self, *, now: datetime) -> "Booking":
        """Confirmed, by the tenant or as they asked for beforehand."""
        self._demand_held()
        if self.price is None:
            raise NotPriced
        if now >= self.hold_expires_at:
            raise HoldExpired
        return self._step(now, state="confirmed", confirmed_at=now)

    def declined(self, reason: str, *, now: datetime) -> "Booking":
        """Refused, for a reason that is a stable code."""
        self._demand_held()
        return self._step(now, state="declined", decline_reason=reason)

    def expired(self, *, now: datetime) -> "Booking":
        """Given up because nobody confirmed in time."""
        self._demand_held()
        if now < self.hold_expires_at:
            raise HoldNotExpired
        return self._step(now, state="expired")

    def cancelled(self, *, now: datetime) -> "Booking":
        """Given up by the tenant or the arena manager; possible until its time is over."""
        if not self.live:
            raise NotLive
        if now >= self.ends_at:
            raise AlreadyOver
        return self._step(now, state="cancelled", cancelled_at=now)

    def with_keys(self, states: Sequence[KeyState]) -> "Booking":
        """Knows how its keys stand: one that is armed is enough to get in."""
        key: KeyState | None = "armed" if "armed" in states else "revoked" if states else None
        return replace(self, key=key)

    def opened(self, at: datetime) -> "Booking":
        """In use since the door was first opened; hearing of a later opening first does no harm."""
        return replace(self, opened_at=at if self.opened_at is None else min(at, self.opened_at))

    def happened(self) -> BookingSnapshot:
        """The event that tells of the step which brought it here. A price alone is no news to others: `restated`."""
        match self.state:
            case "held":
                return self._snapshot(BookingHeld, hold_expires_at=self.hold_expires_at)
            case "confirmed":
                return self._snapshot(BookingConfirmed)
            case "cancelled":
                return self._snapshot(BookingCancelled, cancelled_at=self.cancelled_at)
            case "declined":
                return self._snapshot(BookingDeclined, reason=self.decline_reason)
            case "expired":
                return self._snapshot(BookingExpired)

    def restated(self) -> BookingRestated:
        """The event that says again how it stands."""
        return self._snapshot(BookingRestated, cancelled_at=self.cancelled_at)

    def _demand_held(self) -> None:
        if self.state != "held":
            raise NotHeld

    def _step(self, now: datetime, **changes: Any) -> "Booking":
        return replace(self, version=self.version + 1, changed_at=now, **changes)

    def _snapshot(self, kind: type[S], **more: Any) -> S:
        return kind(
            booking=self.id,
            state=self.state,
            space=self.space,
            arena=self.arena,
            square=self.square,
            premises=self.premises,
            begins_at=self.begins_at,
            ends_at=self.ends_at,
            purpose=self.purpose,
            audience=self.audience,
            participants=self.participants,
            tenant=self.tenant.as_tenant(),
            booked_by=str(self.booked_by),
            booked_at=self.created_at,
            title=self.title,
            confirmed_at=self.confirmed_at,
            **more,
        )


def hold(
    wanted: BookingRequest, place: Bookable, *, tenant: Actor, booked_by: UUID, id: UUID, now: datetime
) -> Booking:
    """A new booking that holds the space, when the request keeps to its rules; else the rule's error."""
    place.check(wanted.begins_at, wanted.ends_at, wanted.participants, now=now)
    return Booking(
        id=id,
        version=1,
        state="held",
        space=place.space,
        arena=place.arena,
        square=place.square,
        premises=place.premises,
        begins_at=wanted.begins_at,
        ends_at=wanted.ends_at,
        purpose=wanted.purpose,
        audience=wanted.audience,
        participants=wanted.participants,
        title=wanted.title,
        tenant=tenant,
        booked_by=booked_by,
        confirm=wanted.confirm,
        created_at=now,
        changed_at=now,
        hold_expires_at=now + HOLD,
    )
