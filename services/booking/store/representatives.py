"""Who may act for which organisation, and the one condition by which they may: `in_force`.

A row stays when the right is gone, without role, date and name, so that its version goes on.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, or_, select
from sqlalchemy.dialects.postgresql import insert

from kernel.auth import Caller, Forbidden, Role
from kernel.db import Transaction
from kernel.problems import NotFound
from services.booking.model.representatives import Representative, Terms, local_date
from services.booking.store.tables import actors, representatives

_OF_ACTOR = select(representatives).where(representatives.c.actor == bindparam("actor"))
_STANDING = _OF_ACTOR.where(representatives.c.person == bindparam("person"))
_THERE = select(actors.c.id).where(actors.c.id == bindparam("actor"))
_SAVE = insert(representatives)
_SAVE = _SAVE.on_conflict_do_update(
    index_elements=["actor", "person"],
    set_={name: _SAVE.excluded[name] for name in ("version", "role", "until", "known_as", "changed_at", "changed_by")},
)


def in_force(today: ColumnElement[date] | date) -> ColumnElement[bool]:
    """Whether a row of `representatives` is a right that holds on this local day."""
    endless_or_not_over = or_(representatives.c.until.is_(None), representatives.c.until >= today)
    return representatives.c.role.is_not(None) & endless_or_not_over


def represented(person: UUID, now: datetime) -> Select[tuple[UUID]]:
    """The ids of the actors a person may act for, as a subquery."""
    return select(representatives.c.actor).where(representatives.c.person == person, in_force(local_date(now)))


def standing(tx: Transaction, actor: UUID, person: UUID) -> Representative:
    """How a person stands to an organisation; without terms if they have nothing to do with it."""
    row = tx.execute(_STANDING, {"actor": actor, "person": person}).one_or_none()
    return representative_from(row) if row else Representative(actor=actor, person=person)


def all_of(tx: Transaction, actor: UUID) -> list[Representative]:
    """Everybody who may act for an organisation, or could once."""
    return [representative_from(row) for row in tx.execute(_OF_ACTOR, {"actor": actor})]


def everyone(tx: Transaction) -> list[Representative]:
    """Everybody who may act for an organisation, or could once."""
    return [representative_from(row) for row in tx.execute(select(representatives))]


def save(tx: Transaction, after: Representative, by: UUID | None) -> None:
    """Writes how a person stands, and who has changed it; None when they are erased."""
    terms = after.terms
    row = {
        "actor": after.actor,
        "person": after.person,
        "version": after.version,
        "role": terms and terms.role,
        "until": terms and terms.until,
        "known_as": terms and terms.known_as,
        "created_at": tx.now,
        "changed_at": tx.now,
        "changed_by": by,
    }
    tx.execute(_SAVE, row)


def demand_owner(tx: Transaction, who: Caller, actor: UUID) -> None:
    """Lets through an owner, and an operator. To managers and those who may only book it is forbidden; to everybody
    else the organisation is not there, and nor is it to anybody if it isn't."""
    if tx.execute(_THERE, {"actor": actor}).first() is None:
        raise NotFound
    own = standing(tx, actor, who.person)
    if own.owns(tx.now) or who.has(Role.OPERATOR):
        return
    raise Forbidden if own.in_force(tx.now) or who.has(Role.ARENA_MANAGER) else NotFound


def representative_from(row: Row[Any]) -> Representative:
    """The representative in a row of `representatives`."""
    terms = None if row.role is None else Terms(role=row.role, until=row.until, known_as=row.known_as)
    return Representative(actor=row.actor, person=row.person, version=row.version, terms=terms)
