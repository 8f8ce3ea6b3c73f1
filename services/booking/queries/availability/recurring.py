"""On which of the dates of a rule each space is free: all spaces and dates in one statement.

A date fails for the first reason that booking it would be refused for, as the preview of a series tells; what a series
does to itself, when one date's clearing runs into the next date's set-up, is for the model.

What only hours and rules decide is judged once for all spaces that have them in common, and what others have taken
costs a look-up of the dates that it touches: judging each date of each space took five times as long (740 spaces, 520
dates). Sets of dates are multiranges of their numbers.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any, TypeAlias

from sqlalchemy import ARRAY, BigInteger, Integer, Row, String, Text, Uuid, bindparam, text

from kernel.contracts import utc_text
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from services.booking.model.availability import Wanted
from services.booking.model.recurrence import Occurrence
from services.booking.model.refusals import EquipmentLent, NoRoom, SlotTaken, SpaceClosed
from services.booking.model.rules import LONGEST, BookingRules
from services.booking.model.series import overlapping
from services.booking.queries.availability.wanted import (
    BOUNDS,
    BUFFERS,
    CROWDED,
    FITS,
    HERE,
    LENT,
    OTHERS,
    PARAMETERS,
    SPACES,
    WINDOW,
    given,
)
from services.booking.store.claims import CLOSED

_ALIKE = "arena, open_kinds, grid_minutes, min_minutes, max_minutes, notice_minutes, horizon_days"
"""What decides, but for others, on which dates a space can be had."""


def _touched(since: str, until: str) -> str:
    """The numbers of the dates that a stretch of time touches, as a range; the dates and their ends are in order."""
    return f"int4range(width_bucket({since}, all_ends), width_bucket({until} - interval '1 microsecond', all_begins))"


def _touching(times: str) -> str:
    """The numbers of the dates that any of these times touches."""
    touched = _touched("lower(each)", "upper(each)")
    return f"(SELECT coalesce(range_agg({touched}), '{{}}') FROM unnest({times}) AS each CROSS JOIN edges)"


def _count(numbers: str) -> str:
    return f"(SELECT coalesce(sum(upper(each) - lower(each)), 0) FROM unnest({numbers}) AS each)"


_FAILING = """
    coalesce(failing, '{}') + coalesce(cast(own AS int4multirange), '{}') + closed + taken + no_room + short
