"""The search that leaves nothing out: after the spaces that are free come those that are not, each with its reasons and
what is nearest.

What a space is (too small, not let for the purpose) is judged by the model, whose reasons they are. Why no time is free
is told by the statement: the first thing that leaves none long enough, in the order in which booking would refuse.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Integer, Row, TextClause, Uuid, bindparam, text

from kernel.contracts import plain
from kernel.db import Transaction
from kernel.errors import DomainError
from kernel.pagination import Page, PageRequest
from services.booking.model.availability import Order, Wanted, Window, before_and_after, unfit
from services.booking.model.opening import Span
from services.booking.model.rules import (
    BeyondHorizon,
    Bookable,
    BookingRules,
    InThePast,
    OutsideOpeningHours,
    TooShortNotice,
)
from services.booking.model.series import TAKEN, Clash
from services.booking.queries.availability.alternatives import AROUND, spans_of
from services.booking.queries.availability.free import POSITIONS, TYPES, nearest, shown
from services.booking.queries.availability.wanted import (
    BUSY,
    CROWDED,
    FITS,
    HERE,
    LENT,
    LIMITS,
    PARAMETERS,
    SHUT,
    SPACES,
    WINDOW,
    given,
    long_enough,
)
from services.booking.store.claims import CLOSED
from services.booking.store.resources import rules_from


def _none_in(times: str) -> str:
    return f"NOT EXISTS ({long_enough(times)})"


_CODE = f"""
    CASE WHEN upper(searched) <= :now THEN 'in_the_past'
         WHEN {_none_in("opened")} THEN 'outside_opening_hours'
         WHEN {_none_in("opened * tstzmultirange(tstzrange(:now, NULL))")} THEN 'in_the_past'
         WHEN {_none_in("opened * tstzmultirange(noticed)")} THEN 'too_short_notice'
         WHEN {_none_in("opened * tstzmultirange(noticed * near)")} THEN 'beyond_horizon'
         WHEN {_none_in(f"bookable - {SHUT}")} THEN 'space_closed'
         WHEN {_none_in("bookable - busy")} THEN 'slot_taken'
         WHEN {_none_in("bookable - busy - crowded")} THEN 'no_room'
         WHEN {_none_in("bookable - busy - crowded - short")} THEN 'equipment_lent' END
