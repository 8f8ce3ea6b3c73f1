"""What is nearest to a time that can't be had: the same space at other times, and other spaces at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from kernel.db import Transaction
from services.booking.model.availability import Wanted, as_near, before_and_after
from services.booking.model.bookings import BookingRequest
from services.booking.model.opening import Span
from services.booking.model.recurrence import Occurrence
from services.booking.model.rules import LONGEST, Bookable
from services.booking.queries.availability.free import nearest

AROUND = timedelta(days=14)
"""How far before and after another time is looked for."""
ELSEWHERE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """Other times of the space, before and after; and other spaces at that time, the nearest first: in its arena, then
    in its square, then anywhere."""

    times: Sequence[Occurrence]
    spaces: Sequence[Any]


def alternatives(tx: Transaction, wanted: BookingRequest, place: Bookable | None) -> Alternatives:
    """What could be had instead of a time in a space (None: a space that is there no longer)."""
    like = Wanted(
        capacity=wanted.participants,
        purpose=wanted.purpose,
        audience=wanted.audience,
        noise=wanted.noise,
        equipment=wanted.equipment,
    )
    return Alternatives(
        times=[] if place is None else _times(tx, like, wanted, place), spaces=_spaces(tx, like, wanted, place)
    )


def _times(tx: Transaction, like: Wanted, wanted: BookingRequest, place: Bookable) -> list[Occurrence]:
    asked = (wanted.begins_at, wanted.ends_at)
    length, grid = as_near(place.rules, *asked), timedelta(minutes=place.rules.grid_minutes)
    around = (wanted.begins_at - AROUND, wanted.begins_at + length + AROUND)
    here = replace(like, spaces=[place.space], minutes=length // timedelta(minutes=1))
    free = [span for row in nearest(tx, here, [around], arena="", square="", most=1) for span in spans_of(row.times)]
    return [Occurrence(*span) for span in before_and_after(free, wanted.begins_at, length, grid) if span != asked]


def spans_of(times: Any) -> list[Span]:
    """Free times, as PostgreSQL writes them, as instants."""
    return [(datetime.fromisoformat(each["begins_at"]), datetime.fromisoformat(each["ends_at"])) for each in times]


def _spaces(tx: Transaction, like: Wanted, wanted: BookingRequest, place: Bookable | None) -> list[Any]:
    minutes = (wanted.ends_at - wanted.begins_at) // timedelta(minutes=1)
    if minutes > LONGEST:
        return []
    near = {"arena": place.arena, "square": place.square} if place else {"arena": "", "square": ""}
    there = replace(like, minutes=minutes)
    rows = nearest(tx, there, [(wanted.begins_at, wanted.ends_at)], **near, most=ELSEWHERE + 1)
    return [row for row in rows if row.id != wanted.space][:ELSEWHERE]
