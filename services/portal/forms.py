"""What a form holds between the browser and the services. The rules are the services' own: what they say of its fields
is only carried back to where the person filled them in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from flask import request

from kernel.clock import OSLO
from kernel.text import blank, trimmed
from services.portal import written
from services.portal.backend import Refused
from services.portal.language import gettext
from services.portal.reasons import reason
from services.portal.session import now

CENTURY = (date(2000, 1, 1), date(2100, 1, 1))
_WHOLE = re.compile(r"\d{1,6}", re.ASCII)
_KEY = re.compile(r"[!-~]{1,255}")


@dataclass
class Form:
    """What was filled in, what is wrong with each field and the whole, and the key that makes two clicks one act."""

    values: Mapping[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    key: str = ""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def version(self) -> str:
        """Which version of the thing the person saw; 0, which no thing has, when the form does not say."""
        return self["version"] if _WHOLE.fullmatch(self["version"]) else "0"

    @property
    def wrong(self) -> bool:
        """Whether there is something to tell about it."""
        return bool(self.faults or self.problem)

    def refused(self, said: Refused, fields: Mapping[str, str], codes: Mapping[str, str] | None = None) -> "Form":
        """The same values with what a service said of them. `fields` maps its names to ours, and `codes` its rules to
        the field that breaks them; the rest is told above."""
        if (name := (codes or {}).get(said.code)) is not None:
            return Form(self.values, {name: reason(said)})
        faults = {fields[name]: text for name, text in said.faults.items() if name in fields}
        others = [text for name, text in said.faults.items() if name not in fields]
        return Form(self.values, faults, " ".join([reason(said), *others]) if others or not faults else "")


def sent() -> Form:
    """The form that was sent. Its key is the one it was rendered with."""
    values = {name: "" if blank(value) else trimmed(value) for name, value in request.form.items()}
    key = values.get("idempotency_key", "")
    return Form(values, key=key if _KEY.fullmatch(key) else new_key())


def new_key() -> str:
    """A key for one rendering of a form: however often that is sent, it takes effect once."""
    return str(uuid4())


def whole(form: Form, name: str, *, least: int = 0) -> int:
    """A field as a whole number; notes a fault, and gives 0, when it is none, or less than that."""
    if (number := written.whole(form[name])) is not None and number >= least:
        return number
    form.faults[name] = gettext("Write a whole number, such as 12.")
    return 0


def minutes_of(form: Form, name: str) -> int:
    """A field that holds hours, as minutes; notes a fault, and gives 0, when it holds none."""
    if (minutes := written.minutes(form[name])) is not None:
        return minutes
    form.faults[name] = gettext("Write hours, such as 2 or 1,5 or 1:30.")
    return 0


def day_of(form: Form, name: str) -> date:
    """A field as a day; notes a fault, and gives the first of our days, when it is none."""
    if (day := _in_century(form[name])) is not None:
        return day
    form.faults[name] = gettext("Write a date, such as 24.12.2026.")
    return CENTURY[0]


def clock_of(form: Form, name: str) -> timedelta:
    """A field as a time on the wall, since midnight; notes a fault, and gives midnight, when it is none."""
    if (clock := written.clock(form[name])) is not None:
        return clock
    form.faults[name] = gettext("Write a time, such as 18:00.")
    return timedelta()


def chosen_of(form: Form, name: str, words: Mapping[str, str]) -> str:
    """A field as one of these codes; notes a fault when it is none of them."""
    if form[name] not in words:
        form.faults[name] = gettext("Choose one of the list.")
    return form[name]


def text_of(form: Form, name: str) -> str:
    """A field as a text; notes a fault when it is empty."""
    if not form[name]:
        form.faults[name] = gettext("Write something here.")
    return form[name]


def asked_day(name: str = "date") -> date:
    """The day asked for in the address; today when there is none, or it is no day of this century."""
    return _in_century(request.args.get(name, "")) or today()


def _in_century(text: str) -> date | None:
    day = written.day(text)
    return day if day is not None and CENTURY[0] <= day < CENTURY[1] else None


def asked_whole(name: str, default: int, *, most: int) -> int:
    """A number asked for in the address, from 1 to `most`; the default when it is none."""
    value = request.args.get(name, "")
    return int(value) if _WHOLE.fullmatch(value) and 1 <= int(value) <= most else default


def today() -> date:
    """The day it is in Norway."""
    return now().astimezone(OSLO).date()


def midnight(day: date) -> datetime:
    """The moment when a day begins in Norway."""
    return datetime.combine(day, time(), OSLO)


def instant(text: str) -> datetime:
    """A time as the services write it. Raises ValueError when it is none, or has no offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without its offset")
    return at


def timed(thing: dict[str, Any], *names: str) -> dict[str, Any]:
    """What a service answered, with these of its fields as times."""
    return thing | {name: instant(thing[name]) for name in names if thing.get(name)}
