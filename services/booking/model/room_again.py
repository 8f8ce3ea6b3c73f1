"""When there is room again for what quotas refused: the first moment at which all of them allow the same, as things are
booked now. `usecases.quotas` tells it with a refusal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.booking.model.minutes import Span
from services.booking.model.quotas import (
    FOR_EVER,
    LOOK_AHEAD,
    WEEK,
    Booked,
    Limit,
    Standing,
    Week,
    shortfall,
    span_of_week,
    week_of,
)

_ALWAYS = (datetime.min.replace(tzinfo=UTC), FOR_EVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A quota that binds what is asked for, and what its actor has there from that week on."""

    standing: Standing
    booked: Sequence[Booked]
    asked: Sequence[Span]

    def allows_unchanged(self, at: datetime) -> bool:
        """Whether it would allow what is asked for if that were asked at a later moment."""
        return shortfall(self.standing, self.booked, self.asked, now=at) is None

    def allows_moved(self, at: datetime, *, now: datetime) -> bool:
        """Whether it would allow as much at a later moment, in the week of that moment."""
        week = week_of(at)
        binds = any(begin < span_of_week(week)[1] and end > at for begin, end in self.standing.during)
        return self._open_allowed(at, now) and (not binds or all(self._week_allowed(week)))

    def _week_allowed(self, week: Week) -> Iterator[bool]:
        quota = self.standing.quota
        limits: dict[Limit, int | None] = {
            "week_minutes": quota.week_minutes,
            "prime_week_minutes": quota.prime_week_minutes,
        }
        for kind, limit in limits.items():
            if limit is not None:
                prime = kind == "prime_week_minutes"
                used = self.standing.minutes_by_week([each.span for each in self._kept], prime=prime)
                asked = replace(self.standing, during=[_ALWAYS]).minutes_by_week(self.asked, prime=prime)
                yield used[week] + max(asked.values(), default=0) <= limit

    def _open_allowed(self, at: datetime, now: datetime) -> bool:
        limit = self.standing.quota.open_bookings
        if limit is None or not self.standing.at(at):
            return True
        used = sum(each.open and each.ends_at > at for each in self._kept)
        return used + sum(ends_at > now for _, ends_at in self.asked) <= limit

    @property
    def _kept(self) -> list[Booked]:
        return [each for each in self.booked if not each.replaced]


def room_again(bounds: Sequence[Bound], week: Week, *, now: datetime) -> datetime | None:
    """The first moment after now at which all of these quotas allow the same: the next week with room, the end of an
    open booking that makes room, or the end of a quota. `week` is the one that falls short. None when there is none
    within a year."""
    begins = span_of_week(week)[0]
    first = min(begin for bound in bounds for begin, _ in bound.asked)
    for at in _moments(bounds, week, now):
        if at <= first and all(bound.allows_unchanged(at) for bound in bounds):
            return at
        if at >= begins and all(bound.allows_moved(at, now=now) for bound in bounds):
            return at
    return None


def _moments(bounds: Sequence[Bound], week: Week, now: datetime) -> list[datetime]:
    """The moments at which something may become possible, in their order."""
    weeks = [span_of_week(week + number * WEEK)[0] for number in range(1, LOOK_AHEAD // WEEK)]
    ends = [end for bound in bounds for _, end in bound.standing.during if end < FOR_EVER]
    opens = [each.ends_at for bound in bounds for each in bound.booked if each.open and not each.replaced]
    return sorted({at for at in (*weeks, *ends, *opens) if at > now})
