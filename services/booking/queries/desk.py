"""What waits for a manager, most urgent first, over all the squares that are theirs; operators see all squares.

Each kind is a selection of bookings with the time by which it ought to be done (`model.desk`); the desk is all of them
together. `KINDS` is where a new one is added.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, literal, select, true, tuple_, union_all

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from services.booking.model.bookings import LIVE
from services.booking.model.desk import (
    ANSWER_AT_LEAST,
    ANSWER_BEFORE,
    ANSWER_IN,
    LOOK_AHEAD,
    REPLY_IN,
    SORT_OUT_BEFORE,
    Kind,
    Waiting,
    Waits,
)
from services.booking.model.rules import LONGEST
from services.booking.store.bookings import SHOWN, booking_from
from services.booking.store.comments import booking_comments
from services.booking.store.duties import deciders, no_manager_left
from services.booking.store.opening import hours_around
from services.booking.store.tables import bookings, spaces

LONGEST_BOOKING = timedelta(minutes=LONGEST)

_Selection = Callable[[datetime], Select[Any]]


@dataclass(frozen=True, slots=True)
class Desk:
    """A page of what waits, and how much there is of it all."""

    page: Page[Waiting]
    counts: list[Waits]


def waiting(
    tx: Transaction,
    who: Caller,
    page: PageRequest,
    *,
    square: str | None = None,
    kind: Kind | None = None,
    without_manager: bool = False,
) -> Desk:
    """What waits for the caller: in one square or all of theirs, of one kind or all; or only what is to be decided, and
    no manager of its square is left who may."""
    waits = _waits(tx, who, square, without_manager=without_manager)
    wanted = select(waits) if kind is None else select(waits).where(waits.c.kind == kind)
    order = (waits.c.due_at, waits.c.kind, waits.c.booking)
    if after := page.after(datetime, str, UUID):
        wanted = wanted.where(tuple_(*order) > tuple_(*after))
    rows = tx.execute(wanted.order_by(*order).limit(page.fetch)).all()
    found = page.cut(rows, lambda row: (row.due_at, row.kind, row.booking))
    return Desk(Page(_shown(tx, who, found.items), found.next_cursor), _counts(tx, waits))


def _waits(tx: Transaction, who: Caller, square: str | None, *, without_manager: bool = False) -> Any:
    """Rows of kind, due_at and booking."""
    here = _theirs(who) if square is None else and_(_theirs(who), bookings.c.square == square)
    kinds = DECIDED if without_manager else KINDS
    here = and_(here, no_manager_left(tx)) if without_manager else here
    return union_all(*(_of_kind(kind, KINDS[kind](tx.now), here) for kind in kinds)).subquery("waits")


def _of_kind(kind: Kind, made: Select[Any], here: ColumnElement[bool]) -> Select[Any]:
    return made.add_columns(cast(literal(kind), String).label("kind"), bookings.c.id.label("booking")).where(here)


def _theirs(who: Caller) -> ColumnElement[bool]:
    if who.has(Role.OPERATOR):
        return true()
    return bookings.c.square.in_(who.squares)


def _not_before(due: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """A time limit that is never over before somebody had time to keep it, since the booking came to be as it is."""
    return func.greatest(due, func.least(bookings.c.changed_at + ANSWER_AT_LEAST, bookings.c.begins_at))


def _approvals(now: datetime) -> Select[Any]:
    due = _not_before(func.least(bookings.c.changed_at + ANSWER_IN, bookings.c.begins_at - ANSWER_BEFORE))
    return select(due.label("due_at")).where(bookings.c.state == "awaiting_approval", bookings.c.hold_expires_at > now)


def _payments(now: datetime) -> Select[Any]:
    return select(bookings.c.hold_expires_at.label("due_at")).where(
        bookings.c.state == "awaiting_payment", bookings.c.hold_expires_at > now
    )


def _comments(_: datetime) -> Select[Any]:
    unseen = (
        select(booking_comments.c.booking, func.min(booking_comments.c.written_at).label("since"))
        .where(~booking_comments.c.seen, booking_comments.c.side == "tenant")
        .group_by(booking_comments.c.booking)
        .subquery("unseen")
    )
    return select((unseen.c.since + REPLY_IN).label("due_at")).join_from(
        unseen, bookings, bookings.c.id == unseen.c.booking
    )


def _clashes(now: datetime) -> Select[Any]:
    hours = hours_around(spaces.c.arena, spaces.c.open_kinds, bookings.c.begins_at, bookings.c.ends_at)
    rest = func.tstzrange(func.greatest(bookings.c.begins_at, now), bookings.c.ends_at)
    return (
        select(_not_before(bookings.c.begins_at - SORT_OUT_BEFORE).label("due_at"))
        .join_from(bookings, spaces, spaces.c.id == bookings.c.space)
        .where(
            bookings.c.state.in_(LIVE),
            bookings.c.ends_at > now,
            bookings.c.begins_at.between(now - LONGEST_BOOKING, now + LOOK_AHEAD),
            ~rest.op("<@", is_comparison=True)(hours),
        )
    )


KINDS: Mapping[Kind, _Selection] = {
    "approval": _approvals,
    "payment": _payments,
    "comment": _comments,
    "clash": _clashes,
}
"""Each selects bookings of a kind at an instant, with `due_at`."""
DECIDED: tuple[Kind, ...] = ("approval", "payment")
"""The kinds that somebody decides on: never in their own interest."""


def _shown(tx: Transaction, who: Caller, rows: Any) -> list[Waiting]:
    ids = {row.booking for row in rows}
    found = {row.id: booking_from(row) for row in tx.execute(SHOWN.where(bookings.c.id.in_(ids)))} if ids else {}
    decided = deciders(tx, who, [found[row.booking] for row in rows if row.kind in DECIDED])
    return [
        Waiting(
            kind=row.kind,
            due_at=row.due_at,
            overdue=row.due_at < tx.now,
            booking=found[row.booking],
            decider=decided[row.booking] if row.kind in DECIDED else None,
        )
        for row in rows
    ]


def _counts(tx: Transaction, waits: Any) -> list[Waits]:
    """Of every kind, and of what is shown and what is not alike."""
    overdue = func.count().filter(waits.c.due_at < tx.now).label("overdue")
    rows = tx.execute(select(waits.c.kind, func.count().label("waiting"), overdue).group_by(waits.c.kind)).all()
    found = {row.kind: Waits(kind=row.kind, waiting=row.waiting, overdue=row.overdue) for row in rows}
    return [found.get(kind, Waits(kind=kind, waiting=0, overdue=0)) for kind in KINDS]