"""
_RECURRING = text(
    f"""
    WITH {WINDOW}, dates AS MATERIALIZED (
        SELECT cast(number - 1 AS integer) AS number, begins_at, ends_at, tstzrange(begins_at, ends_at) AS during
          FROM unnest(:opens, :closes) WITH ORDINALITY AS at (begins_at, ends_at, number)
    ), edges AS MATERIALIZED (
        SELECT array_agg(begins_at ORDER BY number) AS all_begins, array_agg(ends_at ORDER BY number) AS all_ends
          FROM dates
    ), buffered AS MATERIALIZED (
        SELECT setup_minutes, clearing_minutes, range_agg(tstzrange(
                 begins_at - make_interval(mins => setup_minutes), ends_at + make_interval(mins => clearing_minutes)
               )) AS sought
          FROM (SELECT DISTINCT setup_minutes, clearing_minutes FROM spaces WHERE NOT withdrawn) AS buffers, dates
         GROUP BY setup_minutes, clearing_minutes
    ), wanted AS MATERIALIZED (
        SELECT spaces.*, arenas.square, arenas.name AS arena_name, asked.begins, asked.ends, {BUFFERS}
          FROM {SPACES}
         WHERE {HERE} AND {FITS}
    ), ruled AS MATERIALIZED (
        SELECT {_ALIKE}, ruled_out.*
          FROM (SELECT DISTINCT {_ALIKE} FROM wanted) AS alike
          LEFT JOIN open USING (arena, open_kinds)
         CROSS JOIN asked
         CROSS JOIN LATERAL (SELECT {BOUNDS} OFFSET 0) AS bounds
         CROSS JOIN LATERAL (
            SELECT range_agg(numbers) AS failing, json_object_agg(code, numbers) AS codes
              FROM (
                SELECT code, range_agg(int4range(number, number + 1)) AS numbers
                  FROM (
                    SELECT number, CASE
                             WHEN begins_at < :now THEN 'in_the_past'
                             WHEN date_bin(grid, begins_at, 'epoch') < begins_at
                               OR date_bin(grid, ends_at, 'epoch') < ends_at THEN 'off_grid'
                             WHEN ends_at - begins_at < make_interval(mins => min_minutes) THEN 'too_short'
                             WHEN ends_at - begins_at > make_interval(mins => max_minutes) THEN 'too_long'
                             WHEN begins_at < lower(noticed) THEN 'too_short_notice'
                             WHEN ends_at > upper(near) THEN 'beyond_horizon'
                             WHEN hours IS NULL OR NOT during <@ hours THEN 'outside_opening_hours'
                           END AS code
                      FROM dates
                  ) AS judged
                 WHERE code IS NOT NULL
                 GROUP BY code
              ) AS of_code
         ) AS ruled_out
    ), judged AS MATERIALIZED (
        SELECT id, wanted.name, wanted.arena, arena_name, square, capacity, setup_minutes, clearing_minutes, codes,
               cast(round(area * 1000) AS bigint) AS thousandths, closed, taken, no_room, short, counted.fails
          FROM wanted
          JOIN ruled USING ({_ALIKE})
          JOIN buffered USING (setup_minutes, clearing_minutes)
          LEFT JOIN unnest(:setups, :clearings, :owns) AS clashing (setup_minutes, clearing_minutes, own)
               USING (setup_minutes, clearing_minutes)
          LEFT JOIN (SELECT arena, times AS lent FROM lent) AS borrowed ON borrowed.arena = wanted.arena
         CROSS JOIN LATERAL (
            SELECT coalesce(range_agg(touched) FILTER (WHERE share = :closed), '{{}}') AS closed,
                   coalesce(range_agg(touched) FILTER (WHERE share <> :closed), '{{}}') AS taken
              FROM unnest(parts) AS own CROSS JOIN LATERAL (
                SELECT share, {_touched("lower(during) - clearing", "upper(during) + setup")}
                  FROM claims CROSS JOIN edges WHERE part = own AND during && sought AND {OTHERS} OFFSET 0
              ) AS claimed (share, touched)
         ) AS others
         CROSS JOIN LATERAL (SELECT {_touching(CROWDED)} AS no_room, {_touching(LENT)} AS short OFFSET 0) AS less
         CROSS JOIN LATERAL (SELECT {_count(_FAILING)} AS fails) AS counted
    )
    SELECT * FROM judged
     WHERE fails <= :most_failing
       AND (:after_id IS NULL
            OR (fails, capacity, thousandths, id COLLATE "C")
             > (:after_fails, :after_capacity, :after_thousandths, :after_id COLLATE "C"))
     ORDER BY fails, capacity, thousandths, id COLLATE "C"
     LIMIT :most
    """
).bindparams(
    *PARAMETERS,
    bindparam("closed", CLOSED, type_=Uuid),
    *(bindparam(name, type_=ARRAY(Integer)) for name in ("setups", "clearings")),
    bindparam("owns", type_=ARRAY(Text)),
    *(bindparam(name, type_=BigInteger) for name in ("most_failing", "most")),
    *(bindparam(f"after_{name}", type_=BigInteger) for name in ("fails", "capacity", "thousandths")),
    bindparam("after_id", type_=String),
)
_BUFFERS = text("SELECT DISTINCT setup_minutes, clearing_minutes FROM spaces WHERE NOT withdrawn")
_STRETCH = re.compile(r"(\d+),(\d+)")
_Numbers: TypeAlias = str
"""Numbers of dates, as PostgreSQL writes a multirange."""
_Buffers: TypeAlias = tuple[int, int]
"""A space's minutes of set-up and clearing."""


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
    then the smallest that is large enough. The dates are in order, and all as long."""
    after = page.after(int, int, int, str) or [None] * 4
    own = _own_clashes(tx, dates)
    asked = {
        **given(tx, wanted, [(date.begins_at, date.ends_at) for date in dates]),
        **dict(zip(("after_fails", "after_capacity", "after_thousandths", "after_id"), after, strict=True)),
        "setups": [setup for setup, _ in own],
        "clearings": [clearing for _, clearing in own],
        "owns": list(own.values()),
        "most_failing": len(dates) * (100 - at_least) // 100,
        "most": page.fetch,
    }
    found = [_recurring(row, dates, own) for row in tx.execute(_RECURRING, asked).all()]
    return page.cut(found, lambda each: each.rank)


def written(found: Page[Recurring]) -> str:
    """A page as JSON, its items as `schemas.RecurringSpaceSchema` describes them. Some 30 000 dates may fail for a year
    and a municipality: each date is written once for each reason, and none goes through a schema."""
    dates = _Written(found.items[0].dates if found.items else ())
    items = (
        _opened(
            {name: getattr(each, name) for name in ("space", "name", "arena", "arena_name", "square", "free")}
            | {"dates": len(each.dates)}
        )
        + f', "failing": [{", ".join([dates[failing] for failing in each.failing.items()])}]}}'
        for each in found.items
    )
    cursor = json.dumps(found.next_cursor)
    return f'{{"items": [{", ".join(items)}], "next_cursor": {cursor}, "order_may_change": true}}'


class _Written(dict[tuple[int, str], str]):
    """The JSON of a date that fails for a reason, by its number and the reason's code."""

    def __init__(self, dates: Sequence[Occurrence]) -> None:
        super().__init__()
        self._dates = dates

    def __missing__(self, failing: tuple[int, str]) -> str:
        number, code = failing
        date = self._dates[number]
        told = {"begins_at": utc_text(date.begins_at), "ends_at": utc_text(date.ends_at), "reason": code}
        found = self[failing] = json.dumps(told)
        return found


