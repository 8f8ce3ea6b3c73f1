"""Who may act for whom, as booking tells it; rights that ended are remembered as ended."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from kernel.auth import Caller
from kernel.clock import OSLO
from kernel.db import Transaction
from services.booking.events import RepresentationChanged
from services.pricing.model.quote import Parties
from services.pricing.store.tables import representations

_SAVE = insert(representations)
_SAVE = _SAVE.on_conflict_do_update(
    index_elements=[representations.c.actor, representations.c.person],
    set_={name: _SAVE.excluded[name] for name in ("role", "until", "changed_at")},
)
_FIND = select(representations.c.role, representations.c.until).where(
    representations.c.actor == bindparam("of"), representations.c.person == bindparam("who")
)


def save(tx: Transaction, changed: RepresentationChanged, at: datetime) -> None:
    """Remembers how a person stands to an organisation since then."""
    until = None if changed.until is None else date.fromisoformat(changed.until)
    row = {"actor": changed.actor, "person": changed.person, "role": changed.role, "until": until}
    row["changed_at"] = at
    tx.execute(_SAVE, row)


def may_act(tx: Transaction, actor: UUID, person: UUID) -> bool | None:
    """Whether a person may act for an actor today; None when booking has told of no right, present or past."""
    if actor == person:
        return True
    row = tx.execute(_FIND, {"of": actor, "who": str(person)}).one_or_none()
    if row is None:
        return None
    today = tx.now.astimezone(OSLO).date()
    return row.role is not None and (row.until is None or today <= row.until)


def may_see(tx: Transaction, caller: Caller, parties: Parties) -> bool:
    """Whether somebody may see what a booking costs: its tenant, who may act for it, and who oversees the square. Who
    booked may, too, until booking tells that they no longer act for the tenant."""
    if caller.oversees(parties.square):
        return True
    represents = may_act(tx, parties.tenant, caller.person)
    return parties.booked_by == str(caller.person) if represents is None else represents
