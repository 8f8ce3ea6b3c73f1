"""Numbers, days and times as Norwegians write them. `services.portal.forms` reads the fields of forms with these."""

import re
import unicodedata
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

_WHOLE = re.compile(r"\d{1,6}|\d{1,3}(?:[ .]\d{3})", re.ASCII)
_DECIMAL = re.compile(r"(\d{1,4})(?:,(\d{1,2})|\.(\d))?", re.ASCII)
_UNIT = r" ?(?:timer?|timar|hours?|t|h)\.? ?"
_HOURS_AND_MINUTES = re.compile(rf"(\d{{1,3}})(?::|{_UNIT})([0-5]?\d)(?: ?(?:min|m)\w*\.?)?", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DAY = re.compile(r"(\d{1,2})([. /-]+)(\d{1,2})[. /-]+(\d{2}|\d{4})\.?", re.ASCII)
_SHORT_DAY = re.compile(r"(\d{2})(\d{2})(\d{2}|\d{4})", re.ASCII)
_CLOCK = re.compile(r"(?:kl|klokka|klokken)?\.? ?(\d{1,2})(?:[.:, ]? ?([0-5]\d)(?:[.:]00)?)?", re.ASCII)


def whole(text: str) -> int | None:
    """A whole number: 40, 1 000, 1.000. None when it is none."""
    found = _plain(text)
    return int(re.sub("[ .]", "", found)) if _WHOLE.fullmatch(found) else None


def minutes(text: str) -> int | None:
    """A length of time in hours, as minutes: 1,5 and 1.5 are 90, 1:30 and 1 t 30 min, too. None when it is none. What
    might be either, such as 1.30, is none."""
    found = _plain(text)
    if clock := _HOURS_AND_MINUTES.fullmatch(found):
        return int(clock[1]) * 60 + int(clock[2])
    if number := _DECIMAL.fullmatch(re.sub(f"{_UNIT}$", "", found)):
        hours = Decimal(f"{number[1]}.{number[2] or number[3] or 0}")
        return int((hours * 60).quantize(Decimal(1), ROUND_HALF_UP))
    return None


def day(text: str) -> date | None:
    """A day: 1.12.2026, 01.12.26, 1/12-2026, 011226, 2026-12-01. None when there is no such day. Two digits are a year
    of this century."""
    found = _plain(text)
    if iso := _ISO_DAY.fullmatch(found):
        return _date(iso[1], iso[2], iso[3])
    if spelt := _DAY.fullmatch(found):
        return _date(spelt[4], spelt[3], spelt[1])
    if short := _SHORT_DAY.fullmatch(found):
        return _date(short[3], short[2], short[1])
    return None


def clock(text: str) -> timedelta | None:
    """A time on the wall, as what has passed since midnight: 18:00, 18.00, 1800, 18, kl 18; 24:00 is the end of the
    day. None when it is none."""
    found = _CLOCK.fullmatch(_plain(text).lower())
    if not found:
        return None
    at = timedelta(hours=int(found[1]), minutes=int(found[2] or 0))
    return at if at <= timedelta(days=1) else None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year) if len(year) == 4 else 2000 + int(year), int(month), int(day))
    except ValueError:
        return None


def _plain(text: str) -> str:
    """The text with ordinary spaces, one at a time, and none around it."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
