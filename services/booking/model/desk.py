"""What waits for an arena manager, and in which order: the order is published, and the same for all.

Each kind has a time by which it ought to be done; what is nearest to it, or furthest past it, comes first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from kernel.errors import DomainError
from services.booking.model.bookings import Booking

Kind = Literal["approval", "payment", "comment", "clash"]
"""A booking to approve; one that is not paid; a comment that nobody of the house has seen; a booking that is outside
the hours, since these were changed."""
Verdict = Literal["approve", "decline"]

ANSWER_IN = timedelta(days=3)
"""Who asks for approval hears within this time of asking,"""
ANSWER_BEFORE = timedelta(days=2)
"""and this long before it begins: whichever comes first,"""
ANSWER_AT_LEAST = timedelta(hours=4)
"""but nobody is late before this time since it was asked for, or before it begins if that is sooner."""
REPLY_IN = timedelta(days=2)
"""So soon comments are read."""
SORT_OUT_BEFORE = timedelta(days=7)
"""Whose booking clashes with the hours hears so long before it begins."""
LOOK_AHEAD = timedelta(days=90)
"""So far clashes are looked for; `opening/clashes` of an arena has no such limit."""
MOST_DECISIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for a manager."""

    kind: Kind
    due_at: datetime
    overdue: bool
    booking: Booking
    decider: str | None = None
    """Who is to decide, where somebody has to (`kernel.duties.Decider`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How much of a kind there is, and how much of that is overdue."""

    kind: Kind
    waiting: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a manager decides of a booking; `version` is the one they saw."""

    booking: UUID
    verdict: Verdict
    why: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a decision: how the booking stands now, or the rule that said no."""

    decision: Decision
    booking: Booking | None = None
    refused: DomainError | None = None
