"""The spaces that are free, and when: in the order asked for, a page at a time.

PostgreSQL writes the JSON, too. A month of a municipality is some 100 000 free times: made into objects and written by
Python, they took several times as long as finding them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, Row, String, TextClause, bindparam, text
from sqlalchemy.types import TypeEngine

from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from services.booking.model.availability import Order, Wanted, Window
from services.booking.model.opening import Span
from services.booking.queries.availability.wanted import (
    BOOKABLE,
    BUSY,
    CROWDED,
    FITS,
    HERE,
    LENT,
    LIMITS,
    PARAMETERS,
    SPACES,
    WINDOW,
    given,
    long_enough,
)

_FREE = f"""
    {WINDOW}, wanted AS (
        SELECT {LIMITS} FROM {SPACES} WHERE {HERE} AND {FITS} OFFSET 0
    ), free AS (
        SELECT wanted.*, cast(round(area * 1000) AS bigint) AS thousandths, others.leave, begin.first_at
          FROM wanted
         CROSS JOIN LATERAL (SELECT {BOOKABLE} - {BUSY} - {CROWDED} - {LENT} AS leave OFFSET 0) AS others
         CROSS JOIN LATERAL (SELECT begins_at AS first_at FROM ({long_enough("leave")}) AS times LIMIT 1) AS begin
    )
"""
"""The wanted spaces that are free at some time, what others leave of them, and when that begins first."""
_TIMES = f"(SELECT json_agg(times) FROM ({long_enough('leave')}) AS times)"
"""Their free times as JSON. Only of those on the page: writing them takes as long as finding them."""


def shown(times: str) -> str:
    """A space with these times as the JSON text that is shown."""
    return f"""
    json_build_object(
        'space', id, 'name', name, 'arena', arena, 'arena_name', arena_name, 'square', square, 'free', {times}
    )::text AS shown
    """


_NEAREST = text(
    f"""
    WITH {_FREE}, page AS (
        SELECT * FROM free
         ORDER BY arena <> :near_arena, square <> :near_square, capacity, thousandths, id
         LIMIT :most
    )
    SELECT id, name, arena, arena_name, square, {_TIMES} AS times FROM page
     ORDER BY arena <> :near_arena, square <> :near_square, capacity, thousandths, id
    """
).bindparams(
    *PARAMETERS,
    *(bindparam(name, type_=String) for name in ("near_arena", "near_square")),
    bindparam("most", type_=Integer),
)

POSITIONS: Mapping[Order, Mapping[str, type]] = {
    "earliest": {"first_at": datetime, "id": str},
    "best_fit": {"capacity": int, "thousandths": int, "first_at": datetime, "id": str},
}
"""What each order goes by: its cursors hold these of the last space seen."""
TYPES: Mapping[type, TypeEngine[Any]] = {datetime: DateTime(timezone=True), str: String(), int: BigInteger()}


def _in_order(position: Mapping[str, type]) -> TextClause:
    columns = ", ".join(position)
    after = ", ".join(f":after_{name}" for name in position)
    return text(
        f"""
        WITH {_FREE}, page AS (
            SELECT * FROM free WHERE :after_id IS NULL OR ({columns}) > ({after}) ORDER BY {columns} LIMIT :most
        )
        SELECT {columns}, {shown(_TIMES)} FROM page ORDER BY {columns}
        """
    ).bindparams(
        *PARAMETERS,
        *(bindparam(f"after_{name}", type_=TYPES[kind]) for name, kind in position.items()),
        bindparam("most", type_=Integer),
    )


_ORDERED = {order: _in_order(position) for order, position in POSITIONS.items()}


def free_times(
    tx: Transaction, page: PageRequest, wanted: Wanted, window: Window, *, order: Order = "earliest"
) -> Page[str]:
    """The wanted spaces that are free for long enough at some time of the window, and when: each the JSON text of an
    object as `schemas.FreeSpaceSchema` describes it. Both ends of a free time lie on the space's grid."""
    position = POSITIONS[order]
    after = page.after(*position.values()) or [None] * len(position)
    spans = window.spans()
    if not spans:
        return Page([], None)
    place = {f"after_{name}": value for name, value in zip(position, after, strict=True)}
    asked = {**given(tx, wanted, spans), **place, "most": page.fetch}
    found = page.cut(tx.execute(_ORDERED[order], asked).all(), lambda row: tuple(row[: len(position)]))
    return Page([row.shown for row in found.items], found.next_cursor)


def nearest(
    tx: Transaction, wanted: Wanted, spans: Sequence[Span], *, arena: str, square: str, most: int
) -> Sequence[Row[Any]]:
    """The wanted spaces that are free in these times, with their free `times`: first those of an arena, then of its
    square, then of elsewhere; of each the smallest that is large enough."""
    near = {"near_arena": arena, "near_square": square, "most": most}
    return tx.execute(_NEAREST, {**given(tx, wanted, spans), **near}).all()
