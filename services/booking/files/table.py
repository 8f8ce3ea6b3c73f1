"""Tables as spreadsheets save them: CSV with `;`, `,` or tabs, a header row, and times by the clock on the wall."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.errors import DomainError, Text
from kernel.organisations import organisation_number
from kernel.text import cut, key, one_line
from services.booking.model import imports, words
from services.booking.model.import_refusals import (
    DoubledColumn,
    MissingColumn,
    NotOnTheMinute,
    Tentative,
    TooManyCells,
    UnreadableCell,
    UnreadableLine,
    UnreadableUid,
)
from services.booking.model.imports import File, Row
from services.booking.model.opening import instant as on_the_wall

NEEDED = ("uid", "space", "begins_at", "ends_at")
COLUMNS = (*NEEDED, "tenant", "title", "purpose", "audience", "participants", "status")
_STATES = {
    "": "confirmed",
    "confirmed": "confirmed",
    "bekreftet": "confirmed",
    "stadfesta": "confirmed",
    "tentative": "tentative",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "avbestilt": "cancelled",
    "avlyst": "cancelled",
    "kansellert": "cancelled",
}
_STATES_SHOWN = Text("Bekreftet, Avlyst", "Stadfesta, Avlyst", "Confirmed, Cancelled")
_MOST_PEOPLE = 100_000
_SEPARATOR = re.compile("sep=([;,\t])")
_CLOCK = r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
_NORWEGIAN = re.compile(rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}|\d\d)[ T]{_CLOCK}", re.ASCII)
_ISO = re.compile(
    rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)[ T]{_CLOCK}(?P<offset>Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_TIMES = "2026-12-01 18:00, 01.12.2026 18:00, 2026-12-01T18:00+01:00"
_LONGEST_SHOWN = 40
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_LAST_CENTURY = 70
"""From here on, two digits are a year of the last century."""


class _NotWhole(ValueError):
    """A time with seconds, or parts of one."""


def read(text: str) -> File:
    """The rows of a table; empty lines are none, and what is there twice is one."""
    first, _, rest = text.partition("\n")
    named = _SEPARATOR.fullmatch(first.strip(" \r").lower())  # what Excel writes, and reads
    text, skipped = (rest, 1) if named else (text, 0)
    header = text.split("\n", 1)[0]
    separator = named[1] if named else next((each for each in ";\t" if each in header), ",")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        names = _names(next(lines, []))
        rows: dict[tuple[str, ...], tuple[list[str], int]] = {}
        for line, number in _numbered(lines):
            rows.setdefault(_content(names, line), (line, number + skipped))
    except csv.Error as cause:
        raise UnreadableLine(line=lines.line_num + skipped) from cause
    ignored = [cut(each, _LONGEST_SHOWN) for each in dict.fromkeys(names) if each and each not in COLUMNS]
    return File(rows=[_row(names, *each) for each in rows.values()], ignored=ignored)


def _numbered(lines: Any) -> Iterator[tuple[list[str], int]]:
    """The rows that are not empty, and on which line each begins: a quoted cell may have several."""
    begins = lines.line_num + 1
    for line in lines:
        if any(map(key, line)):
            yield line, begins
        begins = lines.line_num + 1


def _content(names: list[str], line: list[str]) -> tuple[str, ...]:
    """What a row says that is read."""
    said = dict(zip(names, line, strict=False))
    return (*(said.get(each, "") for each in COLUMNS), *line[len(names) :])


def instant(written: str) -> datetime:
    """Return the instant of a time on the wall, or of one with its offset. Raises ValueError."""
    found = _NORWEGIAN.fullmatch(written) or _ISO.fullmatch(written)
    if found is None:
        raise ValueError(written)
    wall = _wall(found)
    if offset := found.groupdict().get("offset"):
        return datetime.fromisoformat(f"{wall.isoformat()}{offset}").astimezone(UTC)
    return on_the_wall(wall.date(), wall.hour * 60 + wall.minute)


def _wall(found: re.Match[str]) -> datetime:
    """What the clock shows; 24:00 is midnight, and a year of two digits is one from 1970 to 2069. Raises ValueError."""
    year, month, day, hour, minute, second = (
        int(found[each] or 0) for each in ("year", "month", "day", "hour", "minute", "second")
    )
    midnight_after = (hour, minute, second) == (24, 0, 0)
    at = datetime(  # noqa: DTZ001  # on the wall
        year + _century(found["year"]), month, day, 0 if midnight_after else hour, minute, second
    )
    if at.second or int(found["fraction"] or 0):
        raise _NotWhole(found[0])
    return at + timedelta(days=1) if midnight_after else at


def _century(written: str) -> int:
    if len(written) != 2:
        return 0
    return 1900 if int(written) >= _LAST_CENTURY else 2000


def _names(header: list[str]) -> list[str]:
    names = [key(each).lower() for each in header]
    if missing := [each for each in NEEDED if each not in names]:
        raise MissingColumn(part=missing[0], needed=", ".join(NEEDED))
    if doubled := [each for each in COLUMNS if names.count(each) > 1]:
        raise DoubledColumn(part=doubled[0])
    return names


def _row(names: list[str], line: list[str], number: int) -> Row:
    said = dict(zip(names, line, strict=False))
    uid = imports.uid(said.get("uid", ""))
    try:
        if uid is None:
            cell = cut(one_line(said.get("uid", "")), _LONGEST_SHOWN)
            raise UnreadableUid(part="uid", cell=cell, expected=f"1–{imports.LONGEST_UID}")
        if any(map(key, line[len(names) :])):
            raise TooManyCells(cells=len(line), columns=len(names))
        return _understood(uid, said, number)
    except DomainError as fault:
        called = uid or said.get("uid", "")[: imports.LONGEST_UID]
        begins_at, ends_at = (_time_if_any(said, name) for name in ("begins_at", "ends_at"))
        place = imports.place_name(said.get("space", ""))
        return Row(line=number, uid=called, place=place, begins_at=begins_at, ends_at=ends_at, fault=fault)


def _understood(uid: str, said: Mapping[str, str], number: int) -> Row:
    keys = {name: key(value) for name, value in said.items()}
    state = _STATES.get(keys.get("status", "").lower())
    if state is None:
        raise _unreadable("status", keys["status"], _STATES_SHOWN)
    return Row(
        line=number,
        uid=uid,
        place=imports.place_name(said.get("space", "")),
        begins_at=_time(keys, "begins_at"),
        ends_at=_time(keys, "ends_at"),
        organisation=_organisation(keys),
        title=imports.title(said.get("title", "")),
        purpose=_one_of(keys, "purpose", words.PURPOSES),
        audience=_one_of(keys, "audience", words.AUDIENCES),
        participants=_count(keys),
        cancelled=state == "cancelled",
        void=Tentative() if state == "tentative" else None,
    )


def _time_if_any(said: Mapping[str, str], name: str) -> datetime | None:
    """When a row is that can't be read: of what is over, nothing need be."""
    try:
        return _time({name: key(said.get(name, ""))}, name)
    except DomainError:
        return None


