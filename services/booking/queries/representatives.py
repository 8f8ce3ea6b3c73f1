"""Who may act for an organisation, and who is invited to: for its owners, and for operators."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.model.invitations import Invitation
from services.booking.model.representatives import Representative
from services.booking.store import actors
from services.booking.store.invitations import find as find_invitation
from services.booking.store.invitations import invitation_from, invitations
from services.booking.store.representatives import demand_owner, representative_from
from services.booking.store.tables import representatives


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedInvitation:
    """What whoever was invited may know before they answer: by which organisation, and on what terms."""

    organisation: str
    role: str
    until: date | None
    by_house: bool
    expires_at: datetime
    open: bool


def of_actor(tx: Transaction, who: Caller, actor: UUID, page: PageRequest) -> Page[Representative]:
    """Everybody who may act for an organisation, those whose right has run out among them, by person."""
    demand_owner(tx, who, actor)
    there = (representatives.c.actor == actor, representatives.c.role.is_not(None))
    wanted = select(representatives).where(*there).order_by(representatives.c.person).limit(page.fetch)
    if after := page.after(UUID):
        wanted = wanted.where(representatives.c.person > after[0])
    rows = page.cut(tx.execute(wanted).all(), lambda row: (row.person,))
    return Page([representative_from(row) for row in rows.items], rows.next_cursor)


def opened(tx: Transaction, invitation: UUID, *, secret: str) -> OpenedInvitation:
    """What an invitation is to, for whoever has its secret. Without it there is no such invitation."""
    found = find_invitation(tx, invitation)
    organisation = actors.find(tx, found.actor) if found and found.opens_with(secret) else None
    if found is None or organisation is None:
        raise NotFound
    return OpenedInvitation(
        organisation=organisation.name,
        role=found.terms.role,
        until=found.terms.until,
        by_house=found.by_house,
        expires_at=found.expires_at,
        open=found.open(tx.now),
    )


def invitations_of(tx: Transaction, who: Caller, actor: UUID, page: PageRequest) -> Page[Invitation]:
    """The invitations of an organisation that have not been answered, the latest first."""
    demand_owner(tx, who, actor)
    there = (invitations.c.actor == actor, invitations.c.state == "pending")
    wanted = select(invitations).where(*there).order_by(invitations.c.id.desc()).limit(page.fetch)
    if after := page.after(UUID):
        wanted = wanted.where(invitations.c.id < after[0])
    rows = page.cut(tx.execute(wanted).all(), lambda row: (row.id,))
    return Page([invitation_from(row) for row in rows.items], rows.next_cursor)
