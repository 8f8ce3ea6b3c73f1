"""Fair use as everybody may read it, and as an actor stands in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.model import quotas as model
from services.booking.model.actors import resident
from services.booking.model.quotas import Quota, SpaceGroup, Standing
from services.booking.store import actors
from services.booking.store import quotas as store
from services.booking.store.quotas import GROUPS, QUOTAS, quotas, space_groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """How much of a quota an actor has used at a moment: minutes in its week, and bookings that are not over."""

    quota: Quota
    week: date
    week_minutes: int
    prime_week_minutes: int
    open_bookings: int


def all_groups(tx: Transaction, page: PageRequest) -> Page[SpaceGroup]:
    """The groups of spaces, by id."""
    wanted = GROUPS.order_by(space_groups.c.id).limit(page.fetch)
    if after := page.after(str):
        wanted = wanted.where(space_groups.c.id > after[0])
    return page.cut([store.group_from(row) for row in tx.execute(wanted)], lambda each: (each.id,))


def group(tx: Transaction, id: str) -> SpaceGroup:
    """One group. NotFound when it is not there."""
    found = store.group(tx, id)
    if found is None:
        raise NotFound
    return found


def all_quotas(tx: Transaction, page: PageRequest) -> Page[Quota]:
    """The quotas, by id."""
    wanted = QUOTAS.order_by(quotas.c.id).limit(page.fetch)
    if after := page.after(str):
        wanted = wanted.where(quotas.c.id > after[0])
    return page.cut([store.quota_from(row) for row in tx.execute(wanted)], lambda each: (each.id,))


def quota(tx: Transaction, id: str) -> Quota:
    """One quota. NotFound when it is not there."""
    found = store.these(tx, [id])
    if not found:
        raise NotFound
    return found[0]


def of_actor(tx: Transaction, who: Caller, actor: UUID, at: datetime | None) -> Sequence[Used]:
    """The quotas that hold for an actor at a moment (now, unless told), and what is used of them; for those who may act
    for the actor, and for operators. To others the actor is not there."""
    known = actors.find(tx, actor)
    if not (actors.may_act(tx, actor, who.person) or (known and who.has(Role.OPERATOR))):
        raise NotFound
    category = (known or resident(actor)).kind
    found = [store.quota_from(row) for row in tx.execute(store.of_actor(actor, category))]
    when = at or tx.now
    return [_used(tx, each, actor, when) for each in model.standing_for(actor, found) if each.at(when)]


def _used(tx: Transaction, standing: Standing, actor: UUID, at: datetime) -> Used:
    week = model.week_of(at)
    booked = store.booked(tx, standing.quota, actor, during=model.span_of_week(week), at=at)
    spans = [each.span for each in booked]
    return Used(
        quota=standing.quota,
        week=week,
        week_minutes=standing.minutes_by_week(spans, prime=False)[week],
        prime_week_minutes=standing.minutes_by_week(spans, prime=True)[week],
        open_bookings=sum(each.open and each.ends_at > at for each in booked),
    )
