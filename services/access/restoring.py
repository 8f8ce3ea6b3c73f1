"""What `./torg restore` and `./torg restored` do with access's database, one transaction each."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import or_, select

from kernel import erased, erasing, inbox
from kernel.db import Transaction
from services.access import doors, news, renewal, store, usecases
from services.access.locks import simulated
from services.access.model import KeyState
from services.access.store import KEYS, key_from, keys


def after_restore(tx: Transaction) -> None:
    """Locks can't tell of the doors they opened since the backup: who came then has not stayed away. News is stale
    until booking has told all again."""
    simulated.lose_contact(tx)
    news.distrust(tx)


def followed(tx: Transaction) -> set[UUID]:
    """The bookings that have a key which is neither revoked nor over."""
    return set(
        tx.execute(
            select(keys.c.booking).where(keys.c.state != KeyState.REVOKED, keys.c.valid_until > tx.now)
        ).scalars()
    )


def places(tx: Transaction, bookings: Collection[UUID]) -> list[tuple[UUID, str, datetime, datetime]]:
    """Where and when the bookings of these keys are."""
    wanted = KEYS.where(keys.c.booking.in_(bookings)).order_by(keys.c.booking)
    found = [key_from(row) for row in tx.execute(wanted)]
    return [(key.booking, key.door.space, key.time.valid_from, key.time.valid_until) for key in found]


def suspend(tx: Transaction, booking: UUID, holder: UUID) -> None:
    """Suspends the key of a booking that booking does not know: another, the holder, has its place and time."""
    usecases.suspend_unknown(tx, booking, holder=holder)


def described(tx: Transaction, bookings: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The keys of these bookings, for an operator: door, time, state, and whose they are."""
    return {
        row.booking: {
            "key": str(row.id),
            "state": row.state,
            "square": row.square,
            "space": row.space,
            "valid_from": row.valid_from.isoformat(),
            "valid_until": row.valid_until.isoformat(),
            "suspended_for": None if row.suspended_for is None else str(row.suspended_for),
            "booked_by": row.booked_by,
            "tenant": None if row.tenant is None else str(row.tenant),
        }
        for row in tx.execute(KEYS.where(keys.c.booking.in_(bookings)))
    }


def withdraw(tx: Transaction, booking: UUID) -> None:
    """Revokes the key of a booking that booking does not know."""
    usecases.withdraw(tx, booking)


def forget(tx: Transaction, person: UUID, erased_at: datetime) -> bool:
    """Forgets again a person whom the backup knows, in all that is here, which is from before their erasure. Rights go
    when booking tells of it: then the codes that the person knows are drawn anew. Those too old to be told go now."""
    if erased.among(tx, [str(person)], erased_at):
        return False
    under = uuid4()
    own = or_(keys.c.booked_by == str(person), keys.c.tenant == person)
    booked = list(tx.execute(select(keys.c.booking).where(own)).scalars())
    store.forget_booker(tx, str(person), booked, under=under)
    doors.forget(tx, str(person), under=under)
    if erased_at < tx.now - timedelta(days=tx.settings.keep_days):
        renewal.forget_rights(tx, str(person))
        inbox.forget(tx, str(person))
    erasing.forget(tx, person, booked, erased_at=tx.now, under=under)
    return True
