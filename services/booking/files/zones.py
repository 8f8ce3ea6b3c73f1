"""Time zones that nobody knows by name, known by what the file says of them. `files.events` asks.

Exchange and Outlook make up names (`Customized Time Zone`, `W. Europe Standard Time 1`, `(UTC+01:00) Amsterdam, Berlin,
…`). Whatever it is called, a zone with exactly Norway's two rules is Norway's, and one that never changes is its
offset. Others are not reckoned: it can take minutes to reckon what somebody wrote.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any

from icalendar import vDDDLists, vDDDTypes, vUTCOffset
from icalendar.cal.component import Component as Event
from icalendar.parser import Contentline, Parameters

from kernel.errors import DomainError
from services.booking.model.opening import OSLO
from services.booking.model.recurrence import LONGEST_YEARS, Recurrence
from services.booking.recurrence import dates_of

_HOUR = timedelta(hours=1)
_CHANGES = {"DAYLIGHT": (3, "020000", _HOUR, 2 * _HOUR), "STANDARD": (10, "030000", 2 * _HOUR, _HOUR)}
"""Norway's clock goes forward and back on the last Sunday of the month, at this time, from one offset to the other."""
_YEARS = 5
"""How many years of a rule are compared."""
_MOST_RULES = 200
"""Rules looked at in one file."""
_UNQUOTED = re.compile(r';TZID=(\((?:UTC|GMT)[^)"\n]*\)[^":\n]*):')


@dataclass(slots=True)
class _Change:
    """A change of the clock (STANDARD or DAYLIGHT), as the file has it."""

    kind: str
    said: dict[str, str] = field(default_factory=dict)

    def goes(self) -> tuple[timedelta, timedelta]:
        return _offset(self.said["TZOFFSETFROM"]), _offset(self.said["TZOFFSETTO"])

    def is_history(self, now: datetime) -> bool:
        """Return True if it has not happened for more than a year, and will not."""
        rule = self.said.get("RRULE", "")
        until = re.search(r"UNTIL=(\d{8})", rule.upper())
        if rule and until is None:
            return False
        days = re.findall(r"\d{8}", f"{self.said['DTSTART']},{self.said.get('RDATE', '')},{until[1] if until else ''}")
        latest: str = max(days)
        return latest < f"{now - timedelta(days=400):%Y%m%d}"

    def is_norwegian(self, now: datetime) -> bool:
        """Return True if it is one of the two changes of Norway's clock, each year."""
        month, clock, *offsets = _CHANGES[self.kind]
        starts = self.said["DTSTART"]
        rule = _plainly(self.said.get("RRULE", "").upper(), clock, now)
        if starts[9:15] != clock or int(starts[:4]) > now.year or [*self.goes()] != offsets or "UNTIL" in rule:
            return False
        first = datetime(now.year, 1, 1, 12)  # noqa: DTZ001  # noon is there on any day
        last = date(now.year + _YEARS - 1, 12, 31)
        when = Recurrence(starts=first, minutes=1, rule=f"{rule};UNTIL={last:%Y%m%d}")
        found = [each.begins_at.astimezone(OSLO).date() for each in dates_of(when)]
        return found == [_last_sunday(now.year + number, month) for number in range(_YEARS)]


def without_zones(text: str, now: datetime) -> tuple[str, Mapping[str, tzinfo]]:
    """Return a file without what it says of time zones, and the zones that are known by that."""
    kept: list[str] = []
    zones: dict[str, list[tzinfo | None]] = {}
    inside: list[str] | None = None
    looked_at = 0
    for line in _UNQUOTED.sub(r';TZID="\1":', text).split("\n"):
        said = line.strip().upper()
        if said == "BEGIN:VTIMEZONE":
            inside = []
        if inside is None:
            kept.append(line)
            continue
        inside.append(line)
        kept.append("")
        if said == "END:VTIMEZONE":
            looked_at += sum(each.upper().startswith("RRULE") for each in inside)
            name, zone = _zone(inside, now) if looked_at <= _MOST_RULES else ("", None)
            zones.setdefault(name, []).append(zone)
            inside = None
    known = {name: found[0] for name, found in zones.items() if len({*map(str, found)}) == 1}
    return "\n".join(kept), {name: zone for name, zone in known.items() if zone is not None}


def resolve(events: Iterable[Event], zones: Mapping[str, tzinfo]) -> None:
    """Sets the times of events that are in these zones; a day is in none, whatever stands there."""
    for event in events:
        for _, value in event.property_items(recursive=False):
            if not isinstance(value, vDDDLists | vDDDTypes):
                continue
            is_day = str(value.params.get("VALUE", "")).upper() == "DATE"
            zone = zones.get(_name_in(value.params))
            for each in value.dts if isinstance(value, vDDDLists) else [value]:
                if is_day and isinstance(each.dt, datetime):
                    each.dt = each.dt.date()
                elif zone is not None:
                    each.dt = _in_zone(each.dt, zone)


def _in_zone(at: Any, zone: tzinfo) -> Any:
    """A time in the zone. Norway's two rules count for more than a name; of what is known by its name, many write a
    single offset for short."""
    return at.replace(tzinfo=zone) if isinstance(at, datetime) and (at.tzinfo is None or zone is OSLO) else at


def _plainly(rule: str, clock: str, now: datetime) -> str:
    """Return a rule without what adds nothing: the time that its first date has, and an end that means none."""
    times = {
        f"BYHOUR={int(clock[:2])}",
        "BYMINUTE=0",
        "BYSECOND=0",
        f"BYHOUR={clock[:2]}",
        "BYMINUTE=00",
        "BYSECOND=00",
    }
    return ";".join(each for each in rule.split(";") if each not in times and not _means_no_end(each, now))


def _means_no_end(part: str, now: datetime) -> bool:
    found = re.match(r"UNTIL=(\d{4})", part, re.ASCII)
    return found is not None and int(found[1]) > now.year + LONGEST_YEARS


def _offset(written: str) -> timedelta:
    found: timedelta = vUTCOffset.from_ical(written)  # type: ignore[no-untyped-call]
    return found


def _zone(lines: Iterable[str], now: datetime) -> tuple[str, tzinfo | None]:
    """A zone's name, and what it is, if that can be told."""
    name, changes = "", list[_Change]()
    try:
        for line in filter(str.strip, lines):
            key, _, value = Contentline(line.strip()).parts()  # type: ignore[no-untyped-call]
            key = key.upper()
            if key == "BEGIN" and value.upper() in _CHANGES:
                changes.append(_Change(value.upper()))
            elif key == "TZID" and not changes:
                name = _plain(value)
            elif changes:
                said = changes[-1].said
                said[key] = f"{said[key]},{value}" if key in said else value
        return name, _known(changes, now)
    except (DomainError, KeyError, OverflowError, ValueError):
        return name, None


def _known(changes: list[_Change], now: datetime) -> tzinfo | None:
    in_force = [each for each in changes if not each.is_history(now)]
    if sorted(each.kind for each in in_force) == sorted(_CHANGES):
        return OSLO if all(each.is_norwegian(now) for each in in_force) else None
    offsets = {offset for each in changes for offset in each.goes()}
    return timezone(offsets.pop()) if len(offsets) == 1 else None


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=last.isoweekday() % 7)


def _name_in(params: Parameters | None) -> str:
    found = params.get("TZID") if params else None
    return "" if found is None else _plain(",".join(found) if isinstance(found, list) else str(found))


def _plain(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name).strip().strip('"').strip()
