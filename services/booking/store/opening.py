"""What arenas' hours are made of (weekly hours, plans, school years), and the days they come to.

Truth and days are written in one transaction, by one writer at a time (`lock`), who keeps the spaces still meanwhile
(`store.places`): no booking is made by hours of a moment ago.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from cattrs.preconf.json import make_converter
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    Integer,
    Row,
    ScalarSelect,
    Select,
    SmallInteger,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, array
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel.contracts import plain
from kernel.db import Transaction
from services.booking.model.opening import Hours
from services.booking.model.opening_plan import OpenDay, OpeningPlan, SchoolHoliday, SchoolYear
from services.booking.store.tables import arenas, metadata, opening_hours

opening_plans = Table(
    "opening_plans",
    metadata,
    Column("arena", ForeignKey("arenas.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("plan", JSONB, nullable=False),
    Column("changed_by", Uuid, comment="null: before that was kept, or by time"),
)
school_years = Table(
    "school_years",
    metadata,
    Column("id", Text, primary_key=True),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("holidays", JSONB, nullable=False),
    Column("changed_by", Uuid, comment="null: before that was kept, or by time"),
)
open_days = Table(
    "open_days",
    metadata,
    Column("arena", ForeignKey("arenas.id"), primary_key=True),
    Column("day", Date, primary_key=True, comment="the local day it begins on"),
    Column("number", SmallInteger, primary_key=True, comment="of the day's spans, from 0"),
    Column("during", TSTZRANGE, nullable=False, comment="empty: closed all day"),
    Column("kind", Text, comment="null: closed all day"),
    Column("why", JSONB, nullable=False, comment="the rule that decided, and its name"),
    comment="what opening plans come to, written in the transaction that changes what they are made of",
)

_json = make_converter()

_LOCK = text("LOCK TABLE squares IN SHARE ROW EXCLUSIVE MODE")
_hours = func.json_build_array(
    opening_hours.c.weekday, opening_hours.c.opens, opening_hours.c.closes, opening_hours.c.kind
)
_OPENINGS: Select[Any] = (
    select(
        arenas.c.id,
        arenas.c.square,
        func.coalesce(opening_plans.c.version, 0).label("version"),
        opening_plans.c.plan,
        select(func.json_agg(_hours)).where(opening_hours.c.arena == arenas.c.id).scalar_subquery().label("weekly"),
    )
    .outerjoin_from(arenas, opening_plans, opening_plans.c.arena == arenas.c.id)
    .order_by(arenas.c.id)
)
_BEHIND = (
    _OPENINGS.where(
        or_(
            arenas.c.reckoned_until.is_(None),
            arenas.c.reckoned_until < bindparam("until"),
            arenas.c.holidays_edition.is_distinct_from(bindparam("edition")),
        )
    )
    .order_by(None)
    .order_by(arenas.c.reckoned_until.nulls_first(), arenas.c.id)
    .limit(bindparam("most"))
)
_SAVE_PLAN = upsert(opening_plans)
_SAVE_PLAN = _SAVE_PLAN.on_conflict_do_update(
    index_elements=["arena"], set_={name: _SAVE_PLAN.excluded[name] for name in ("version", "plan", "changed_by")}
)
_YEARS = select(school_years).order_by(school_years.c.first_day)
_SAVE_YEAR = upsert(school_years)
_SAVE_YEAR = _SAVE_YEAR.on_conflict_do_update(
    index_elements=["id"],
    set_={name: _SAVE_YEAR.excluded[name] for name in ("first_day", "last_day", "holidays", "changed_by")},
)

# What does not change is not written: a plan that changes a week rewrites a week.
_WRITE = text(
    """
    INSERT INTO open_days (arena, day, number, during, kind, why)
    SELECT :arena, day, number, CASE WHEN begins IS NULL THEN 'empty' ELSE tstzrange(begins, ends) END, kind, why
      FROM unnest(cast(:days AS date[]), cast(:numbers AS smallint[]), cast(:begins AS timestamptz[]),
                  cast(:ends AS timestamptz[]), cast(:kinds AS text[]), cast(:whys AS jsonb[]))
        AS given (day, number, begins, ends, kind, why)
    ON CONFLICT (arena, day, number) DO UPDATE
       SET during = excluded.during, kind = excluded.kind, why = excluded.why
     WHERE (open_days.during, open_days.kind, open_days.why)
           IS DISTINCT FROM (excluded.during, excluded.kind, excluded.why)
    """
)
_FORGET = text(
    """
    DELETE FROM open_days USING unnest(cast(:days AS date[]), cast(:counts AS smallint[])) AS given (day, count)
     WHERE arena = :arena AND open_days.day = given.day AND number >= given.count
    """
)
_REACHED = select(arenas.c.id, arenas.c.reckoned_until).where(
    arenas.c.id == func.any(bindparam("arenas", type_=ARRAY(Text))), arenas.c.reckoned_until.is_not(None)
)
_REACH = (
    update(arenas)
    .where(arenas.c.id == func.any(bindparam("arenas", type_=ARRAY(Text))))
    .values(reckoned_until=bindparam("until"), holidays_edition=bindparam("edition"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What one arena's hours are made of. `version` is its plan's, 0 while it has none."""

    arena: str
    square: str
    version: int
    plan: OpeningPlan
    weekly: tuple[Hours, ...]


def lock(tx: Transaction) -> None:
    """Until the transaction ends nobody else changes hours, school years or trees; bookings go on."""
    tx.execute(_LOCK)


