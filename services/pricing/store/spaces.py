"""The spaces booking has published: which class of premises each belongs to."""

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction
from services.pricing.store.tables import spaces, tariff_versions

_PUBLISH = insert(spaces)
_PUBLISH = _PUBLISH.on_conflict_do_update(
    index_elements=[spaces.c.space],
    set_={name: _PUBLISH.excluded[name] for name in ("square", "premises", "arena")},
)
_THERE = select(spaces.c.arena).where(spaces.c.square == bindparam("of_square")).distinct()
_PRICED = select(tariff_versions.c.id).where(
    tariff_versions.c.replaced_at.is_(None), tariff_versions.c.premises.any(spaces.c.premises)
)
_UNPRICED = select(func.count()).select_from(spaces).where(~_PRICED.exists())


def save(tx: Transaction, *, space: str, square: str, premises: str, arena: str) -> None:
    """Adds or changes a space."""
    tx.execute(_PUBLISH, {"space": space, "square": square, "premises": premises, "arena": arena})


def arena_of(tx: Transaction, space: str) -> str | None:
    """The arena of a space."""
    return tx.execute(select(spaces.c.arena).where(spaces.c.space == space)).scalar_one_or_none()


def arenas_of(tx: Transaction, square: str) -> set[str | None]:
    """The arenas of a square."""
    return {*tx.execute(_THERE, {"of_square": square}).scalars()}


def count_unpriced(tx: Transaction) -> int:
    """How many spaces are of premises that no tariff has a row for."""
    count: int = tx.execute(_UNPRICED).scalar_one()
    return count
