"""What becomes of a series as a whole; each of its bookings is told of by itself, too."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from kernel.contracts import Event
from services.booking.events.bookings import GivenUpBy, Tenant

SeriesState = Literal["active", "cancelled"]


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
