"""Squares, arenas, spaces and equipment, written as a whole tree; and what stands in the way of that.

Who rewrites a tree locks its spaces FOR UPDATE, so nobody books there meanwhile.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Integer,
    Row,
    Select,
    Table,
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
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel.contracts import plain
from kernel.db import Transaction
from services.booking.events import SpacePublished
from services.booking.model.opening import Hours
from services.booking.model.places import Place
from services.booking.model.resources import DivisionClashes, EquipmentInUse, Placed, Square
from services.booking.store import claims as claiming
from services.booking.store.places import shut
from services.booking.store.tables import (
    arenas,
    bookings,
    claims,
    equipment,
    equipment_loans,
    opening_hours,
    spaces,
    squares,
)

EDITION = 1
"""Counts what `SpacePublished` tells: spaces that were told in an earlier edition are told anew, once. 1: its parts,
and whether it is shared."""

_part = spaces.alias("part")
_PART_NAMES = func.array(
    select(_part.c.id)
    .where(_part.c.number == func.any(spaces.c.parts))
    .order_by(_part.c.id.collate("C"))
    .scalar_subquery()
)
# One tree at a time: ids are unique over all squares, and are checked before they are written.
_LOCK = text("LOCK TABLE squares IN SHARE ROW EXCLUSIVE MODE")
_SPACES = (
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
        _PART_NAMES.label("part_names"),
        spaces.c.sharing,
        spaces.c.version,
        spaces.c.withdrawn,
        spaces.c.told_edition,
    )
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .join(squares, squares.c.id == arenas.c.square)
    .order_by(spaces.c.id.collate("C"))
)
_PUBLISHED = _SPACES.where(arenas.c.square == bindparam("square")).with_for_update(of=spaces)
_TOLD_LESS = (
    _SPACES.where(spaces.c.told_edition < EDITION).limit(bindparam("most")).with_for_update(of=spaces, skip_locked=True)
)
_TELL_ANEW = (
    update(spaces)
    .where(spaces.c.id == func.any(bindparam("ids", type_=ARRAY(Text))))
    .values(version=spaces.c.version + 1, told_edition=EDITION)
)
_given_ids = func.any(bindparam("ids", type_=ARRAY(Text)))


def _in_another_arena(table: Table, name: str) -> Select[tuple[str]]:
    """The ids that stand in another arena than `:name_arenas` says, withdrawn ones too: bookings know them by these."""
    ids, arenas_of_ids = (bindparam(each, type_=ARRAY(Text)) for each in (name, f"{name}_arenas"))
    given = func.unnest(ids, arenas_of_ids).table_valued("id", "arena", name="given").render_derived()
    return select(table.c.id).join_from(table, given, given.c.id == table.c.id).where(table.c.arena != given.c.arena)


_ELSEWHERE = union_all(
    select(arenas.c.id).where(
        arenas.c.id == func.any(bindparam("arenas", type_=ARRAY(Text))), arenas.c.square != bindparam("square")
    ),
    _in_another_arena(spaces, "spaces"),
    _in_another_arena(equipment, "equipment"),
)
_BOOKED_AHEAD = (
    select(bookings.c.space, bookings.c.id)
    .join_from(claims, bookings, bookings.c.id == claims.c.holder)
    .join(spaces, spaces.c.id == bookings.c.space)
    .where(
        bookings.c.space == _given_ids,
        claims.c.part == func.any(spaces.c.parts),
        claims.c.during.op("&&")(func.tstzrange(bindparam("now"), None)),
    )
    .distinct(bookings.c.space, bookings.c.begins_at, bookings.c.id)
    .order_by(bookings.c.space, bookings.c.begins_at, bookings.c.id)
    .limit(bindparam("most"))
)

_SAVE_SQUARE = upsert(squares)
_SAVE_SQUARE = _SAVE_SQUARE.on_conflict_do_update(
    index_elements=["id"], set_={name: _SAVE_SQUARE.excluded[name] for name in ("name", "changed_by")}
)
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
_SAVE_EQUIPMENT = upsert(equipment)
_SAVE_EQUIPMENT = _SAVE_EQUIPMENT.on_conflict_do_update(
    index_elements=["id"],
    set_={name: _SAVE_EQUIPMENT.excluded[name] for name in ("position", "name", "pieces_owned", "withdrawn")},
)
_WITHDRAW_EQUIPMENT = update(equipment).where(equipment.c.arena.in_(_of_square)).values(withdrawn=True, pieces_owned=0)
_LENT_AND_WITHDRAWN = (
    select(equipment.c.id)
    .join_from(equipment, equipment_loans, equipment_loans.c.equipment == equipment.c.number)
    .where(
        equipment.c.arena.in_(_of_square),
        equipment.c.withdrawn,
        equipment_loans.c.during.op("&&")(func.tstzrange(bindparam("now"), None)),
    )
    .order_by(equipment.c.id)
    .limit(1)
)
_NUMBERS = select(spaces.c.id, spaces.c.number, spaces.c.parts).where(spaces.c.id == _given_ids)
_DIVIDE = update(spaces).where(spaces.c.id == bindparam("space")).values(parts=bindparam("numbers"))
_RELEASE = (
    delete(claims)
    .where(
        claims.c.holder == bookings.c.id,
        bookings.c.space == _given_ids,
        claims.c.part == func.any(bindparam("were", type_=ARRAY(Integer))),
        claims.c.during.op("&&")(func.tstzrange(bindparam("now"), None)),
    )
    .returning(claims.c.holder)
)
_SPACES_OF = select(bookings.c.id, bookings.c.space).where(
    bookings.c.id == func.any(bindparam("bookings", type_=ARRAY(Uuid)))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A space as it was told to the other services, and in which version."""

    version: int
    told: SpacePublished
    withdrawn: bool
    edition: int = EDITION


