"""Closures and maintenance: an arena, or a space in it, is closed for a time, whatever its hours say.

announced ──lift──► lifted
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.events import ClosureAnnounced, ClosureKind, ClosureLifted, ClosureSnapshot
from services.booking.model.bookings import Booking
from services.booking.model.rules import EndsBeforeBegin, InThePast

State = Literal["announced", "lifted"]
Outcome = Literal["cancel", "move", "end"]
MOST_PLANNED = 200
"""Bookings for which a place is looked for in one dry run; each costs some statements."""


class BookingsInTheWay(DomainError):
    """Bookings are hit that nothing was decided for. The fields tell which: all, or the first hundred."""

    code = "bookings_in_the_way"
    status = 409
    text = Text(
        nb="{count} bookinger blir berørt uten at noe er bestemt for dem.",
        nn="{count} bookingar blir råka utan at noko er bestemt for dei.",
        en="{count} bookings are hit, and nothing was decided for them.",
    )


class AlreadyLifted(DomainError):
    """A closure is lifted once."""

    code = "already_lifted"
    status = 409
    text = Text(
        nb="Stengingen er alt opphevet.", nn="Stenginga er alt oppheva.", en="The closure has been lifted already."
    )


class ClosureOver(DomainError):
    """A closure whose time is over can't be lifted."""

    code = "closure_over"
    status = 409
    text = Text(nb="Stengingen er over.", nn="Stenginga er over.", en="The closure is over.")


class UnknownArena(DomainError):
    """There is no arena of this id."""

    code = "unknown_arena"
    text = Text(nb="Arenaen {arena} finnes ikke.", nn="Arenaen {arena} finst ikkje.", en="There is no arena {arena}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureRequest:
    """What is to be closed: an arena, or one space. `reason` is for everybody to read."""

    kind: ClosureKind
    begins_at: datetime
    ends_at: datetime
    reason: Text
    arena: str | None = None
    space: str | None = None

    def check(self, *, now: datetime) -> None:
        """Raises the error that names what is wrong with its time. It may have begun: pipes burst."""
        if self.ends_at <= self.begins_at:
            raise EndsBeforeBegin
        if self.ends_at <= now:
            raise InThePast


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to become of a booking that is hit: cancelled by the house, moved to another time or space, or, if it is
    under way, ended."""

    booking: UUID
    outcome: Outcome
    space: str | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A booking that a closure would hit, and a decision that can be carried out together with those proposed for the
    others. None: there is no room for it at its time. `alternatives` are the spaces, that proposed first, where it
    could be while the others are as proposed."""

    booking: Booking
    proposal: Decision | None = None
    alternatives: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """An arena, or one space of it, is closed for a time."""

    id: UUID
    version: int
    state: State
    kind: ClosureKind
    square: str
    arena: str
    space: str | None
    begins_at: datetime
    ends_at: datetime
    reason: Text
    announced_by: UUID
    announced_at: datetime
    lifted_by: UUID | None = None
    lifted_at: datetime | None = None

    def lifted(self, *, by: UUID, now: datetime) -> "Closure":
        """Open again, from now on."""
        if self.state == "lifted":
            raise AlreadyLifted
        if now >= self.ends_at:
            raise ClosureOver
        return replace(self, version=self.version + 1, state="lifted", lifted_by=by, lifted_at=now)

    def happened(self) -> ClosureSnapshot:
        """The event that tells how it stands."""
        told = ClosureLifted if self.state == "lifted" else ClosureAnnounced
        return told(
            closure=self.id,
            kind=self.kind,
            square=self.square,
            arena=self.arena,
            space=self.space,
            begins_at=self.begins_at,
            ends_at=self.ends_at,
            reason_nb=self.reason.nb,
            reason_nn=self.reason.nn,
            reason_en=self.reason.en,
        )
