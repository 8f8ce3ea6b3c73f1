"""Who may act for an organisation, and who is invited to: for its owners, and for operators."""

from uuid import UUID

from sqlalchemy import select

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from services.booking.model.invitations import Invitation
from services.booking.model.representatives import Representative
from services.booking.store.invitations import invitation_from, invitations
from services.booking.store.representatives import demand_owner, representative_from
from services.booking.store.tables import representatives


def of_actor(tx: Transaction, who: Caller, actor: UUID, page: PageRequest) -> Page[Representative]:
    """Everybody who may act for an organisation, those whose right has run out among them, by person."""
    demand_owner(tx, who, actor)
    there = (representatives.c.actor == actor, representatives.c.role.is_not(None))
    wanted = select(representatives).where(*there).order_by(representatives.c.person).limit(page.fetch)
    if after := page.after(UUID):
        wanted = wanted.where(representatives.c.person > after[0])
    rows = page.cut(tx.execute(wanted).all(), lambda row: (row.person,))
    return Page([representative_from(row) for row in rows.items], rows.next_cursor)


def invitations_of(tx: Transaction, who: Caller, actor: UUID, page: PageRequest) -> Page[Invitation]:
    """The invitations of an organisation that have not been answered, the latest first."""
    demand_owner(tx, who, actor)
    there = (invitations.c.actor == actor, invitations.c.state == "pending")
    wanted = select(invitations).where(*there).order_by(invitations.c.id.desc()).limit(page.fetch)
    if after := page.after(UUID):
        wanted = wanted.where(invitations.c.id < after[0])
    rows = page.cut(tx.execute(wanted).all(), lambda row: (row.id,))
    return Page([invitation_from(row) for row in rows.items], rows.next_cursor)
