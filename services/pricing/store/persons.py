"""Where persons stand in pricing: the one list of every column that holds somebody's pseudonym, and how it is let go.

A test fails when a table has a column that looks like a person's and is not here. Amounts, dates and what was paid for
stay: the accounts need them, and not who it was.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Column,
    ColumnElement,
    Text,
    Update,
    Uuid,
    bindparam,
    delete,
    func,
    select,
    update,
)

from kernel.db import Transaction
from kernel.managers import square_managers
from services.pricing.store.tables import (
    agreements,
    hours,
    participants,
    payments,
    quotes,
    representations,
    tariff_versions,
)

_who: BindParameter[Any] = bindparam("who")
_erased_at: BindParameter[Any] = bindparam("erased_at")
_booked = quotes.c.booking == func.any(bindparam("bookings", type_=ARRAY(Uuid)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A column in which persons stand, which rows of theirs are from before an erasure, and what goes with them."""

    column: Column[Any]
    before: Sequence[ColumnElement[bool]] = ()
    blanked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def renaming(self) -> Update:
        changes = {self.column.name: bindparam("under", type_=self.column.type), **self.blanked}
        return update(self.column.table).where(self.column == _who, *self.before).values(changes)


STANDS: tuple[Stand, ...] = (
    Stand(column=quotes.c.tenant, before=[_booked]),
    Stand(column=quotes.c.booked_by, before=[_booked]),
    # before hours, as where those are decided on
    Stand(column=agreements.c.made_by, before=[agreements.c.created_at <= _erased_at]),
    Stand(
        column=hours.c.registered_by,
        before=[hours.c.registered_at <= _erased_at],
        blanked={"task": "", "reason": None},
    ),
    Stand(column=hours.c.decided_by, before=[hours.c.decided_at <= _erased_at]),
    Stand(column=payments.c.registered_by, before=[payments.c.paid_at <= _erased_at]),
    Stand(column=tariff_versions.c.adopted_by, before=[tariff_versions.c.stored_at <= _erased_at]),
)
"""Their rows stay, under an id of chance: one for all of them, so that they can be counted together still. Agreements,
and so waivers, are of organisations only (`AgreementWithPerson`)."""
DELETED = (representations.c.person, participants.c.person, square_managers.c.person)
"""Nothing stays of these."""

_RENAME = [(stand.renaming, isinstance(stand.column.type, Text)) for stand in STANDS]
_FORGET_RIGHTS = delete(representations).where(representations.c.person == _who)
_FORGET_SQUARES = delete(square_managers).where(square_managers.c.person == _who)
_HOURS = select(hours.c.id).where(hours.c.registered_by == _who, hours.c.registered_at <= _erased_at)
_LEAVE_AGREEMENTS = delete(participants).where(
    participants.c.person == _who,
    participants.c.agreement.in_(select(agreements.c.id).where(agreements.c.created_at <= _erased_at)),
)


def forget(tx: Transaction, person: UUID, bookings: Collection[UUID], erased_at: datetime, *, under: UUID) -> None:
    """Puts an id of chance wherever a person stands."""
    given = {"bookings": list(bookings), "erased_at": erased_at}
    for renaming, as_text in _RENAME:
        who, instead = (str(person), str(under)) if as_text else (person, under)
        tx.execute(renaming, {**given, "who": who, "under": instead})
    tx.execute(_LEAVE_AGREEMENTS, {"who": person, "erased_at": erased_at})


def hours_of(tx: Transaction, person: UUID, erased_at: datetime) -> list[UUID]:
    """The registrations of a person from before their erasure."""
    return list(tx.execute(_HOURS, {"who": person, "erased_at": erased_at}).scalars())


def forget_rights(tx: Transaction, person: str) -> None:
    """Forgets for whom a person may act, or might, and what they manage."""
    tx.execute(_FORGET_RIGHTS, {"who": person})
    tx.execute(_FORGET_SQUARES, {"who": UUID(person)})
