"""Parts of statements: which spaces are wanted, when they could be booked if nobody else were there, and what others
have taken of that.

What another takes includes its set-up and clearing; so that there is time for one's own, it is widened by those. In a
shared space it is what `crowded` says has no room for so many as are asked for. A hold whose time is over is in
nobody's way, unless somebody waits for it: in a claim that is not shared, the share is the holder.

Claims are aggregated part by part (LATERAL): joined instead, PostgreSQL may choose to read those of all spaces for each
space, which took 2 s where this takes 45 ms (640 spaces, 21 000 bookings, 7 days).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, BindParameter, Date, DateTime, Double, Integer, String, Text, bindparam
from sqlalchemy.dialects.postgresql import JSONB

from kernel.db import Transaction
from services.booking.model.availability import Wanted, days_of
from services.booking.model.opening import Span
from services.booking.store.dates import IN_NOBODYS_WAY

_Instant = DateTime(timezone=True)

WINDOW = """
    asked AS MATERIALIZED (
        SELECT searched, lower(searched) AS begins, upper(searched) AS ends,
               (:now AT TIME ZONE 'Europe/Oslo')::date AS today
          FROM (
            SELECT range_agg(tstzrange(opens, closes)) AS searched FROM unnest(:opens, :closes) AS at (opens, closes)
          ) AS given
    ), open AS MATERIALIZED (
        SELECT arena, open_kinds, range_agg(during) AS hours
          FROM (SELECT DISTINCT arena, open_kinds FROM spaces WHERE NOT withdrawn) AS own
          JOIN open_days USING (arena)
         WHERE day BETWEEN cast(:first AS date) - 1 AND :last AND kind = ANY(open_kinds)
         GROUP BY arena, open_kinds
    ), lent AS MATERIALIZED (
        SELECT equipment.arena, array_agg(DISTINCT equipment.id) AS lends, coalesce(range_agg(short), '{}') AS times
          FROM unnest(:equipment, :pieces) AS borrowed (id, pieces)
          JOIN equipment ON equipment.id = borrowed.id AND NOT withdrawn
         CROSS JOIN asked
          LEFT JOIN LATERAL unnest(
            lent_out(number, tstzrange(begins - interval '2 days', ends + interval '2 days'), borrowed.pieces, NULL)
          ) AS short ON true
         GROUP BY equipment.arena
    )
"""
"""When is looked in, when arenas are open then, and when too little is left of the equipment (a booking's buffers are
shorter than two days)."""

HERE = """
    NOT spaces.withdrawn
    AND (cast(:squares AS text[]) IS NULL OR arenas.square = ANY(cast(:squares AS text[])))
    AND (cast(:arenas AS text[]) IS NULL OR arenas.id = ANY(cast(:arenas AS text[])))
    AND (cast(:spaces AS text[]) IS NULL OR spaces.id = ANY(cast(:spaces AS text[])))
    AND (:premises IS NULL OR premises = :premises)
"""
"""Whether a space is where it is looked for."""

FITS = """
    (:capacity IS NULL OR capacity >= :capacity)
    AND (:area IS NULL OR area >= :area)
    AND features @> cast(:features AS text[])
    AND (:purpose IS NULL OR purposes = '{}' OR :purpose = ANY(purposes))
    AND (:audience IS NULL OR audiences = '{}' OR :audience = ANY(audiences))
    AND (:noise IS NULL OR array_position(NOISES, :noise) <= array_position(NOISES, spaces.noise))
    AND (:minutes IS NULL OR :minutes BETWEEN min_minutes AND max_minutes)
    AND coalesce(cardinality(lent.lends), 0) = cardinality(cast(:equipment AS text[]))
""".replace("NOISES", "cast('{quiet,normal,loud}' AS text[])")
"""Whether a space is as wanted, and let for what it is wanted for."""

BUFFERS = "make_interval(mins => setup_minutes) AS setup, make_interval(mins => clearing_minutes) AS clearing"
BOUNDS = """
    make_interval(mins => grid_minutes) AS grid,
    tstzrange(:now + make_interval(mins => notice_minutes), NULL) AS noticed,
    tstzrange(NULL, cast(asked.today + horizon_days + 1 AS timestamp) AT TIME ZONE 'Europe/Oslo') AS near
"""
LIMITS = f"""
    spaces.*, arenas.square, arenas.name AS arena_name, asked.begins, asked.ends, asked.searched, lent.lends,
    lent.times AS lent, coalesce(open.hours, '{{}}') AS hours,
    make_interval(mins => coalesce(:minutes, min_minutes)) AS shortest, {BUFFERS}, {BOUNDS}
