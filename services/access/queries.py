"""What access shows: keys to those who booked, locks and the entry log to those who oversee their square. Read only."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, extract, func, select, true, tuple_

from kernel.auth import Caller, Forbidden, Role
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from services.access import interest, store
from services.access.codes import Codes
from services.access.doors import door_orders, states
from services.access.model import LIVE, KeyState
from services.access.store import KEYS, entries, key_from, keys, locks
from services.access.unknown import WAITING

_SAME_CODE = ("credential", "lock", "code_digest")


@dataclass(frozen=True, slots=True)
class KeyTime:
    """When a key opens, for one booking."""

    key: UUID
    booking: UUID
    state: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as those see it who may use it. That of a series has many times; it is shown as it stands for the one that
    goes on or comes next."""

    id: UUID
    booking: UUID
    series: UUID | None
    space: str
    lock: UUID
    state: str
    valid_from: datetime
    valid_until: datetime
    version: int
    renewed_at: datetime | None
    times: Sequence[KeyTime]
    code: str | None = field(repr=False)


def keys_of(
    tx: Transaction, person: str, codes: Codes, page: PageRequest, booking: UUID | None = None
) -> Page[KeyView]:
    """The keys of what this person or an organisation of theirs booked, by time; one for a series at a door."""
    held = store.held_by(tx, person)
    shown = _one_of_each(held, tx.now) if booking is None else select(keys.c.id).where(held, keys.c.booking == booking)
    order = (keys.c.valid_from, keys.c.id)
    wanted = KEYS.where(keys.c.id.in_(shown))
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) > tuple_(*after))
    rows = tx.execute(wanted.order_by(*order).limit(page.fetch)).all()
    times = _times(tx, {row.credential for row in rows}, held)
    views = [_key_view(row, times[_same_code(row)], codes, tx.now) for row in rows]
    return page.cut(views, lambda key: (key.valid_from, key.id))


def locks_for(tx: Transaction, who: Caller, page: PageRequest, square: str | None = None) -> Page[Any]:
    """The locks of the squares one oversees, by space, with how one stands to them. Raises Forbidden for a square one
    doesn't."""
    columns = [locks.c[name] for name in ("id", "space", "space_name", "arena", "arena_name", "square", "parts")]
    before, after = (extract("epoch", column) / 60 for column in (locks.c.margin_before, locks.c.margin_after))
    lenient = func.coalesce(states.c.nothing_without_news, False).is_(False)
    state = (states.c.shut_since, states.c.shut_why, case((lenient, "own_time"), else_="nothing").label("without_news"))
    wanted = select(*columns, before.label("minutes_before"), after.label("minutes_after"), *state)
    wanted = wanted.outerjoin_from(locks, states, states.c.lock == locks.c.id)
    wanted = wanted.where(_overseen(locks.c.square, who, square))
    if seen := page.after(str):
        wanted = wanted.where(locks.c.space > seen[0])
    rows = tx.execute(wanted.order_by(locks.c.space).limit(page.fetch)).all()
    own = interest.own_around(tx, who)
    return page.cut([_lock_view(row, own) for row in rows], lambda lock: (lock["space"],))


def entries_for(tx: Transaction, who: Caller, page: PageRequest, square: str | None = None) -> Page[Any]:
    """The entry log of the squares one oversees, newest first. Raises Forbidden for a square one doesn't."""
    order = (entries.c.at, entries.c.id)
    outcome = case((entries.c.refusal.is_(None), "opened"), else_="refused").label("outcome")
    wanted = select(entries, outcome).where(_overseen(entries.c.square, who, square))
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) < tuple_(*after))
    rows: Sequence[Row[Any]] = tx.execute(wanted.order_by(*(each.desc() for each in order)).limit(page.fetch)).all()
    return page.cut(rows, lambda entry: (entry.at, entry.id))


def unknown_keys_for(tx: Transaction, who: Caller, page: PageRequest, square: str | None = None) -> Page[Any]:
    """The keys of bookings that were lost in a restore, of the squares one oversees, by time, until an operator has
    decided on them or they are over. Raises Forbidden for a square one doesn't."""
    order = (keys.c.valid_from, keys.c.id)
    wanted = WAITING.where(_overseen(locks.c.square, who, square))
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) > tuple_(*after))
    rows: Sequence[Row[Any]] = tx.execute(wanted.order_by(*order).limit(page.fetch), {"now": tx.now}).all()
    return page.cut(rows, lambda key: (key.valid_from, key.id))


def orders_for(tx: Transaction, who: Caller, page: PageRequest, square: str | None = None) -> Page[Any]:
    """What was ordered of the doors of the squares one oversees, newest first. Raises Forbidden for a square one
    doesn't."""
    order = (door_orders.c.at, door_orders.c.id)
    wanted = select(door_orders).where(_overseen(door_orders.c.square, who, square))
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) < tuple_(*after))
    rows: Sequence[Row[Any]] = tx.execute(wanted.order_by(*(each.desc() for each in order)).limit(page.fetch)).all()
    return page.cut(rows, lambda ordered: (ordered.at, ordered.id))


def _lock_view(row: Row[Any], own: Sequence[interest.Own]) -> dict[str, Any]:
    return {**row._mapping, "own_interest": any(each.at(row.id, row.parts) for each in own)}


def _overseen(column: ColumnElement[str], who: Caller, square: str | None) -> ColumnElement[bool]:
    if square is not None:
        if not who.oversees(square):
            raise Forbidden
        return column == square
    return true() if who.has(Role.OPERATOR) else column.in_(who.squares)


def _one_of_each(held: ColumnElement[bool], now: datetime) -> Select[tuple[UUID]]:
    """Of the keys that share a code at a door, the one that goes on or comes next; when all are over, the last."""
    over = keys.c.state.not_in(LIVE) | (keys.c.valid_until <= now)
    from_now = extract("epoch", keys.c.valid_from) * case((over, -1), else_=1)
    same = [keys.c[name] for name in _SAME_CODE]
    return select(keys.c.id).where(held).distinct(*same).order_by(*same, over, from_now)


def _times(
    tx: Transaction, credentials: Collection[UUID], held: ColumnElement[bool]
) -> dict[tuple[object, ...], list[KeyTime]]:
    """The times of the keys that share a code at a door, those withdrawn for good left out."""
    wanted = select(keys).where(keys.c.credential.in_(credentials), held).order_by(keys.c.valid_from, keys.c.id)
    found: dict[tuple[object, ...], list[KeyTime]] = defaultdict(list)
    for row in tx.execute(wanted):
        if row.state != KeyState.REVOKED:
            found[_same_code(row)].append(KeyTime(row.id, row.booking, row.state, row.valid_from, row.valid_until))
    return found


def _same_code(row: Row[Any]) -> tuple[object, ...]:
    return row.credential, row.lock, bytes(row.code_digest)


def _key_view(row: Row[Any], times: Sequence[KeyTime], codes: Codes, now: datetime) -> KeyView:
    key = key_from(row)
    return KeyView(
        id=key.id,
        booking=key.booking,
        series=None if key.credential == key.booking else key.credential,
        space=key.door.space,
        lock=key.door.lock,
        state=key.state.value,
        valid_from=key.validity.valid_from,
        valid_until=key.validity.valid_until,
        version=key.version,
        renewed_at=key.renewed_at,
        times=times,
        code=codes.unseal(key.id, bytes(row.sealed_code)) if key.shows_code(now) else None,
    )
