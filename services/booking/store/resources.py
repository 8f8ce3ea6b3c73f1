"""Squares, arenas and spaces: read for a booking, and written as a whole tree.

A booking reads its space FOR KEY SHARE, and who rewrites a tree locks its spaces FOR UPDATE: so no booking is made by
the parts that a space had a moment ago.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Integer,
    Row,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from kernel.contracts import plain
from kernel.db import Transaction
from services.booking.events import SpacePublished
from services.booking.model.actors import Actor
from services.booking.model.opening import Hours
from services.booking.model.resources import DivisionClashes, Placed, Square
from services.booking.model.rules import Bookable, BookingRules
from services.booking.store.tables import (
    actors,
    arenas,
    bookings,
    claims,
    opening_hours,
    representatives,
    spaces,
    squares,
)

RULES = (
    spaces.c.grid_minutes,
    spaces.c.min_minutes,
    spaces.c.max_minutes,
    spaces.c.notice_minutes,
    spaces.c.horizon_days,
)

_hours = (
    select(func.array_agg(array([opening_hours.c.weekday, opening_hours.c.opens, opening_hours.c.closes])))
    .where(opening_hours.c.arena == spaces.c.arena)
    .scalar_subquery()
)
_acting = actors.join(representatives, representatives.c.actor == actors.c.id)
_TO_BOOK = (
    select(
        spaces.c.id,
        spaces.c.arena,
        arenas.c.square,
        spaces.c.premises,
        spaces.c.capacity,
        *RULES,
        func.cardinality(spaces.c.parts).label("parts"),
        _hours.label("hours"),
        actors.c.id.label("tenant"),
        actors.c.kind.label("tenant_kind"),
        actors.c.name.label("tenant_name"),
        actors.c.organisation_number,
    )
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .outerjoin(
        _acting,
        (actors.c.id == bindparam("tenant", type_=Uuid)) & (representatives.c.person == bindparam("person")),
    )
    .where(spaces.c.id == bindparam("space"), ~spaces.c.withdrawn)
    .with_for_update(read=True, key_share=True, of=spaces)
)

# One tree at a time: ids are unique over all squares, and are checked before they are written.
_LOCK = text("LOCK TABLE squares IN SHARE ROW EXCLUSIVE MODE")
_PUBLISHED = (
    select(
        spaces.c.id,
        spaces.c.name,
        spaces.c.arena,
        arenas.c.name.label("arena_name"),
        arenas.c.square,
        squares.c.name.label("square_name"),
        spaces.c.premises,
        spaces.c.capacity,
        spaces.c.area,
        spaces.c.version,
        spaces.c.withdrawn,
    )
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .join(squares, squares.c.id == arenas.c.square)
    .where(arenas.c.square == bindparam("square"))
    .with_for_update(of=spaces)
)
_given_ids = func.any(bindparam("ids", type_=ARRAY(Text)))
_ELSEWHERE = union_all(
    select(arenas.c.id).where(
        arenas.c.id == func.any(bindparam("arenas", type_=ARRAY(Text))), arenas.c.square != bindparam("square")
    ),
    select(spaces.c.id)
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .where(spaces.c.id == _given_ids, arenas.c.square != bindparam("square")),
)
_BOOKED_AHEAD = (
    select(bookings.c.space)
    .join_from(claims, bookings, bookings.c.id == claims.c.booking)
    .join(spaces, spaces.c.id == bookings.c.space)
    .where(
        bookings.c.space == _given_ids,
        claims.c.part == func.any(spaces.c.parts),
        claims.c.during.op("&&")(func.tstzrange(bindparam("now"), None)),
    )
    .order_by(bookings.c.space)
    .limit(1)
)

_SAVE_SQUARE = upsert(squares)
_SAVE_SQUARE = _SAVE_SQUARE.on_conflict_do_update(index_elements=["id"], set_={"name": _SAVE_SQUARE.excluded.name})
_SAVE_ARENA = upsert(arenas)
_SAVE_ARENA = _SAVE_ARENA.on_conflict_do_update(
    index_elements=["id"], set_={name: _SAVE_ARENA.excluded[name] for name in ("position", "name")}
)
_SAVE_SPACE = upsert(spaces).values(parts=[])
_SAVE_SPACE = _SAVE_SPACE.on_conflict_do_update(
    index_elements=["id"],
    set_={
        column.name: _SAVE_SPACE.excluded[column.name]
        for column in spaces.c
        if column.name not in ("id", "number", "arena", "parts")
    },
)
_of_square = select(arenas.c.id).where(arenas.c.square == bindparam("square")).scalar_subquery()
_FORGET_HOURS = delete(opening_hours).where(opening_hours.c.arena.in_(_of_square))
_WITHDRAW = (
    update(spaces)
    .where(spaces.c.arena.in_(_of_square), spaces.c.id != func.all(bindparam("kept", type_=ARRAY(Text))))
    .values(withdrawn=True)
)
_NUMBERS = select(spaces.c.id, spaces.c.number, spaces.c.parts).where(spaces.c.id == _given_ids)
_DIVIDE = update(spaces).where(spaces.c.id == bindparam("space")).values(parts=bindparam("numbers"))
_RELEASE = (
    delete(claims)
    .where(
        claims.c.booking == bookings.c.id,
        bookings.c.space == _given_ids,
        claims.c.part == func.any(bindparam("were", type_=ARRAY(Integer))),
        claims.c.during.op("&&")(func.tstzrange(bindparam("now"), None)),
    )
    .returning(claims.c.booking)
)
_CLAIM_AGAIN = insert(claims).from_select(
    [claims.c.booking, claims.c.part, claims.c.during],
    select(
        bookings.c.id,
        func.unnest(spaces.c.parts),
        func.tstzrange(bookings.c.begins_at, bookings.c.ends_at),
    )
    .join_from(bookings, spaces, spaces.c.id == bookings.c.space)
    .where(bookings.c.id == func.any(bindparam("bookings", type_=ARRAY(Uuid)))),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A space as it was told to the other services, and in which version."""

    version: int
    told: SpacePublished
    withdrawn: bool


