"""Which of several versions of an event holds: the newest, whatever their order in the file. `files.events` asks.

RFC 5546 (2.1.5): the higher SEQUENCE, then the later stamp. Clients do not raise SEQUENCE at every change, and each
date that was moved counts on its own; so an event and one of its dates are compared by when they were changed first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from icalendar import vDDDTypes
from icalendar.cal.component import Component as Event

from services.booking.files import meaning
from services.booking.files.past import in_utc
from services.booking.model.import_refusals import TwiceInFile
from services.booking.model.import_revisions import Revision

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_MATTERS = (
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "EXRULE",
    "LOCATION",
    "SUMMARY",
    "STATUS",
    "TRANSP",
    "CLASS",
    "X-MICROSOFT-CDO-BUSYSTATUS",
)


@dataclass(frozen=True, slots=True)
class Version:
    """An event as a file has it, on which line, and whether its whole calendar says that it is cancelled."""

    event: Event
    line: int
    withdrawn: bool

    @property
    def cancelled(self) -> bool:
        return self.withdrawn or meaning.is_cancelled(self.event)

    @property
    def rank(self) -> tuple[int, datetime, datetime]:
        """Where it stands among versions of the same."""
        return self._sequence or 0, self._changed or _NEVER, self._stamp("DTSTAMP") or _NEVER

    def revision(self, now: datetime) -> Revision:
        """What is to be remembered of it. A stamp that is ahead of the clock is as new as can be, and no newer."""
        changed, stamped = self._changed, self._stamp("DTSTAMP")
        return Revision(self._sequence, changed and min(changed, now), stamped and min(stamped, now))

    def newer_than(self, other: "Version") -> bool:
        """Return True if one date of an event was changed after the event, or the other way round."""
        return self._age > other._age

    @property
    def content(self) -> tuple[object, ...]:
        """What matters of it."""
        lines = [str(line) for line in self.event.content_lines()]
        return self.cancelled, *sorted(line for line in lines if line.split(":")[0].split(";")[0].upper() in _MATTERS)

    @property
    def _age(self) -> tuple[datetime, int, datetime]:
        return self._changed or _NEVER, self._sequence or 0, self._stamp("DTSTAMP") or _NEVER

    @property
    def _changed(self) -> datetime | None:
        return self._stamp("LAST-MODIFIED" if "LAST-MODIFIED" in self.event else "DTSTAMP")

    @property
    def _sequence(self) -> int | None:
        found = (each for each in _all(self.event, "SEQUENCE") if isinstance(each, int))
        return max((each for each in found if each >= 0), default=None)

    def _stamp(self, name: str) -> datetime | None:
        found = [each.dt for each in _all(self.event, name) if isinstance(each, vDDDTypes)]
        return max((_instant(each) for each in found if isinstance(each, date)), default=None)


def newest(versions: Sequence[Version]) -> tuple[Version, list[Version]]:
    """Return the newest of these versions, and the older ones. Raises TwiceInFile if two are as new and differ."""
    last = max(versions, key=lambda each: each.rank)
    rivals = [each for each in versions if each is not last and each.rank == last.rank]
    if any(each.content != last.content for each in rivals):
        raise TwiceInFile
    return last, [each for each in versions if each.rank < last.rank]


def _all(event: Event, name: str) -> list[object]:
    value = event.get(name)
    return value if isinstance(value, list) else [value]


def _instant(at: date) -> datetime:
    if not isinstance(at, datetime):
        return datetime.combine(at, time.min, UTC)
    return in_utc(at)