"""
_NEVER = "timestamptz '9999-12-31'"
"""When what is not free is free, to be put in order."""


def _in_order(position: Mapping[str, type]) -> TextClause:
    columns = ", ".join(("hidden", *position))
    after = ", ".join(f":after_{name}" for name in ("hidden", *position))
    return text(
        f"""
        WITH {WINDOW}, wanted AS (
            SELECT {LIMITS}, ({FITS}) AS fits FROM {SPACES} WHERE {HERE} OFFSET 0
        ), reckoned AS (
            SELECT *, opened * tstzmultirange(noticed * near) AS bookable
              FROM wanted CROSS JOIN LATERAL (
                SELECT hours * searched AS opened, {BUSY} AS busy, {CROWDED} AS crowded, {LENT} AS short OFFSET 0
              ) AS others
        ), judged AS MATERIALIZED (
            SELECT *, cast(round(area * 1000) AS bigint) AS thousandths, found.times IS NULL AS hidden,
                   coalesce(cast(found.times->0->>'begins_at' AS timestamptz), {_NEVER}) AS first_at
              FROM reckoned CROSS JOIN LATERAL (
                SELECT json_agg(times) AS times FROM ({long_enough("bookable - busy - crowded - short")}) AS times
                 WHERE fits
              ) AS found
        ), page AS (
            SELECT * FROM judged WHERE :after_id IS NULL OR ({columns}) > ({after}) ORDER BY {columns} LIMIT :most
        )
        SELECT page.*, {shown("times")}, CASE WHEN hidden THEN {_CODE} END AS code, instead.elsewhere
          FROM page
          LEFT JOIN LATERAL (
            SELECT json_build_object(
                     'space', fit.id, 'begins_at', fit.times->0->>'begins_at', 'ends_at', fit.times->0->>'ends_at'
                   ) AS elsewhere
              FROM judged AS fit
             WHERE NOT fit.hidden
             ORDER BY fit.arena <> page.arena, fit.square <> page.square, fit.first_at, fit.id
             LIMIT 1
          ) AS instead ON hidden
         ORDER BY {columns}
        """
    ).bindparams(
        *PARAMETERS,
        bindparam("closed", CLOSED, type_=Uuid),
        bindparam("after_hidden", type_=Boolean),
        *(bindparam(f"after_{name}", type_=TYPES[kind]) for name, kind in position.items()),
        bindparam("most", type_=Integer),
    )


_ORDERED = {order: _in_order(position) for order, position in POSITIONS.items()}
_SAYING: Mapping[str, Callable[[BookingRules], DomainError]] = {
    "in_the_past": lambda _: InThePast(),
    "too_short_notice": lambda rules: TooShortNotice(minutes=rules.notice_minutes),
    "beyond_horizon": lambda rules: BeyondHorizon(days=rules.horizon_days),
    "outside_opening_hours": lambda _: OutsideOpeningHours(),
}


def explained(
    tx: Transaction, page: PageRequest, wanted: Wanted, window: Window, *, order: Order = "earliest"
) -> Page[str]:
    """All spaces where it is looked, first those that are free as `free_times` has them, then the others: each the JSON
    text of an object as `schemas.FreeSpaceSchema` describes it."""
    position = {"hidden": bool, **POSITIONS[order]}
    after = page.after(*position.values()) or [None] * len(position)
    spans = window.spans()
    if not spans:
        return Page([], None)
    place = {f"after_{name}": value for name, value in zip(position, after, strict=True)}
    rows = tx.execute(_ORDERED[order], {**given(tx, wanted, spans), **place, "most": page.fetch}).all()
    found = page.cut(rows, lambda row: tuple(getattr(row, name) for name in position))
    other = _other_times(tx, wanted, spans, [row for row in found.items if row.fits and row.hidden])
    return Page([_explained(row, wanted, other.get(row.id)) for row in found.items], found.next_cursor)


def _explained(row: Row[Any], wanted: Wanted, other: Span | None) -> str:
    found = json.loads(row.shown)
    reasons = _reasons(row, wanted) if row.hidden else []
    time = {"begins_at": other[0].isoformat(), "ends_at": other[1].isoformat()} if other else None
    told = {"reasons": [plain(each) for each in reasons], "other_time": time, "elsewhere": row.elsewhere}
    return json.dumps({**found, "free": found["free"] or [], **told}, ensure_ascii=False)


def _reasons(row: Row[Any], wanted: Wanted) -> list[Clash]:
    place = _place(row)
    found = [Clash.of(each) for each in unfit(place, wanted, area=row.area, features=row.features)]
    if row.code in TAKEN:
        found.append(TAKEN[row.code])
    elif row.code is not None:
        found.append(Clash.of(_SAYING[row.code](place.rules)))
    return found


def _place(row: Row[Any]) -> Bookable:
    """The space as a booking meets it, but for its hours, which the statement has seen to."""
    return Bookable(
        space=row.id,
        arena=row.arena,
        square=row.square,
        premises=row.premises,
        capacity=row.capacity,
        parts=len(row.parts),
        rules=rules_from(row),
        open=(),
        shared=row.sharing is not None,
        noise=row.noise,
        equipment=dict.fromkeys(row.lends or (), 0),
    )


def _other_times(tx: Transaction, wanted: Wanted, spans: Sequence[Span], rows: Sequence[Row[Any]]) -> dict[str, Span]:
    """Of spaces that are as wanted, but not free then, the time that begins nearest to when is looked first."""
    if not rows:
        return {}
    begins_at: datetime = max(spans[0][0], tx.now)
    around = (begins_at - AROUND, spans[-1][1] + AROUND)
    here = Wanted(
        spaces=[row.id for row in rows],
        **{
            name: getattr(wanted, name) for name in ("capacity", "purpose", "audience", "noise", "equipment", "minutes")
        },
    )
    free = {row.id: spans_of(row.times) for row in nearest(tx, here, [around], arena="", square="", most=len(rows))}
    found = {}
    for row in rows:
        length, grid = timedelta(minutes=wanted.minutes or row.min_minutes), timedelta(minutes=row.grid_minutes)
        near = before_and_after(free.get(row.id, []), begins_at, length, grid)
        if near:
            found[row.id] = min(near, key=lambda span: abs(span[0] - begins_at))
    return found
