"""What a side has of what it would wait for: bookings of its own in the same parts, or with the same equipment, and
what it moved away from. A side is whoever waits, the tenant they wait for, and the organisations they may act for."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ARRAY, Date, DateTime, Integer, Text, Uuid, bindparam, insert, text

from kernel.db import Transaction
from services.booking.model.bookings import LIVE, Booking
from services.booking.model.representatives import local_date
from services.booking.model.rules import LONGEST
from services.booking.model.waiting import Own, Waiting
from services.booking.store.tables import let_go as let_go_table
from services.booking.store.waitings import BUFFERS

_Instant = DateTime(timezone=True)
_REACH = timedelta(minutes=LONGEST) + 2 * BUFFERS
"""A booking that begins earlier is over, with its clearing, before what is waited for begins with its set-up."""

_IN_FORCE = "role IS NOT NULL AND (until IS NULL OR until >= :today)"
# What is taken, by one that waits: with the set-up and clearing of both.
_TAKEN = """
    tstzrange(
      BOOKED.begins_at - make_interval(mins => BOOKED.setup_minutes + wanted.clearing_minutes),
      BOOKED.ends_at + make_interval(mins => BOOKED.clearing_minutes + wanted.setup_minutes)
    )
"""
_SAME = """
    BOOKED.square = wanted_arena.square
    AND BOOKED.begins_at BETWEEN :first AND :last
    AND TAKEN && tstzrange(asked.earliest, asked.latest)
    AND (
      EXISTS (SELECT FROM spaces AS there WHERE there.id = BOOKED.space AND there.parts && wanted.parts)
      OR BOOKED.equipment ?| :equipment
    )
""".replace("TAKEN", _TAKEN)
_PLACE = ("space", "square", "begins_at", "ends_at", "setup_minutes", "clearing_minutes", "equipment")
# where bookings are, and where they were moved from before they were confirmed: as if that had expired then
_HAD = f"""
    SELECT tenant, booked_by, state, shared, confirmed_at, cancelled_by, changed_at, {", ".join(_PLACE)}
      FROM bookings
     UNION ALL
    SELECT moved.tenant, moved.booked_by, 'expired', moved.shared, NULL, NULL, let_go.at,
           {", ".join(f"let_go.{name}" for name in _PLACE)}
      FROM let_go
      JOIN bookings AS moved ON moved.id = let_go.booking
"""  # noqa: S608 - no value is in it
_MINE = _TAKEN.replace("BOOKED", "mine")
# arrays, so that the bookings are found by their tenant and by who booked them
_OWN = text(
    f"""
    SELECT asked.number, lower({_MINE}) AS since, upper({_MINE}) AS until, mine.state = ANY(:live) AS live
      FROM unnest(:numbers, :spaces, :earliest, :latest) AS asked (number, space, earliest, latest)
      JOIN spaces AS wanted ON wanted.id = asked.space
      JOIN arenas AS wanted_arena ON wanted_arena.id = wanted.arena
      JOIN ({_HAD}) AS mine ON {_SAME.replace("BOOKED", "mine")}
     WHERE (
             mine.tenant = ANY(ARRAY(
               SELECT :tenant UNION SELECT :person
                UNION SELECT actor FROM representatives WHERE person = :person AND {_IN_FORCE}
             ))
             OR mine.booked_by = ANY(ARRAY(
               SELECT :person UNION SELECT person FROM representatives WHERE actor = :tenant AND {_IN_FORCE}
             ))
           )
       AND (mine.tenant = :tenant OR mine.confirmed_at IS NULL)
       AND (
             mine.state = ANY(:live) AND (mine.confirmed_at IS NULL OR NOT mine.shared)
             OR mine.confirmed_at IS NULL
            AND (mine.state = 'expired' OR mine.state = 'cancelled' AND mine.cancelled_by = 'tenant')
            AND NOT EXISTS (
                  SELECT FROM bookings AS since
                   WHERE since.confirmed_at > mine.changed_at AND {_SAME.replace("BOOKED", "since")}
                )
           )
    """  # noqa: S608 - no value is in it
).bindparams(
    bindparam("numbers", type_=ARRAY(Integer)),
    bindparam("spaces", type_=ARRAY(Text)),
    *(bindparam(name, type_=ARRAY(_Instant)) for name in ("earliest", "latest")),
    *(bindparam(name, type_=_Instant) for name in ("first", "last")),
    *(bindparam(name, type_=Uuid) for name in ("tenant", "person")),
    bindparam("today", type_=Date),
    bindparam("live", list(LIVE), type_=ARRAY(Text)),
    bindparam("equipment", type_=ARRAY(Text)),
)


_LET_GO = insert(let_go_table)


def let_go(tx: Transaction, booking: Booking, *, at_version: int) -> None:
    """Keeps where a booking was that its tenant moved, at a version of it, before it was confirmed."""
    place = {name: getattr(booking, name) for name in _PLACE} | {"equipment": dict(booking.equipment)}
    tx.later(_LET_GO, {"booking": booking.id, "version": at_version, "at": tx.now, **place})


def own(tx: Transaction, waiting: Waiting) -> list[Own]:
    """What the side of one who waits has of it: live, whoever of them holds or is offered it; or let go, or moved away
    from, before it was confirmed, and not confirmed by anybody since. Of what is confirmed only its tenant's counts,
    and not in a space that is shared, where another place can be waited for."""
    return own_of_each(tx, [waiting])[0]


def own_of_each(tx: Transaction, waitings: Sequence[Waiting]) -> list[list[Own]]:
    """The same for several that one person waits for, for one tenant, with the same equipment."""
    if not waitings:
        return []
    one = waitings[0]
    rows = tx.execute(
        _OWN,
        {
            "numbers": list(range(len(waitings))),
            "spaces": [each.space for each in waitings],
            "earliest": [each.earliest for each in waitings],
            "latest": [each.latest for each in waitings],
            "first": min(each.earliest for each in waitings) - _REACH,
            "last": max(each.latest for each in waitings) + 2 * BUFFERS,
            "tenant": one.tenant.id,
            "person": one.person,
            "today": local_date(tx.now),
            "equipment": sorted(one.equipment),
        },
    ).all()
    found: list[list[Own]] = [[] for _ in waitings]
    for row in rows:
        found[row.number].append(Own(since=row.since, until=row.until, live=row.live))
    return found
