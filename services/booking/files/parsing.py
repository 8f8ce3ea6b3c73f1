"""An iCalendar file taken apart by the library, as far as anybody reads it. `files.events` calls it.

Only events and a calendar's METHOD are read, so whatever is wrong elsewhere (alarms, free/busy times, notes, a line
between components) refuses nothing. What is wrong in an event is that event's fault.
"""

import re
from collections.abc import Iterator
from typing import Any

from icalendar import Calendar
from icalendar.cal.component import Component
from icalendar.parser import Contentline, Parameters
from icalendar.parser.ical.component import ComponentIcalParser
from icalendar.prop.dt.duration import DURATION_REGEX

from services.booking.model.import_refusals import UnreadableFile, UnreadableLine

DAYS = "X-DAYS"
"""The parameter in which the days of durations are kept, as they are written: for the library, a day is 24 hours."""

_LISTS = ("RDATE", "EXDATE")
"""Written with a comma too many by some clients."""
_MAY_BE_BLANK = ("RRULE", *_LISTS)
"""Written without a value by clients that mean none."""
_NO_COUNT = re.compile(r";COUNT=0(?=;|$)", re.IGNORECASE)
"""How Apple's Calendar writes that a rule has no count, UNTIL beside it or not."""
_NAME = re.compile(r"[A-Za-z0-9-]{1,40}")
_CLOCK = re.compile(r"\d{8}T(?!000000)\d{6}Z?", re.ASCII)


class Parser(ComponentIcalParser):
    """One file being taken apart. `lines` tells where each component begins, by its identity."""

    def __init__(self, text: str) -> None:
        lines = [Contentline(line) for line in text.split("\n")]  # type: ignore[no-untyped-call]
        super().__init__(lines, Calendar._get_component_factory(), Calendar.types_factory)
        self.lines: dict[int, int] = {}
        self._number = 0

    def calendars(self) -> list[Component]:
        """Return what is in the file. Raises UnreadableFile, with the line where it can be told."""
        try:
            found = self.parse()
        except UnreadableFile:
            raise
        except Exception as cause:  # a parser raises what it meets: ValueError, KeyError, IndexError
            raise UnreadableLine(line=self._number) from cause
        if self.component is not None:
            raise UnreadableFile(part=f"END:{self.component.name}")
        return found

    def initialize_parsing(self) -> None:
        super().initialize_parsing()  # type: ignore[no-untyped-call]
        self._content_lines_iterator = self._numbered()

    def _numbered(self) -> Iterator[Contentline]:
        for number, line in enumerate(self._content_lines, 1):
            self._number = number
            yield line

    def handle_line_parse_error(self, exception: Exception) -> None:
        if self.component is not None and self.component.name == "VEVENT":
            self.component.errors.append((None, str(exception)))

    def handle_begin_component(self, vals: str) -> None:
        if not _NAME.fullmatch(vals.strip()):  # lines that are run together, say: what is in them is told to nobody
            raise UnreadableLine(line=self._number)
        super().handle_begin_component(vals)
        self.lines[id(self.component)] = self._number

    def handle_end_component(self, vals: str) -> None:
        if self.component is None or str(self.component.name).strip() != vals.strip().upper():
            raise UnreadableLine(line=self._number)
        super().handle_end_component(vals)

    def handle_property(self, name: str, params: Parameters, vals: str, line: Contentline) -> None:
        inside = None if self.component is None else self.component.name
        if inside == "VEVENT" or (inside == "VCALENDAR" and name == "METHOD"):
            super().handle_property(name, params, vals, line)

    def parse_and_add_property(
        self, name: str, params: Parameters, val: str, tzid: str | None, line: Contentline
    ) -> None:
        if name == "RRULE":
            val = _NO_COUNT.sub("", val)
        if name in _LISTS:
            val = ",".join(filter(str.strip, val.split(",")))
        if name in _MAY_BE_BLANK and not val.strip():
            return
        if _has_clock(params, val):
            del params["VALUE"]
        if name in ("DURATION", "RDATE"):
            params[DAYS] = [str(_days(each.rpartition("/")[2])) for each in val.split(",")]
        try:
            super().parse_and_add_property(name, params, val, tzid, line)
        except Exception as cause:  # noqa: BLE001  # what the library does not expect is as wrong as what it does
            self.handle_property_parse_error(cause, name, params, val, line)


def days(prop: Any, number: int = 0) -> int:
    """Return how many days a duration is written with; the rest of it are hours and minutes that pass."""
    kept = prop.params[DAYS]
    return int(kept if isinstance(kept, str) else kept[number])


def _has_clock(params: Parameters, written: str) -> bool:
    """Return True if it is called a date, and says a time: that is what it is. Midnight adds nothing to a date."""
    return str(params.get("VALUE", "")).upper() == "DATE" and _CLOCK.match(written) is not None


def _days(written: str) -> int:
    found = DURATION_REGEX.match(written)
    if found is None:
        return 0
    sign, weeks, alone, *_ = found.groups()
    return (int(weeks or 0) * 7 + int(alone or 0)) * (-1 if sign == "-" else 1)
