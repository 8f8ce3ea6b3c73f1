"""What booking tells the world: its public contract. Every event carries the whole state it speaks of, so a listener
that missed or reordered the ones before it needs only the newest."""

from dataclasses import dataclass, field
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
RuledScope = Literal["square", "arena", "space"]
AcceptanceChannel = Literal["portal", "booking", "door"]
"""Where a person accepted house rules: on their page in the portal, with a booking, or at the door."""
ClosureKind = Literal["closure", "maintenance"]
SeriesState = Literal["active", "cancelled"]
GivenUpBy = Literal["tenant", "house"]
"""Who cancelled: the tenant, or the municipality (a closure, an arena manager). What it costs depends on it."""
RepresentativeRole = Literal["owner", "booker"]
"""A booker may act for an organisation; an owner may also say who else may."""
VerifiedBy = Literal["registers", "manager", "operator"]
"""Whose word it is that an organisation is what it counts as."""


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
    """Its time is over, or its tenant ended it early. Booking → access (a key ended early opens no more)."""

    TYPE: ClassVar[str] = "no.torg.booking.completed.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access",)


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


@dataclass(frozen=True, kw_only=True)
class RepresentationChanged(Event):
    """An organisation lets a person act for it, on other terms than before, or no longer. Subject: "actor/person".
    Booking → access (who sees its keys), pricing (who sees its prices and charges)."""

    TYPE: ClassVar[str] = "no.torg.booking.representation_changed.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing")

    actor: UUID
    person: str
    """A pseudonym, as `booked_by`."""
    role: RepresentativeRole | None = None
    """None: the right is gone."""
    until: str | None = None
    """The last local day of the right (YYYY-MM-DD). It ends by itself: no event tells of that day."""


@dataclass(frozen=True, kw_only=True)
class PersonErased(Event):
    """A person asked to be forgotten: whoever has something under their pseudonym keeps the figures and lets go of who
    it was. Subject: the person's pseudonym. What they had booked and was to come is cancelled, and told so, before.
    Told again some days. Booking → access (keys), pricing (quotes, hours, payments), programming (titles)."""

    TYPE: ClassVar[str] = "no.torg.booking.person_erased.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")

    person: str
    """A pseudonym, as `booked_by`."""
    erased_at: datetime
    bookings: list[UUID] = field(default_factory=list)
    """All that they had booked or rented. Whoever books after that under the same pseudonym has come back."""
    untitled: list[UUID] = field(default_factory=list)
    """Those of them that they rented themselves: what these were called goes."""


@dataclass(frozen=True, kw_only=True)
class ActorVerified(Event):
    """What an organisation counts as was decided anew. Subject: the actor's id. Nobody listens yet."""

    TYPE: ClassVar[str] = "no.torg.booking.actor_verified.v1"

    actor: UUID
    organisation_number: str
    kind: TenantKind
    """What its bookings carry from now on. What nobody has verified counts as "business"."""
    verified_by: VerifiedBy | None = None
    """None: what was verified is so no longer."""


@dataclass(frozen=True, kw_only=True)
class HouseRuleTold:
    """One part of the house rules. What `number` counts, people or years, follows from the code."""

    code: str
    time: str | None = None
    """Wall time, such as "22:00"."""
    number: int | None = None


@dataclass(frozen=True, kw_only=True)
class HouseRulesPublished(Event):
    """House rules have a new version, in force from `effective_from` until a newer one is. Subject: the scope and the
    place's id, "arena/borgen-innbyggertorg". Nobody listens yet; access will, before it opens a door."""

    TYPE: ClassVar[str] = "no.torg.booking.house_rules_published.v1"

    scope: RuledScope
    place: str
    square: str
    version: int
    effective_from: datetime
    rules: list[HouseRuleTold]


@dataclass(frozen=True, kw_only=True)
class HouseRulesAccepted(Event):
    """A person accepted a version of house rules. Subject: the person, the scope and the place. `person` is a
    pseudonym, as `booked_by`. Nobody listens yet; access will."""

    TYPE: ClassVar[str] = "no.torg.booking.house_rules_accepted.v1"

    person: str
    scope: RuledScope
    place: str
    version: int
    accepted_at: datetime
    channel: AcceptanceChannel


@dataclass(frozen=True, kw_only=True)
class ClosureSnapshot(Event):
    """An arena, or one space of it, is closed for a time. Subject: the closure's id. What became of the bookings it
    hit is told by their own events."""

    closure: UUID
    kind: ClosureKind
    square: str
    arena: str
    space: str | None = None
    """None: all of the arena."""
    begins_at: datetime
    ends_at: datetime
    reason_nb: str
    reason_nn: str
    reason_en: str


@dataclass(frozen=True, kw_only=True)
class ClosureAnnounced(ClosureSnapshot):
    """It will be closed. Nobody listens yet; calendars will."""

    TYPE: ClassVar[str] = "no.torg.booking.closure_announced.v1"


@dataclass(frozen=True, kw_only=True)
class ClosureLifted(ClosureSnapshot):
    """It is not closed after all, or not any more. Nobody listens yet; calendars will."""

    TYPE: ClassVar[str] = "no.torg.booking.closure_lifted.v1"


@dataclass(frozen=True, kw_only=True)
class SeriesSnapshot(Event):
    """A series of bookings as one, after something was done to it as one. Subject: the series' id. Its bookings tell of
    themselves, too, each with the series' id."""

    series: UUID
    state: SeriesState
    space: str
    """What was asked for at first."""
    arena: str
    square: str
    tenant: Tenant
    booked_by: str
    purpose: str
    audience: str
    rule: str | None
    """An RRULE of RFC 5545, by the clock on the wall in Oslo; None for dates that were named one by one."""
    first_at: datetime
    last_until: datetime
    live: int
    """Bookings that take their space."""
    skipped: int
    """Dates that could not be had, and nobody has booked since."""
    booked_at: datetime
    title: str | None = None
    spaces: list[str] = field(default_factory=list)
    """Where its bookings are."""


@dataclass(frozen=True, kw_only=True)
class SeriesBooked(SeriesSnapshot):
    """A series was booked: one notice for all its bookings. Nobody listens yet; notices will."""

    TYPE: ClassVar[str] = "no.torg.booking.series_booked.v1"


@dataclass(frozen=True, kw_only=True)
class SeriesChanged(SeriesSnapshot):
    """Some or all bookings of a series were confirmed, moved or cancelled, or a skipped date was booked. Nobody listens
    yet; notices will."""

    TYPE: ClassVar[str] = "no.torg.booking.series_changed.v1"

    changed: int
    """How many of its bookings that was done to."""


@dataclass(frozen=True, kw_only=True)
class SeriesCancelled(SeriesSnapshot):
    """All that was left of a series was given up. Nobody listens yet; notices will."""

    TYPE: ClassVar[str] = "no.torg.booking.series_cancelled.v1"

    cancelled_at: datetime
    cancelled_by: GivenUpBy


@dataclass(frozen=True, kw_only=True)
class WaitingOffered(Event):
    """What somebody waited for became free, and is held for them: a booking as any other, to be confirmed by
    `offered_until`. Subject: the waiting's id. Nobody listens yet; notices will, as booking knows nobody's address."""

    TYPE: ClassVar[str] = "no.torg.booking.waiting_offered.v1"

    waiting: UUID
    booking: UUID
    space: str
    arena: str
    square: str
    begins_at: datetime
    ends_at: datetime
    tenant: Tenant
    person: str
    """Who joined the list: a pseudonym, as `booked_by`."""
    joined_at: datetime
    offered_until: datetime
    series: UUID | None = None
    """The series of which it was a skipped date."""
