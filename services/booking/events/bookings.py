"""What becomes of a booking, from its hold to its end."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from kernel.contracts import Event

TenantKind = Literal["resident", "voluntary", "business", "municipal"]
BookingState = Literal[
    "held",
    "awaiting_approval",
    "awaiting_payment",
    "confirmed",
    "in_use",
    "completed",
    "cancelled",
    "declined",
    "expired",
    "released",
]
GivenUpBy = Literal["tenant", "house"]
"""Who cancelled: the tenant, or the municipality (a closure, an arena manager). What it costs depends on it."""


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
    """When it was confirmed, kept in every state after; None when it never was, or was moved and is decided anew. A
    cancellation that overtakes the confirmation must still be charged by the rule."""
    series: UUID | None = None
    """The series it is an occurrence of. One series has one key and gets one notice."""
    release_at: datetime | None = None
    """If no door is opened until then, the space goes to others; None where nobody waits for a door."""
    ended_at: datetime | None = None
    """When it gave back the rest of its time, once that was under way: ended early, released or cancelled. What it
    costs stays."""


@dataclass(frozen=True, kw_only=True)
class BookingHeld(BookingSnapshot):
    """A space is held until `hold_expires_at`, waiting for a price; then there is time anew to confirm it. Booking →
    pricing."""

    TYPE: ClassVar[str] = "no.torg.booking.held.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("pricing",)

    hold_expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingConfirmed(BookingSnapshot):
    """The tenant has the right to use the space. Booking → access (key), pricing (charge), programming (activity)."""

    TYPE: ClassVar[str] = "no.torg.booking.confirmed.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")


@dataclass(frozen=True, kw_only=True)
class BookingAwaitingApproval(BookingSnapshot):
    """The tenant accepts the price; an arena manager decides. Nobody listens yet; notices will."""

    TYPE: ClassVar[str] = "no.torg.booking.awaiting_approval.v1"


@dataclass(frozen=True, kw_only=True)
class BookingAwaitingPayment(BookingSnapshot):
    """It is confirmed once it is paid, if that is by `pay_by`. Booking → pricing (payment)."""

    TYPE: ClassVar[str] = "no.torg.booking.awaiting_payment.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("pricing",)

    pay_by: datetime


@dataclass(frozen=True, kw_only=True)
class BookingRescheduled(BookingSnapshot):
    """Time, space or number of participants changed. What the snapshot says is the new, an earlier price no longer
    holds, and one that was confirmed may await approval again. Booking → access (the key moves), pricing (new price),
    programming (the activity moves)."""

    TYPE: ClassVar[str] = "no.torg.booking.rescheduled.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")

    earlier_space: str
    earlier_begins_at: datetime
    earlier_ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingStarted(BookingSnapshot):
    """Somebody opened the door: the space is in use. Nobody listens yet."""

    TYPE: ClassVar[str] = "no.torg.booking.started.v1"


@dataclass(frozen=True, kw_only=True)
class BookingCompleted(BookingSnapshot):
    """Its time is over, or its tenant ended it early (`ended_at`). Booking → access (a key ended early opens no more),
    programming (the activity ends then)."""

    TYPE: ClassVar[str] = "no.torg.booking.completed.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "programming")


@dataclass(frozen=True, kw_only=True)
class BookingReleased(BookingSnapshot):
    """Nobody opened the door in time, and the space went to others. Booking → access (key off), pricing (the charge
    stands), programming (activity withdrawn)."""

    TYPE: ClassVar[str] = "no.torg.booking.released.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")

    released_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingCancelled(BookingSnapshot):
    """The right is given up. Booking → access (key off), pricing (cancellation rule), programming (activity
    withdrawn)."""

    TYPE: ClassVar[str] = "no.torg.booking.cancelled.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")

    cancelled_at: datetime
    cancelled_by: GivenUpBy = "tenant"
    for_nothing: bool = False
    """Nothing is owed, however late: the municipality had moved it."""


@dataclass(frozen=True, kw_only=True)
class BookingDeclined(BookingSnapshot):
    """The booking was refused, and why (a stable code). Booking → access (key off), pricing (nothing owed, waiver given
    back), programming (activity withdrawn): it may have been confirmed, and moved."""

    TYPE: ClassVar[str] = "no.torg.booking.declined.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")

    reason: str


@dataclass(frozen=True, kw_only=True)
class BookingExpired(BookingSnapshot):
    """It was not confirmed, approved or paid in time. Booking → access (key off), pricing (nothing owed, waiver given
    back), programming (activity withdrawn): it may have been confirmed, and moved."""

    TYPE: ClassVar[str] = "no.torg.booking.expired.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")


@dataclass(frozen=True, kw_only=True)
class BookingRestated(BookingSnapshot):
    """Nothing changed: booking says again how it stands, so that listeners can repair what they lost. `sequence` is
    that of the last change. Booking → access, pricing, programming, from the reconciliation job."""

    TYPE: ClassVar[str] = "no.torg.booking.restated.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")

    cancelled_at: datetime | None = None
    cancelled_by: GivenUpBy | None = None
    for_nothing: bool = False
    """As `BookingCancelled` tells it."""
