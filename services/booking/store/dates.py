"""What dates would meet where they are asked for: found out for all of a series' dates and spaces in one statement, as
what is taken, shared and lent stands at that moment."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Integer, String, Text, Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB

from kernel.db import Transaction
from services.booking.model.bookings import BookingRequest
from services.booking.model.recurrence import Occurrence
from services.booking.model.rules import Bookable
from services.booking.model.sharing import traits
from services.booking.store.claims import CLOSED
from services.booking.store.tables import spaces

_Instant = DateTime(timezone=True)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

_asked = spaces.alias("asked")
_LIKE = (
    select(spaces.c.id)
    .join_from(spaces, _asked, (_asked.c.arena == spaces.c.arena) & (_asked.c.premises == spaces.c.premises))
    .where(
        _asked.c.id == bindparam("space"),
        spaces.c.id != _asked.c.id,
        spaces.c.capacity >= bindparam("participants"),
        ~spaces.c.withdrawn,
    )
    .order_by(spaces.c.capacity, spaces.c.id)
    .limit(bindparam("most"))
)
_SHARE = text(
    """
    SELECT pg_advisory_xact_lock(1, part)
      FROM (
        SELECT DISTINCT unnest(parts) AS part FROM spaces WHERE id = ANY(:spaces) AND sharing IS NOT NULL ORDER BY 1
      ) AS shared
    """
).bindparams(bindparam("spaces", type_=ARRAY(String)))
_OVERDUE = """
    bookings.state IN ('held', 'awaiting_approval', 'awaiting_payment') AND bookings.hold_expires_at <= :now
"""
IN_NOBODYS_WAY = """
    OVERDUE
    AND NOT EXISTS (
        SELECT
          FROM waitings
          JOIN spaces AS wished ON wished.id = waitings.space
          JOIN spaces AS there ON there.id = bookings.space
         WHERE waitings.state = 'waiting'
           AND waitings.square = bookings.square
           AND (
                wished.parts && there.parts
                OR waitings.equipment ?| ARRAY(SELECT jsonb_object_keys(bookings.equipment))
           )
           AND tstzrange(
                 earliest - make_interval(mins => wished.setup_minutes + there.clearing_minutes),
                 latest + make_interval(mins => wished.clearing_minutes + there.setup_minutes)
               ) && tstzrange(bookings.begins_at, bookings.ends_at)
    )
