"""Bookings and the claims that keep them apart: add, lock, save.

Two bookings of one time are kept apart by the exclusion constraint on `claims` alone; no lock is taken beforehand.
Claims are written in the order of their parts, and ON CONFLICT DO NOTHING waits for a rival's transaction instead of
failing on it, so of any number of rivals one wins and none is a deadlock's victim. (Sixteen rivals for a hall of three
parts: 149 rounds a second; with advisory locks first 55; with a plain INSERT, which has deadlocks, 2.)
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel.contracts import plain
from kernel.db import Transaction
from kernel.errors import Text
from services.booking.model.actors import Actor
from services.booking.model.bookings import Booking, KeyState, Price, PriceLine
from services.booking.store.tables import actors, booking_keys, bookings, claims, spaces

SHOWN = select(bookings, actors.c.name.label("tenant_name")).outerjoin_from(
    bookings, actors, actors.c.id == bookings.c.tenant
)
"""The rows `booking_from` reads."""

_LOCK = SHOWN.where(bookings.c.id == bindparam("booking")).with_for_update(of=bookings)
_LOCK_EXPIRED = (
    SHOWN.where(bookings.c.state == "held", bookings.c.hold_expires_at <= bindparam("now"))
    .order_by(bookings.c.hold_expires_at)
    .limit(bindparam("most"))
    .with_for_update(of=bookings, skip_locked=True)
)
_given = {column.name: bindparam(column.name, type_=column.type) for column in bookings.c}
_ADD = (
    upsert(claims)
    .from_select(
        [claims.c.booking, claims.c.part, claims.c.during],
        select(
            _given["id"],
            func.unnest(spaces.c.parts).label("part"),
            func.tstzrange(_given["begins_at"], _given["ends_at"]),
        )
        .where(spaces.c.id == _given["space"])
        .order_by("part"),
    )
    .on_conflict_do_nothing()
    .add_cte(insert(bookings).values(_given).cte("added"))
)
_STEP_COLUMNS = (
    "version",
    "state",
    "changed_at",
    "price",
    "key",
    "opened_at",
    "confirmed_at",
    "cancelled_at",
    "decline_reason",
)
_SAVE = (
    update(bookings)
    .where(bookings.c.id == bindparam("booking"))
    .values({name: bindparam(name) for name in _STEP_COLUMNS})
)
_FREE = delete(claims).where(claims.c.booking == bindparam("booking"))
_NOTE_KEY = upsert(booking_keys)
_NOTE_KEY = _NOTE_KEY.on_conflict_do_update(index_elements=["key"], set_={"state": _NOTE_KEY.excluded.state})
_KEYS = select(booking_keys.c.state).where(booking_keys.c.booking == bindparam("booking"))


def add(tx: Transaction, booking: Booking, *, parts: int) -> bool:
    """Writes a new booking and claims the `parts` of its space. False when another booking has one of them; the
    transaction must then be rolled back."""
    return tx.execute(_ADD, _columns(booking)).rowcount == parts


def lock(tx: Transaction, booking: UUID) -> Booking | None:
    """The booking, locked until the transaction ends."""
    row = tx.execute(_LOCK, {"booking": booking}).one_or_none()
    return booking_from(row) if row else None


def lock_expired(tx: Transaction, *, most: int) -> list[Booking]:
    """Holds whose time is over, locked; those that somebody else has locked are passed over."""
    return [booking_from(row) for row in tx.execute(_LOCK_EXPIRED, {"now": tx.now, "most": most})]


def save(tx: Transaction, booking: Booking) -> None:
    """Writes what a step changed, and gives the space free when the booking has ended being live."""
    columns = _columns(booking)
    tx.execute(_SAVE, {"booking": booking.id, **{name: columns[name] for name in _STEP_COLUMNS}})
    if not booking.live:
        tx.execute(_FREE, {"booking": booking.id})


def note_key(tx: Transaction, booking: UUID, key: UUID, state: KeyState) -> list[KeyState]:
    """Writes how a key of a booking stands; returns how all of them do."""
    tx.execute(_NOTE_KEY, {"key": key, "booking": booking, "state": state})
    return list(tx.execute(_KEYS, {"booking": booking}).scalars())


def booking_from(row: Row[Any]) -> Booking:
    """The booking in a row of `SHOWN`."""
    columns = dict(row._mapping)
    tenant = Actor(
        id=columns.pop("tenant"),
        kind=columns.pop("tenant_kind"),
        name=columns.pop("tenant_name"),
        organisation_number=columns.pop("tenant_organisation_number"),
    )
    price = columns.pop("price")
    return Booking(**columns, tenant=tenant, price=price and _price(price))


def _columns(booking: Booking) -> dict[str, Any]:
    columns = {name: getattr(booking, name) for name in Booking.__slots__}
    tenant = columns.pop("tenant")
    columns["price"] = None if booking.price is None else plain(booking.price)
    return columns | {
        "tenant": tenant.id,
        "tenant_kind": tenant.kind,
        "tenant_organisation_number": tenant.organisation_number,
    }


def _price(stored: Mapping[str, Any]) -> Price:
    lines = tuple(PriceLine(**(line | {"text": Text(**line["text"])})) for line in stored["lines"])
    return Price(**{**stored, "quote": UUID(stored["quote"]), "lines": lines})
