"""Charges and their entries. The database itself refuses to change or delete an entry."""

from uuid import UUID

from cattrs.preconf.json import make_converter
from sqlalchemy import bindparam, func, insert, select, update

from kernel.db import Transaction
from services.pricing.events import PriceLine
from services.pricing.model.charge import Charge, ChargeEntry
from services.pricing.store.tables import charge_entries, charges

_json = make_converter()

_OF_BOOKING = select(charges).where(charges.c.booking == bindparam("of"))
_ENTRIES = select(charge_entries).where(charge_entries.c.charge == bindparam("of")).order_by(charge_entries.c.position)
_SUM = (
    select(func.coalesce(func.sum(charge_entries.c.amount), 0))
    .where(charge_entries.c.charge == charges.c.id)
    .scalar_subquery()
)


def of_booking(tx: Transaction, booking: UUID) -> Charge | None:
    """The charge of a booking, with its entries, oldest first."""
    found = tx.execute(_OF_BOOKING, {"of": booking}).one_or_none()
    if found is None:
        return None
    entries = tuple(
        ChargeEntry(
            reason=row.reason, amount=row.amount, at=row.at, lines=_json.structure(row.lines, tuple[PriceLine, ...])
        )
        for row in tx.execute(_ENTRIES, {"of": found.id})
    )
    return Charge(
        id=found.id,
        quote=found.quote,
        booking=found.booking,
        currency=found.currency,
        state=found.state,
        version=found.version,
        entries=entries,
    )


def add(tx: Transaction, charge: Charge) -> None:
    """Adds a new charge with its entries."""
    row = {"id": charge.id, "quote": charge.quote, "booking": charge.booking, "currency": charge.currency}
    tx.execute(insert(charges), row | {"state": charge.state, "version": charge.version, "total": charge.total})
    for entry in charge.entries:
        _add_entry(tx, charge, entry)


def save(tx: Transaction, before: Charge, after: Charge) -> None:
    """Saves what became of a charge, and the entries that are new."""
    changed = {"state": after.state, "version": after.version, "total": after.total}
    tx.execute(update(charges).where(charges.c.id == after.id).values(changed))
    for entry in after.entries[len(before.entries) :]:
        _add_entry(tx, after, entry)


def repair_totals(tx: Transaction) -> int:
    """Sets every total that is not the sum of its entries right; returns how many were wrong."""
    wrong = charges.c.total != _SUM
    # the second statement sees what those who held the rows until now have entered
    tx.execute(select(charges.c.id).where(wrong).with_for_update())
    return tx.execute(update(charges).where(wrong).values(total=_SUM)).rowcount


def _add_entry(tx: Transaction, charge: Charge, entry: ChargeEntry) -> None:
    row = {"charge": charge.id, "reason": entry.reason, "amount": entry.amount, "at": entry.at}
    tx.execute(insert(charge_entries), row | {"lines": _json.unstructure(entry.lines), "version": charge.version})
