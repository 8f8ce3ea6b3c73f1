"""Organisations: add, find, lock, save."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction
from services.booking.model.actors import Decision, Organisation
from services.booking.store.representatives import standing
from services.booking.store.tables import actors

_ADD = insert(actors).on_conflict_do_nothing(index_elements=["organisation_number"])
_FIND = select(actors).where(actors.c.id == bindparam("actor"))
_LOCK = _FIND.with_for_update()
_LOCK_NUMBERED = select(actors).where(actors.c.organisation_number == bindparam("number")).with_for_update()
_DECISION = ("version", "kind", "verified_by", "verified_at", "verified_person", "verification_reason")
_SAVE = update(actors).where(actors.c.id == bindparam("actor")).values({name: bindparam(name) for name in _DECISION})


def add(tx: Transaction, organisation: Organisation) -> bool:
    """Writes a new organisation; False when its number is taken."""
    return tx.execute(_ADD, _columns(organisation)).rowcount == 1


def find(tx: Transaction, actor: UUID) -> Organisation | None:
    """The organisation of this id."""
    row = tx.execute(_FIND, {"actor": actor}).one_or_none()
    return organisation_from(row) if row else None


def lock(tx: Transaction, actor: UUID) -> Organisation | None:
    """The organisation, locked until the transaction ends; and with it who may act for it, and its invitations: all
    who change those lock it first."""
    row = tx.execute(_LOCK, {"actor": actor}).one_or_none()
    return organisation_from(row) if row else None


def lock_numbered(tx: Transaction, number: str) -> Organisation | None:
    """The same, by its organisation number."""
    row = tx.execute(_LOCK_NUMBERED, {"number": number}).one_or_none()
    return organisation_from(row) if row else None


def save(tx: Transaction, organisation: Organisation) -> None:
    """Writes what was decided of it."""
    columns = _columns(organisation)
    tx.execute(_SAVE, {"actor": organisation.id, **{name: columns[name] for name in _DECISION}})


def may_act(tx: Transaction, actor: UUID, person: UUID) -> bool:
    """Whether the person is this actor themself, or may act for it today."""
    return actor == person or standing(tx, actor, person).in_force(tx.now)


def organisation_from(row: Row[Any]) -> Organisation:
    """The organisation in a row of `actors`."""
    decision = row.verified_by and Decision(
        kind=row.kind,
        by=row.verified_by,
        at=row.verified_at,
        person=row.verified_person,
        reason=row.verification_reason,
    )
    return Organisation(
        id=row.id,
        version=row.version,
        name=row.name,
        organisation_number=row.organisation_number,
        told_kind=row.told_kind,
        registered_by=row.registered_by,
        created_at=row.created_at,
        decision=decision or None,
    )


def _columns(organisation: Organisation) -> dict[str, Any]:
    decision = organisation.decision
    return {
        "id": organisation.id,
        "version": organisation.version,
        "kind": organisation.kind,
        "told_kind": organisation.told_kind,
        "name": organisation.name,
        "organisation_number": organisation.organisation_number,
        "created_at": organisation.created_at,
        "registered_by": organisation.registered_by,
        "verified_by": decision and decision.by,
        "verified_at": decision and decision.at,
        "verified_person": decision and decision.person,
        "verification_reason": decision and decision.reason,
    }
