"""What access holds of a person, for them to take with them: their keys, the doors opened with these, the rights that
booking told of, and what they ordered of doors. Codes are shown with the keys, and are in no file."""

from sqlalchemy import or_, select

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.own_data import Held, rows
from services.access.doors import door_orders
from services.access.store import entries, keys, representations


def held(tx: Transaction, who: Caller) -> Held:
    """All of it, by table."""
    person = str(who.person)
    own = or_(keys.c.booked_by == person, keys.c.tenant == who.person)
    mine = select(keys.c.id).where(own)
    return {
        keys.name: rows(tx, keys, [own], hidden=("code_digest", "sealed_code", "suspended_for")),
        entries.name: rows(tx, entries, [entries.c.key.in_(mine)]),
        door_orders.name: rows(tx, door_orders, [door_orders.c.ordered_by == person]),
        representations.name: rows(tx, representations, [representations.c.person == person]),
    }
