"""Squares with their arenas and spaces, for everybody."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Row, select

from kernel.db import Transaction
from kernel.errors import Text
from kernel.pagination import Page, PageRequest
from services.booking.model.opening import Hours
from services.booking.model.resources import Arena, Space, Square
from services.booking.store.resources import rules_from
from services.booking.store.tables import arenas, opening_hours, spaces, squares

_SPACES = select(spaces).where(~spaces.c.withdrawn).order_by(spaces.c.position)
_ARENAS = select(arenas).order_by(arenas.c.position)


def all_squares(tx: Transaction, page: PageRequest) -> Page[Square]:
    """The squares with everything in them, by id."""
    wanted = select(squares).order_by(squares.c.id).limit(page.fetch)
    if after := page.after(str):
        wanted = wanted.where(squares.c.id > after[0])
    found = tx.execute(wanted).all()
    ids = [row.id for row in found]
    of_square = defaultdict(list)
    for square, arena in _arenas(tx, ids):
        of_square[square].append(arena)
    trees = [Square(id=row.id, name=Text(**row.name), arenas=of_square[row.id]) for row in found]
    return page.cut(trees, lambda square: (square.id,))


def _arenas(tx: Transaction, squares_wanted: list[str]) -> list[tuple[str, Arena]]:
    rows = tx.execute(_ARENAS.where(arenas.c.square.in_(squares_wanted))).all()
    ids = [row.id for row in rows]
    hours = defaultdict(list)
    for row in tx.execute(select(opening_hours).where(opening_hours.c.arena.in_(ids))):
        hours[row.arena].append(Hours(row.weekday, row.opens, row.closes))
    children = defaultdict(list)
    for row in tx.execute(_SPACES.where(spaces.c.arena.in_(ids))):
        children[row.parent or row.arena].append(row)
    return [
        (
            row.square,
            Arena(
                id=row.id,
                name=Text(**row.name),
                hours=sorted(hours[row.id]),
                spaces=[_space(each, children) for each in children[row.id]],
            ),
        )
        for row in rows
    ]


def _space(row: Row[Any], children: dict[str, list[Row[Any]]]) -> Space:
    return Space(
        id=row.id,
        name=Text(**row.name),
        premises=row.premises,
        capacity=row.capacity,
        area=row.area,
        rules=rules_from(row),
        spaces=[_space(each, children) for each in children.get(row.id, [])],
    )
