"""What `./torg restore` and `./torg restored` do with booking's database, one transaction each."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select, text

from kernel.db import Transaction
from services.booking.store import restatement
from services.booking.store.tables import bookings
from services.booking.usecases import privacy, reconciliation

_HOLDER = text(
    """
    SELECT bookings.id
      FROM spaces JOIN claims ON part = ANY (parts) JOIN bookings ON bookings.id = holder
     WHERE spaces.id = :space AND during && tstzrange(:begins_at, :ends_at)
       AND bookings.state IN ('confirmed', 'in_use') AND NOT (bookings.shared AND spaces.sharing IS NOT NULL)
     ORDER BY bookings.begins_at, bookings.id LIMIT 1
    """
).bindparams(*(bindparam(name, type_=bookings.c.begins_at.type) for name in ("begins_at", "ends_at")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many bookings were told again since the last restore, and how many are to be."""

    told: int
    expected: int
    done: bool


def after_restore(tx: Transaction) -> None:
    """Begins to tell all bookings again."""
    reconciliation.begin_anew(tx)


def known(tx: Transaction) -> set[UUID]:
    """The bookings that booking knows, whatever became of them."""
    return set(tx.execute(select(bookings.c.id)).scalars())


def holder(tx: Transaction, space: str, begins_at: datetime, ends_at: datetime) -> UUID | None:
    """The booking, confirmed, that has some of this place and time; the first if there are several."""
    asked = {"space": space, "begins_at": begins_at, "ends_at": ends_at}
    found: UUID | None = tx.execute(_HOLDER, asked).scalar()
    return found


def progress(tx: Transaction) -> Progress:
    """How far it has come with telling all bookings again."""
    sweep = restatement.last(tx)
    if not sweep.complete:  # an ordinary sweep came after: the complete one is long done
        count = tx.execute(select(func.count()).select_from(bookings)).scalar_one()
        return Progress(told=count, expected=count, done=True)
    return Progress(told=sweep.told, expected=sweep.expected, done=sweep.done)


def forget(tx: Transaction, person: UUID, erased_at: datetime) -> bool:
    """Forgets again a person whom the backup knows; False when it knows of their erasure."""
    return privacy.erase_again(tx, person, erased_at)


def untitled(tx: Transaction) -> set[UUID]:
    """The bookings that have no title, or have it no more."""
    return set(tx.execute(select(bookings.c.id).where(bookings.c.title.is_(None))).scalars())
