"""Programming's tables, and how activities and the names of spaces are loaded and saved. Use cases call it; queries
read the same tables."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    Integer,
    MetaData,
    Row,
    Table,
    Text,
    Uuid,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction
from services.programming.model import Activity, ActivityState, Plan

metadata = MetaData()
activities = Table(
    "activities",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("booking", Uuid, nullable=False, unique=True),
    Column("square", Text, nullable=False),
    Column("arena", Text, nullable=False),
    Column("space", Text, nullable=False),
    Column("begins_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("title", Text),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
)
spaces = Table(
    "spaces",
    metadata,
    Column("space", Text, primary_key=True),
    Column("space_name", Text, nullable=False),
    Column("arena_name", Text, nullable=False),
)
untitled_bookings = Table(
    "untitled_bookings",
    metadata,
    Column("booking", Uuid, primary_key=True),
    comment="whose titles went with the person who wrote them; nothing late brings them back",
)

_NAME = insert(spaces)
_RENAME = _NAME.on_conflict_do_update(
    index_elements=[spaces.c.space],
    set_={"space_name": _NAME.excluded.space_name, "arena_name": _NAME.excluded.arena_name},
)

_ACTIVITY_OF_BOOKING = select(activities).where(activities.c.booking == bindparam("of")).with_for_update()
_TITLED = (
    select(activities)
    .where(activities.c.booking == func.any(bindparam("bookings", type_=ARRAY(Uuid))), activities.c.title.is_not(None))
    .order_by(activities.c.booking)
    .with_for_update()
)
_ADD = insert(activities)
_UNTITLE = insert(untitled_bookings).on_conflict_do_nothing()
_UNTITLED = select(untitled_bookings.c.booking).where(untitled_bookings.c.booking == bindparam("of"))


def name_space(tx: Transaction, space: str, *, space_name: str, arena_name: str) -> None:
    """Keeps what a space and its arena are called."""
    tx.execute(_RENAME, {"space": space, "space_name": space_name, "arena_name": arena_name})


def activity_of_booking(tx: Transaction, booking: UUID) -> Activity | None:
    """The activity of a booking, locked for this transaction."""
    row = tx.execute(_ACTIVITY_OF_BOOKING, {"of": booking}).one_or_none()
    return _activity(row) if row else None


def add_activity(tx: Transaction, activity: Activity) -> None:
    """Saves a new activity. The database refuses a second one for the booking."""
    tx.execute(_ADD, {"id": activity.id, "booking": activity.booking} | _mutable(activity))


def save_activity(tx: Transaction, activity: Activity) -> None:
    """Saves a change of an activity that this transaction has locked."""
    tx.execute(update(activities).where(activities.c.id == activity.id).values(**_mutable(activity)))


def untitle(tx: Transaction, bookings: Collection[UUID]) -> list[Activity]:
    """Remembers that these bookings have no titles any more; their activities that still have one, locked."""
    if not bookings:
        return []
    tx.execute(_UNTITLE, [{"booking": booking} for booking in sorted(bookings)])
    return [_activity(row) for row in tx.execute(_TITLED, {"bookings": list(bookings)})]


def activities_of(tx: Transaction, bookings: Collection[UUID]) -> list[UUID]:
    """The ids of these bookings' activities."""
    return list(tx.execute(select(activities.c.id).where(activities.c.booking.in_(bookings))).scalars())


def is_untitled(tx: Transaction, booking: UUID) -> bool:
    """Whether the title of a booking is gone for good."""
    return tx.execute(_UNTITLED, {"of": booking}).first() is not None


def _mutable(activity: Activity) -> dict[str, Any]:
    plan = activity.plan
    return {
        "square": plan.square,
        "arena": plan.arena,
        "space": plan.space,
        "begins_at": plan.begins_at,
        "ends_at": plan.ends_at,
        "purpose": plan.purpose,
        "audience": plan.audience,
        "title": plan.title,
        "state": activity.state.value,
        "version": activity.version,
    }


def _activity(row: Row[Any]) -> Activity:
    plan = Plan(
        square=row.square,
        arena=row.arena,
        space=row.space,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        purpose=row.purpose,
        audience=row.audience,
        title=row.title,
    )
    return Activity(id=row.id, booking=row.booking, plan=plan, state=ActivityState(row.state), version=row.version)