def _opened(told: Mapping[str, Any]) -> str:
    """An object as JSON, without its last brace."""
    return json.dumps(told, ensure_ascii=False).removesuffix("}")


def _own_clashes(tx: Transaction, dates: Sequence[Occurrence]) -> Mapping[_Buffers, _Numbers]:
    """The dates that others of their own rule keep out of a space, by its set-up and clearing, where there are any."""
    apart = min((after.begins_at - before.ends_at for before, after in pairwise(dates)), default=timedelta.max)
    buffers = [(row.setup_minutes, row.clearing_minutes) for row in tx.execute(_BUFFERS, {}).all()]
    return {
        each: _as_multirange(overlapping(dates, _rules(*each)))
        for each in buffers
        if timedelta(minutes=sum(each)) > apart
    }


def _rules(setup: int, clearing: int) -> BookingRules:
    return BookingRules(
        grid_minutes=1,
        min_minutes=1,
        max_minutes=LONGEST,
        notice_minutes=0,
        horizon_days=0,
        setup_minutes=setup,
        clearing_minutes=clearing,
    )


def _as_multirange(numbers: Iterable[int]) -> _Numbers:
    return f"{{{','.join(f'[{number},{number + 1})' for number in sorted(numbers))}}}"


def _numbers(multirange: _Numbers) -> Iterator[int]:
    for first, end in _STRETCH.findall(multirange):
        yield from range(int(first), int(end))


def _recurring(row: Row[Any], dates: Sequence[Occurrence], own: Mapping[_Buffers, _Numbers]) -> Recurring:
    """What comes later here is told rather than what comes before."""
    reasons = [
        (EquipmentLent.code, row.short),
        (NoRoom.code, row.no_room),
        (SlotTaken.code, row.taken),
        (SpaceClosed.code, row.closed),
        (SlotTaken.code, own.get((row.setup_minutes, row.clearing_minutes), "{}")),
        *(row.codes or {}).items(),
    ]
    failing = {number: code for code, numbers in reasons for number in _numbers(numbers)}
    where = {name: getattr(row, name) for name in ("name", "arena", "arena_name", "square", "capacity", "thousandths")}
    return Recurring(space=row.id, **where, dates=dates, failing=dict(sorted(failing.items())))
