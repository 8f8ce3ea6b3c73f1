"""Bookings: add, lock, save; and the history of each. What they take is in `claims`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Uuid, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel.contracts import plain
from kernel.db import Transaction
from kernel.errors import DomainError, Text
from services.booking.model.actors import Actor
from services.booking.model.bookings import LIVE, WAITING, Booking, KeyState
from services.booking.model.moved import MovedFrom
from services.booking.model.prices import Price, PriceLine
from services.booking.model.refusals import EquipmentLent, NoRoom, SlotTaken, SpaceClosed
from services.booking.model.shrinking import takes_no_more
from services.booking.store import claims, waitings
from services.booking.store.tables import actors, booking_keys, booking_steps, bookings, spaces
from services.booking.store.tables import claims as claimed

SHOWN = select(bookings, actors.c.name.label("tenant_name")).outerjoin_from(
    bookings, actors, actors.c.id == bookings.c.tenant
)
"""The rows `booking_from` reads."""

_LOCK = SHOWN.where(bookings.c.id == bindparam("booking")).with_for_update(of=bookings)
_LOCK_MANY = (
    SHOWN.where(bookings.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(bookings.c.id)
    .with_for_update(of=bookings)
)
OVERDUE = bookings.c.state.in_(WAITING) & (bookings.c.hold_expires_at <= bindparam("now"))
"""One whose time to confirm, or to be decided on, is over, and that nobody has cleared away yet."""
_LOCK_EXPIRED = (
    SHOWN.where(OVERDUE)
    .order_by(bookings.c.hold_expires_at)
    .limit(bindparam("most"))
    .with_for_update(of=bookings, skip_locked=True)
)
_there = spaces.alias("there")
_EXPIRED_AMONG = (
    SHOWN.join(_there, _there.c.id == bookings.c.space)
    .where(OVERDUE, bookings.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
    .where(
        ~waitings.awaited(
            _there,
            bookings.c.square,
            func.tstzrange(bookings.c.begins_at, bookings.c.ends_at),
            _there,
            bookings,
            equipment=bookings.c.equipment,
        )
    )
    .order_by(bookings.c.id)
)
_LOCK_EXPIRED_AMONG = _EXPIRED_AMONG.with_for_update(of=bookings)
_TRY_EXPIRED_AMONG = _EXPIRED_AMONG.with_for_update(of=bookings, skip_locked=True)
_LOCK_OVER = (
    SHOWN.where(bookings.c.state.in_(("confirmed", "in_use")), bookings.c.ends_at <= bindparam("now"))
    .order_by(bookings.c.ends_at)
    .limit(bindparam("most"))
    .with_for_update(of=bookings, skip_locked=True)
)
_OVER_AMONG = select(bookings.c.id).where(
    bookings.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))),
    bookings.c.square == bindparam("square"),
    bookings.c.state.not_in(LIVE) | (bookings.c.ends_at <= bindparam("now")),
)
_given = {column.name: bindparam(column.name, type_=column.type) for column in bookings.c}
_WRITE = insert(bookings).values(_given)
_ADD = claims.TAKE_SPACE.add_cte(_WRITE.cte("added"))
_SETTLED = frozenset(
    (
        "id",
        "booked_by",
        "created_at",
        "tenant",
        "tenant_kind",
        "tenant_organisation_number",
        "series",
        "price_by",
    )
)
_STEP_COLUMNS = tuple(column.name for column in bookings.c if column.name not in _SETTLED)
_SAVE = (
    update(bookings)
    .where(bookings.c.id == bindparam("booking"))
    .values({name: bindparam(name) for name in _STEP_COLUMNS})
)
_RECORD = insert(booking_steps)
_REMOVE = delete(bookings).where(bookings.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
_REMOVE_CLAIMS = delete(claimed).where(claimed.c.holder == func.any(bindparam("ids", type_=ARRAY(Uuid))))
_STEPS = select(booking_steps).where(booking_steps.c.booking == bindparam("booking")).order_by(booking_steps.c.version)
_NOTE_KEY = upsert(booking_keys)
_NOTE_KEY = _NOTE_KEY.on_conflict_do_update(index_elements=["key"], set_={"state": _NOTE_KEY.excluded.state})
_KEYS = select(booking_keys.c.state).where(booking_keys.c.booking == bindparam("booking"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happened to a booking: who did it (None: time, or another service), and what they said."""

    version: int
    what: str
    at: datetime
    by: UUID | None
    why: str | None


