"""What programming tells the world: its public contract."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from kernel.contracts import Event


@dataclass(frozen=True, kw_only=True)
class ActivitySnapshot(Event):
    """The whole of an activity after a change. Subject: the activity's id. `title` is None when it is not public."""

    activity: UUID
    booking: UUID
    square: str
    arena: str
    space: str
    begins_at: datetime
    ends_at: datetime
    purpose: str
    audience: str
    title: str | None = None


@dataclass(frozen=True, kw_only=True)
class ActivityScheduled(ActivitySnapshot):
    """An activity stands in the programme of its square. Nobody listens yet; calendars will."""

    TYPE: ClassVar[str] = "no.torg.programming.activity_scheduled.v1"


@dataclass(frozen=True, kw_only=True)
class ActivityWithdrawn(ActivitySnapshot):
    """An activity left the programme; it may come back, if its booking is decided anew. Nobody listens yet; calendars
    will."""

    TYPE: ClassVar[str] = "no.torg.programming.activity_withdrawn.v1"
