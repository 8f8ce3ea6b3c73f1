"""The actors a person can book as."""

from uuid import UUID

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.pagination import Page, PageRequest
from services.booking.model.actors import Actor, resident
from services.booking.store.actors import ACTORS, actor_from, represented
from services.booking.store.tables import actors


def actors_for(tx: Transaction, who: Caller, page: PageRequest) -> Page[Actor]:
    """The caller by themself, and then the organisations they may act for."""
    wanted = ACTORS.where(actors.c.id.in_(represented(who.person))).order_by(actors.c.id).limit(page.fetch)
    after = page.after(UUID)
    if after:
        wanted = wanted.where(actors.c.id > after[0])
    found = page.cut(tx.execute(wanted).all(), lambda row: (row.id,))
    organisations = [actor_from(row) for row in found.items]
    return Page(organisations if after else [resident(who.person), *organisations], found.next_cursor)
