"""Closures, and what they keep out: claims on all the smallest parts of what is closed, like those of a booking. So the
database itself lets no booking into a closed time, whoever comes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Integer,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from kernel.contracts import plain
from kernel.db import Transaction
from kernel.errors import Text as Name
from services.booking.model.closures import Closure, ClosureDate, ClosureRequest
from services.booking.model.recurrence import Occurrence, Recurrence
from services.booking.store import claims as claiming
from services.booking.store.opening import hours_around
from services.booking.store.tables import arenas, bookings, claims, metadata, spaces

closures = Table(
    "closures",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("square", ForeignKey("squares.id"), nullable=False),
    Column("arena", ForeignKey("arenas.id"), nullable=False),
    Column("space", ForeignKey("spaces.id"), comment="null: all of the arena"),
    Column("begins_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("reason", JSONB, nullable=False),
    Column("announced_by", Uuid, nullable=False),
    Column("announced_at", DateTime(timezone=True), nullable=False),
    Column("lifted_by", Uuid),
    Column("lifted_at", DateTime(timezone=True)),
    Column("recurrence", JSONB(none_as_null=True), comment="null: once"),
)
closure_dates = Table(
    "closure_dates",
    metadata,
    Column("id", Uuid, primary_key=True, comment="holds the claims of the date"),
    Column("closure", ForeignKey("closures.id"), nullable=False),
    Column("begins_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("lifted_at", DateTime(timezone=True)),
    Column("lifted_by", Uuid),
)

_DATES = (
    select(
        func.jsonb_agg(
            func.jsonb_build_array(
                closure_dates.c.id,
                closure_dates.c.begins_at,
                closure_dates.c.ends_at,
                closure_dates.c.lifted_at,
                closure_dates.c.lifted_by,
            )
        )
    )
    .where(closure_dates.c.closure == closures.c.id)
    .correlate(closures)
    .scalar_subquery()
)
SHOWN = select(closures, _DATES.label("dates"))
"""The rows `closure_from` reads."""
OF_HOLDER = func.coalesce(
    select(closure_dates.c.closure).where(closure_dates.c.id == claims.c.holder).correlate(claims).scalar_subquery(),
    claims.c.holder,
)
"""The closure whose claim one of `claims` is, if it is one's."""
_LOCK = SHOWN.where(closures.c.id == bindparam("closure")).with_for_update(of=closures)
_AHEAD = SHOWN.where(
    closures.c.state == "announced",
    closures.c.square == bindparam("square"),
    closures.c.ends_at > bindparam("now", type_=DateTime(timezone=True)),
)
_ALIKE = SHOWN.where(
    closures.c.state == "announced",
    closures.c.kind == bindparam("kind"),
    closures.c.arena == bindparam("arena"),
    closures.c.space.is_not_distinct_from(bindparam("space")),
    closures.c.ends_at == bindparam("ends_at", type_=DateTime(timezone=True)),
    closures.c.reason == bindparam("reason", type_=JSONB),
).order_by(closures.c.announced_at, closures.c.id)
_STEP_COLUMNS = ("version", "state", "ends_at", "lifted_by", "lifted_at")
_SAVE = (
    update(closures)
    .where(closures.c.id == bindparam("closure"))
    .values({name: bindparam(name) for name in _STEP_COLUMNS})
)
_LIFT_DATE = (
    update(closure_dates)
    .where(closure_dates.c.id == bindparam("date"))
    .values(lifted_at=bindparam("at"), lifted_by=bindparam("by"))
)
# an arena is the spaces that lie in it: one that joins others lies where they do
_OF_ARENA: Select[Any] = (
    select(arenas.c.square, spaces.c.arena, spaces.c.parts)
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .where(~spaces.c.withdrawn, spaces.c.arena == bindparam("id"), func.cardinality(spaces.c.joins) == 0)
    .order_by(spaces.c.id)
)
_OF_SPACE: Select[Any] = (
    select(arenas.c.square, spaces.c.arena, spaces.c.parts)
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .where(~spaces.c.withdrawn, spaces.c.id == bindparam("id"))
)
_PARTS_HELD = select(func.array_agg(claims.c.part)).where(claims.c.holder == bindparam("holder"))
_CLOSING = (
    SHOWN.add_columns(func.lower(claims.c.during).label("since"), func.upper(claims.c.during).label("until"))
    .select_from(closures.join(claims, closures.c.id == OF_HOLDER))
    .where(
        claims.c.part == func.any(bindparam("parts", type_=ARRAY(Integer))),
        claims.c.share == claiming.CLOSED,
        claims.c.during.op("&&")(
            func.tstzrange(
                bindparam("begins_at", type_=DateTime(timezone=True)),
                bindparam("ends_at", type_=DateTime(timezone=True)),
            )
        ),
    )
    .distinct()
)

