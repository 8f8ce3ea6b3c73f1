"""Claims on organisation numbers: a person's own, and for whoever may decide on them those that wait."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, func, select

from kernel.auth import Caller, Forbidden, Role
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from services.booking.events import TenantKind
from services.booking.model.actors import ClaimEnded
from services.booking.queries.actors import Register, register_from
from services.booking.store import duties
from services.booking.store.actors import WAITING, organisation_from
from services.booking.store.lookups import organisation_lookups as lookups
from services.booking.store.tables import actors

ClaimState = Literal["waiting", "confirmed"] | ClaimEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationClaim:
    """A claim on an organisation number: by whom, since when, and what came of it."""

    actor: UUID
    organisation_number: str
    name: str
    told_kind: TenantKind
    state: ClaimState
    claimed_by: UUID | None
    claimed_at: datetime
    named: bool | None
    """Whether the registers name whoever claims it; None: not known."""
    decided_at: datetime | None
    reason: str | None
    own: bool
    """Whether the caller may not decide on it, as it is theirs or that of one they act for."""
    register: Register


def mine(tx: Transaction, who: Caller, page: PageRequest) -> Page[OrganisationClaim]:
    """The claims a person has made, the latest first."""
    return _page(tx, who, page, actors.c.registered_by == who.person, latest_first=True)


def waiting(tx: Transaction, who: Caller, page: PageRequest) -> Page[OrganisationClaim]:
    """The claims that wait for somebody of the municipality, the oldest first. Raises Forbidden to others."""
    if not who.has(Role.ARENA_MANAGER, Role.OPERATOR):
        raise Forbidden
    return _page(tx, who, page, WAITING, latest_first=False)


def one(tx: Transaction, who: Caller, actor: UUID) -> OrganisationClaim:
    """The claim of an organisation that was decided on."""
    return _shown(tx, who, tx.execute(_wanted().where(actors.c.id == actor)).one())


def _wanted() -> Any:
    number = func.coalesce(actors.c.organisation_number, actors.c.claimed_number)
    joined = select(actors, lookups.c.answer, lookups.c.answered_at)
    return joined.outerjoin_from(actors, lookups, lookups.c.number == number)


def _page(
    tx: Transaction, who: Caller, page: PageRequest, which: Any, *, latest_first: bool
) -> Page[OrganisationClaim]:
    order = actors.c.id.desc() if latest_first else actors.c.id  # ids are made in the order of time
    wanted = _wanted().where(which).order_by(order).limit(page.fetch)
    if after := page.after(UUID):
        wanted = wanted.where(actors.c.id < after[0] if latest_first else actors.c.id > after[0])
    found = page.cut(tx.execute(wanted).all(), lambda row: (row.id,))
    return Page([_shown(tx, who, row) for row in found.items], found.next_cursor)


def _shown(tx: Transaction, who: Caller, row: Row[Any]) -> OrganisationClaim:
    organisation = organisation_from(row)
    decision, ended = organisation.decision, organisation.ended
    decided_at, reason = None, None
    if ended is not None:
        decided_at, reason = ended.at, ended.why
    elif decision is not None:
        decided_at, reason = decision.at, decision.reason
    state: ClaimState = "confirmed" if organisation.owns_number else ended.how if ended else "waiting"
    return OrganisationClaim(
        actor=organisation.id,
        organisation_number=organisation.organisation_number,
        name=organisation.name,
        told_kind=organisation.told_kind,
        state=state,
        claimed_by=organisation.registered_by,
        claimed_at=organisation.created_at,
        named=organisation.named,
        decided_at=decided_at,
        reason=reason,
        own=duties.represents_number(tx, organisation.organisation_number, who.person),
        register=register_from(row),
    )
