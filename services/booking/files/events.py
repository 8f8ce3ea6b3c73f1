"""The events of a calendar file put together: versions, dates by rule, and dates that are otherwise.

`files.read` calls it; what a single event says is read by `files.calendar`. An event that recurs is a row for each date
that is not over, one that takes no room is a single row.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain
from typing import Any

from kernel.errors import DomainError
from kernel.text import trimmed
from services.booking.files import calendar, dates, meaning
from services.booking.files.parsing import Parser
from services.booking.files.past import was_over
from services.booking.files.versions import Version, newest
from services.booking.files.zones import resolve, without_zones
from services.booking.model import imports
from services.booking.model.import_refusals import (
    EndsTooLate,
    NoCalendar,
    OtherTimeZone,
    Superseded,
    TooManyRows,
    TwiceInFile,
    UnreadableFile,
    UnreadableRow,
)
from services.booking.model.import_revisions import Revision
from services.booking.model.imports import MOST_READ, File, Row
from services.booking.model.opening import OSLO
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
    occurrence,
)
from services.booking.recurrence import dates_of

_REPLIES = {"ADD", "REPLY", "REFRESH", "COUNTER", "DECLINECOUNTER"}
"""Methods of messages about an event, which do not say how it is."""
_RECURS = ("RRULE", "RDATE", "EXRULE")
_WASTED = MOST
"""How many dates a rule counts as that is tried to its end and refused."""
_TRIED_DAILY, _TRIED = 8, 25
"""Days that are tried cost as much as a date that is found; by a daily rule, and by others."""
_FAULTS = (
    UnreadableRow,
    OtherTimeZone,
    TwiceInFile,
    InvalidRecurrence,
    EndlessRecurrence,
    TooFrequent,
    TooManyDates,
    TooFarReaching,
)


def read(text: str, *, until: date | None, now: datetime) -> File:
    """The rows of all events in a file."""
    kept, zones = without_zones(text, now)
    parser = Parser(kept)
    calendars = parser.calendars()
    try:
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except RecursionError as cause:  # one in the other, hundreds deep
        raise UnreadableFile(part="VEVENT") from cause
    methods = {str(each.get("METHOD", "")).strip().upper() for each in calendars}
    given_up = [each for each in calendars if str(each.get("METHOD", "")).strip().upper() == "CANCEL"]
    if replies := methods & _REPLIES:
        raise UnreadableFile(part=f"METHOD:{min(replies)}")
    if not calendars or any(each.name != "VCALENDAR" for each in calendars):
        raise NoCalendar
    resolve(events, zones)
    withdrawn = {id(event) for calendar in given_up for event in calendar.walk("VEVENT")}
    return _Reading(until, now).of(Version(event, parser.lines[id(event)], id(event) in withdrawn) for event in events)


@dataclass(slots=True)
class _Event:
    """All that a file has under one uid. `dates` are by when they are on the wall; `settled` tells that the event has
    no others, `until` the day after which nothing of it was read."""

    uid: str
    master: Version | None = None
    dates: dict[datetime, Row] = field(default_factory=dict)
    settled: bool = False
    until: date | None = None

    def is_superseded(self, at: datetime, version: Version) -> bool:
        """Return True if the event is as new as what is said of a date, and does not have that date."""
        return self.settled and at not in self.dates and not self._older_than(version)

    def is_cancelled(self, version: Version) -> bool:
        """Return True if a date, or the event since, is cancelled."""
        master = self.master
        return version.cancelled or (master is not None and master.cancelled and not self._older_than(version))

    def name_of(self, at: datetime) -> str:
        """What the date is called that was to be at this time."""
        if at in self.dates:
            return self.dates[at].recurrence
        return _name(at, {row.recurrence for row in self.dates.values()})

    def meant(self, at: date) -> datetime:
        """The time of a date, which some clients name by the day alone, or by its midnight."""
        named, day = calendar.wall(at, "RECURRENCE-ID"), calendar.day_alone(at)
        if day is None or named in self.dates:
            return named
        on_the_day = [each for each in self.dates if each.date() == day]
        return on_the_day[0] if len(on_the_day) == 1 else named

    def _older_than(self, version: Version) -> bool:
        return self.master is None or version.newer_than(self.master)


class _Reading:
    """One file being read. Dates are counted as they are reckoned, so that no small file makes for endless work."""

    def __init__(self, until: date | None, now: datetime) -> None:
        self._until = until
        self._now = now
        self._over: dict[tuple[str, str], Row] = {}
        self._read = 0
        self._whole: dict[str, date | None] = {}
        self._revisions: dict[tuple[str, str], Revision] = {}

    def of(self, versions: Iterable[Version]) -> File:
        by_uid: dict[str, list[Version]] = {}
        for each in versions:
            by_uid.setdefault(trimmed(str(each.event.get("UID", ""))), []).append(each)
        rows = list(chain.from_iterable(self._of_uid(uid, found) for uid, found in by_uid.items()))
        return File(rows=rows, whole=self._whole, over=self._over, revisions=self._revisions)

    def _of_uid(self, uid: str, versions: list[Version]) -> Iterator[Row]:
        if imports.uid(uid) is None:
            yield from (self._nameless(uid[:20], each) for each in versions)
            return
        event = _Event(uid)
        yield from self._master(event, [each for each in versions if "RECURRENCE-ID" not in each.event])
        yield from self._exceptions(event, [each for each in versions if "RECURRENCE-ID" in each.event])
        for row in event.dates.values():
            if row.recurrence and row.is_over(self._now):
                self._over[row.key] = row
            else:
                yield row

    def _master(self, event: _Event, versions: list[Version]) -> Iterator[Row]:
        """Reads the event itself; the rows beside its dates."""
        if not versions:
            return
        try:
            event.master, older = newest(versions)
            self._revisions[event.uid, ""] = event.master.revision(self._now)
            yield from (_superseded(event.uid, each) for each in older)
            ended = self._ended(event.uid, event.master)
            if ended is not None:
                yield ended
            else:
                event.dates = self._dates(event.uid, event.master)
                event.settled = True
                event.until = self._until if self._is_cut(event.master) else None
            self._whole[event.uid] = event.until
        except _FAULTS as fault:
            faulty = self._faulty(event.uid, event.master or versions[0], fault)
            yield replace(faulty, recurrence="")

    def _exceptions(self, event: _Event, versions: list[Version]) -> Iterator[Row]:
        """Reads what is said of single dates, and of those that follow them; the rows beside the event's dates."""
        by_date: dict[tuple[bool, datetime], list[Version]] = {}
        for each in versions:
            try:
                at = calendar.one(each.event, "RECURRENCE-ID")
            except _FAULTS as fault:
                yield self._faulty(event.uid, each, fault)
                continue
            alone = "RANGE" not in each.event["RECURRENCE-ID"].params
            by_date.setdefault((alone, event.meant(at)), []).append(each)
        there = frozenset(event.dates)
        for (alone, at), found in sorted(by_date.items()):
            if event.until is not None and at.date() > event.until:
                continue
            try:
                last, older = newest(found)
                yield from (_superseded(event.uid, each) for each in older)
                if alone:
                    event.dates[at] = self._exception(event, at, last)
                    self._revised(event.dates[at], last)
                elif event.is_superseded(at, last):
                    yield _superseded(event.uid, last)
                else:
                    self._from_then_on(event, at, last, there)
            except _FAULTS as fault:
                yield self._faulty(event.uid, found[0], fault)

    def _ended(self, uid: str, version: Version) -> Row | None:
        """The row of an event that takes no room, if it is one."""
        void = None if version.cancelled else meaning.void(version.event)
        if void is None and not version.cancelled:
            return None
        self._counted(1)
        span = calendar.span_if_any(version.event)
        return calendar.row(version.event, version.line, uid, span, void=void, gone=version.cancelled)

    def _exception(self, event: _Event, at: datetime, version: Version) -> Row:
        """What is said of one date of an event that recurs, instead of what its rule says."""
        self._counted(1)
        gone = event.is_cancelled(version)
        void = None if gone else self._void(event, at, version)
        span = calendar.span(version.event) if void is None and not gone else calendar.span_if_any(version.event)
        recurring = next((row.recurring for row in event.dates.values()), None)
        found = calendar.row(version.event, version.line, event.uid, span, void=void, gone=gone)
        return self._hidden(event, version, replace(found, recurrence=event.name_of(at), recurring=recurring))

    def _from_then_on(self, event: _Event, at: datetime, version: Version, there: Iterable[datetime]) -> None:
        """What is said of a date and all that follow (RANGE=THISANDFUTURE): each is moved as far as the first."""
        if event.master is None:
            raise UnreadableRow(part="RANGE")
        begins, length = calendar.on_the_wall(version.event)
        gone = event.is_cancelled(version)
        void = None if gone else meaning.void(version.event, event.master.event)
        for each in filter(at.__le__, there):
            before = event.dates[each]
            span = occurrence(each + (begins - at), length)
            after = calendar.row(version.event, version.line, event.uid, span, void=void, gone=gone)
            kept = replace(after, recurrence=before.recurrence, recurring=before.recurring)
            event.dates[each] = self._hidden(event, version, kept)
            self._revised(kept, version)

    def _revised(self, row: Row, version: Version) -> None:
        """Notes which version a date is of. What is said of the only date of an event is the event's own word, too."""
        revision = version.revision(self._now)
        if row.recurrence or self._revisions.get(row.key, revision).changed_before(revision):
            self._revisions[row.key] = revision

    def _void(self, event: _Event, at: datetime, version: Version) -> DomainError | None:
        if event.is_superseded(at, version):
            return Superseded()
        return meaning.void(version.event, event.master.event if event.master else None)

    def _hidden(self, event: _Event, version: Version, row: Row) -> Row:
        private = meaning.is_private(version.event, event.master.event if event.master else None)
        return replace(row, title=None) if private else row

    def _dates(self, uid: str, version: Version) -> dict[datetime, Row]:
        """The dates of an event, one if it does not recur."""
        event = version.event
        if not any(name in event for name in _RECURS):
            self._counted(1)
            begins = calendar.wall(calendar.one(event, "DTSTART"), "DTSTART")
            return {begins: calendar.row(event, version.line, uid, calendar.span(event))}
        when = self._recurrence(version)
        one = calendar.row(event, version.line, uid, None)
        ends = dates.added(event, when.starts)
        rows: dict[datetime, Row] = {}
        names: set[str] = set()
        when, reckoned = _with_first(when, self._reckoned(when))
        for each in reckoned:
            wall = each.begins_at.astimezone(OSLO).replace(tzinfo=None)
            name = _name(wall, names)
            names.add(name)
            rows[wall] = replace(
                one, recurrence=name, recurring=when, begins_at=each.begins_at, ends_at=ends.get(wall) or each.ends_at
            )
        return rows

    def _recurrence(self, version: Version) -> Recurrence:
        event = version.event
        if "EXRULE" in event or isinstance(event.get("RRULE"), list):
            raise UnreadableRow(part="RRULE")
        starts, length = calendar.on_the_wall(event, by_rule="RRULE" in event)
        added = dates.added(event, starts)
        return Recurrence(
            starts=starts,
            days=length.days,
            minutes=length.minutes,
            rule=self._rule(version),
            dates=list(added),
            excepted=dates.excepted(event, starts, added),
        )

    def _reckoned(self, when: Recurrence) -> list[Occurrence]:
        """The dates of an event, which may be none. What is over is not limited."""
        tried = _days_tried(when, self._now) if when.rule is not None else 0
        try:
            reckoned = dates_of(when, since=self._now.astimezone(OSLO).replace(tzinfo=None), strays=True)
        except (TooManyDates, TooFarReaching) as cause:
            self._counted(max(_WASTED, tried))
            if isinstance(cause, TooFarReaching) and self._until is None and "UNTIL=" in (when.rule or "").upper():
                raise EndsTooLate(years=LONGEST_YEARS) from cause
            raise
        except NoDates:
            self._counted(max(_WASTED, tried))
            return []
        counts = "COUNT=" in (when.rule or "").upper()
        self._counted(len(reckoned) if counts else max(len(reckoned), tried))
        return reckoned

    def _nameless(self, uid: str, version: Version) -> Row:
        """An event that can't be known again: refused, unless nothing would come of it anyway."""
        ended = self._ended(uid, version)
        row = ended or self._faulty(uid, version, UnreadableRow(part="UID"))
        return replace(row, recurrence=f"line {version.line}")

    def _faulty(self, uid: str, version: Version, fault: DomainError) -> Row:
        """What can't be read; if it is over, when that was."""
        at = was_over(version.event, self._now)
        return Row(line=version.line, uid=uid, recurrence=f"line {version.line}", begins_at=at, ends_at=at, fault=fault)

    def _rule(self, version: Version) -> str | None:
        event = version.event
        if "RRULE" not in event:
            return None
        prop: Any = event["RRULE"]
        if any(each[0] == "RRULE" for each in event.errors):
            raise UnreadableRow(part="RRULE")
        rule: str = prop.to_ical().decode()
        if not self._is_cut(version):
            return rule
        kept = [each for each in rule.split(";") if not each.upper().startswith("UNTIL=")]
        return ";".join([*kept, f"UNTIL={self._until:%Y%m%d}"])

    def _is_cut(self, version: Version) -> bool:
        """Whether its rule has no end, or one so far ahead that it means none, and is read until the last day asked
        for."""
        rule = version.event.get("RRULE")
        if self._until is None or rule is None or "COUNT" in rule:
            return False
        return "UNTIL" not in rule or rule["UNTIL"][0].year > self._now.year + LONGEST_YEARS

    def _counted(self, dates: int) -> None:
        self._read += dates
        if self._read > MOST_READ:
            raise TooManyRows(most=MOST_READ)


