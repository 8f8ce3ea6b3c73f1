"""What arena managers order of a door: to open once, to stay shut for everybody, to work again, and what it does while
there is no news of bookings. Each order is kept for a time, with who gave it and why.

The api calls `order`; `usecases` asks what a door may open (`limit`), and since when it has worked (`working_since`).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import Boolean, Column, DateTime, MetaData, Table, Text, Uuid, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.ids import new_id
from kernel.problems import NotFound
from services.access import interest, metrics, news, store
from services.access.locks import LockDevice
from services.access.locks.simulated import SimulatedLock
from services.access.model import Limit

Order = Literal["open_once", "shut", "work", "nothing_without_news", "own_time_without_news"]
"""`open_once`: for whoever stands there. `shut`: it opens for nobody, until it is told to `work` again. Without news of
bookings it opens `nothing`, or, as others, keys in the time of their own booking."""

log = structlog.get_logger(__name__)

metadata = MetaData()
door_orders = Table(
    "door_orders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("lock", Uuid, nullable=False),
    Column("space", Text, nullable=False),
    Column("square", Text, nullable=False),
    Column("order", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("ordered_by", Text, nullable=False, comment="a pseudonym"),
    Column("own_interest", Boolean, nullable=False, comment="who ordered it had booked there, or acts for who had"),
)
states = Table(
    "door_states",
    metadata,
    Column("lock", Uuid, primary_key=True),
    Column("shut_since", DateTime(timezone=True), comment="null: it works"),
    Column("shut_why", Text),
    Column("works_since", DateTime(timezone=True)),
    Column("nothing_without_news", Boolean, nullable=False),
    comment="doors of which something was ordered",
)

_STATE = select(states).where(states.c.lock == bindparam("of"))
_ADD = insert(door_orders)
_NEW_STATE = upsert(states)
_FORGET = update(door_orders).where(door_orders.c.ordered_by == bindparam("who")).values(ordered_by=bindparam("under"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What was ordered of a door, by whom (a pseudonym) and why; and whether it was in their own interest."""

    id: UUID
    at: datetime
    lock: UUID
    space: str
    square: str
    order: Order
    why: str
    ordered_by: str
    own_interest: bool


def order(
    tx: Transaction,
    who: Caller,
    lock: UUID,
    *,
    order: Order,
    why: str,
    device: Callable[[Transaction, UUID], LockDevice] = SimulatedLock,
) -> Ordered:
    """Lets a door do what somebody who oversees its square orders. In their own interest, too, as nobody may be locked
    in or out for lack of another manager; operators are alarmed of that. Raises NotFound for another's door."""
    found = store.find_lock(tx, lock)
    if found is None or not who.oversees(found.door.square):
        raise NotFound
    ordered = Ordered(
        id=new_id(),
        at=tx.now,
        lock=lock,
        space=found.door.space,
        square=found.door.square,
        order=order,
        why=why,
        ordered_by=str(who.person),
        own_interest=interest.in_order(tx, who, found, order, limit(tx, lock)),
    )
    tx.execute(_ADD, asdict(ordered))
    if order == "open_once":
        device(tx, lock).open()
    else:
        _save(tx, lock, _changed(ordered))
    metrics.ORDERS.labels(order).inc()
    if ordered.own_interest:
        metrics.OWN_ORDERS.labels(order).inc()
        log.warning("door_ordered_in_own_interest", order=str(ordered.id), what=order, by=ordered.ordered_by)
    return ordered


def limit(tx: Transaction, lock: UUID) -> Limit | None:
    """How much less than its keys say a door may open now."""
    state = tx.execute(_STATE, {"of": lock}).one_or_none()
    if state is not None and state.shut_since is not None:
        return "shut"
    if not news.is_stale(tx):
        return None
    return "no_news" if state is not None and state.nothing_without_news else "no_margin"


def working_since(tx: Transaction, lock: UUID, reachable_since: datetime | None) -> datetime | None:
    """Since when a lock that has told of every door since then has let in who has a key; None while it does not."""
    state = tx.execute(_STATE, {"of": lock}).one_or_none()
    if reachable_since is None or limit(tx, lock) in ("shut", "no_news"):
        return None
    if state is None:
        return reachable_since
    fresh_since = news.known(tx).fresh_since if state.nothing_without_news else None
    return max(each for each in (reachable_since, state.works_since, fresh_since) if each is not None)


def forget(tx: Transaction, person: str, *, under: UUID) -> None:
    """Puts an id of chance where a person stands among the orders."""
    tx.execute(_FORGET, {"who": person, "under": str(under)})


def prune(tx: Transaction, *, keep: timedelta) -> None:
    """Deletes orders older than `keep`; what doors do stays."""
    tx.execute(delete(door_orders).where(door_orders.c.at < tx.now - keep))


def _changed(ordered: Ordered) -> Mapping[str, Any]:
    match ordered.order:
        case "shut":
            return {"shut_since": ordered.at, "shut_why": ordered.why}
        case "work":
            return {"shut_since": None, "shut_why": None, "works_since": ordered.at}
        case _:
            return {"nothing_without_news": ordered.order == "nothing_without_news"}


def _save(tx: Transaction, lock: UUID, changed: Mapping[str, Any]) -> None:
    new: dict[str, Any] = dict.fromkeys(("shut_since", "shut_why", "works_since"))
    new |= {"lock": lock, "nothing_without_news": False}
    save = _NEW_STATE.on_conflict_do_update(
        index_elements=[states.c.lock], set_={name: _NEW_STATE.excluded[name] for name in changed}
    )
    tx.execute(save, new | dict(changed))
