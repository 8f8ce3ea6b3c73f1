"""What programming shows: the public programme. Read only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, tuple_

from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.programming.model import ActivityState, shown_title
from services.programming.store import activities, spaces


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityView:
    """An activity as the public sees it, in one language."""

    id: UUID
    title: str
    square: str
    arena: str
    arena_name: str
    space: str
    space_name: str
    begins_at: datetime
    ends_at: datetime
    purpose: str
    audience: str


_PROGRAMME = (
    select(
        *(activities.c[name] for name in ("id", "title", "square", "arena", "space", "begins_at", "ends_at")),
        *(activities.c[name] for name in ("purpose", "audience")),
        # until a space is published its id stands for its name
        func.coalesce(spaces.c.arena_name, activities.c.arena).label("arena_name"),
        func.coalesce(spaces.c.space_name, activities.c.space).label("space_name"),
    )
    .outerjoin(spaces, spaces.c.space == activities.c.space)
    .where(activities.c.state == ActivityState.SCHEDULED)
)


def programme(
    tx: Transaction,
    language: str,
    page: PageRequest,
    *,
    since: datetime | None,
    until: datetime | None,
    **same: str | None,
) -> Page[ActivityView]:
    """The activities in the programme, by time: those that go on at some time from `since` (now, if None) until before
    `until` (ever, if None). `same` filters by columns: square, arena, space, purpose, audience."""
    order = (activities.c.begins_at, activities.c.id)
    wanted = _PROGRAMME.where(activities.c.ends_at > (since or tx.now))
    if until is not None:
        wanted = wanted.where(activities.c.begins_at < until)
    wanted = wanted.where(*(activities.c[name] == value for name, value in same.items() if value is not None))
    if after := page.after(datetime, UUID):
        wanted = wanted.where(tuple_(*order) > tuple_(*after))
    rows = tx.execute(wanted.order_by(*order).limit(page.fetch))
    return page.cut([_view(row, language) for row in rows], lambda activity: (activity.begins_at, activity.id))


def activity(tx: Transaction, language: str, id: UUID) -> ActivityView:
    """One activity. Raises NotFound when it is not in the programme, or no longer."""
    row = tx.execute(_PROGRAMME.where(activities.c.id == id)).one_or_none()
    if row is None:
        raise NotFound
    return _view(row, language)


def _view(row: Row[Any], language: str) -> ActivityView:
    shown = dict(row._mapping)
    return ActivityView(**shown | {"title": shown_title(row.title, row.purpose, language)})