def add(tx: Transaction, booking: Booking, *, parts: int) -> bool:
    """Writes a new booking, and takes the `parts` of its space and its equipment. False when another has one of the
    parts: roll back. Raises NoRoom or EquipmentLent."""
    with claims.refusals():
        won = tx.execute(_ADD, {**_columns(booking), **claims.of(booking)}).rowcount == parts
    if won:
        claims.borrow_all(tx, [booking])
    return won


def add_all(tx: Transaction, new: Sequence[Booking], *, parts: Mapping[str, int]) -> set[UUID]:
    """Writes many bookings and takes what they need, in one go; `parts` is how many each space has. The ids of those
    that lost to others: they are not written. Raises NoRoom or EquipmentLent."""
    if not new:
        return set()
    tx.execute(_WRITE, [_columns(booking) for booking in new])
    taken = claims.take_all(tx, [booking.id for booking in new])
    lost = {booking.id for booking in new if taken[booking.id] < parts[booking.space]}
    _remove(tx, lost)
    claims.borrow_all(tx, [booking for booking in new if booking.id not in lost])
    return lost


def move(tx: Transaction, before: Booking, booking: Booking, *, parts: int) -> bool:
    """Takes what a live booking needs now instead of what it took. False when another has it: roll back."""
    # a closure has freed what it hits: then there is nothing to keep, and what it needs now is taken anew
    if takes_no_more(before, booking) and claims.narrow(tx, booking, lent=bool(before.equipment)) == parts:
        return True
    claims.free(tx, booking.id, lent=True)
    taken = claims.take_space(tx, booking) == parts
    if taken:
        claims.borrow_all(tx, [booking])
    return taken


def move_all(
    tx: Transaction, before: Sequence[Booking], moved: Sequence[Booking], *, parts: Mapping[str, int]
) -> set[UUID]:
    """Saves many bookings and takes what they need now instead of what they took, in one go: they may take each other's
    earlier times. The ids of those that another is in the way of: roll back. Raises NoRoom or EquipmentLent."""
    elsewhere = _give_up(tx, before, moved)
    taken = claims.take_all(tx, [booking.id for booking in elsewhere])
    claims.borrow_all(tx, elsewhere)
    return {booking.id for booking in elsewhere if taken[booking.id] < parts[booking.space]}


def place_all(
    tx: Transaction,
    new: Sequence[Booking],
    before: Sequence[Booking],
    moved: Sequence[Booking],
    *,
    parts: Mapping[str, int],
) -> dict[UUID, DomainError]:
    """Writes new bookings and saves moved ones, and takes what they need: those that can't have it, and why. Then the
    transaction must be rolled back; what the others took is there until then, to be looked at."""
    elsewhere = _give_up(tx, before, moved)
    if new:
        tx.execute(_WRITE, [_columns(booking) for booking in new])
    everyone = [*new, *elsewhere]
    lost: dict[UUID, DomainError] = {}
    try:
        with tx.savepoint():
            taken = claims.take_all(tx, [booking.id for booking in everyone])
            claims.borrow_all(tx, everyone)
    except (NoRoom, EquipmentLent):  # a trigger that refuses one refuses all
        taken, lost = _taken_one_by_one(tx, everyone)
    short = [each for each in everyone if each.id not in lost and taken[each.id] < parts[each.space]]
    closed = claims.closed(tx, short)
    return lost | {each.id: SpaceClosed() if each.id in closed else SlotTaken() for each in short}


