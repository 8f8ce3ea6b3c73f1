"""What booking tells the world: its public contract. Every event carries the whole state it speaks of, so a listener
that missed or reordered the ones before it needs only the newest."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from kernel.contracts import Event

TenantKind = Literal["resident", "voluntary", "business", "municipal"]
BookingState = Literal["held", "confirmed", "cancelled", "declined", "expired"]


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """Who rents: an actor, its verified category, and its organisation number where it has one."""

    id: UUID
    kind: TenantKind
    organisation_number: str | None = None


@dataclass(frozen=True, kw_only=True)
class BookingSnapshot(Event):
    """The whole of a booking after a change. Subject: the booking's id. Times are UTC.

    `booked_by` is a pseudonym, made of issuer and subject: the text of `kernel.auth.Caller.person`.
    """

    booking: UUID
    state: BookingState
    space: str
    arena: str
    square: str
    premises: str
    """The premises class prices are given for, such as "hall"."""
    begins_at: datetime
    ends_at: datetime
    purpose: str
    audience: str
    participants: int
    tenant: Tenant
    booked_by: str
    booked_at: datetime
    title: str | None = None
    """What the public calendar shows; None when the booking is not public."""
    confirmed_at: datetime | None = None
    """When it was confirmed, kept in every state after; None when it never was. A cancellation that overtakes the
    confirmation must still be charged by the rule."""


@dataclass(frozen=True, kw_only=True)
class BookingHeld(BookingSnapshot):
    """A space is held until `hold_expires_at`, waiting for a price. Booking → pricing."""

    TYPE: ClassVar[str] = "no.torg.booking.held.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("pricing",)

    hold_expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingConfirmed(BookingSnapshot):
    """The tenant has the right to use the space. Booking → access (key), pricing (charge), programming (activity)."""

    TYPE: ClassVar[str] = "no.torg.booking.confirmed.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")


@dataclass(frozen=True, kw_only=True)
class BookingCancelled(BookingSnapshot):
    """The right is given up. Booking → access (key off), pricing (cancellation rule), programming (activity
    withdrawn)."""

    TYPE: ClassVar[str] = "no.torg.booking.cancelled.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")

    cancelled_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingDeclined(BookingSnapshot):
    """The booking was refused, and why (a stable code). Booking → pricing (waiver given back)."""

    TYPE: ClassVar[str] = "no.torg.booking.declined.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("pricing",)

    reason: str


@dataclass(frozen=True, kw_only=True)
class BookingExpired(BookingSnapshot):
    """A hold ran out before it was confirmed. Booking → pricing (waiver given back)."""

    TYPE: ClassVar[str] = "no.torg.booking.expired.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("pricing",)


@dataclass(frozen=True, kw_only=True)
class BookingRestated(BookingSnapshot):
    """Nothing changed: booking says again how it stands, so that listeners can repair what they lost. `sequence` is
    that of the last change. Booking → access, pricing, programming, from the reconciliation job."""

    TYPE: ClassVar[str] = "no.torg.booking.restated.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")

    cancelled_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SpacePublished(Event):
    """A space was added or changed. Subject: the space's id. Booking → access (its door), pricing (its premises class),
    programming (its names)."""

    TYPE: ClassVar[str] = "no.torg.booking.space_published.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")

    space: str
    space_name: str
    arena: str
    arena_name: str
    square: str
    square_name: str
    premises: str
    capacity: int
    area: float
    """Square metres."""
