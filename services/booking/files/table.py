"""Tables as spreadsheets save them: CSV with `;` or `,`, UTF-8, a header row, and times by the clock on the wall."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from stdnum.no import orgnr

from kernel.errors import DomainError
from services.booking.model.bookings import AUDIENCES, PURPOSES
from services.booking.model.import_refusals import (
    AmbiguousTime,
    NoSuchTime,
    Tentative,
    UnreadableFile,
    UnreadableRow,
)
from services.booking.model.imports import File, Row
from services.booking.model.opening import OSLO

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
    "avlyst": "cancelled",
}
_LONGEST_UID, _LONGEST_PLACE, _LONGEST_TITLE, _MOST_PEOPLE = 255, 200, 120, 100_000
_NORWEGIAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})[ T]+(\d{1,2})[:.](\d\d)(?::00)?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::00)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def read(text: str) -> File:
    """The rows of a table; empty lines are none."""
    separated = text.split("\n", 1)
    if separated[0].strip().lower() in ("sep=;", "sep=,"):  # what Excel writes, and reads
        text, skipped = (separated[1] if len(separated) > 1 else ""), 1
    else:
        skipped = 0
    header = text.split("\n", 1)[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in header else ",", strict=True)
    try:
        names = _names(next(lines, []))
        return File(rows=[_row(names, line, lines.line_num + skipped) for line in lines if any(map(str.strip, line))])
    except csv.Error as cause:
        raise UnreadableFile(part=f"line {lines.line_num + skipped}") from cause


def instant(written: str) -> datetime:
    """The instant of a time on the wall, or of one with its offset. Raises ValueError, NoSuchTime or AmbiguousTime."""
    if found := _NORWEGIAN.fullmatch(written):
        day, month, year, hour, minute = map(int, found.groups())
        wall = datetime(year, month, day, hour, minute)  # noqa: DTZ001  # on the wall
    elif found := _ISO.fullmatch(written):
        at = datetime.fromisoformat(written)
        if found[1]:
            return at.astimezone(UTC)
        wall = at
    else:
        raise ValueError(written)
    first, second = (wall.replace(tzinfo=OSLO, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    raise AmbiguousTime if first < second else NoSuchTime


def _names(header: list[str]) -> list[str]:
    names = [each.strip().lower() for each in header]
    if missing := [each for each in NEEDED if each not in names]:
        raise UnreadableFile(part=missing[0])
    if wrong := [each for each in names if each and (each not in COLUMNS or names.count(each) > 1)]:
        raise UnreadableFile(part=wrong[0][:40])
    return names


def _row(names: list[str], line: list[str], number: int) -> Row:
    said = {name: value.strip() for name, value in zip(names, line, strict=False)}
    uid = said.get("uid", "")
    if not 1 <= len(uid) <= _LONGEST_UID:
        return Row(line=number, uid=uid[:_LONGEST_UID], fault=UnreadableRow(part="uid"))
    try:
        return _understood(said, number)
    except DomainError as fault:
        return Row(line=number, uid=uid, place=said.get("space", "")[:_LONGEST_PLACE], fault=fault)


def _understood(said: Mapping[str, str], number: int) -> Row:
    state = _STATES.get(said.get("status", "").lower())
    if state is None:
        raise UnreadableRow(part="status")
    return Row(
        line=number,
        uid=said["uid"],
        place=_no_longer(said, "space", _LONGEST_PLACE) or "",
        begins_at=_time(said, "begins_at"),
        ends_at=_time(said, "ends_at"),
        organisation=_organisation(said),
        title=_no_longer(said, "title", _LONGEST_TITLE),
        purpose=_one_of(said, "purpose", PURPOSES),
        audience=_one_of(said, "audience", AUDIENCES),
        participants=_count(said),
        cancelled=state == "cancelled",
        void=Tentative() if state == "tentative" else None,
    )


def _time(said: Mapping[str, str], name: str) -> datetime:
    try:
        found = instant(said.get(name, ""))
    except (ValueError, OverflowError) as cause:
        raise UnreadableRow(part=name) from cause
    if not 2000 <= found.year <= 2200:
        raise UnreadableRow(part=name)
    return found


def _organisation(said: Mapping[str, str]) -> str | None:
    written = said.get("tenant", "")
    if not written:
        return None
    number: str = orgnr.compact(written)
    if not orgnr.is_valid(number):
        raise UnreadableRow(part="tenant")
    return number


def _no_longer(said: Mapping[str, str], name: str, most: int) -> str | None:
    value = said.get(name, "")
    if len(value) > most or not value.isprintable():
        raise UnreadableRow(part=name)
    return value or None


def _one_of(said: Mapping[str, str], name: str, known: tuple[str, ...]) -> str | None:
    value = said.get(name, "").lower()
    if value and value not in known:
        raise UnreadableRow(part=name)
    return value or None


def _count(said: Mapping[str, str]) -> int | None:
    value = said.get("participants", "")
    if not value:
        return None
    if not re.fullmatch(r"\d{1,6}", value, re.ASCII) or not 1 <= int(value) <= _MOST_PEOPLE:
        raise UnreadableRow(part="participants")
    return int(value)
