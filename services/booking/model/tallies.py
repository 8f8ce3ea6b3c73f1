"""A quota counted on as the dates of a series are added one after the other, so that the first of them have what it
allows and the rest are told what they lack. `usecases.quotas.beyond` counts with it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from services.booking.model.minutes import Span
from services.booking.model.quotas import Booked, Limit, Shortfall, Standing, Week


class Tally:
    """What an actor uses of a quota, as it stands and with each date added."""

    def __init__(self, standing: Standing, booked: Sequence[Booked], *, now: datetime) -> None:
        quota, spans = standing.quota, [each.span for each in booked]
        weekly: dict[Limit, int | None] = {
            "week_minutes": quota.week_minutes,
            "prime_week_minutes": quota.prime_week_minutes,
        }
        self._standing, self._now = standing, now
        self._limits = {kind: limit for kind, limit in weekly.items() if limit is not None}
        self._used = {kind: self._minutes(spans, kind) for kind in self._limits}
        self._open_limit = quota.open_bookings if standing.at(now) else None
        self._open = sum(each.open and each.ends_at > now for each in booked)

    def short(self, asked: Span) -> Shortfall | None:
        """The first limit that one more date would pass."""
        for kind, limit in self._limits.items():
            used = self._used[kind]
            for week, new in sorted(self._minutes([asked], kind).items()):
                if new and used[week] + new > limit:
                    return self._shortfall(kind, limit, used[week], new, asked, week)
        if self._open_limit is not None and asked[1] > self._now and self._open + 1 > self._open_limit:
            return self._shortfall("open_bookings", self._open_limit, self._open, 1, asked)
        return None

    def add(self, taken: Span) -> None:
        """Counts a date in."""
        for kind, used in self._used.items():
            used.update(self._minutes([taken], kind))
        self._open += taken[1] > self._now

    def _minutes(self, spans: Sequence[Span], kind: Limit) -> Counter[Week]:
        return self._standing.minutes_by_week(spans, prime=kind == "prime_week_minutes")

    def _shortfall(
        self, kind: Limit, limit: int, used: int, new: int, asked: Span, week: Week | None = None
    ) -> Shortfall:
        return Shortfall(
            standing=self._standing, kind=kind, limit=limit, used=used, asked=new, first=asked[0], week=week
        )
