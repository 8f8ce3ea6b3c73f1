"""On which of the dates of a rule each space is free: all spaces and dates in one statement.

A date fails for the first reason that booking it would be refused for, as the preview of a series tells; what a series
does to itself, when one date's clearing runs into the next date's set-up, is for the model.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Uuid, bindparam, text

from kernel.contracts import utc_text
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from services.booking.model.availability import Wanted
from services.booking.model.recurrence import Occurrence
from services.booking.model.refusals import SlotTaken
from services.booking.model.rules import LONGEST, BookingRules
from services.booking.model.series import TAKEN, overlapping
from services.booking.queries.availability.wanted import (
    CROWDED,
    FITS,
    HERE,
    LENT,
    LIMITS,
    PARAMETERS,
    SPACES,
    WINDOW,
    busy,
    given,
)
from services.booking.store.claims import CLOSED

_RECURRING = text(
    f"""
    WITH {WINDOW}, dates AS MATERIALIZED (
        SELECT number - 1 AS number, begins_at, ends_at, tstzrange(begins_at, ends_at) AS during
          FROM unnest(:opens, :closes) WITH ORDINALITY AS at (begins_at, ends_at, number)
    ), spread AS MATERIALIZED (
        SELECT setup_minutes, clearing_minutes, range_agg(tstzrange(
                 begins_at - make_interval(mins => setup_minutes), ends_at + make_interval(mins => clearing_minutes)
               )) AS taken
          FROM (SELECT DISTINCT setup_minutes, clearing_minutes FROM spaces WHERE NOT withdrawn) AS buffers, dates
         GROUP BY setup_minutes, clearing_minutes
    ), wanted AS (
        SELECT {LIMITS}, spread.taken
          FROM {SPACES} JOIN spread USING (setup_minutes, clearing_minutes)
         WHERE {HERE} AND {FITS} OFFSET 0
    )
    SELECT id, name, arena, arena_name, square, capacity, cast(round(area * 1000) AS bigint) AS thousandths,
           setup_minutes, clearing_minutes, failing.numbers, failing.codes
      FROM wanted
     CROSS JOIN LATERAL (SELECT {busy("taken")} AS busy, {CROWDED} AS crowded, {LENT} AS short OFFSET 0) AS others
     CROSS JOIN LATERAL (
        SELECT array_agg(number) AS numbers, array_agg(code) AS codes
          FROM (
            SELECT number, CASE
                     WHEN begins_at < :now THEN 'in_the_past'
                     WHEN date_bin(grid, begins_at, 'epoch') < begins_at OR date_bin(grid, ends_at, 'epoch') < ends_at
                       THEN 'off_grid'
                     WHEN ends_at - begins_at < make_interval(mins => min_minutes) THEN 'too_short'
                     WHEN ends_at - begins_at > make_interval(mins => max_minutes) THEN 'too_long'
                     WHEN begins_at < lower(noticed) THEN 'too_short_notice'
                     WHEN ends_at > upper(near) THEN 'beyond_horizon'
                     WHEN NOT during <@ hours THEN 'outside_opening_hours'
                     WHEN during && busy AND EXISTS (
                        SELECT
                          FROM unnest(parts) AS own
                          JOIN claims ON claims.part = own AND claims.share = :closed
                           AND claims.during && tstzrange(begins_at - setup, ends_at + clearing)
                     ) THEN 'space_closed'
                     WHEN during && busy THEN 'slot_taken'
                     WHEN during && crowded THEN 'no_room'
                     WHEN during && short THEN 'equipment_lent'
                   END AS code
              FROM dates
          ) AS judged
         WHERE code IS NOT NULL
     ) AS failing
    """
).bindparams(*PARAMETERS, bindparam("closed", CLOSED, type_=Uuid))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring:
    """A space, the dates of a rule, and of those on which it can't be had, by their numbers, the reasons' codes."""

    space: str
    name: Any
    arena: str
    arena_name: Any
    square: str
    capacity: int
    thousandths: int
    dates: Sequence[Occurrence]
    failing: Mapping[int, str]

    @property
    def free(self) -> int:
        """On how many dates."""
        return len(self.dates) - len(self.failing)

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """The better the less."""
        return len(self.failing), self.capacity, self.thousandths, self.space


def recurring(
    tx: Transaction, page: PageRequest, wanted: Wanted, dates: Sequence[Occurrence], *, at_least: int
) -> Page[Recurring]:
    """The wanted spaces that are free on at least so many percent of a rule's dates: those that are on most come first,
    then the smallest that is large enough."""
    after = page.after(int, int, int, str)
    spans = [(date.begins_at, date.ends_at) for date in dates]
    own = _OwnClashes(dates)
    found = (_recurring(row, dates, own) for row in tx.execute(_RECURRING, given(tx, wanted, spans)).all())
    enough = [each for each in found if each.free * 100 >= at_least * len(dates) and (not after or each.rank > after)]
    enough.sort(key=lambda each: each.rank)
    return page.cut(enough[: page.fetch], lambda each: each.rank)


def written(found: Page[Recurring]) -> str:
    """A page as JSON, its items as `schemas.RecurringSpaceSchema` describes them. Some 30 000 dates may fail for a year
    and a municipality: each date is written once, and none goes through a schema."""
    dates = [_date(each) for each in found.items[0].dates] if found.items else []
    items = [
        {
            **{name: getattr(each, name) for name in ("space", "name", "arena", "arena_name", "square", "free")},
            "dates": len(dates),
            "failing": [{**dates[number], "reason": code} for number, code in each.failing.items()],
        }
        for each in found.items
    ]
    return json.dumps({"items": items, "next_cursor": found.next_cursor, "order_may_change": True}, ensure_ascii=False)


def _date(each: Occurrence) -> dict[str, str]:
    times = {"begins_at": each.begins_at, "ends_at": each.ends_at}
    return {name: utc_text(at) for name, at in times.items()}


class _OwnClashes(dict[tuple[int, int], set[int]]):
    """The numbers of the dates that others of their own rule keep out of a space, by its set-up and clearing."""

    def __init__(self, dates: Sequence[Occurrence]) -> None:
        super().__init__()
        self._dates = dates

    def __missing__(self, buffers: tuple[int, int]) -> set[int]:
        setup, clearing = buffers
        rules = BookingRules(
            grid_minutes=1,
            min_minutes=1,
            max_minutes=LONGEST,
            notice_minutes=0,
            horizon_days=0,
            setup_minutes=setup,
            clearing_minutes=clearing,
        )
        found = self[buffers] = overlapping(self._dates, rules)
        return found


def _recurring(row: Row[Any], dates: Sequence[Occurrence], own: Mapping[tuple[int, int], set[int]]) -> Recurring:
    codes = dict(zip(row.numbers or (), row.codes or (), strict=True))
    for number in own[row.setup_minutes, row.clearing_minutes]:
        if codes.get(number, SlotTaken.code) in TAKEN:
            codes[number] = SlotTaken.code
    where = {name: getattr(row, name) for name in ("name", "arena", "arena_name", "square", "capacity", "thousandths")}
    return Recurring(space=row.id, **where, dates=dates, failing=dict(sorted(codes.items())))
