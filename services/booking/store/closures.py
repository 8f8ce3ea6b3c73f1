"""Closures, and what they keep out: claims on all the smallest parts of what is closed, like those of a booking. So the
database itself lets no booking into a closed time, whoever comes first."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from services.booking.model.closures import Closure
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
)

_LOCK = select(closures).where(closures.c.id == bindparam("closure")).with_for_update()
_AHEAD = select(closures).where(
    closures.c.state == "announced",
    closures.c.square == bindparam("square"),
    closures.c.ends_at > bindparam("now", type_=DateTime(timezone=True)),
)
_STEP_COLUMNS = ("version", "state", "lifted_by", "lifted_at")
_SAVE = (
    update(closures)
    .where(closures.c.id == bindparam("closure"))
    .values({name: bindparam(name) for name in _STEP_COLUMNS})
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
_PARTS_HELD = select(func.array_agg(claims.c.part)).where(claims.c.holder == bindparam("closure"))
_CLOSING = (
    select(closures)
    .join(claims, claims.c.holder == closures.c.id)
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
    return claiming.close(tx, closure.id, parts, closure.begins_at, closure.ends_at)


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


def save(tx: Transaction, closure: Closure) -> None:
    """Writes what a step changed, and gives free what it had closed when it is lifted."""
    tx.execute(_SAVE, {"closure": closure.id, **{name: getattr(closure, name) for name in _STEP_COLUMNS}})
    if closure.state == "lifted":
        claiming.free(tx, closure.id, lent=False)


def ahead(tx: Transaction, square: str) -> list[Closure]:
    """The announced closures of a square that are not over."""
    return [closure_from(row) for row in tx.execute(_AHEAD, {"square": square, "now": tx.now})]


def take_again(tx: Transaction, closure: Closure, parts: Sequence[int]) -> bool:
    """Takes these parts in place of those it has, if they are others. False when a booking has one of them."""
    held = tx.execute(_PARTS_HELD, {"closure": closure.id}).scalar_one() or []
    if sorted(held) == sorted(parts):
        return True
    claiming.free(tx, closure.id, lent=False)
    return claiming.close(tx, closure.id, parts, closure.begins_at, closure.ends_at)


def closing(tx: Transaction, parts: Sequence[int], begins_at: Any, ends_at: Any) -> list[Closure]:
    """The closures that close any of these parts in some of a time, the earliest first."""
    rows = tx.execute(_CLOSING, {"parts": list(parts), "begins_at": begins_at, "ends_at": ends_at})
    return sorted((closure_from(row) for row in rows), key=lambda each: (each.begins_at, each.id))


def closure_from(row: Row[Any]) -> Closure:
    """The closure in a row of `closures`."""
    columns = dict(row._mapping)
    return Closure(**{**columns, "reason": Name(**columns["reason"])})


def _columns(closure: Closure) -> dict[str, Any]:
    return {name: getattr(closure, name) for name in Closure.__slots__} | {"reason": plain(closure.reason)}
