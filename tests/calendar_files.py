"""iCalendar files made in a line, for the tests of moving in."""

from datetime import UTC, datetime
from typing import Any

from services.booking.files import read
from services.booking.model.imports import File, ImportRequest, Row

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AT_SIX = ("DTSTART;TZID=Europe/Oslo:20261201T180000", "DTEND;TZID=Europe/Oslo:20261201T200000")


def event(*properties: str, uid: str = "1", when: tuple[str, ...] = AT_SIX, place: str = "room") -> str:
    """An event, by default on Tuesday 1 December from 18:00 to 20:00."""
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *when, f"LOCATION:{place}", *properties, "END:VEVENT"])


def ics(*events: str, method: str = "", zones: tuple[str, ...] = ()) -> bytes:
    """A file of these events."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", *([f"METHOD:{method}"] if method else [])]
    return "\r\n".join([*head, *zones, *events, "END:VCALENDAR", ""]).encode()


def reading(content: bytes, *, now: datetime = NOW, **more: Any) -> File:
    return read(ImportRequest(source="old", kind="ics", content=content, **more), now=now)


def faults(file: File) -> list[str | None]:
    return [row.fault.code if row.fault else None for row in file.rows]


def voids(file: File) -> list[str | None]:
    """Why each row is no agreement, if it is none; *cancelled* where it is that."""
    return [_void(row) for row in file.rows]


def _void(row: Row) -> str | None:
    if row.cancelled:
        return "cancelled"
    return row.void.code if row.void else None
