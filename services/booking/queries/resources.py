"""Squares with their arenas and spaces, for everybody."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, Row, bindparam, select

from kernel.db import Transaction
from kernel.errors import Text
from kernel.pagination import Page, PageRequest
from services.booking.model.opening import Hours
from services.booking.model.resources import Arena, Equipment, Space, Square
from services.booking.model.sharing import Sharing
from services.booking.store.resources import rules_from
from services.booking.store.tables import arenas, equipment, opening_hours, spaces, squares

Grouped: TypeAlias = defaultdict[Any, list[Row[Any]]]

_wanted: BindParameter[Any] = bindparam("wanted", expanding=True)
_SQUARES = select(squares).order_by(squares.c.id)
_ARENAS = select(arenas).where(arenas.c.square.in_(_wanted)).order_by(arenas.c.position)
_HOURS = select(opening_hours).where(opening_hours.c.arena.in_(_wanted)).order_by(*opening_hours.c)
_EQUIPMENT = (
    select(equipment).where(equipment.c.arena.in_(_wanted), ~equipment.c.withdrawn).order_by(equipment.c.position)
)
_SPACES = select(spaces).where(spaces.c.arena.in_(_wanted), ~spaces.c.withdrawn).order_by(spaces.c.position)


def all_squares(tx: Transaction, page: PageRequest) -> Page[Square]:
    """The squares with everything in them, by id."""
    wanted = _SQUARES.limit(page.fetch)
    if after := page.after(str):
        wanted = wanted.where(squares.c.id > after[0])
    rows = page.cut(tx.execute(wanted).all(), lambda row: (row.id,))
    arenas_of = _by(lambda row: row.square, tx.execute(_ARENAS, {"wanted": [row.id for row in rows.items]}))
    ids = {"wanted": [arena.id for each in arenas_of.values() for arena in each]}
    hours_of = _by(lambda row: row.arena, tx.execute(_HOURS, ids))
    lends = _by(lambda row: row.arena, tx.execute(_EQUIPMENT, ids))
    below = _by(lambda row: (row.arena, row.parent), tx.execute(_SPACES, ids))

    def arena(row: Row[Any]) -> Arena:
        hours = tuple(Hours(each.weekday, each.opens, each.closes, each.kind) for each in hours_of[row.id])
        lent = tuple(Equipment(id=each.id, name=Text(**each.name), pieces=each.pieces_owned) for each in lends[row.id])
        spaces = _spaces(row.id, None, below)
        return Arena(id=row.id, name=Text(**row.name), hours=hours, spaces=spaces, equipment=lent)

    def square(row: Row[Any]) -> Square:
        # an arena whose spaces are all withdrawn is none any more
        used = (each for each in arenas_of[row.id] if below[each.id, None])
        return Square(id=row.id, name=Text(**row.name), arenas=tuple(map(arena, used)))

    return Page([square(row) for row in rows.items], rows.next_cursor)


def _spaces(arena: str, parent: str | None, below: Grouped) -> tuple[Space, ...]:
    return tuple(
        Space(
            id=row.id,
            name=Text(**row.name),
            premises=row.premises,
            capacity=row.capacity,
            area=row.area,
            rules=rules_from(row),
            joins=tuple(row.joins),
            sharing=row.sharing and _sharing(row.sharing),
            features=tuple(row.features),
            floor=row.floor,
            noise=row.noise,
            pictures=tuple(row.pictures),
            spaces=_spaces(arena, row.id, below),
        )
        for row in below[arena, parent]
    )


def _sharing(stored: Mapping[str, Any]) -> Sharing:
    """The sharing that a space has stored."""
    return Sharing(groups=stored["groups"], apart=tuple((one, other) for one, other in stored["apart"]))


def _by(key: Callable[[Row[Any]], Any], rows: Iterable[Row[Any]]) -> Grouped:
    groups: Grouped = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups
