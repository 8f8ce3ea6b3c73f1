"""Series over the counter, for tests of booking: a weekly evening, asked for, looked at, priced, moved and given up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from kernel.versions import ANY_VERSION
from services.booking.model.recurrence import Recurrence
from services.booking.model.series import Series, SeriesRequest, Shift
from services.booking.queries import series as queries
from services.booking.usecases import series as usecases
from tests.callers import RESIDENT, STRANGER

FIRST = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
"""18:00 in Oslo on a Tuesday."""
WEEK = timedelta(days=7)


class Season:
    """Series over the counter."""

    def __init__(self, counter: Any) -> None:
        self.counter = counter

    def request(self, space: str = "room", count: int = 4, **different: Any) -> SeriesRequest:
        how = {name: different.pop(name) for name in ("policy", "elsewhere", "wait") if name in different}
        when = {"starts": datetime(2026, 12, 1, 18, 0), "minutes": 120, "rule": f"FREQ=WEEKLY;COUNT={count}"}  # noqa: DTZ001
        when |= {name: different.pop(name) for name in ("starts", "minutes", "rule", "dates") if name in different}
        like = self.counter.wanted(space, **different)
        return SeriesRequest(like=like, recurrence=Recurrence(**when), **how)

    def book(self, *place: Any, who: Any = RESIDENT, **different: Any) -> Series:
        booked: Series = self.counter.run(usecases.book, who, self.request(*place, **different))
        return booked

    def preview(self, *place: Any, who: Any = RESIDENT, **different: Any) -> Any:
        return self.counter.run(usecases.preview, who, self.request(*place, **different))

    def seen(self, series: Series, who: Any = RESIDENT) -> Any:
        with self.counter.database.reading() as tx:
            return queries.one(tx, who, series.id)

    def dates(self, series: Series) -> list[Any]:
        """Its dates, in their order."""
        found: list[Any] = self.seen(series)["occurrences"]
        return found

    def states(self, series: Series) -> list[str]:
        """The state of each date, or why it was skipped."""
        return [each.state or each.skipped for each in self.dates(series)]

    def booking(self, series: Series, number: int) -> UUID:
        found: UUID = self.dates(series)[number].booking
        return found

    def priced(self, series: Series) -> None:
        for number, each in enumerate(self.dates(series), 1):
            if each.state == "held":
                self.counter.deliver(self.counter.priced(self.counter.booking(each.booking), quote=number))

    def cancel(self, series: Series, who: Any = RESIDENT, **how: Any) -> Series:
        done: Series = self.counter.run(usecases.cancel, who, series.id, ANY_VERSION, **how)
        return done

    def consequence(self, series: Series, who: Any = RESIDENT, *, scope: str = "all", booking: Any = None) -> Any:
        with self.counter.database.reading() as tx:
            return queries.consequence(tx, who, series.id, scope=scope, booking=booking)

    def move(self, series: Series, who: Any = RESIDENT, scope: str = "all", booking: Any = None, **how: Any) -> Series:
        done: Series = self.counter.run(
            usecases.reschedule, who, series.id, ANY_VERSION, scope=scope, booking=booking, shift=Shift(**how)
        )
        return done


def at(number: int, quarters: int = 0) -> dict[str, Any]:
    """Times of a request within the series' evening, so many weeks on."""
    begins = FIRST + number * WEEK + timedelta(minutes=15 * quarters)
    return {"begins_at": begins, "ends_at": begins + timedelta(hours=2)}


def take(counter: Any, space: str, number: int, who: Any = STRANGER, quarters: int = 0) -> Any:
    """Somebody else takes an evening."""
    held = replace(counter.wanted(space), **at(number, quarters))
    return counter.run(counter.usecases.hold, who, held)
