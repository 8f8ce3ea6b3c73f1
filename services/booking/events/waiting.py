"""What those who wait are offered."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from kernel.contracts import Event
from services.booking.events.bookings import Tenant


@dataclass(frozen=True, kw_only=True)
class WaitingOffered(Event):
    """What somebody waited for became free, and is held for them: a booking as any other, to be confirmed by
    `offered_until`, or later if its price comes late. Subject: the waiting's id. Nobody listens yet; notices will, as
    booking knows nobody's address."""

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
