"""What can be booked, and when it is closed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from kernel.contracts import Event

ClosureKind = Literal["closure", "maintenance"]


@dataclass(frozen=True, kw_only=True)
class SpacePublished(Event):
    """A space was added or changed. Subject: the space's id. Booking → access (its door, and which bookings exclude
    each other), pricing (its premises class), programming (its names)."""

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
    parts: list[str] = field(default_factory=list)
    """The ids of its smallest parts, in order; its own where it is not divided. Bookings of spaces that have a part in
    common exclude each other. Empty: told before that was told."""
    shared: bool = False
    """Several groups may be in it at once: its bookings do not exclude each other."""


@dataclass(frozen=True, kw_only=True)
class ClosedDate:
    """One date of a closure that recurs."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class ClosureSnapshot(Event):
    """An arena, or one space of it, is closed for a time, or at several dates. Subject: the closure's id. What became
    of the bookings it hit is told by their own events."""

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
    dates: list[ClosedDate] = field(default_factory=list)
    """Of one that recurs: the dates that are not lifted. It is open between them; `begins_at` and `ends_at` are of the
    first and the last. Empty: closed all the time."""


@dataclass(frozen=True, kw_only=True)
class ClosureAnnounced(ClosureSnapshot):
    """It will be closed, or, in a later version, some of its dates are lifted. Nobody listens yet; calendars will."""

    TYPE: ClassVar[str] = "no.torg.booking.closure_announced.v1"


@dataclass(frozen=True, kw_only=True)
class ClosureLifted(ClosureSnapshot):
    """It is not closed after all, or not any more. Nobody listens yet; calendars will."""

    TYPE: ClassVar[str] = "no.torg.booking.closure_lifted.v1"
