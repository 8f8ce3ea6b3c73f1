"""iCalendar files (RFC 5545) as Outlook, Google and others export them. A recurring event is a row for each date that
is not over."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any, TypeAlias

from icalendar import Calendar
from icalendar.cal.component import Component as Event

from kernel.errors import DomainError
from kernel.text import trimmed
from services.booking.files import meaning
from services.booking.model import imports
from services.booking.model.import_refusals import (
    NotOnTheMinute,
    OtherTimeZone,
    TooManyRows,
    UnreadableFile,
    UnreadableRow,
)
from services.booking.model.imports import MOST_READ, File, Row
from services.booking.model.opening import OSLO, instant
from services.booking.model.recurrence import (
    LONGEST_YEARS,
    MOST,
    EndlessRecurrence,
    InvalidRecurrence,
    NoDates,
    Occurrence,
    Recurrence,
    TooFarReaching,
    TooFrequent,
    TooManyDates,
)
from services.booking.model.rules import LONGEST
from services.booking.recurrence import dates_of

_REPLIES = {"ADD", "REPLY", "REFRESH", "COUNTER", "DECLINECOUNTER"}
"""Methods of messages about an event, which do not say how it is."""
_MINUTE = timedelta(minutes=1)
_WASTED = MOST
"""How many dates a rule counts as that is tried to its end and refused."""
_TRIED = 8
"""Days that are tried cost as much as a date that is found."""


def read(text: str, *, until: date | None, now: datetime) -> File:
    """The rows of all events in a file."""
    try:
        calendars = Calendar.from_ical(_without_zones(text), multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
        methods = {str(each.get("METHOD", "")).strip().upper() for each in calendars}
        given_up = [each for each in calendars if str(each.get("METHOD", "")).strip().upper() == "CANCEL"]
    except Exception as cause:  # a parser raises what it meets: ValueError, KeyError, IndexError
        raise UnreadableFile(part="iCalendar") from cause
    if replies := methods & _REPLIES:
        raise UnreadableFile(part=f"METHOD:{min(replies)}")
    if not calendars or any(each.name != "VCALENDAR" for each in calendars):
        raise UnreadableFile(part="VCALENDAR")
    lines = [number for number, line in enumerate(text.split("\n"), 1) if line.strip().upper() == "BEGIN:VEVENT"]
    lines += [1] * (len(events) - len(lines))  # a line that is folded where nobody folds is not found
    gone = {id(event) for calendar in given_up for event in calendar.walk("VEVENT")}
    numbered = [(event, line, id(event) in gone) for event, line in zip(events, lines, strict=False)]
    return _Reading(until, now).of(numbered)


def _without_zones(text: str) -> str:
    """The file without what it says of time zones: they are known by their names, and to reckon what somebody wrote
    can take minutes."""
    kept, inside = [], False
    for line in text.split("\n"):
        said = line.strip().upper()
        inside = inside or said == "BEGIN:VTIMEZONE"
        if not inside:
            kept.append(line)
        inside = inside and said != "END:VTIMEZONE"
    return "\n".join(kept)


_Numbered: TypeAlias = tuple[Event, int, bool]
"""An event, its line, and whether all of its calendar is cancelled."""
_NO_DATES = (InvalidRecurrence, EndlessRecurrence, TooFrequent, TooManyDates, TooFarReaching, NoDates)


class _Reading:
    """One file being read. Dates are counted as they are reckoned, so that no small file makes for endless work."""

    def __init__(self, until: date | None, now: datetime) -> None:
        self._until = until
        self._now = now
        self._over: set[tuple[str, str]] = set()
        self._read = 0
        self._whole: set[str] = set()

    def of(self, events: Iterable[_Numbered]) -> File:
        by_uid: dict[str, list[_Numbered]] = {}
        for each in events:
            by_uid.setdefault(trimmed(str(each[0].get("UID", ""))), []).append(each)
        rows = list(chain.from_iterable(self._of_uid(uid, found) for uid, found in by_uid.items()))
        return File(rows=rows, whole=frozenset(self._whole), over=frozenset(self._over))

    def _of_uid(self, uid: str, events: list[_Numbered]) -> Iterator[Row]:
        if imports.uid(uid) is None:
            yield from (Row(line=line, uid=uid[:20], fault=UnreadableRow(part="UID")) for _, line, _ in events)
            return
        dates: dict[datetime, Row] = {}
        master = next((event for event, *_ in events if "RECURRENCE-ID" not in event), None)
        for each in sorted(events, key=lambda event: "RECURRENCE-ID" in event[0]):
            try:
                found = (
                    self._exception(uid, master, dates, *each)
                    if "RECURRENCE-ID" in each[0]
                    else self._event(uid, *each)
                )
            except (UnreadableRow, OtherTimeZone, *_NO_DATES) as fault:
                again = f"line {each[1]}" if "RECURRENCE-ID" in each[0] else ""
                yield Row(line=each[1], uid=uid, recurrence=again, fault=fault)
            else:
                yield from (row for row in found.values() if row.recurrence == "")
                dates |= {at: row for at, row in found.items() if row.recurrence}
        passed = {row.key for row in dates.values() if row.begins_at is not None and row.begins_at < self._now}
        self._over |= passed
        yield from (row for row in dates.values() if row.key not in passed)

    def _event(self, uid: str, event: Event, line: int, gone: bool) -> dict[datetime, Row]:
        """An event, or the dates of one that recurs, by when they are on the wall."""
        gone = gone or meaning.is_cancelled(event)
        void = None if gone else meaning.void(event)
        if void is not None or gone:
            self._counted(1)
            found = {datetime(1, 1, 1): _row(event, line, uid, _span_if_any(event), void=void, gone=gone)}  # noqa: DTZ001
        elif any(name in event for name in ("RRULE", "RDATE", "EXRULE")):
            found = self._dates(event, line, uid)
        else:
            self._counted(1)
            found = {_wall(_one(event, "DTSTART"), "DTSTART"): _row(event, line, uid, _span(event))}
        self._whole.add(uid)
        return found

    def _exception(
        self,
        uid: str,
        master: Event | None,
        dates: Mapping[datetime, Row],
        event: Event,
        line: int,
        gone: bool,
    ) -> dict[datetime, Row]:
        """What is said of one date of an event that recurs, instead of what its rule says."""
        self._counted(1)
        at = _wall(_one(event, "RECURRENCE-ID"), "RECURRENCE-ID")
        if "RANGE" in event["RECURRENCE-ID"].params:
            raise UnreadableRow(part="RANGE")
        recurrence = dates[at].recurrence if at in dates else at.date().isoformat()
        recurring = next((row.recurring for row in dates.values()), None)
        gone = gone or meaning.is_cancelled(event)
        void = None if gone else meaning.void(event, master)
        span = _span(event) if void is None and not gone else _span_if_any(event)
        row = _row(event, line, uid, span, recurrence=recurrence, recurring=recurring, void=void, gone=gone)
        return {at: replace(row, title=None) if meaning.is_private(event, master) else row}

    def _dates(self, event: Event, line: int, uid: str) -> dict[datetime, Row]:
        starts, minutes = _on_the_wall(event)
        if "EXRULE" in event or isinstance(event.get("RRULE"), list):
            raise UnreadableRow(part="RRULE")
        when = Recurrence(
            starts=starts,
            minutes=minutes,
            rule=self._rule(event),
            dates=_listed(event, "RDATE", starts),
            excepted=_listed(event, "EXDATE", starts),
        )
        rows: dict[datetime, Row] = {}
        days: set[str] = set()
        try:
            reckoned = dates_of(when)
        except (TooManyDates, TooFarReaching, NoDates):
            self._counted(_WASTED)
            raise
        self._counted(max(len(reckoned), _days_tried(when) // _TRIED))
        for each in reckoned:
            wall = each.begins_at.astimezone(OSLO).replace(tzinfo=None)
            day = wall.date().isoformat()
            recurrence = day if day not in days else f"{wall:%Y-%m-%dT%H:%M}"
            days.add(day)
            rows[wall] = _row(event, line, uid, each, recurrence=recurrence, recurring=when)
        return rows

    def _rule(self, event: Event) -> str | None:
        if "RRULE" not in event:
            return None
        prop: Any = event["RRULE"]
        if any(each[0] == "RRULE" for each in event.errors):
            raise UnreadableRow(part="RRULE")
        rule: str = prop.to_ical().decode()
        endless = not any(each.startswith(("COUNT=", "UNTIL=")) for each in rule.upper().split(";"))
        return f"{rule};UNTIL={self._until:%Y%m%d}" if endless and self._until else rule

    def _counted(self, dates: int) -> None:
        self._read += dates
        if self._read > MOST_READ:
            raise TooManyRows(most=MOST_READ)


def _days_tried(when: Recurrence) -> int:
    """How many days a daily rule runs through at most, whatever it finds."""
    rule = (when.rule or "").upper()
    last = re.search(r"UNTIL=(\d{4})", rule)
    if "FREQ=DAILY" not in rule:
        return 0
    return min(int(last[1]) - when.starts.year + 1, LONGEST_YEARS) * 366 if last else 0


def _row(
    event: Event,
    line: int,
    uid: str,
    span: Occurrence | None,
    *,
    recurrence: str = "",
    recurring: Recurrence | None = None,
    void: DomainError | None = None,
    gone: bool = False,
) -> Row:
    return Row(
        line=line,
        uid=uid,
        recurrence=recurrence,
        recurring=recurring,
        place=imports.place_name(_text(event, "LOCATION")),
        begins_at=span.begins_at if span else None,
        ends_at=span.ends_at if span else None,
        title=None if meaning.is_private(event) else imports.title(_text(event, "SUMMARY")),
        cancelled=gone,
        void=void,
    )


def _span(event: Event) -> Occurrence:
    begins, ends = _times(event)
    return Occurrence(_instant(begins), _instant(ends))


def _span_if_any(event: Event) -> Occurrence | None:
    """When it is, as far as it matters: of what takes no room nothing need be understood."""
    try:
        return _span(event)
    except (UnreadableRow, OtherTimeZone):
        return None


def _on_the_wall(event: Event) -> tuple[datetime, int]:
    """When a recurring event is at first, and for how many minutes: by the clock on the wall in Oslo."""
    begins, ends = _times(event)
    for each in (begins, ends):
        if isinstance(each, datetime) and each.tzinfo is not None and not _as_in_norway(each):
            raise OtherTimeZone
    starts, until = (_wall(each, "DTSTART") for each in (begins, ends))
    minutes = (until - starts) // _MINUTE
    if not 1 <= minutes <= LONGEST:
        raise UnreadableRow(part="DTEND")
    return starts, minutes


def _as_in_norway(at: datetime) -> bool:
    """Whether the zone's clock shows what Norway's does, summer and winter. A recurring event in UTC, say, would move
    on the wall when the clock changes."""
    days = (datetime(at.year, month, 1, 12) for month in (1, 7))  # noqa: DTZ001  # on the wall of both
    return all(each.replace(tzinfo=at.tzinfo).utcoffset() == each.replace(tzinfo=OSLO).utcoffset() for each in days)


def _times(event: Event) -> tuple[date | datetime, date | datetime]:
    begins = _one(event, "DTSTART")
    if "DTEND" in event:
        ends = _one(event, "DTEND")
    elif "DURATION" in event:
        ends = begins + _one(event, "DURATION", timedelta)
    else:  # a day lasts until the next, and a moment no time at all
        ends = begins if isinstance(begins, datetime) else begins + timedelta(days=1)
    if isinstance(begins, datetime) != isinstance(ends, datetime):
        raise UnreadableRow(part="DTEND")
    if begins == ends and not isinstance(begins, datetime):  # a day, by those who count the last one in
        ends += timedelta(days=1)
    return begins, ends


def _one(event: Event, name: str, kind: type = date) -> Any:
    """The value of a property that must be there once."""
    prop = event.get(name)
    if prop is None or isinstance(prop, list) or any(each[0] == name for each in event.errors):
        raise UnreadableRow(part=name)
    found = getattr(prop, "dt", None)
    if not isinstance(found, kind):
        raise UnreadableRow(part=name)
    if isinstance(found, date) and not 2000 <= found.year <= 2200:
        raise UnreadableRow(part=name)
    if isinstance(found, datetime):
        if found.second or found.microsecond:
            raise NotOnTheMinute(part=name, cell=found.strftime("%H:%M:%S"))
        if found.tzinfo is None and "TZID" in prop.params:
            raise OtherTimeZone
    return found


def _instant(at: date | datetime) -> datetime:
    """A day begins at midnight in Oslo, and a time without a zone is of Oslo's clock."""
    if isinstance(at, datetime) and at.tzinfo is not None:
        return at.astimezone(UTC)
    wall = at if isinstance(at, datetime) else datetime.combine(at, time.min)
    return instant(wall.date(), wall.hour * 60 + wall.minute)


def _wall(at: Any, part: str) -> datetime:
    if not isinstance(at, date):
        raise UnreadableRow(part=part)
    if not isinstance(at, datetime):
        return datetime.combine(at, time.min)
    return at.astimezone(OSLO).replace(tzinfo=None) if at.tzinfo is not None else at


def _listed(event: Event, name: str, starts: datetime) -> list[datetime]:
    """The dates that are named one by one; a day alone is at the event's own time."""
    props = event.get(name, [])
    if any(each[0] == name for each in event.errors):
        raise UnreadableRow(part=name)
    found = [each.dt for prop in (props if isinstance(props, list) else [props]) for each in prop.dts]
    if len(found) > MOST:
        raise TooManyDates(most=MOST)
    return [
        datetime.combine(at, starts.time())
        if isinstance(at, date) and not isinstance(at, datetime)
        else _wall(at, name)
        for at in found
    ]


def _text(event: Event, name: str) -> str:
    """A property's text, empty if there is none or more than one."""
    value = event.get(name)
    return "" if value is None or isinstance(value, list) else str(value)