"""
"""What of a space decides when it can be booked."""

SPACES = """
    spaces JOIN arenas ON arenas.id = spaces.arena CROSS JOIN asked
    LEFT JOIN open ON open.arena = spaces.arena AND open.open_kinds = spaces.open_kinds
    LEFT JOIN lent ON lent.arena = spaces.arena
"""

BOOKABLE = "(hours * searched * tstzmultirange(noticed * near))"
"""When a wanted space could be booked if nobody else were there."""

_WIDENED = "range_agg(tstzrange(lower(each) - clearing, upper(each) + setup))"


OTHERS = f"""
    (sharing IS NULL OR share <> uuid_nil()) AND share <> ALL(ARRAY(SELECT id FROM bookings WHERE {IN_NOBODYS_WAY}))
"""


def busy(during: str, whose: str = OTHERS) -> str:
    """When others have it, as far as that touches the time `during`, or several."""
    return f"""
    coalesce((
        SELECT {_WIDENED}
          FROM unnest(parts) AS own CROSS JOIN LATERAL (
            SELECT during FROM claims WHERE part = own AND during && {during} AND {whose} OFFSET 0
          ) AS claimed (each)
    ), '{{}}')
    """


_AROUND = "tstzrange(begins - setup, ends + clearing)"
BUSY = busy(_AROUND)
"""When others have it."""
SHUT = busy(_AROUND, "share = :closed")
"""When it is closed: some of the time in which others have it."""
CROWDED = f"""
    CASE WHEN sharing IS NULL THEN '{{}}' ELSE coalesce((
        SELECT {_WIDENED}
          FROM unnest(crowded(
            number, {_AROUND}, coalesce(:capacity, 1), :traits, NULL
          )) AS each
    ), '{{}}') END
"""
"""When there is no room among those who share it."""
LENT = f"""
    CASE WHEN lent IS NULL OR lent = '{{}}' THEN '{{}}'
         ELSE (SELECT {_WIDENED} FROM unnest(lent) AS each) END
"""
"""When too little is left of the equipment."""

_BEGINS = "date_bin(grid, lower(gap) + grid - interval '1 microsecond', timestamptz 'epoch')"
_ENDS = "date_bin(grid, upper(gap), timestamptz 'epoch')"


def long_enough(times: str) -> str:
    """A row for each of these times in which the shortest wanted fits, on the space's grid; in their order, which
    PostgreSQL keeps from `unnest` to what reads it."""
    gaps = f"SELECT {_BEGINS} AS begins_at, {_ENDS} AS ends_at FROM unnest({times}) AS gap OFFSET 0"
    return f"SELECT begins_at, ends_at FROM ({gaps}) AS gaps WHERE ends_at - begins_at >= shortest"


PARAMETERS: tuple[BindParameter[Any], ...] = (
    bindparam("now", type_=_Instant),
    *(bindparam(name, type_=Date) for name in ("first", "last")),
    *(bindparam(name, type_=ARRAY(_Instant)) for name in ("opens", "closes")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("squares", "arenas", "spaces", "features", "equipment")),
    *(bindparam(name, type_=String) for name in ("premises", "purpose", "audience", "noise")),
    *(bindparam(name, type_=Integer) for name in ("capacity", "minutes")),
    bindparam("area", type_=Double),
    bindparam("pieces", type_=ARRAY(Integer)),
    bindparam("traits", type_=JSONB),
)


def given(tx: Transaction, wanted: Wanted, spans: Sequence[Span]) -> dict[str, Any]:
    """The values of `PARAMETERS`. There is a time to look in, at least one."""
    first, last = days_of(spans)
    opens, closes = zip(*spans, strict=True)
    return {
        "now": tx.now,
        "first": first,
        "last": last,
        "opens": list(opens),
        "closes": list(closes),
        **{name: list(getattr(wanted, name)) or None for name in ("squares", "arenas", "spaces")},
        **{name: getattr(wanted, name) for name in ("premises", "purpose", "audience", "noise")},
        **{name: getattr(wanted, name) for name in ("capacity", "minutes", "area")},
        "features": list(wanted.features),
        "equipment": list(wanted.equipment),
        "pieces": list(wanted.equipment.values()),
        "traits": {
            name: value for name in ("purpose", "audience", "noise") if (value := getattr(wanted, name)) is not None
        },
    }
