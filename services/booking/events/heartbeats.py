"""How far booking has told what happened."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from kernel.contracts import Event


@dataclass(frozen=True, kw_only=True)
class LastSent:
    """The last event of a type that was sent, and when."""

    type: str
    event: UUID
    sent_at: datetime


@dataclass(frozen=True, kw_only=True)
class Heartbeat(Event):
    """Whoever has taken all that is named here knows how bookings stood at `sent_at`. Each type of event has a queue of
    its own, so that this one arrives proves nothing. Subject: an id of its own. Booking → access (keys open within
    their margins only while news is new)."""

    TYPE: ClassVar[str] = "no.torg.booking.heartbeat.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access",)

    sent_at: datetime
    last: list[LastSent] = field(default_factory=list)
    restated_since: datetime | None = None
    """All bookings that stand were told again after this: what was sent before it, and lost, does no harm any more.
    None while they are being told."""
