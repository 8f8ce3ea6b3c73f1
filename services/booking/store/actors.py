"""Organisations, and the persons who may act for them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction
from services.booking.model.actors import Actor
from services.booking.store.tables import actors, representatives

ACTORS = select(actors.c.id, actors.c.kind, actors.c.name, actors.c.organisation_number)

_ADD = insert(actors).on_conflict_do_nothing(index_elements=["organisation_number"])
_FIND = ACTORS.where(actors.c.id == bindparam("actor"))
_MAY_ACT = select(representatives.c.actor).where(
    representatives.c.actor == bindparam("actor"), representatives.c.person == bindparam("person")
)
_ALLOW = insert(representatives).on_conflict_do_nothing()


def represented(person: UUID) -> Select[tuple[UUID]]:
    """The ids of the actors a person may act for, as a subquery."""
    return select(representatives.c.actor).where(representatives.c.person == person)


def add(tx: Transaction, actor: Actor) -> bool:
    """Writes a new organisation; False when its number is taken."""
    row = {
        "id": actor.id,
        "kind": actor.kind,
        "name": actor.name,
        "organisation_number": actor.organisation_number,
        "created_at": tx.now,
    }
    return tx.execute(_ADD, row).rowcount == 1


def find(tx: Transaction, actor: UUID) -> Actor | None:
    """The organisation of this id."""
    row = tx.execute(_FIND, {"actor": actor}).one_or_none()
    return actor_from(row) if row else None


def may_act(tx: Transaction, actor: UUID, person: UUID) -> bool:
    """Whether the person is this actor themself, or may act for it."""
    return actor == person or tx.execute(_MAY_ACT, {"actor": actor, "person": person}).first() is not None


def allow(tx: Transaction, actor: UUID, person: UUID) -> None:
    """Lets a person act for an organisation; once is enough."""
    tx.execute(_ALLOW, {"actor": actor, "person": person, "created_at": tx.now})


def actor_from(row: Row[Any]) -> Actor:
    """The actor in a row of `ACTORS`."""
    return Actor(id=row.id, kind=row.kind, name=row.name, organisation_number=row.organisation_number)