def to_book(tx: Transaction, space: str, *, tenant: UUID | None, person: UUID) -> tuple[Bookable, Actor | None] | None:
    """The space, kept from being divided anew until the transaction ends; and the tenant, if the person may act for
    it."""
    row = tx.execute(_TO_BOOK, {"space": space, "tenant": tenant, "person": person}).one_or_none()
    return (_bookable(row), _tenant(row)) if row else None


def rules_from(row: Row[Any]) -> BookingRules:
    """The rules in a row that has the columns `RULES`."""
    return BookingRules(
        grid_minutes=row.grid_minutes,
        min_minutes=row.min_minutes,
        max_minutes=row.max_minutes,
        notice_minutes=row.notice_minutes,
        horizon_days=row.horizon_days,
    )


def lock_published(tx: Transaction, square: str) -> dict[str, Published]:
    """Every space the square ever had, by id. Nobody else can write a tree, or book here, until the transaction
    ends."""
    tx.execute(_LOCK)
    return {row.id: _published(row) for row in tx.execute(_PUBLISHED, {"square": square})}


def found_elsewhere(tx: Transaction, square: Square) -> str | None:
    """An id of this tree that belongs to another square."""
    ids = [placed.space.id for placed in square.placed()]
    mine = {"square": square.id, "arenas": [arena.id for arena in square.arenas], "ids": ids}
    return tx.execute(_ELSEWHERE, mine).scalars().first()


def booked_ahead(tx: Transaction, ids: Collection[str]) -> str | None:
    """One of these spaces that has a live booking which is not over."""
    return tx.execute(_BOOKED_AHEAD, {"ids": list(ids), "now": tx.now}).scalars().first()


def save_square(tx: Transaction, square: Square, versions: Mapping[str, int]) -> None:
    """Writes the whole tree; spaces that are not in it are withdrawn. Raises DivisionClashes."""
    placed = list(square.placed())
    tx.execute(_SAVE_SQUARE, {"id": square.id, "name": plain(square.name)})
    tx.execute(
        _SAVE_ARENA,
        [
            {"id": arena.id, "square": square.id, "position": position, "name": plain(arena.name)}
            for position, arena in enumerate(square.arenas)
        ],
    )
    tx.execute(_FORGET_HOURS, {"square": square.id})
    if hours := [row for arena in square.arenas for row in _hours_rows(arena.id, arena.hours)]:
        tx.execute(insert(opening_hours), hours)
    tx.execute(_SAVE_SPACE, [_space_row(each, position, versions) for position, each in enumerate(placed)])
    tx.execute(_WITHDRAW, {"square": square.id, "kept": [each.space.id for each in placed]})
    _divide(tx, placed)


def _divide(tx: Transaction, placed: Iterable[Placed]) -> None:
    """Works out the parts of each space by number, and lets bookings to come claim those that are new."""
    wanted = {each.space.id: list(each.space.parts()) for each in placed}
    rows = {row.id: row for row in tx.execute(_NUMBERS, {"ids": list(wanted)})}
    divided = {space: sorted(rows[part].number for part in parts) for space, parts in wanted.items()}
    changed = {space: numbers for space, numbers in divided.items() if numbers != rows[space].parts}
    if not changed:
        return
    tx.execute(_DIVIDE, [{"space": space, "numbers": numbers} for space, numbers in changed.items()])
    were = sorted({number for space in changed for number in rows[space].parts})
    released = tx.execute(_RELEASE, {"ids": list(changed), "were": were, "now": tx.now}).scalars()
    try:
        tx.execute(_CLAIM_AGAIN, {"bookings": list(set(released))})
    except IntegrityError as error:
        raise DivisionClashes from error


def _hours_rows(arena: str, hours: Iterable[Hours]) -> list[dict[str, Any]]:
    return [
        {"arena": arena, "weekday": each.weekday, "opens": each.opens, "closes": each.closes}
        for each in sorted(set(hours))
    ]


def _space_row(placed: Placed, position: int, versions: Mapping[str, int]) -> dict[str, Any]:
    space = placed.space
    return {
        "id": space.id,
        "arena": placed.arena.id,
        "parent": placed.parent,
        "position": position,
        "name": plain(space.name),
        "premises": space.premises,
        "capacity": space.capacity,
        "area": space.area,
        **plain(space.rules),
        "version": versions[space.id],
        "withdrawn": False,
    }


def _bookable(row: Row[Any]) -> Bookable:
    return Bookable(
        space=row.id,
        arena=row.arena,
        square=row.square,
        premises=row.premises,
        capacity=row.capacity,
        parts=row.parts,
        rules=rules_from(row),
        hours=tuple(Hours(*each) for each in row.hours or ()),
    )


def _tenant(row: Row[Any]) -> Actor | None:
    if row.tenant is None:
        return None
    return Actor(id=row.tenant, kind=row.tenant_kind, name=row.tenant_name, organisation_number=row.organisation_number)


def _published(row: Row[Any]) -> Published:
    told = SpacePublished(
        space=row.id,
        space_name=row.name["nb"],
        arena=row.arena,
        arena_name=row.arena_name["nb"],
        square=row.square,
        square_name=row.square_name["nb"],
        premises=row.premises,
        capacity=row.capacity,
        area=row.area,
    )
    return Published(version=row.version, told=told, withdrawn=row.withdrawn)
