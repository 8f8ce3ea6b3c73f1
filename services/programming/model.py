"""The rules of the programme: what an activity is, how it changes with its booking, and what it is called when its
title is not public. Pure. An activity never knows who booked."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from kernel.errors import DomainError, Text
from services.programming.events import ActivitySnapshot

S = TypeVar("S", bound=ActivitySnapshot)

AUDIENCES = ("everyone", "children", "youth", "adults", "seniors")
GENERIC_TITLES = {
    "sport": Text(nb="Idrett", nn="Idrett", en="Sports"),
    "culture": Text(nb="Kulturaktivitet", nn="Kulturaktivitet", en="Cultural activity"),
    "meeting": Text(nb="Møte", nn="Møte", en="Meeting"),
    "course": Text(nb="Kurs", nn="Kurs", en="Course"),
    "youth": Text(nb="Ungdomsaktivitet", nn="Ungdomsaktivitet", en="Youth activity"),
    "volunteer": Text(nb="Frivillig aktivitet", nn="Friviljug aktivitet", en="Volunteer activity"),
    "commercial": Text(nb="Kommersielt arrangement", nn="Kommersielt arrangement", en="Commercial event"),
}
"""By purpose."""
_ANY = Text(nb="Aktivitet", nn="Aktivitet", en="Activity")


class ActivityIsWithdrawn(DomainError):
    """An activity that left the programme does not come back: its booking is over for good."""

    code = "activity_is_withdrawn"
    status = 409
    text = Text(
        nb="Aktiviteten er tatt ut av programmet.",
        nn="Aktiviteten er teken ut av programmet.",
        en="The activity has left the programme.",
    )


def shown_title(title: str | None, purpose: str, language: str) -> str:
    """What the public sees: the title if there is a public one, else what kind of activity it is."""
    return title if title is not None else GENERIC_TITLES.get(purpose, _ANY).in_language(language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens, where and when."""

    square: str
    arena: str
    space: str
    begins_at: datetime
    ends_at: datetime
    purpose: str
    audience: str
    title: str | None


class ActivityState(StrEnum):
    """`scheduled`: in the programme. `paused`: its booking was moved, and is decided anew; not in the programme
    meanwhile. `withdrawn`: no longer, for good."""

    SCHEDULED = "scheduled"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What comes of one booking, as the public sees it."""

    id: UUID
    booking: UUID
    plan: Plan
    state: ActivityState = ActivityState.SCHEDULED
    version: int = 1

    def rescheduled(self, plan: Plan) -> "Activity":
        """The booking now says something else, or was decided anew."""
        self._demand_not_withdrawn()
        return replace(self, plan=plan, state=ActivityState.SCHEDULED, version=self.version + 1)

    def untitled(self) -> "Activity":
        """Whoever gave it its title is forgotten, and the title with them; whatever state it is in."""
        return replace(self, plan=replace(self.plan, title=None), version=self.version + 1)

    def paused(self) -> "Activity":
        """The booking was moved, and nobody has decided yet whether it may be."""
        self._demand_not_withdrawn()
        return replace(self, state=ActivityState.PAUSED, version=self.version + 1)

    def withdrawn(self) -> "Activity":
        """The booking is no more."""
        self._demand_not_withdrawn()
        return replace(self, state=ActivityState.WITHDRAWN, version=self.version + 1)

    def told(self, kind: type[S]) -> S:
        """The event that tells of its last change."""
        plan = self.plan
        return kind(
            activity=self.id,
            booking=self.booking,
            square=plan.square,
            arena=plan.arena,
            space=plan.space,
            begins_at=plan.begins_at,
            ends_at=plan.ends_at,
            purpose=plan.purpose,
            audience=plan.audience,
            title=plan.title,
        )

    def revived(self) -> "Activity":
        """Booking was restored from a backup, and in that its booking is not over: it can be scheduled again."""
        if self.state is not ActivityState.WITHDRAWN:
            raise ValueError("an activity that is not withdrawn")
        return replace(self, state=ActivityState.PAUSED, version=self.version + 1)

    def _demand_not_withdrawn(self) -> None:
        if self.state is ActivityState.WITHDRAWN:
            raise ActivityIsWithdrawn