def lock_published(tx: Transaction, square: str) -> dict[str, Published]:
    """Every space the square ever had, by id. Nobody else can write a tree, or book here, until the transaction
    ends."""
    tx.execute(_LOCK)
    shut(tx, [Place("square", square)])
    return {row.id: _published(row) for row in tx.execute(_PUBLISHED, {"square": square})}


def tell_anew(tx: Transaction, *, most: int) -> list[Published]:
    """Some spaces of which others have been told less than is told today, one version up: to be told now."""
    found = [_published(row) for row in tx.execute(_TOLD_LESS, {"most": most})]
    if found:
        tx.execute(_TELL_ANEW, {"ids": [each.told.space for each in found]})
    return [replace(each, version=each.version + 1) for each in found]


def all_published(tx: Transaction) -> dict[str, Published]:
    """Every space there ever was, by id."""
    known = tx.execute(select(squares.c.id).order_by(squares.c.id)).scalars().all()
    return {space: each for square in known for space, each in lock_published(tx, square).items()}


def found_elsewhere(tx: Transaction, square: Square) -> str | None:
    """An id of this tree that belongs to another square, or to another arena."""
    placed = list(square.placed())
    lent = [(each, arena) for arena in square.arenas for each in arena.equipment]
    mine = {
        "square": square.id,
        "arenas": [arena.id for arena in square.arenas],
        "spaces": [each.space.id for each in placed],
        "spaces_arenas": [each.arena.id for each in placed],
        "equipment": [each.id for each, _ in lent],
        "equipment_arenas": [arena.id for _, arena in lent],
    }
    return tx.execute(_ELSEWHERE, mine).scalars().first()


def booked_ahead(tx: Transaction, ids: Collection[str], *, most: int) -> list[tuple[str, UUID]]:
    """The first live bookings of these spaces that are not over, each with its space."""
    rows = tx.execute(_BOOKED_AHEAD, {"ids": list(ids), "now": tx.now, "most": most})
    return [(row.space, row.id) for row in rows]


