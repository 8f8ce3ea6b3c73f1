"""Closures and maintenance: an arena, or a space in it, is closed for a time, whatever its hours say.

announced ──lift──► lifted

One that recurs has dates, each of which can be lifted alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Literal
from uuid import UUID

from kernel.contracts import utc_text
from kernel.errors import DomainError, Text
from services.booking.events import ClosedDate, ClosureAnnounced, ClosureKind, ClosureLifted, ClosureSnapshot
from services.booking.model.bookings import Booking
from services.booking.model.recurrence import Occurrence, Recurrence
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


class NotHit(DomainError):
    """Something was decided for a booking that the closure does not hit: it stays as it is."""

    code = "not_hit"
    status = 409
    text = Text(
        nb="Stengingen berører ikke booking {booking}, så ingenting kan bestemmes for den.",
        nn="Stenginga rører ikkje booking {booking}, så ingenting kan bestemmast for henne.",
        en="The closure does not hit booking {booking}, so nothing can be decided for it.",
    )


class DatesOverlap(DomainError):
    """A date of the closure begins before the one before it is over: lifted alone, it would stay closed."""

    code = "dates_overlap"
    text = Text(
        nb="Datoene overlapper: den som begynner {first}, begynner før den forrige er over.",
        nn="Datoane overlappar: den som byrjar {first}, byrjar før den førre er over.",
        en="The dates overlap: the one that begins {first} begins before the one before it is over.",
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


class NoSuchDate(DomainError):
    """The closure has no date that begins then."""

    code = "no_such_date"
    status = 404
    text = Text(
        nb="Stengingen har ingen dato som begynner da.",
        nn="Stenginga har ingen dato som byrjar då.",
        en="The closure has no date that begins then.",
    )


class UnknownArena(DomainError):
    """There is no arena of this id."""

    code = "unknown_arena"
    text = Text(nb="Arenaen {arena} finnes ikke.", nn="Arenaen {arena} finst ikkje.", en="There is no arena {arena}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureRequest:
    """What is to be closed: an arena, or one space; once, or (`recurrence`) at several dates, of which `begins_at` and
    `ends_at` are then no more than the first that is asked for. `reason` is for everybody to read."""

    kind: ClosureKind
    begins_at: datetime
    ends_at: datetime
    reason: Text
    arena: str | None = None
    space: str | None = None
    recurrence: Recurrence | None = None

    def times(self, dates: Sequence[Occurrence], *, now: datetime) -> list[Occurrence]:
        """Of the dates it comes to, in order, those that are not over. Raises the error that names what is wrong with
        them. It may have begun: pipes burst."""
        if any(each.ends_at <= each.begins_at for each in dates):
            raise EndsBeforeBegin
        if overlapping := [each for before, each in pairwise(dates) if each.begins_at < before.ends_at]:
            raise DatesOverlap(first=utc_text(overlapping[0].begins_at))
        to_come = [each for each in dates if each.ends_at > now]
        if not to_come:
            raise InThePast
        return to_come


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
class ClosureDate:
    """A date of a closure that recurs. Its id holds what it closes."""

    id: UUID
    begins_at: datetime
    ends_at: datetime
    lifted_at: datetime | None = None
    lifted_by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """An arena, or one space of it, is closed for a time; or at the `dates` that a `recurrence` comes to, between which
    it is open."""

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
    recurrence: Recurrence | None = None
    dates: Sequence[ClosureDate] = ()

    @property
    def closing(self) -> Sequence[ClosureDate]:
        """When it is closed, dates that are over included, by what holds it."""
        if self.recurrence is None:
            return [ClosureDate(id=self.id, begins_at=self.begins_at, ends_at=self.ends_at)]
        return [each for each in self.dates if each.lifted_at is None]

    def to_come(self, *, now: datetime) -> list[ClosureDate]:
        """When it is closed still."""
        return [each for each in self.closing if each.ends_at > now]

    def closes_at(self, times: Sequence[Occurrence], *, now: datetime) -> bool:
        """Whether these are exactly the times at which it is closed still."""
        return [(each.begins_at, each.ends_at) for each in self.to_come(now=now)] == [
            (each.begins_at, each.ends_at) for each in times
        ]

    def date_lifted(self, begins_at: datetime, *, by: UUID, now: datetime) -> "Closure":
        """Open at one date, or from now on if it has begun; all of it when no date is left."""
        if self.state == "lifted":
            raise AlreadyLifted
        chosen = next((each for each in self.dates or self.closing if each.begins_at == begins_at), None)
        if chosen is None:
            raise NoSuchDate
        if chosen.lifted_at is not None:
            raise AlreadyLifted
        if now >= chosen.ends_at:
            raise ClosureOver
        if len(self.closing) == 1:
            return self.lifted(by=by, now=now)
        done = replace(chosen, lifted_at=now, lifted_by=by)
        dates = tuple(done if each is chosen else each for each in self.dates)
        ends_at = max(each.ends_at for each in dates if each.lifted_at is None)
        return replace(self, version=self.version + 1, dates=dates, ends_at=ends_at)

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
            dates=[ClosedDate(begins_at=each.begins_at, ends_at=each.ends_at) for each in self.closing]
            if self.recurrence
            else [],
        )
