"""Waiver accounts and their entries. Whoever changes a balance holds the account's row; it is always locked last."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction
from services.pricing.model import waiver
from services.pricing.model.waiver import Account, WaiverEntry
from services.pricing.store.tables import agreements, hours, waiver_accounts, waiver_entries

_accounts, _entries = waiver_accounts.c, waiver_entries.c
_OPEN = insert(waiver_accounts).on_conflict_do_nothing()
_THE_ACCOUNT = select(waiver_accounts).where(
    _accounts.tenant == bindparam("of"), _accounts.currency == bindparam("in_currency")
)
_LOCK = _THE_ACCOUNT.with_for_update()
_OF_BOOKING = (
    select(waiver_entries)
    .where(
        _entries.tenant == bindparam("of"),
        _entries.currency == bindparam("in_currency"),
        _entries.booking == bindparam("for_booking"),
    )
    .order_by(_entries.position)
)
_OF_ACCOUNT = (_entries.tenant == bindparam("of"), _entries.currency == bindparam("in_currency"))
_GRANTED = (
    select(agreements.c.arena, agreements.c.arenas, func.sum(_entries.amount).label("amount"))
    .join_from(waiver_entries, hours, hours.c.id == _entries.registration)
    .join(agreements, agreements.c.id == hours.c.agreement)
    .where(*_OF_ACCOUNT)
    .group_by(agreements.c.id)
)
_TAKEN = (
    select(_entries.arena, (-func.sum(_entries.amount)).label("amount"))
    .where(*_OF_ACCOUNT, _entries.arena.is_not(None))
    .group_by(_entries.arena)
)
_SUM = (
    select(func.coalesce(func.sum(_entries.amount), 0))
    .where(_entries.tenant == _accounts.tenant, _entries.currency == _accounts.currency)
    .scalar_subquery()
)


def lock(tx: Transaction, tenant: UUID, currency: str) -> Account | None:
    """The account of a tenant, locked until the transaction ends; None when it never had one."""
    found = tx.execute(_LOCK, {"of": tenant, "in_currency": currency}).one_or_none()
    return _account(found) if found else None


def open_and_lock(tx: Transaction, tenant: UUID, currency: str) -> Account:
    """The account of a tenant, made when there is none, and locked."""
    tx.execute(_OPEN, {"tenant": tenant, "currency": currency, "balance": 0})
    return _account(tx.execute(_LOCK, {"of": tenant, "in_currency": currency}).one())


def balance(tx: Transaction, tenant: UUID, currency: str) -> int:
    """What a tenant has free to use; 0 when it never had an account."""
    found = tx.execute(_THE_ACCOUNT, {"of": tenant, "in_currency": currency}).one_or_none()
    return found.balance if found else 0


def of_booking(tx: Transaction, account: Account, booking: UUID) -> list[WaiverEntry]:
    """What a booking has reserved, used and given back, oldest first."""
    wanted = {"of": account.tenant, "in_currency": account.currency, "for_booking": booking}
    return [entry(row) for row in tx.execute(_OF_BOOKING, wanted)]


def add(tx: Transaction, account: Account, entries: Sequence[WaiverEntry], *, quote_version: int = 1) -> Account:
    """Adds entries to a locked account; returns the account after them. A booking enters each kind once for each
    version of its quote."""
    if not entries:
        return account
    after = account.after(entries)
    of_account = {"tenant": account.tenant, "currency": account.currency}
    rows = [
        of_account
        | {"reason": each.reason, "amount": each.amount, "at": each.at}
        | {"booking": each.booking, "registration": each.registration, "quote_version": quote_version}
        | {"arena": each.arena}
        for each in entries
    ]
    tx.execute(plain_insert(waiver_entries), rows)
    tx.execute(update(waiver_accounts).filter_by(**of_account).values(balance=after.balance))
    return after


def free_in(tx: Transaction, account: Account, arena: str) -> int:
    """What is free in an arena of a locked account."""
    of = {"of": account.tenant, "in_currency": account.currency}
    granted: Counter[frozenset[str]] = Counter()
    for row in tx.execute(_GRANTED, of):
        granted[frozenset(row.arenas or [row.arena])] += int(row.amount)
    taken = {row.arena: int(row.amount) for row in tx.execute(_TAKEN, of)}
    return waiver.free_in(arena, granted, taken)


def repair_balances(tx: Transaction) -> int:
    """Sets every balance that is not the sum of its entries right; returns how many were wrong."""
    wrong = _accounts.balance != _SUM
    # the second statement sees what those who held the rows until now have entered
    tx.execute(select(_accounts.tenant).where(wrong).with_for_update())
    return tx.execute(update(waiver_accounts).where(wrong).values(balance=_SUM)).rowcount


def entry(row: Row[tuple[object, ...]]) -> WaiverEntry:
    """An entry as the table holds it."""
    return WaiverEntry(
        reason=row.reason,
        amount=row.amount,
        at=row.at,
        registration=row.registration,
        booking=row.booking,
        arena=row.arena,
    )


def _account(row: Row[tuple[object, ...]]) -> Account:
    return Account(tenant=row.tenant, currency=row.currency, balance=row.balance)
