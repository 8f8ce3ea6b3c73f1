"""Adopting tariffs. On any day at most one tariff prices a class of premises: which one is never a matter of luck."""

from dataclasses import replace
from uuid import UUID

from kernel.db import Transaction
from services.pricing.model.tariff import Tariff, TariffsOverlap
from services.pricing.store import tariffs


def adopt(tx: Transaction, tariff: Tariff, *, by: UUID | None = None) -> Tariff:
    """Stores a tariff as the newest version of its id, and who adopted it; the very same again changes nothing. Raises
    TariffsOverlap."""
    tariffs.lock_all(tx)
    before = tariffs.current(tx, tariff.id)
    if before is not None and replace(tariff, version=before.version) == before:
        return before
    for other in tariffs.all_current(tx):
        if other.id != tariff.id and (shared := tariff.overlap(other)):
            raise TariffsOverlap(other=other.id, premises=", ".join(shared))
    adopted = replace(tariff, version=before.version + 1 if before else 1)
    tariffs.add(tx, adopted, by)
    return adopted