""".replace("OVERDUE", _OVERDUE)
"""In a statement: whether one of `bookings` is over its deadline, not cleared away yet, and awaited by nobody."""
_CLASHES = text(
    """
    SELECT asked.number, spaces.id AS space, array_remove(ARRAY[
             CASE WHEN EXISTS (
                SELECT
                  FROM unnest(spaces.parts) AS own
                  JOIN claims ON part = own AND claims.during && asked.during AND share = :closed
             ) THEN 'space_closed' END,
             CASE WHEN EXISTS (
                SELECT
                  FROM unnest(spaces.parts) AS own
                  JOIN claims ON part = own AND claims.during && asked.during
                   AND (spaces.sharing IS NULL OR share <> uuid_nil())
                  JOIN bookings ON bookings.id = claims.holder
                 WHERE NOT (IN_NOBODYS_WAY)
             ) THEN 'slot_taken' END,
             CASE WHEN spaces.sharing IS NOT NULL
              AND crowded(spaces.parts[1], asked.during, :people, :traits, NULL) && asked.during THEN 'no_room' END,
             CASE WHEN EXISTS (
                SELECT
                  FROM jsonb_each_text(:equipment) AS wanted (id, pieces)
                  JOIN equipment ON equipment.id = wanted.id
                 WHERE lent_out(equipment.number, asked.during, wanted.pieces::integer, NULL) && asked.during
             ) THEN 'equipment_lent' END
           ], NULL) AS codes
      FROM (
        SELECT number, space, tstzrange(taken_from, taken_until) AS during
          FROM unnest(:numbers, :spaces, :froms, :untils) AS given (number, space, taken_from, taken_until)
      ) AS asked
      JOIN spaces ON spaces.id = asked.space
    """.replace("IN_NOBODYS_WAY", IN_NOBODYS_WAY)
).bindparams(
    bindparam("now", type_=_Instant),
    bindparam("closed", CLOSED, type_=Uuid),
    bindparam("people", type_=Integer),
    bindparam("traits", type_=JSONB),
    bindparam("equipment", type_=JSONB),
    bindparam("numbers", type_=ARRAY(Integer)),
    bindparam("spaces", type_=ARRAY(Text)),
    bindparam("froms", type_=ARRAY(_Instant)),
    bindparam("untils", type_=ARRAY(_Instant)),
)
_EXPIRED_IN_THE_WAY = text(
    """
    SELECT bookings.id
      FROM unnest(:spaces, :froms, :untils) AS asked (space, taken_from, taken_until)
      JOIN spaces ON spaces.id = asked.space
     CROSS JOIN LATERAL unnest(spaces.parts) AS own
      JOIN claims ON part = own AND during && tstzrange(taken_from, taken_until)
      JOIN bookings ON bookings.id = claims.holder
     WHERE OVERDUE
     UNION
    SELECT bookings.id
      FROM unnest(:equipped, :since, :until) AS asked (id, since, until)
      JOIN equipment ON equipment.id = asked.id
      JOIN equipment_loans ON equipment_loans.equipment = equipment.number AND during && tstzrange(since, until)
      JOIN bookings ON bookings.id = equipment_loans.booking
     WHERE OVERDUE
    """.replace("OVERDUE", _OVERDUE)
).bindparams(
    bindparam("now", type_=_Instant),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("spaces", "equipped")),
    *(bindparam(name, type_=ARRAY(_Instant)) for name in ("froms", "untils", "since", "until")),
)


class Taking(Protocol):
    """What takes a space for a time, and borrows equipment: a booking, or what is asked for."""

    @property
    def space(self) -> str: ...
    @property
    def taken(self) -> tuple[datetime, datetime]: ...
    @property
    def equipment(self) -> Mapping[str, int]: ...


class Asked(NamedTuple):
    """One that is asked for."""

    space: str
    taken: tuple[datetime, datetime]
    equipment: Mapping[str, int]


def like(tx: Transaction, space: str, participants: int, *, most: int) -> list[str]:
    """Other spaces of the same arena and class of premises with room for so many, the smallest first."""
    return list(tx.execute(_LIKE, {"space": space, "participants": participants, "most": most}).scalars())


def queue_for_room(tx: Transaction, shared: Collection[str]) -> None:
    """Waits until nobody else is being let into these spaces, as far as they are shared: what `clashes` says of them
    then holds until the transaction ends."""
    tx.execute(_SHARE, {"spaces": sorted(shared)})


def clashes(
    tx: Transaction,
    like: BookingRequest,
    asked: Iterable[tuple[int, Occurrence, Bookable]],
    *,
    overdue_too: bool = False,
) -> dict[tuple[int, str], str]:
    """Of dates by number, each asked for in a space: the codes of those that others are in the way of, by number and
    space. Holds whose time is over are in nobody's way, unless `overdue_too`."""
    return {where: codes[0] for where, codes in all_clashes(tx, like, asked, overdue_too=overdue_too).items()}


def all_clashes(
    tx: Transaction,
    like: BookingRequest,
    asked: Iterable[tuple[int, Occurrence, Bookable]],
    *,
    overdue_too: bool = False,
) -> dict[tuple[int, str], list[str]]:
    """The same with every code that holds."""
    given = list(asked)
    if not given:
        return {}
    use = {"people": like.participants, "equipment": dict(like.equipment)}
    use["traits"] = dict(traits(purpose=like.purpose, audience=like.audience, noise=like.noise))
    now = _LONG_AGO if overdue_too else tx.now
    rows = tx.execute(_CLASHES, {**use, "now": now, "numbers": [each[0] for each in given], **_spans(given)})
    return {(row.number, row.space): row.codes for row in rows if row.codes}


def expired_in_the_way(tx: Transaction, wanted: Collection[Taking]) -> list[UUID]:
    """The bookings in the way of these, in their spaces or with what they want to borrow, whose deadline is over and
    that nobody has cleared away yet."""
    loans = [(kind, *each.taken) for each in wanted for kind in each.equipment]
    equipped, since, until = (list(column) for column in zip(*loans, strict=True)) if loans else ([], [], [])
    given = {
        "spaces": [each.space for each in wanted],
        "froms": [each.taken[0] for each in wanted],
        "untils": [each.taken[1] for each in wanted],
        "equipped": equipped,
        "since": since,
        "until": until,
    }
    return list(tx.execute(_EXPIRED_IN_THE_WAY, {"now": tx.now, **given}).scalars())


def _spans(asked: Sequence[tuple[int, Occurrence, Bookable]]) -> Mapping[str, list[Any]]:
    taken = [(place.space, *date.taken(place.rules)) for _, date, place in asked]
    return {
        "spaces": [space for space, _, _ in taken],
        "froms": [since for _, since, _ in taken],
        "untils": [until for _, _, until in taken],
    }
