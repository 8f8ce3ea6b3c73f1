"""Rent, line by line: a letting split where the kind of day changes, each part at its own cell of the tariff.

Local time is Europe/Oslo. What counts is the time that passes, also on the two nights when the clocks are moved.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from kernel.errors import Text
from services.pricing.events import PriceLine
from services.pricing.model.tariff import Column, Counting, DayKind, Letting, Tariff

PublicHolidays = Callable[[date], bool]

OSLO = ZoneInfo("Europe/Oslo")
_HOUR = timedelta(hours=1)
_FINEST_QUANTITY = Decimal("0.000001")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a letting in which every day is of one kind."""

    day: DayKind
    begins_at: datetime
    ends_at: datetime


def rent(tariff: Tariff, letting: Letting, holidays: PublicHolidays) -> list[PriceLine]:
    """The lines of a letting that the tariff has a row for. Raises Unpriceable when a cell was not published."""
    column = tariff.column_for(letting)
    lines = []
    for stretch in stretches(tariff, letting.begins_at, letting.ends_at, holidays):
        quantity = hours(tariff.counting, letting.begins_at, stretch)
        if quantity:
            lines.append(_line(tariff, letting.premises, column, stretch, quantity))
    return lines


def stretches(tariff: Tariff, begins_at: datetime, ends_at: datetime, holidays: PublicHolidays) -> list[Stretch]:
    """Splits a time at the local midnights where one kind of day gives way to another."""
    found: list[Stretch] = []
    at = begins_at
    while at < ends_at:
        today = at.astimezone(OSLO).date()
        until = min(midnight_after(today), ends_at)
        day = tariff.day_kind(today, public_holiday=holidays(today))
        if found and found[-1].day == day:
            found[-1] = replace(found[-1], ends_at=until)
        else:
            found.append(Stretch(day, at, until))
        at = until
    return found


def midnight_after(day: date) -> datetime:
    """When a local day ends, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), OSLO).astimezone(UTC)


def hours(counting: Counting, begins_at: datetime, stretch: Stretch) -> Decimal:
    """How many hours of a letting that begins at `begins_at` fall in this stretch.

    "pro_rata": its minutes and seconds. "started": an hour runs from the letting's own beginning, counts whole, and
    belongs to the stretch in which it starts; so splitting never makes a letting longer than it is.
    """
    if counting == "started":
        return Decimal(_started(stretch.ends_at - begins_at) - _started(stretch.begins_at - begins_at))
    seconds = Decimal(round((stretch.ends_at - stretch.begins_at).total_seconds()))
    return (seconds / 3600).quantize(_FINEST_QUANTITY, ROUND_HALF_UP)


def whole(amount: Decimal) -> int:
    """An amount in whole øre: half an øre is rounded up. Never rounded to kroner."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def total(lines: Iterable[PriceLine]) -> int:
    """What the lines add up to."""
    return sum(line.amount for line in lines)


def moment(at: datetime) -> Text:
    """A point of local time, for people."""
    local = at.astimezone(OSLO)
    norwegian = f"{local.day}.{local.month}. kl. {local:%H:%M}"
    return Text(norwegian, norwegian, f"{local.day} {_MONTHS[local.month - 1]} at {local:%H:%M}")


def _started(elapsed: timedelta) -> int:
    return -(-elapsed // _HOUR)


def _line(tariff: Tariff, premises: str, column: Column, stretch: Stretch, quantity: Decimal) -> PriceLine:
    price = tariff.price(premises, column, stretch.day)
    said = _explained(tariff.premises[premises].name, column.name, stretch)
    return PriceLine(
        code="rent",
        nb=said.nb,
        nn=said.nn,
        en=said.en,
        quantity=plain(quantity),
        unit="hour",
        unit_amount=price,
        amount=whole(quantity * price),
        vat_rate=plain(tariff.vat_on(stretch.begins_at.astimezone(OSLO).date()).rate),
    )


def plain(number: Decimal) -> str:
    """A decimal number without trailing zeros or an exponent: "2", "1.5"."""
    return f"{number.normalize():f}"


def _explained(premises: Text, column: Text, stretch: Stretch) -> Text:
    when = _span(stretch)
    return Text(
        f"{premises.nb}, {column.nb}, {stretch.day.name.nb} ({when.nb})",
        f"{premises.nn}, {column.nn}, {stretch.day.name.nn} ({when.nn})",
        f"{premises.en}, {column.en}, {stretch.day.name.en} ({when.en})",
    )


def _span(stretch: Stretch) -> Text:
    """From when to when; a stretch that ends at midnight ends at 24:00 of its last day."""
    begins = stretch.begins_at.astimezone(OSLO)
    ends = stretch.ends_at.astimezone(OSLO)
    last = (stretch.ends_at - timedelta(microseconds=1)).astimezone(OSLO).date()
    clock = "24:00" if last < ends.date() else f"{ends:%H:%M}"
    if begins.date() == last:
        clocks = f"{begins:%H:%M}–{clock}"
        return Text(clocks, clocks, clocks)
    norwegian = f"{begins.day}.{begins.month}. {begins:%H:%M} – {last.day}.{last.month}. {clock}"
    english = f"{begins.day} {_MONTHS[begins.month - 1]} {begins:%H:%M} – {last.day} {_MONTHS[last.month - 1]} {clock}"
    return Text(norwegian, norwegian, english)
