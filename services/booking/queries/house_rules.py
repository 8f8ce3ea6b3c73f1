"""House rules for everybody to read: of a place, of a space with all it lies in, and as they were."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select

from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.events import RuledScope
from services.booking.model.house_rules import SCOPES, HouseRules
from services.booking.store import house_rules as store
from services.booking.store.house_rules import COVERED, STANDING, governing, house_rules, rules_from
from services.booking.store.tables import arenas, spaces

_OF_PLACE = select(house_rules).where(
    house_rules.c.scope == bindparam("scope"), house_rules.c.place == bindparam("place")
)
_ONE = _OF_PLACE.where(house_rules.c.version == bindparam("version"))
_OF_SPACE = (
    select(house_rules, COVERED.label("accepted"))
    .select_from(spaces)
    .join(arenas, arenas.c.id == spaces.c.arena)
    .outerjoin(house_rules, governing(spaces, arenas.c.square, spaces) & STANDING)
    .where(spaces.c.id == bindparam("space"), ~spaces.c.withdrawn)
    .order_by(house_rules.c.place != spaces.c.id, house_rules.c.place, house_rules.c.effective_from)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Governing:
    """House rules that hold in a space, or will; and whether the reader has accepted them, or newer ones. None: nobody
    is signed in."""

    rules: HouseRules
    in_force: bool
    accepted: bool | None


def one(tx: Transaction, scope: RuledScope, place: str, version: int | None) -> HouseRules:
    """A version; without its number that in force, or the next to come. NotFound when there is none."""
    if version is None:
        found = store.standing(tx, scope, place)
    else:
        rows = tx.execute(_ONE, {"scope": scope, "place": place, "version": version})
        found = [rules_from(row) for row in rows]
    if not found:
        raise NotFound
    return found[0]


def versions(tx: Transaction, scope: RuledScope, place: str, page: PageRequest) -> Page[HouseRules]:
    """Every version of a place's house rules, the newest first. NotFound when there are none."""
    wanted = _OF_PLACE.order_by(house_rules.c.version.desc()).limit(page.fetch)
    if after := page.after(int):
        wanted = wanted.where(house_rules.c.version < after[0])
    rows = tx.execute(wanted, {"scope": scope, "place": place}).all()
    if not rows and page.cursor is None:
        raise NotFound
    return page.cut([rules_from(row) for row in rows], lambda each: (each.version,))


def of_space(tx: Transaction, space: str, person: UUID | None) -> list[Governing]:
    """What holds in a space: its square's, its arena's and its own rules, and those of spaces that share a part with
    it; of each those in force, then those announced by their day."""
    rows = tx.execute(_OF_SPACE, {"space": space, "person": person, "now": tx.now}).all()
    if not rows:
        raise NotFound
    return [_governing(tx, row, person) for scope in SCOPES for row in rows if row.scope == scope]


def _governing(tx: Transaction, row: Row[Any], person: UUID | None) -> Governing:
    accepted = None if person is None else row.accepted
    return Governing(rules=rules_from(row), in_force=row.effective_from <= tx.now, accepted=accepted)