def save_square(tx: Transaction, square: Square, versions: Mapping[str, int], by: UUID | None) -> None:
    """Writes the whole tree, and who did; spaces that are not in it are withdrawn. Raises DivisionClashes."""
    placed = list(square.placed())
    tx.execute(_SAVE_SQUARE, {"id": square.id, "name": plain(square.name), "changed_by": by})
    arenas = [
        {"id": arena.id, "square": square.id, "position": position, "name": plain(arena.name)}
        for position, arena in enumerate(square.arenas)
    ]
    if arenas:
        tx.execute(_SAVE_ARENA, arenas)
    tx.execute(_FORGET_HOURS, {"square": square.id})
    if hours := [row for arena in square.arenas for row in _hours_rows(arena.id, arena.hours)]:
        tx.execute(insert(opening_hours), hours)
    _save_equipment(tx, square)
    if placed:
        tx.execute(_SAVE_SPACE, [_space_row(each, position, versions) for position, each in enumerate(placed)])
    tx.execute(_WITHDRAW, {"square": square.id, "kept": [each.space.id for each in placed]})
    _divide(tx, square.parts())


def _save_equipment(tx: Transaction, square: Square) -> None:
    tx.execute(_WITHDRAW_EQUIPMENT, {"square": square.id})
    rows = [
        {
            "id": each.id,
            "arena": arena.id,
            "position": position,
            "name": plain(each.name),
            "pieces_owned": each.pieces,
            "withdrawn": False,
        }
        for arena in square.arenas
        for position, each in enumerate(arena.equipment)
    ]
    if rows:
        tx.execute(_SAVE_EQUIPMENT, rows)
    if (lent := tx.execute(_LENT_AND_WITHDRAWN, {"square": square.id, "now": tx.now}).scalars().first()) is not None:
        raise EquipmentInUse(equipment=lent)


def _divide(tx: Transaction, wanted: Mapping[str, Sequence[str]]) -> None:
    """Works out the parts of each space by number, and lets bookings to come claim those that are new."""
    rows = {row.id: row for row in tx.execute(_NUMBERS, {"ids": list(wanted)})}
    divided = {space: sorted(rows[part].number for part in parts) for space, parts in wanted.items()}
    changed = {space: numbers for space, numbers in divided.items() if numbers != rows[space].parts}
    if not changed:
        return
    tx.execute(_DIVIDE, [{"space": space, "numbers": numbers} for space, numbers in changed.items()])
    were = sorted({number for space in changed for number in rows[space].parts})
    released = set(tx.execute(_RELEASE, {"ids": list(changed), "were": were, "now": tx.now}).scalars())
    if released and not _claim_again(tx, released, {space: len(numbers) for space, numbers in divided.items()}):
        raise DivisionClashes


def _claim_again(tx: Transaction, released: Collection[UUID], parts: Mapping[str, int]) -> bool:
    spaces_of = {row.id: row.space for row in tx.execute(_SPACES_OF, {"bookings": list(released)})}
    taken = claiming.take_all(tx, list(released))
    return all(taken[booking] == parts[space] for booking, space in spaces_of.items())


def _hours_rows(arena: str, hours: Iterable[Hours]) -> list[dict[str, Any]]:
    return [
        {"arena": arena, "weekday": each.weekday, "opens": each.opens, "closes": each.closes, "kind": each.kind}
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
        "features": list(space.features),
        "floor": space.floor,
        "noise": space.noise,
        "pictures": list(space.pictures),
        "joins": list(space.joins),
        "sharing": plain(space.sharing) if space.sharing else None,
        "version": versions[space.id],
        "withdrawn": False,
        "told_edition": EDITION,
    }


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
        parts=row.part_names,
        shared=row.sharing is not None,
    )
    return Published(version=row.version, told=told, withdrawn=row.withdrawn, edition=row.told_edition)