def _time(said: Mapping[str, str], name: str) -> datetime:
    written = said.get(name, "")
    try:
        found = instant(written)
    except _NotWhole as cause:
        raise NotOnTheMinute(part=name, cell=written) from cause
    except (ValueError, OverflowError) as cause:
        raise _unreadable(name, written, _TIMES) from cause
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise _unreadable(name, written, f"{_FIRST_YEAR}–{_LAST_YEAR}")
    return found


def _organisation(said: Mapping[str, str]) -> str | None:
    written = said.get("tenant", "")
    if not written:
        return None
    number = organisation_number(written)
    if number is None:
        raise _unreadable("tenant", written, "974760673")
    return number


def _one_of(said: Mapping[str, str], name: str, known: Mapping[str, Text]) -> str | None:
    """The code of what a cell has as a code, or as its words in any of the languages."""
    value = said.get(name, "")
    if not value:
        return None
    for code, called in known.items():
        if value.lower() in (code, *(key(each).lower() for each in (called.nb, called.nn, called.en))):
            return code
    shown = (", ".join(each.in_language(language) for each in known.values()) for language in ("nb", "nn", "en"))
    raise _unreadable(name, value, Text(*shown))


def _count(said: Mapping[str, str]) -> int | None:
    value = said.get("participants", "")
    if not value:
        return None
    if not re.fullmatch(r"\d{1,6}", value, re.ASCII) or not 1 <= int(value) <= _MOST_PEOPLE:
        raise _unreadable("participants", value, f"1–{_MOST_PEOPLE}")
    return int(value)


def _unreadable(part: str, cell: str, expected: str | Text) -> UnreadableCell:
    return UnreadableCell(part=part, cell=cut(one_line(cell), _LONGEST_SHOWN), expected=expected)