def _with_first(when: Recurrence, reckoned: list[Occurrence]) -> tuple[Recurrence, list[Occurrence]]:
    """Return the dates with DTSTART among them: calendars show it as the first, though its rule may pass it over."""
    first = occurrence(when.starts, when.length)
    if when.rule is None or not reckoned or when.starts in when.excepted or first in reckoned:
        return when, reckoned
    return replace(when, dates=(when.starts, *when.dates)), [first, *reckoned]


def _name(at: datetime, taken: Iterable[str]) -> str:
    """What a date is called: by its day, and by its time where the day has another."""
    day = at.date().isoformat()
    return day if day not in taken else f"{at:%Y-%m-%dT%H:%M}"


def _superseded(uid: str, version: Version) -> Row:
    """An older version of an event or a date: a row that tells that it is left out."""
    row = calendar.row(version.event, version.line, uid, calendar.span_if_any(version.event), void=Superseded())
    return replace(row, recurrence=f"line {version.line}")


def _days_tried(when: Recurrence, now: datetime) -> int:
    """What the days cost that a rule runs through at most, whatever it finds, counted in dates."""
    rule = (when.rule or "").upper()
    last = re.search(r"UNTIL=(\d{4})", rule)
    latest = max(when.starts.year, now.year) + LONGEST_YEARS
    years = (min(int(last[1]), latest) if last else latest) - when.starts.year + 1
    return years * 366 // (_TRIED_DAILY if "FREQ=DAILY" in rule else _TRIED)