def lock(tx: Transaction, booking: UUID) -> Booking | None:
    """The booking, locked until the transaction ends."""
    row = tx.execute(_LOCK, {"booking": booking}).one_or_none()
    return booking_from(row) if row else None


def lock_many(tx: Transaction, ids: Collection[UUID]) -> list[Booking]:
    """Those of these bookings that are there, locked, by id."""
    return [booking_from(row) for row in tx.execute(_LOCK_MANY, {"ids": list(ids)})]


def lock_expired(tx: Transaction, *, most: int) -> list[Booking]:
    """Those whose deadline is over, locked; those that somebody else has locked are passed over."""
    return [booking_from(row) for row in tx.execute(_LOCK_EXPIRED, {"now": tx.now, "most": most})]


def lock_expired_among(tx: Transaction, ids: Collection[UUID], *, in_line: bool = False) -> list[Booking]:
    """Those of these whose deadline is over, locked. Those that somebody waits for are left: they are for the first in
    line. Who is `in_line` (`waitings.queue`) waits for nobody: those that others have locked are left, too."""
    statement = _TRY_EXPIRED_AMONG if in_line else _LOCK_EXPIRED_AMONG
    return [booking_from(row) for row in tx.execute(statement, {"now": tx.now, "ids": list(ids)})]


def lock_over(tx: Transaction, *, most: int) -> list[Booking]:
    """Confirmed bookings whose time is over, locked; those that somebody else has locked are passed over."""
    return [booking_from(row) for row in tx.execute(_LOCK_OVER, {"now": tx.now, "most": most})]


def over_among(tx: Transaction, ids: Collection[UUID], *, square: str) -> set[UUID]:
    """Which of these are bookings of the square that are live no more."""
    return set(tx.execute(_OVER_AMONG, {"ids": list(ids), "square": square, "now": tx.now}).scalars())


def save(tx: Transaction, booking: Booking) -> None:
    """Writes what a step changed, and gives free what it took when it has ended being live."""
    tx.execute(_SAVE, _step_values(booking))
    if not booking.live:
        claims.free(tx, booking.id, lent=bool(booking.equipment))


def keep(tx: Transaction, held: Iterable[Booking]) -> None:
    """Writes until when bookings are held, and since when they can be confirmed."""
    for booking in held:
        tx.later(_SAVE, _step_values(booking))


def record(tx: Transaction, booking: Booking, what: str, *, by: UUID | None, why: str | None) -> None:
    """Adds to a booking's history what brought it to its version."""
    step = {"booking": booking.id, "version": booking.version, "what": what, "at": tx.now, "by": by, "why": why}
    tx.execute(_RECORD, step)


def record_imported(tx: Transaction, new: Sequence[Booking], *, by: UUID) -> None:
    """Begins the history of bookings that were never held."""
    if new:
        tx.execute(
            _RECORD,
            [
                {"booking": each.id, "version": each.version, "what": "imported", "at": tx.now, "by": by, "why": None}
                for each in new
            ],
        )


def steps(tx: Transaction, booking: UUID) -> list[Step]:
    """What happened to a booking since it was made."""
    rows = tx.execute(_STEPS, {"booking": booking})
    return [Step(version=row.version, what=row.what, at=row.at, by=row.by, why=row.why) for row in rows]


def note_key(tx: Transaction, booking: UUID, key: UUID, state: KeyState) -> list[KeyState]:
    """Writes how a key of a booking stands; returns how all of them do."""
    tx.execute(_NOTE_KEY, {"key": key, "booking": booking, "state": state})
    return list(tx.execute(_KEYS, {"booking": booking}).scalars())


