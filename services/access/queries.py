"""What access shows: keys to those who booked, locks and the entry log to those who oversee their square. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, extract, select, true, tuple_

from kernel.auth import Caller, Forbidden, Role
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from services.access.codes import Codes
from services.access.store import KEYS, entries, key_from, keys, locks


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as its owner sees it."""

    id: UUID
    booking: UUID
    space: str
    lock: UUID
    state: str
    valid_from: datetime
    valid_until: datetime
    version: int
    code: str | None = field(repr=False)


def keys_of(
    tx: Transaction, person: str, codes: Codes, page: PageRequest, booking: UUID | None = None
) -> Page[KeyView]:
    """The keys of what this person booked, by time."""
    order = (keys.c.valid_from, keys.c.id)
    wanted = KEYS.where(keys.c.booked_by == person)
    if booking is not None:
        wanted = wanted.where(keys.c.booking == booking)
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) > tuple_(*after))
    rows = tx.execute(wanted.order_by(*order).limit(page.fetch))
    return page.cut([_key_view(row, codes, tx.now) for row in rows], lambda key: (key.valid_from, key.id))


def locks_for(tx: Transaction, who: Caller, page: PageRequest, square: str | None = None) -> Page[Any]:
    """The locks of the squares one oversees, by space. Raises Forbidden for a square one doesn't."""
    columns = [locks.c[name] for name in ("id", "space", "space_name", "arena", "arena_name", "square")]
    before, after = (extract("epoch", column) / 60 for column in (locks.c.margin_before, locks.c.margin_after))
    wanted = select(*columns, before.label("minutes_before"), after.label("minutes_after"))
    wanted = wanted.where(_overseen(locks.c.square, who, square))
    if seen := page.after(str):
        wanted = wanted.where(locks.c.space > seen[0])
    rows: Sequence[Row[Any]] = tx.execute(wanted.order_by(locks.c.space).limit(page.fetch)).all()
    return page.cut(rows, lambda lock: (lock.space,))


def entries_for(tx: Transaction, who: Caller, page: PageRequest, square: str | None = None) -> Page[Any]:
    """The entry log of the squares one oversees, newest first. Raises Forbidden for a square one doesn't."""
    order = (entries.c.at, entries.c.id)
    outcome = case((entries.c.refusal.is_(None), "opened"), else_="refused").label("outcome")
    wanted = select(entries, outcome).where(_overseen(entries.c.square, who, square))
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) < tuple_(*after))
    rows: Sequence[Row[Any]] = tx.execute(wanted.order_by(*(each.desc() for each in order)).limit(page.fetch)).all()
    return page.cut(rows, lambda entry: (entry.at, entry.id))


def _overseen(column: ColumnElement[str], who: Caller, square: str | None) -> ColumnElement[bool]:
    if square is not None:
        if not who.oversees(square):
            raise Forbidden
        return column == square
    return true() if who.has(Role.OPERATOR) else column.in_(who.squares)


def _key_view(row: Row[Any], codes: Codes, now: datetime) -> KeyView:
    key = key_from(row)
    code = codes.unseal(key.id, bytes(row.sealed_code)) if key.shows_code(now) else None
    times = (key.validity.valid_from, key.validity.valid_until)
    return KeyView(key.id, key.booking, key.door.space, key.door.lock, key.state.value, *times, key.version, code)