_ids = func.any(bindparam("ids", type_=ARRAY(Uuid)))
_empty: ColumnElement[Any] = literal_column("'{}'::text[]")
_wanted = func.tstzrange(bookings.c.begins_at, bookings.c.ends_at)
_taken = func.tstzrange(
    bookings.c.begins_at - func.make_interval(0, 0, 0, 0, 0, spaces.c.setup_minutes),
    bookings.c.ends_at + func.make_interval(0, 0, 0, 0, 0, spaces.c.clearing_minutes),
)
_LIKE = (
    select(spaces.c.id.label("space"))
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .where(
        arenas.c.square == bookings.c.square,
        ~spaces.c.withdrawn,
        spaces.c.sharing.is_(None),
        spaces.c.premises == bookings.c.premises,
        spaces.c.capacity >= bookings.c.participants,
        (spaces.c.purposes == _empty) | (bookings.c.purpose == func.any(spaces.c.purposes)),
        (spaces.c.audiences == _empty) | (bookings.c.audience == func.any(spaces.c.audiences)),
        _wanted.op("<@", is_comparison=True)(
            hours_around(spaces.c.arena, spaces.c.open_kinds, bookings.c.begins_at, bookings.c.ends_at)
        ),
        ~select(claims.c.part)
        .where(claims.c.part == func.any(spaces.c.parts), claims.c.during.op("&&")(_taken))
        .correlate(spaces, bookings)
        .exists(),
    )
    .order_by(spaces.c.capacity, spaces.c.id)
    .limit(bindparam("most"))
    .correlate(bookings)
    .lateral("elsewhere")
)
_ELSEWHERE = select(bookings.c.id, _LIKE.c.space).join_from(bookings, _LIKE, true()).where(bookings.c.id == _ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What a closure is of: where it is, and the numbers of all its smallest parts."""

    square: str
    arena: str
    parts: Sequence[int]


def whole(tx: Transaction, *, arena: str | None, space: str | None, kept: bool = True) -> Closed | None:
    """An arena, or one space; unless it is only looked at, `kept` from being divided anew until the transaction
    ends."""
    statement = _OF_ARENA if space is None else _OF_SPACE
    if kept:
        statement = statement.with_for_update(read=True, key_share=True, of=spaces)
    rows = tx.execute(statement, {"id": arena if space is None else space}).all()
    if not rows:
        return None
    parts = sorted({part for row in rows for part in row.parts})
    return Closed(square=rows[0].square, arena=rows[0].arena, parts=parts)


def add(tx: Transaction, closure: Closure, parts: Sequence[int]) -> bool:
    """Writes a closure and takes what it closes. False when a booking has some of it: roll back."""
    tx.execute(insert(closures), _columns(closure))
    if closure.dates:
        tx.execute(insert(closure_dates), [{"closure": closure.id, **plain_date(each)} for each in closure.dates])
    return claiming.close(tx, closure.closing, parts)


def same(tx: Transaction, wanted: ClosureRequest, closed: Closed, times: Sequence[Occurrence]) -> Closure | None:
    """The closure that was announced already with the same words, of the same place at all these times, if any."""
    asked = {"kind": wanted.kind, "arena": closed.arena, "space": wanted.space, "reason": plain(wanted.reason)}
    rows = tx.execute(_ALIKE, asked | {"ends_at": max(each.ends_at for each in times)})
    alike = (closure_from(row) for row in rows)
    return next((each for each in alike if each.closes_at(times, now=tx.now)), None)


def elsewhere(tx: Transaction, ids: Sequence[UUID], *, most: int) -> dict[UUID, list[str]]:
    """Of bookings that have been freed of what they take: the spaces of their squares that are alike and free at the
    same time, the smallest first. Whether one can be had by its rules is for the model to say."""
    found: dict[UUID, list[str]] = {}
    for row in tx.execute(_ELSEWHERE, {"ids": list(ids), "most": most}):
        found.setdefault(row.id, []).append(row.space)
    return found


def lock(tx: Transaction, closure: UUID) -> Closure | None:
    """The closure, locked until the transaction ends."""
    row = tx.execute(_LOCK, {"closure": closure}).one_or_none()
    return closure_from(row) if row else None


def save(tx: Transaction, before: Closure, closure: Closure) -> None:
    """Writes what a step changed, and gives free what it had closed and closes no more."""
    tx.execute(_SAVE, {"closure": closure.id, **{name: getattr(closure, name) for name in _STEP_COLUMNS}})
    for was, each in zip(before.dates, closure.dates, strict=True):
        if each is not was:
            tx.execute(_LIFT_DATE, {"date": each.id, "at": each.lifted_at, "by": each.lifted_by})
    kept = {each.id for each in closure.closing} if closure.state == "announced" else set()
    claiming.free_all(tx, [each.id for each in before.closing if each.id not in kept])


def ahead(tx: Transaction, square: str) -> list[Closure]:
    """The announced closures of a square that are not over."""
    return [closure_from(row) for row in tx.execute(_AHEAD, {"square": square, "now": tx.now})]


def take_again(tx: Transaction, closure: Closure, parts: Sequence[int]) -> bool:
    """Takes these parts in place of those it has, if they are others. False when a booking has one of them."""
    times = closure.to_come(now=tx.now)
    held = tx.execute(_PARTS_HELD, {"holder": times[0].id}).scalar_one() or [] if times else parts
    if sorted(held) == sorted(parts):
        return True
    claiming.free_all(tx, [each.id for each in times])
    return claiming.close(tx, times, parts)


def closing(tx: Transaction, parts: Sequence[int], begins_at: Any, ends_at: Any) -> list[Closure]:
    """The closures that close any of these parts in some of a time, the earliest first; of one that recurs, with the
    times of the date that does."""
    rows = tx.execute(_CLOSING, {"parts": list(parts), "begins_at": begins_at, "ends_at": ends_at})
    found = [replace(closure_from(row), begins_at=row.since, ends_at=row.until) for row in rows]
    return sorted(found, key=lambda each: (each.begins_at, each.id))


def closure_from(row: Row[Any]) -> Closure:
    """The closure in a row of `SHOWN`, which may have more."""
    columns = {name: row._mapping[name] for name in Closure.__slots__}
    when = columns.pop("recurrence")
    dates = [_date(*each) for each in columns.pop("dates") or ()]
    return Closure(
        **{**columns, "reason": Name(**columns["reason"])},
        recurrence=when and _recurrence(when),
        dates=tuple(sorted(dates, key=lambda each: each.begins_at)),
    )


def plain_date(date: ClosureDate) -> dict[str, Any]:
    """A date as it is written."""
    return {name: getattr(date, name) for name in ClosureDate.__slots__}


def _date(id: str, begins_at: str, ends_at: str, lifted_at: str | None, lifted_by: str | None) -> ClosureDate:
    return ClosureDate(
        id=UUID(id),
        begins_at=datetime.fromisoformat(begins_at),
        ends_at=datetime.fromisoformat(ends_at),
        lifted_at=datetime.fromisoformat(lifted_at) if lifted_at else None,
        lifted_by=UUID(lifted_by) if lifted_by else None,
    )


def _recurrence(stored: Mapping[str, Any]) -> Recurrence:
    wall = {name: tuple(map(datetime.fromisoformat, stored[name])) for name in ("dates", "excepted")}
    starts = datetime.fromisoformat(stored["starts"])
    days = stored.get("days", 0)  # closures that were stored before there were days have none
    return Recurrence(starts=starts, days=days, minutes=stored["minutes"], rule=stored["rule"], **wall)


def _stored(when: Recurrence) -> dict[str, Any]:
    wall = {name: [each.isoformat() for each in getattr(when, name)] for name in ("dates", "excepted")}
    length = {"days": when.days, "minutes": when.minutes}
    return {"starts": when.starts.isoformat(), **length, "rule": when.rule, **wall}


def _columns(closure: Closure) -> dict[str, Any]:
    columns = {name: getattr(closure, name) for name in Closure.__slots__ if name != "dates"}
    stored = _stored(closure.recurrence) if closure.recurrence else None
    return columns | {"reason": plain(closure.reason), "recurrence": stored}
