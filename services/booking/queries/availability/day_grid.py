"""A day of a square: of each of its spaces when it is open, what is taken of it, and what is left where it is shared.

Anybody may see that a time is taken. Which booking it is, in what state and what it is called, only those see who may
see the booking itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Date, DateTime, Row, String, Uuid, bindparam, func, select, text

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.problems import NotFound
from services.booking.model.opening import DAY, instant
from services.booking.model.sharing import Room, room_left
from services.booking.queries.bookings import visible
from services.booking.store.dates import IN_NOBODYS_WAY
from services.booking.store.tables import bookings

# a booking has all parts of a space, and is there once
_GRID = text(
    """
    SELECT spaces.id, spaces.name, spaces.parent, spaces.arena, arenas.name AS arena_name, capacity,
           cast(sharing->>'groups' AS integer) AS groups, open_kinds, opening.spans AS opening, taken.spans AS taken
      FROM arenas
      JOIN spaces ON spaces.arena = arenas.id AND NOT withdrawn
      LEFT JOIN LATERAL (
        SELECT json_agg(json_build_array(
                 greatest(lower(during), :begins_at), least(upper(during), :ends_at), kind
               ) ORDER BY lower(during)) AS spans
          FROM open_days
         WHERE open_days.arena = arenas.id AND day BETWEEN cast(:day AS date) - 1 AND :day
           AND during && tstzrange(:begins_at, :ends_at)
      ) AS opening ON true
      LEFT JOIN LATERAL (
        SELECT json_agg(json_build_array(since, until, holder, share = uuid_nil(), people, kind, reason)
                        ORDER BY since, holder) AS spans
          FROM (
            SELECT DISTINCT lower(during) AS since, upper(during) AS until, claims.holder, share, people,
                   closures.kind, closures.reason
              FROM unnest(spaces.parts) AS own
              JOIN claims ON part = own AND during && tstzrange(:begins_at, :ends_at)
              LEFT JOIN closure_dates ON closure_dates.id = claims.holder
              LEFT JOIN closures ON closures.id = coalesce(closure_dates.closure, claims.holder)
              LEFT JOIN bookings ON bookings.id = claims.holder
             WHERE bookings.id IS NULL OR NOT (IN_NOBODYS_WAY)
          ) AS claimed
      ) AS taken ON true
     WHERE arenas.square = :square
     ORDER BY arenas.position, arenas.id, spaces.position, spaces.id
    """.replace("IN_NOBODYS_WAY", IN_NOBODYS_WAY)
).bindparams(
    bindparam("square", type_=String),
    bindparam("day", type_=Date),
    *(bindparam(name, type_=DateTime(timezone=True)) for name in ("begins_at", "ends_at", "now")),
)
_THESE = select(bookings.c.id, bookings.c.state, bookings.c.title, bookings.c.begins_at, bookings.c.ends_at).where(
    bookings.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Open from an instant to another, within the day; `bookable` tells whether the space is booked in such hours."""

    begins_at: datetime
    ends_at: datetime
    kind: str
    bookable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Taken from an instant to another, set-up and clearing included. `what` is booking, closure or maintenance;
    `booking` is there for those who may see it."""

    begins_at: datetime
    ends_at: datetime
    what: str
    reason: Mapping[str, str] | None = None
    booking: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceDay:
    """A day of a space; `room` where it is shared."""

    space: str
    name: Any
    parent: str | None
    arena: str
    arena_name: Any
    open: Sequence[Opened]
    taken: Sequence[Taken]
    room: Sequence[Room] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A local day of a square: 23 or 25 hours when the clock changes."""

    square: str
    date: date
    begins_at: datetime
    ends_at: datetime
    spaces: Sequence[SpaceDay]


def day_of_square(tx: Transaction, who: Caller | None, square: str, day: date) -> Day:
    """The day as the caller may see it. Raises NotFound."""
    begins_at, ends_at = instant(day, 0), instant(day, DAY)
    given = {"square": square, "day": day, "begins_at": begins_at, "ends_at": ends_at, "now": tx.now}
    rows = tx.execute(_GRID, given).all()
    if not rows:
        raise NotFound
    seen = _seen(tx, who, rows)
    spaces = [_space_day(row, begins_at, ends_at, seen) for row in rows]
    return Day(square=square, date=day, begins_at=begins_at, ends_at=ends_at, spaces=spaces)


def _seen(tx: Transaction, who: Caller | None, rows: Iterable[Row[Any]]) -> Mapping[str, Row[Any]]:
    """The bookings among the holders that the caller may see."""
    holders = {UUID(each[2]) for row in rows for each in row.taken or ()}
    if who is None or not holders:
        return {}
    return {str(row.id): row for row in tx.execute(_THESE.where(visible(tx, who)), {"ids": list(holders)})}


def _space_day(row: Row[Any], begins_at: datetime, ends_at: datetime, seen: Mapping[str, Row[Any]]) -> SpaceDay:
    opening = [
        Opened(begins_at=_at(since), ends_at=_at(until), kind=kind, bookable=kind in row.open_kinds)
        for since, until, kind in row.opening or ()
    ]
    return SpaceDay(
        space=row.id,
        name=row.name,
        parent=row.parent,
        arena=row.arena,
        arena_name=row.arena_name,
        open=opening,
        taken=[_taken(each, seen) for each in row.taken or ()],
        room=None if row.groups is None else _room(row, begins_at, ends_at),
    )


def _taken(claimed: Sequence[Any], seen: Mapping[str, Row[Any]]) -> Taken:
    since, until, holder, _, _, closure, reason = claimed
    return Taken(
        begins_at=_at(since),
        ends_at=_at(until),
        what=closure or "booking",
        reason=reason,
        booking=seen.get(holder),
    )


def _room(row: Row[Any], begins_at: datetime, ends_at: datetime) -> list[Room]:
    """Whoever has it for themself, or closes it, takes all of it."""
    there = []
    for since, until, _, shared, people, _, _ in row.taken or ():
        times = (_at(since), _at(until))
        there += [(*times, people)] if shared else [(*times, row.capacity)] * row.groups
    left = room_left(row.capacity, row.groups, there, begins_at, ends_at)
    return [replace(each, people=max(each.people, 0), groups=max(each.groups, 0)) for each in left]


def _at(written: str) -> datetime:
    return datetime.fromisoformat(written)