def find(tx: Transaction, arena: str) -> Opening | None:
    """One arena's."""
    row = tx.execute(_OPENINGS.where(arenas.c.id == arena)).one_or_none()
    return _opening(row) if row else None


def of_square(tx: Transaction, square: str) -> list[Opening]:
    """Those of all arenas of a square."""
    return [_opening(row) for row in tx.execute(_OPENINGS.where(arenas.c.square == square))]


def with_plans(tx: Transaction) -> list[Opening]:
    """Those of all arenas that have a plan."""
    return [_opening(row) for row in tx.execute(_OPENINGS.where(opening_plans.c.plan.is_not(None)))]


def behind(tx: Transaction, *, until: date, edition: str, most: int) -> list[Opening]:
    """Some whose days do not reach so far, or were reckoned by another edition of the public holidays."""
    return [_opening(row) for row in tx.execute(_BEHIND, {"until": until, "edition": edition, "most": most})]


def save_plan(tx: Transaction, opening: Opening, by: UUID) -> None:
    """Writes the plan, and whose it is; what it comes to is for `write_days`."""
    plan = _json.unstructure(opening.plan)
    tx.execute(_SAVE_PLAN, {"arena": opening.arena, "version": opening.version, "plan": plan, "changed_by": by})


def all_school_years(tx: Transaction) -> list[SchoolYear]:
    """The municipality's, the earliest first."""
    return [school_year_from(row) for row in tx.execute(_YEARS)]


def save_school_year(tx: Transaction, year: SchoolYear, by: UUID | None) -> None:
    """Writes one, and who did; what it changes is for `write_days`."""
    holidays = _json.unstructure(year.holidays)
    row = {"id": year.id, "first_day": year.first_day, "last_day": year.last_day, "holidays": holidays}
    tx.execute(_SAVE_YEAR, row | {"changed_by": by})


def write_days(tx: Transaction, arena: str, days: Iterable[OpenDay]) -> None:
    """Makes these days what they are here, and leaves all others."""
    columns: dict[str, list[Any]] = {name: [] for name in ("days", "numbers", "begins", "ends", "kinds", "whys")}
    counts: dict[date, int] = {}
    for each in days:
        why = json.dumps(plain(each.why), ensure_ascii=False)
        counts[each.day] = max(len(each.spans), 1)
        for number, span in enumerate(each.spans or (None,)):
            columns["days"].append(each.day)
            columns["numbers"].append(number)
            columns["begins"].append(span and span.begins_at)
            columns["ends"].append(span and span.ends_at)
            columns["kinds"].append(span and span.kind)
            columns["whys"].append(why)
    tx.execute(_WRITE, {"arena": arena, **columns})
    tx.execute(_FORGET, {"arena": arena, "days": list(counts), "counts": list(counts.values())})


def reach(tx: Transaction, arenas: Collection[str], *, until: date, edition: str) -> None:
    """Notes how far their days are reckoned, and by which edition of the public holidays."""
    tx.execute(_REACH, {"arenas": list(arenas), "until": until, "edition": edition})


def reached(tx: Transaction, arenas: Collection[str]) -> dict[str, date]:
    """The last day that is reckoned, by arena."""
    return {row.id: row.reckoned_until for row in tx.execute(_REACHED, {"arenas": list(arenas)})}


def spans_around(arena: Any, kinds: Any, begins_at: Any, ends_at: Any) -> ScalarSelect[Any]:
    """In a statement: when an arena is open, in hours of these kinds, on the days of a time. An array of pairs of
    instants; null for none."""
    pairs = func.array_agg(array([func.lower(open_days.c.during), func.upper(open_days.c.during)]))
    return select(pairs).where(*_around(arena, kinds, begins_at, ends_at)).scalar_subquery()


def hours_around(arena: Any, kinds: Any, begins_at: Any, ends_at: Any) -> ColumnElement[Any]:
    """The same as a multirange."""
    found = select(func.range_agg(open_days.c.during)).where(*_around(arena, kinds, begins_at, ends_at))
    return func.coalesce(found.scalar_subquery(), literal_column("'{}'::tstzmultirange"))


def local_day(at: Any) -> ColumnElement[Any]:
    """In a statement: the local day of an instant."""
    return cast(func.timezone("Europe/Oslo", at), Date)


def _around(arena: Any, kinds: Any, begins_at: Any, ends_at: Any) -> tuple[ColumnElement[bool], ...]:
    # hours belong to the day they begin on, and end within the next
    days = open_days.c.day.between(local_day(begins_at) - 1, local_day(ends_at))
    return open_days.c.arena == arena, open_days.c.kind == func.any(kinds), days


def plan_from(stored: Any) -> OpeningPlan:
    """The plan in the column of that name; the empty one where there is none."""
    return _json.structure(stored, OpeningPlan) if stored else OpeningPlan()


def _opening(row: Row[Any]) -> Opening:
    return Opening(
        arena=row.id,
        square=row.square,
        version=row.version,
        plan=plan_from(row.plan),
        weekly=tuple(sorted(Hours(*each) for each in row.weekly or ())),
    )


def school_year_from(row: Row[Any]) -> SchoolYear:
    """The school year in a row of `school_years`."""
    holidays = _json.structure(row.holidays, tuple[SchoolHoliday, ...])
    return SchoolYear(id=row.id, first_day=row.first_day, last_day=row.last_day, holidays=holidays)
