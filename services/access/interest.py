"""Whether somebody who orders something of a door has booked there themself, or acts for who has, or did a short time
ago. Nobody may be locked in or out for lack of another manager, so such an order is done all the same: it is marked,
shown to the other managers, and operators are alarmed (decision 31).

Called by `doors` and `queries`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Date, DateTime, Uuid, and_, bindparam, or_, select

from kernel.auth import Caller
from kernel.clock import OSLO
from kernel.db import Transaction
from services.access.model import Held, Key, KeyState, Limit, Lock
from services.access.store import KEYS, key_from, keys, locks, may_hold, representations

AROUND = timedelta(hours=12)
"""So long before a key is valid, and after, an order of its door may be in the interest of who has it."""

_since = bindparam("since", type_=DateTime(timezone=True))
_stands = and_(
    representations.c.role.is_not(None),
    or_(representations.c.until.is_(None), representations.c.until >= bindparam("since_day", type_=Date)),
)
_acts_for = (
    select(representations.c.actor)
    .where(representations.c.person == bindparam("who"), or_(_stands, representations.c.ended_at > _since))
    .scalar_subquery()
)
_theirs: ColumnElement[bool] = or_(
    keys.c.tenant == bindparam("actor", type_=Uuid),
    keys.c.tenant.in_(_acts_for),
    and_(keys.c.tenant.is_(None), keys.c.booked_by == bindparam("who")),
)
_KEYS_AROUND = (
    KEYS.add_columns(locks.c.parts)
    .where(_theirs, keys.c.valid_from <= bindparam("begun"), keys.c.valid_until > bindparam("over"))
    .order_by(keys.c.id)
)


@dataclass(frozen=True, slots=True)
class Own:
    """A key around now of who asks, or of whom they act for; and the smallest parts of its space."""

    key: Key
    parts: frozenset[str]

    def at(self, lock: UUID, parts: Collection[str]) -> bool:
        """Whether the door of this lock is the key's, or of a space that has a part in common with the key's."""
        return self.key.door.lock == lock or not self.parts.isdisjoint(parts)

    def opens(self, lock: UUID, now: datetime, limit: Limit | None) -> bool:
        """Whether it opens that door itself, so that an order to open it gives nothing."""
        held = Held(self.key.id, self.key.validity, revoked=False, time=self.key.time)
        armed = self.key.state is KeyState.ARMED and self.key.door.lock == lock
        return armed and held.refusal(now, limit) is None


def own_around(tx: Transaction, who: Caller) -> Sequence[Own]:
    """The keys around now, whatever state they are in, of somebody and of those they act for, or did a short time
    ago."""
    since = tx.now - timedelta(days=tx.settings.own_interest_days)
    whose = {"who": str(who.person), "actor": who.person, "since": since, "since_day": since.astimezone(OSLO).date()}
    rows = tx.execute(_KEYS_AROUND, whose | {"begun": tx.now + AROUND, "over": tx.now - AROUND})
    return [Own(key_from(row), frozenset(row.parts)) for row in rows]


def in_order(tx: Transaction, who: Caller, lock: Lock, order: str, limit: Limit | None) -> bool:
    """Whether an order that lets more through a door is in the interest of who gives it. To shut a door never is."""
    if order in ("shut", "nothing_without_news"):
        return False
    own = [each for each in own_around(tx, who) if each.at(lock.door.lock, lock.parts)]
    if order == "open_once" and any(
        each.opens(lock.door.lock, tx.now, limit) and may_hold(tx, each.key.id, str(who.person)) for each in own
    ):
        return False
    return bool(own)
