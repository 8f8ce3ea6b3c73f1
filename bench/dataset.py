"""Municipalities to search in: spaces and bookings made by PostgreSQL itself, as many as are asked for.

Each space has so many bookings of an hour every day, most of them in the evening, and is free between them. The days
lie around today, so that the days ahead, which are searched, are as full as the others.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

import psycopg2

from kernel.clock import OSLO, SystemClock

SPACES_OF_ARENA = 20
ARENAS_OF_SQUARE = 4
_HOURS = (18, 19, 20, 17, 21, 10, 13, 8)
"""The local hours bookings begin at: the first so many of them every day."""


@dataclass(frozen=True)
class Municipality:
    """So many spaces and bookings. `first_day` is counted from today."""

    spaces: int
    bookings: int
    of_day: int
    first_day: int

    @property
    def parameters(self) -> Mapping[str, object]:
        return {
            "spaces": self.spaces,
            "bookings": self.bookings,
            "of_day": self.of_day,
            "hours": list(_HOURS),
            "of_arena": SPACES_OF_ARENA,
            "of_square": SPACES_OF_ARENA * ARENAS_OF_SQUARE,
            "day": SystemClock().now().astimezone(OSLO).date() + timedelta(days=self.first_day),
        }


SMALL = Municipality(spaces=640, bookings=21_000, of_day=2, first_day=0)
"""Bookings for the 16 days to come."""
LARGE = Municipality(spaces=500, bookings=1_460_000, of_day=8, first_day=-182)
"""A year's, half of it behind us."""

_STATEMENTS = (
    """
INSERT INTO squares (id, name)
SELECT 'square-' || n, jsonb_build_object('nb', 'Torg ' || n, 'nn', 'Torg ' || n, 'en', 'Square ' || n)
FROM generate_series(0, (%(spaces)s - 1) / %(of_square)s) n
""",
    """
INSERT INTO arenas (id, square, position, name)
SELECT 'arena-' || n, 'square-' || n * %(of_arena)s / %(of_square)s, n,
    jsonb_build_object('nb', 'Arena ' || n, 'nn', 'Arena ' || n, 'en', 'Arena ' || n)
FROM generate_series(0, (%(spaces)s - 1) / %(of_arena)s) n
""",
    """
INSERT INTO opening_hours (arena, weekday, opens, closes)
SELECT arenas.id, weekday, 7 * 60, 23 * 60 FROM arenas, generate_series(1, 7) weekday
""",
    """
INSERT INTO open_days (arena, day, number, during, kind, why)
SELECT arenas.id, day, 0, tstzrange((day + time '07:00') AT TIME ZONE 'Europe/Oslo',
    (day + time '23:00') AT TIME ZONE 'Europe/Oslo'), 'staffed',
    '{"rule": "weekly", "name": {"nb": "Vanlige", "nn": "Vanlege", "en": "Usual"}}'
FROM arenas, generate_series(-1, 800) number, LATERAL (SELECT current_date + number AS day) which
""",
    """
INSERT INTO spaces (id, number, arena, position, name, premises, capacity, area, grid_minutes, min_minutes,
    max_minutes, notice_minutes, horizon_days, parts, version, withdrawn)
OVERRIDING SYSTEM VALUE
SELECT 'space-' || n, n, 'arena-' || n / %(of_arena)s, n,
    jsonb_build_object('nb', 'Sal ' || n, 'nn', 'Sal ' || n, 'en', 'Hall ' || n), 'hall', 50, 120, 15, 60,
    480, 0, 366, ARRAY[n], 1, false
FROM generate_series(0, %(spaces)s - 1) n
""",
    """
INSERT INTO bookings (id, version, state, space, arena, square, premises, begins_at, ends_at, purpose, audience,
    participants, tenant, tenant_kind, booked_by, confirm, created_at, changed_at, hold_expires_at)
SELECT uuidv7(), 2, 'confirmed', 'space-' || space, 'arena-' || space / %(of_arena)s,
    'square-' || space / %(of_square)s, 'hall', begins_at, begins_at + interval '1 hour', 'sport', 'adults',
    20, person, 'resident', person, 'when_priced', now(), now(), now()
FROM generate_series(0, %(bookings)s - 1) n,
    LATERAL (SELECT n %% %(spaces)s AS space, n / %(spaces)s AS turn, gen_random_uuid() AS person) which,
    LATERAL (
        SELECT (%(day)s + turn / %(of_day)s + make_interval(hours => (%(hours)s)[1 + turn %% %(of_day)s]))
            AT TIME ZONE 'Europe/Oslo' AS begins_at
    ) at
""",
    """
INSERT INTO claims (holder, part, during, share)
SELECT bookings.id, unnest(spaces.parts), tstzrange(bookings.begins_at, bookings.ends_at), bookings.id
FROM bookings JOIN spaces ON spaces.id = bookings.space
""",
)


def fill(url: str, wanted: Municipality) -> None:
    """Fills an empty, migrated database of booking. The database's own constraints check every row of it."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as ask:
        for statement in _STATEMENTS:
            ask.execute(statement, wanted.parameters)
        connection.commit()
        connection.autocommit = True
        ask.execute("VACUUM ANALYZE")
