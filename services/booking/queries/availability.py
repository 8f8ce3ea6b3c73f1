"""When spaces are free: computed from the truth, in one statement, at the moment it is asked for.

Of the hours of the local days asked for (`open_days`, written with every change of an opening plan) claims are taken
away; what is left is cut to the space's own notice, horizon and grid. A test holds it together with the model.

Claims are aggregated part by part (LATERAL): joined instead, PostgreSQL may choose to read those of all spaces for each
space, which took 2 s where this takes 45 ms (640 spaces, 21 000 bookings, 7 days).

What another takes includes its set-up and clearing; so that there is time for one's own, it is widened by those. In a
shared space it is what `crowded` says has no room for so many as are asked for.

Spaces are put in order first (OFFSET 0 keeps it so): a page is full once its own spaces are reckoned, and not all.

PostgreSQL writes the JSON, too. A month of a municipality is some 100 000 free times: made into objects and written by
Python, they took several times as long as finding them.
"""

from datetime import date
from typing import Any

from sqlalchemy import Date, DateTime, Integer, String, bindparam, text

from kernel.db import Transaction
from kernel.pagination import Page, PageRequest

_FREE = text(
    """
    WITH asked AS MATERIALIZED (
        SELECT cast(:first AS timestamp) AT TIME ZONE 'Europe/Oslo' AS begins,
               (cast(:last AS timestamp) + interval '1 day') AT TIME ZONE 'Europe/Oslo' AS ends,
               (:now AT TIME ZONE 'Europe/Oslo')::date AS today
    ), open AS MATERIALIZED (
        SELECT arena, open_kinds, range_agg(during) AS hours
          FROM (SELECT DISTINCT arena, open_kinds FROM spaces WHERE NOT withdrawn) AS own
          JOIN open_days USING (arena)
         WHERE day BETWEEN cast(:first AS date) - 1 AND :last AND kind = ANY(open_kinds)
         GROUP BY arena, open_kinds
    ), wanted AS (
        SELECT spaces.*, arenas.square, arenas.name AS arena_name, open.hours,
               asked.begins, asked.ends, tstzrange(asked.begins, asked.ends) AS searched,
               make_interval(mins => setup_minutes) AS setup, make_interval(mins => clearing_minutes) AS clearing,
               make_interval(mins => grid_minutes) AS grid,
               make_interval(mins => coalesce(:minutes, min_minutes)) AS shortest,
               greatest(asked.begins, :now + make_interval(mins => notice_minutes)) AS earliest,
               least(asked.ends, cast(asked.today + horizon_days + 1 AS timestamp) AT TIME ZONE 'Europe/Oslo') AS latest
          FROM spaces JOIN arenas ON arenas.id = spaces.arena JOIN open USING (arena, open_kinds) CROSS JOIN asked
         WHERE NOT withdrawn
           AND (:square IS NULL OR arenas.square = :square)
           AND (:arena IS NULL OR arenas.id = :arena)
           AND (:space IS NULL OR spaces.id = :space)
           AND (:premises IS NULL OR premises = :premises)
           AND (:capacity IS NULL OR capacity >= :capacity)
           AND (:minutes IS NULL OR :minutes BETWEEN min_minutes AND max_minutes)
           AND (:after IS NULL OR spaces.id > :after)
         ORDER BY spaces.id OFFSET 0
    )
    SELECT wanted.id, json_build_object(
               'space', wanted.id, 'name', wanted.name, 'arena', wanted.arena, 'arena_name', wanted.arena_name,
               'square', wanted.square, 'free', free.times
           )::text AS shown
      FROM wanted
     CROSS JOIN LATERAL (
        SELECT json_agg(json_build_object('begins_at', begins, 'ends_at', ends) ORDER BY begins) AS times
          FROM (
            SELECT date_bin(grid, lower(gap) + grid - interval '1 microsecond', timestamptz 'epoch') AS begins,
                   date_bin(grid, upper(gap), timestamptz 'epoch') AS ends
              FROM unnest(
                hours * tstzmultirange(tstzrange(earliest, greatest(earliest, latest)))
                - coalesce((
                    SELECT range_agg(busy) FROM unnest(parts) AS own CROSS JOIN LATERAL (
                        SELECT range_agg(tstzrange(lower(during) - clearing, upper(during) + setup)) AS busy
                          FROM claims
                         WHERE part = own AND during && tstzrange(begins - setup, ends + clearing)
                           AND (sharing IS NULL OR share <> uuid_nil())
                    ) AS claimed
                  ), '{}')
                - CASE WHEN sharing IS NOT NULL
                       THEN crowded(number, searched, coalesce(:capacity, 1), '{}', NULL) ELSE '{}' END
              ) AS gap
          ) AS gaps
         WHERE ends - begins >= shortest
     ) AS free
     WHERE free.times IS NOT NULL
     ORDER BY wanted.id
     LIMIT :most
    """
).bindparams(
    bindparam("first", type_=Date),
    bindparam("last", type_=Date),
    bindparam("now", type_=DateTime(timezone=True)),
    *(bindparam(name, type_=String) for name in ("square", "arena", "space", "premises", "after")),
    *(bindparam(name, type_=Integer) for name in ("capacity", "minutes", "most")),
)


def free_times(tx: Transaction, page: PageRequest, *, first: date, last: date, **asked: Any) -> Page[str]:
    """The spaces that are free for long enough at some time of these local days, by id, and when: each the JSON text of
    an object as `schemas.FreeSpaceSchema` describes it. Both ends of a free time lie on the space's grid.

    `asked` may hold square, arena, space and premises (equal), capacity (at least) and minutes (how long is wanted; the
    shortest the space is let for, if None).
    """
    after = page.after(str)
    nothing = dict.fromkeys(("square", "arena", "space", "premises", "capacity", "minutes"))
    place = {"after": after[0] if after else None, "most": page.fetch}
    rows = tx.execute(_FREE, {**nothing, **asked, **place, "first": first, "last": last, "now": tx.now}).all()
    found = page.cut(rows, lambda row: (row.id,))
    return Page([row.shown for row in found.items], found.next_cursor)
