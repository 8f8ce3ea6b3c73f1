"""What can be booked, and when it is closed."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from kernel.contracts import Event

ClosureKind = Literal["closure", "maintenance"]


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
