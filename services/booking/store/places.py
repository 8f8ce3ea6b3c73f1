"""Squares, arenas, spaces and classes of premises as what rules are given for; and how a change of the rules of some
spaces meets bookings that are under way there.

Lock order. A booking passes its space's gate (`ENTER`), locks the space's row FOR KEY SHARE, then its tenant's quotas
(`store.quotas.lock`), then writes its claims. Who changes what binds a booking (house rules, quotas, groups) shuts the
gates of the spaces and locks their rows FOR UPDATE by `keep_still` before it reads or writes anything else, in the
order of their ids: bookings under way are done first, and seen. It also rewrites those rows, which tells a booking that
waited for them that what it read may be of yesterday (`resources.to_book` then reads again). So each booking is judged
by the rules of one moment.

The gate is there for its queue. Row locks that can be shared are: bookings of one space would hold its row by turns,
and who wants it alone would never get it (sixteen clients at one space: over 10 s, with the gate 0.1 s).
"""

from collections.abc import Collection, Iterable

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.sql import ColumnCollection

from kernel.db import Transaction
from services.booking.model.places import Place
from services.booking.store.tables import arenas, spaces, squares


def _any(scope: str) -> ColumnElement[bool]:
    return func.any(bindparam(f"in_{scope}", type_=ARRAY(Text)))


def among(columns: ColumnCollection[str, ColumnElement[object]]) -> ColumnElement[bool]:
    """Whether a row that has `space`, `arena`, `square` and `premises` lies within the places given by `by_scope`."""
    return or_(*(columns[scope] == _any(scope) for scope in _SCOPES))


_SCOPES = ("square", "arena", "space", "premises")
_SQUARES = union_all(
    select(literal("square").label("scope"), squares.c.id, squares.c.id.label("square")).where(
        squares.c.id == _any("square")
    ),
    select(literal("arena"), arenas.c.id, arenas.c.square).where(arenas.c.id == _any("arena")),
    select(literal("space"), spaces.c.id, arenas.c.square)
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .where(spaces.c.id == _any("space")),
    select(literal("premises"), spaces.c.premises, arenas.c.square)
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .where(spaces.c.premises == _any("premises"))
    .distinct(),
)
_there = or_(
    spaces.c.id == _any("space"),
    spaces.c.arena == _any("arena"),
    arenas.c.square == _any("square"),
    spaces.c.premises == _any("premises"),
)
# in the order in which a series passes them
_in_order = (
    select(spaces.c.id, spaces.c.number)
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .where(_there)
    .order_by(spaces.c.id.collate("C"))
)
_other, _named, _home = spaces.alias("other"), spaces.alias("named"), arenas.alias("home")
_PARTS = (
    select(func.unnest(_named.c.parts))
    .join_from(_named, _home, _home.c.id == _named.c.arena)
    .where(
        ~_named.c.withdrawn,
        or_(
            _named.c.id == _any("space"),
            _named.c.arena == _any("arena"),
            _home.c.square == _any("square"),
            _named.c.premises == _any("premises"),
        ),
    )
)
OVERLAPPING = select(_other.c.id).where(
    exists(
        select(literal_column("1"))
        .select_from(func.unnest(_other.c.parts).alias("part"))
        .where(literal_column("part").in_(_PARTS))
    )
)
"""The spaces that have some part of the places given by `by_scope`: those within them, those around them, and joint
spaces made of some of them."""
_GATE = 4
ENTER = func.pg_advisory_xact_lock_shared(_GATE, spaces.c.number)
"""In the columns of a statement that locks a space's row: it is passed before the row is locked."""
_gates = _in_order.offset(0).subquery("gates")
_SHUT = select(func.pg_advisory_xact_lock(_GATE, _gates.c.number))
_ENTER_ALL = select(func.pg_advisory_xact_lock_shared(_GATE, _gates.c.number))
_within = _in_order.with_for_update(of=spaces).cte("within")
_KEEP_STILL = update(spaces).where(spaces.c.id == _within.c.id).values(position=spaces.c.position)
_QUEUE = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))


def squares_of(tx: Transaction, places: Collection[Place]) -> dict[Place, set[str]]:
    """The squares in which these places are; one that is not there is left out."""
    found: dict[Place, set[str]] = {}
    for row in tx.execute(_SQUARES, by_scope(places)):
        found.setdefault(Place(row.scope, row.id), set()).add(row.square)
    return found


def overlapping(tx: Transaction, places: Collection[Place]) -> set[Place]:
    """The spaces that have some part of these places."""
    return {Place("space", each) for each in tx.execute(OVERLAPPING, by_scope(places)).scalars()}


def queue(tx: Transaction, changing: str) -> None:
    """Waits until nobody else is changing the thing of this name. Comes before `keep_still`."""
    tx.execute(_QUEUE, {"name": changing})


def keep_still(tx: Transaction, places: Iterable[Place]) -> None:
    """Waits until bookings under way in these places are done; those that come wait until the transaction ends, and
    read again what binds them."""
    there = by_scope(shut(tx, places))
    tx.execute(_KEEP_STILL, there)


def shut(tx: Transaction, places: Iterable[Place]) -> Collection[Place]:
    """Lets nobody begin to book in these places until the transaction ends; the places."""
    there = [*places]
    tx.execute(_SHUT, by_scope(there))
    return there


def enter(tx: Transaction, places: Iterable[Place]) -> None:
    """Passes the gates of all spaces in these places, in their order: whoever locks the rows of several spaces passes
    them first."""
    tx.execute(_ENTER_ALL, by_scope(places))


def by_scope(places: Iterable[Place]) -> dict[str, list[str]]:
    """Their ids, a list for each scope: the parameters of `among`."""
    wanted: dict[str, list[str]] = {f"in_{scope}": [] for scope in _SCOPES}
    for place in sorted(places):
        wanted[f"in_{place.scope}"].append(place.id)
    return wanted
