"""House rules for everybody to read: of a place, of a space with all it lies in, and as they were."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, literal, select

from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.events import RuledScope
from services.booking.model.house_rules import SCOPES, HouseRules
from services.booking.store import house_rules as store
from services.booking.store.house_rules import governing, house_rules, rules_from
from services.booking.store.tables import arenas, spaces

_OF_PLACE = select(house_rules).where(
    house_rules.c.scope == bindparam("scope"), house_rules.c.place == bindparam("place")
)
_come = house_rules.c.effective_from <= bindparam("now")
_IN_FORCE = _OF_PLACE.order_by(_come.desc(), house_rules.c.version.desc()).limit(1)
_ONE = _OF_PLACE.where(house_rules.c.version == bindparam("version"))
_OF_SPACE = (
    select(house_rules, literal(1).label("there"))
    .select_from(spaces)
    .join(arenas, arenas.c.id == spaces.c.arena)
    .outerjoin(house_rules, governing(spaces.c.id, spaces.c.arena, arenas.c.square))
    .where(spaces.c.id == bindparam("space"), ~spaces.c.withdrawn)
    .order_by(house_rules.c.version.desc())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Governing:
    """House rules that hold in a space, or will; and whether the reader has accepted them, or newer ones. None: nobody
    is signed in."""

    rules: HouseRules
    in_force: bool
    accepted: bool | None


def one(tx: Transaction, scope: RuledScope, place: str, version: int | None) -> HouseRules:
    """A version; without its number that in force, or the last to come. NotFound when there is none."""
    of_place = {"scope": scope, "place": place}
    if version is None:
        row = tx.execute(_IN_FORCE, {**of_place, "now": tx.now}).one_or_none()
    else:
        row = tx.execute(_ONE, {**of_place, "version": version}).one_or_none()
    if row is None:
        raise NotFound
    return rules_from(row)


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
    """What holds in a space: its square's, its arena's and its own rules, those in force and those to come."""
    rows = tx.execute(_OF_SPACE, {"space": space}).all()
    if not rows:
        raise NotFound
    by_scope = {scope: [rules_from(row) for row in rows if row.scope == scope] for scope in SCOPES}
    shown = [each for versions in by_scope.values() for each in _shown(tx, versions)]
    if person is None:
        return [Governing(rules=rules, in_force=in_force, accepted=None) for rules, in_force in shown]
    names = {each.name for versions in by_scope.values() for each in versions}
    known = [each.rules for each in store.accepted(tx, person, names)]
    return [
        Governing(
            rules=rules,
            in_force=in_force,
            accepted=any(each.scope == rules.scope and each.version >= rules.version for each in known),
        )
        for rules, in_force in shown
    ]


def _shown(tx: Transaction, newest_first: list[HouseRules]) -> list[tuple[HouseRules, bool]]:
    """The version in force, and before it those that are to take its place."""
    shown = []
    for each in newest_first:
        shown.append((each, each.effective_from <= tx.now))
        if each.effective_from <= tx.now:
            break
    return shown[::-1]
