"""Tariffs, every version of them: a quote stays explained by the version it was made from."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from cattrs.preconf.json import make_converter
from sqlalchemy import Row, bindparam, insert, or_, select, text, update

from kernel.db import Transaction
from services.pricing.model.tariff import Tariff
from services.pricing.store.tables import tariff_versions

_json = make_converter()
_json.register_unstructure_hook(Decimal, str)
_json.register_structure_hook(Decimal, lambda value, _: Decimal(value))

_columns = tariff_versions.c
_CURRENT = select(_columns.version, _columns.content).where(_columns.replaced_at.is_(None))

_FOR_PREMISES = _CURRENT.where(
    _columns.premises.any(bindparam("of")),
    _columns.valid_from <= bindparam("on"),
    or_(_columns.valid_until.is_(None), _columns.valid_until >= bindparam("on")),
)


def for_premises(tx: Transaction, premises: str, on: date) -> Tariff | None:
    """The tariff that prices these premises on a day. At most one does: see `services.pricing.usecases.tariffs`."""
    found = tx.execute(_FOR_PREMISES, {"of": premises, "on": on}).one_or_none()
    return _tariff(found) if found else None


def current(tx: Transaction, id: str) -> Tariff | None:
    """The newest version of a tariff."""
    found = tx.execute(_CURRENT.where(_columns.id == id)).one_or_none()
    return _tariff(found) if found else None


def all_current(tx: Transaction, *, after: str | None = None, most: int | None = None) -> list[Tariff]:
    """The newest version of every tariff whose id comes after `after`, by id."""
    wanted = _CURRENT.order_by(_columns.id).limit(most)
    if after is not None:
        wanted = wanted.where(_columns.id > after)
    return [_tariff(row) for row in tx.execute(wanted)]


def lock_all(tx: Transaction) -> None:
    """Until the transaction ends no one else stores a tariff; reading goes on."""
    tx.execute(text("LOCK TABLE tariff_versions IN SHARE ROW EXCLUSIVE MODE"))


def add(tx: Transaction, tariff: Tariff, by: UUID | None) -> None:
    """Stores a new version, which replaces the one before it, and who adopted it."""
    outdated = (_columns.id == tariff.id, _columns.replaced_at.is_(None))
    tx.execute(update(tariff_versions).where(*outdated).values(replaced_at=tx.now))
    row = {
        "id": tariff.id,
        "version": tariff.version,
        "valid_from": tariff.valid_from,
        "valid_until": tariff.valid_until,
        "premises": sorted(tariff.premises),
        "content": _json.unstructure(tariff),
        "stored_at": tx.now,
        "adopted_by": by,
    }
    tx.execute(insert(tariff_versions), row)


def _tariff(row: Row[tuple[int, object]]) -> Tariff:
    return _json.structure(row.content, Tariff)