def forget_keys(tx: Transaction) -> None:
    """Forgets how the keys of live bookings stand: access will tell."""
    of_live = select(bookings.c.id).where(bookings.c.state.in_(LIVE))
    tx.execute(delete(booking_keys).where(booking_keys.c.booking.in_(of_live)))
    tx.execute(update(bookings).where(bookings.c.state.in_(LIVE), bookings.c.key.is_not(None)).values(key=None))


def booking_from(row: Row[Any]) -> Booking:
    """The booking in a row of `SHOWN`."""
    columns = dict(row._mapping)
    tenant = Actor(
        id=columns.pop("tenant"),
        kind=columns.pop("tenant_kind"),
        name=columns.pop("tenant_name"),
        organisation_number=columns.pop("tenant_organisation_number"),
    )
    price, was = columns.pop("price"), columns.pop("moved_from")
    return Booking(**columns, tenant=tenant, price=price and _price(price), moved_from=was and _moved_from(was))


def _give_up(tx: Transaction, before: Sequence[Booking], moved: Sequence[Booking]) -> list[Booking]:
    """Saves moved bookings, and gives free what they need no more: those that have yet to take what they need."""
    elsewhere = [after for was, after in zip(before, moved, strict=True) if not takes_no_more(was, after)]
    claims.free_all(tx, [booking.id for booking in elsewhere])
    for was, after in zip(before, moved, strict=True):
        tx.later(_SAVE, _step_values(after))
        if takes_no_more(was, after):
            claims.narrow(tx, after, lent=bool(was.equipment))
    return elsewhere


def _taken_one_by_one(tx: Transaction, everyone: Sequence[Booking]) -> tuple[dict[UUID, int], dict[UUID, DomainError]]:
    """Takes what bookings need: how many parts each got, and which ones a trigger refused, and why."""
    taken = claims.take_all(tx, [booking.id for booking in everyone if not booking.shared])
    refused: dict[UUID, DomainError] = {}
    for booking in sorted(everyone, key=lambda each: (each.space, each.begins_at, each.id)):
        try:
            with tx.savepoint() if booking.shared or booking.equipment else nullcontext():
                if booking.shared:
                    taken[booking.id] = claims.take_space(tx, booking)
                claims.borrow_all(tx, [booking])
        except (NoRoom, EquipmentLent) as refusal:
            refused[booking.id] = refusal
    return taken, refused


def _remove(tx: Transaction, ids: Collection[UUID]) -> None:
    """Takes back bookings that were written in this very transaction, and lost."""
    if ids:
        tx.execute(_REMOVE_CLAIMS, {"ids": list(ids)})
        tx.execute(_REMOVE, {"ids": list(ids)})


def _step_values(booking: Booking) -> dict[str, Any]:
    columns = _columns(booking)
    return {"booking": booking.id, **{name: columns[name] for name in _STEP_COLUMNS}}


def _columns(booking: Booking) -> dict[str, Any]:
    columns = {name: getattr(booking, name) for name in Booking.__slots__}
    tenant = columns.pop("tenant")
    columns["price"] = None if booking.price is None else plain(booking.price)
    columns["moved_from"] = None if booking.moved_from is None else plain(booking.moved_from)
    columns["equipment"] = dict(booking.equipment)
    return columns | {
        "tenant": tenant.id,
        "tenant_kind": tenant.kind,
        "tenant_organisation_number": tenant.organisation_number,
    }


def _moved_from(stored: Mapping[str, Any]) -> MovedFrom:
    times = {name: at and datetime.fromisoformat(at) for name, at in stored.items() if name.endswith("_at")}
    return MovedFrom(**{**stored, **times})


def _price(stored: Mapping[str, Any]) -> Price:
    lines = tuple(PriceLine(**(line | {"text": Text(**line["text"])})) for line in stored["lines"])
    free_until = stored.get("free_until")
    return Price(
        **{
            **stored,
            "quote": UUID(stored["quote"]),
            "lines": lines,
            "free_until": free_until and datetime.fromisoformat(free_until),
        }
    )
