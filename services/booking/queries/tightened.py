"""The bookings to come of a square that its rules, as they are now, would not allow: what whoever publishes is told.

Nothing is cancelled by itself. What a booking is for, how long and how large it is, is judged by the model; whether it
has room among the others, by the functions that let bookings in.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Uuid, bindparam, func, select, text

from kernel.db import Transaction
from services.booking.model.bookings import LIVE, Booking
from services.booking.model.rules import Bookable, OutsideOpeningHours
from services.booking.model.series import TAKEN, Clash
from services.booking.queries.opening import LONGEST_BOOKING, OUTSIDE_HOURS
from services.booking.store.bookings import SHOWN, booking_from
from services.booking.store.claims import CLOSED
from services.booking.store.resources import RULES, rules_from
from services.booking.store.tables import arenas, bookings, equipment, spaces

_Instant = DateTime(timezone=True)
_of_square = arenas.c.square == bindparam("square")
_SPACES = (
    select(
        spaces.c.id,
        spaces.c.arena,
        arenas.c.square,
        spaces.c.premises,
        spaces.c.capacity,
        spaces.c.noise,
        func.cardinality(spaces.c.parts).label("parts"),
        spaces.c.sharing.is_not(None).label("shared"),
        *RULES,
    )
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .where(_of_square, ~spaces.c.withdrawn)
)
_EQUIPMENT = (
    select(equipment.c.arena, equipment.c.id, equipment.c.pieces_owned)
    .join_from(equipment, arenas, arenas.c.id == equipment.c.arena)
    .where(_of_square, ~equipment.c.withdrawn)
)
_to_come = (
    bookings.c.state.in_(LIVE),
    bookings.c.ends_at > bindparam("now", type_=_Instant),
    bookings.c.begins_at > bindparam("since", type_=_Instant),
)
_BOOKED = select(
    bookings.c.id,
    bookings.c.space,
    bookings.c.begins_at,
    bookings.c.ends_at,
    bookings.c.purpose,
    bookings.c.audience,
    bookings.c.participants,
    bookings.c.noise,
    bookings.c.equipment,
).where(bookings.c.space == func.any(bindparam("spaces", type_=ARRAY(spaces.c.id.type))), *_to_come)
_OUTSIDE = (
    select(bookings.c.id)
    .join_from(bookings, spaces, spaces.c.id == bookings.c.space)
    .join(arenas, arenas.c.id == spaces.c.arena)
    .where(_of_square, *_to_come, OUTSIDE_HOURS)
)
# Asked of those alone who may be in each other's way: whose set-up or clearing has grown, or who are not alone.
_WITHOUT_ROOM = text(
    """
    SELECT wider.id, array_remove(ARRAY[
             CASE WHEN EXISTS (
                SELECT FROM claims
                 WHERE part = ANY (wider.parts) AND claims.during && wider.during AND share = :closed
             ) THEN 'space_closed' END,
             CASE WHEN EXISTS (
                SELECT FROM claims
                 WHERE part = ANY (wider.parts) AND claims.during && wider.during AND holder <> wider.id
                   AND share <> :closed AND (wider.sharing IS NULL OR share <> uuid_nil())
             ) THEN 'slot_taken' END,
             CASE WHEN wider.sharing IS NOT NULL
              AND crowded(wider.parts[1], wider.during, wider.participants, wider.traits, wider.id) && wider.during
             THEN 'no_room' END
           ], NULL) AS codes
      FROM (
        SELECT bookings.id, spaces.parts, spaces.sharing, bookings.participants,
               jsonb_build_object('purpose', purpose, 'audience', audience, 'noise', bookings.noise) AS traits,
               tstzrange(
                 begins_at - make_interval(mins => spaces.setup_minutes),
                 ends_at + make_interval(mins => spaces.clearing_minutes)
               ) AS during
          FROM bookings
          JOIN spaces ON spaces.id = bookings.space
          JOIN arenas ON arenas.id = spaces.arena
         WHERE arenas.square = :square
           AND bookings.state = ANY (:live) AND ends_at > :now AND begins_at > :since
           AND (
                spaces.setup_minutes > bookings.setup_minutes
                OR spaces.clearing_minutes > bookings.clearing_minutes
                OR bookings.shared
                OR spaces.sharing IS NOT NULL
           )
      ) AS wider
    """
).bindparams(bindparam("closed", CLOSED, type_=Uuid), bindparam("live", list(LIVE)))
_OVERLENT = text(
    """
    SELECT DISTINCT equipment_loans.booking
      FROM equipment_loans
      JOIN equipment ON equipment.number = equipment_loans.equipment
      JOIN arenas ON arenas.id = equipment.arena
     WHERE arenas.square = :square AND during && tstzrange(:now, NULL)
       AND lent_out(equipment.number, during, 0, NULL) && during
    """
).bindparams(bindparam("now", type_=_Instant))
_FIRST = SHOWN.where(bookings.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))).order_by(
    bookings.c.begins_at, bookings.c.id
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disallowed:
    """A booking that stands, and every reason why it could not be made now."""

    booking: Booking
    reasons: Sequence[Clash]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAllowed:
    """How many such bookings there are; the first of them, by when they begin."""

    total: int
    items: Sequence[Disallowed]


def not_allowed(tx: Transaction, square: str, *, most: int) -> NotAllowed:
    """The live bookings of a square, not over, that its rules would not allow; notice and horizon aside, which are of
    when one books."""
    given = {"square": square, "now": tx.now, "since": tx.now - LONGEST_BOOKING}
    places = _places(tx, square)
    reasons: dict[UUID, list[Clash]] = defaultdict(list)
    begins: dict[UUID, datetime] = {}
    for row in tx.execute(_BOOKED, {**given, "spaces": list(places)}):
        begins[row.id] = row.begins_at
        if broken := [Clash.of(each) for each in places[row.space].broken_whenever(row)]:
            reasons[row.id] = broken
    for booking in tx.execute(_OUTSIDE, given).scalars():
        reasons[booking].append(Clash.of(OutsideOpeningHours()))
    for row in tx.execute(_WITHOUT_ROOM, given):
        if row.codes:
            reasons[row.id] += [TAKEN[code] for code in row.codes]
    for booking in tx.execute(_OVERLENT, given).scalars():
        reasons[booking].append(TAKEN["equipment_lent"])
    first = sorted(reasons.keys() & begins.keys(), key=lambda each: (begins[each], each))
    return NotAllowed(total=len(first), items=_shown(tx, first[:most], reasons))


def _places(tx: Transaction, square: str) -> dict[str, Bookable]:
    lent: dict[str, dict[str, int]] = defaultdict(dict)
    for row in tx.execute(_EQUIPMENT, {"square": square}):
        lent[row.arena][row.id] = row.pieces_owned
    return {
        row.id: Bookable(
            space=row.id,
            arena=row.arena,
            square=row.square,
            premises=row.premises,
            capacity=row.capacity,
            parts=row.parts,
            rules=rules_from(row),
            open=(),
            shared=row.shared,
            noise=row.noise,
            equipment=lent[row.arena],
        )
        for row in tx.execute(_SPACES, {"square": square})
    }


def _shown(tx: Transaction, ids: Sequence[UUID], reasons: Mapping[UUID, Sequence[Clash]]) -> list[Disallowed]:
    rows: Any = tx.execute(_FIRST, {"ids": list(ids)})
    return [Disallowed(booking=each, reasons=reasons[each.id]) for each in map(booking_from, rows)]
