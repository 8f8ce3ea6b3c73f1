"""Which managers there are of a square: who came in with a token that says so, and when they did last.

Only tokens tell who manages what, so a service that has to know whether another is left to decide (`kernel.duties`)
notes whom it has seen (`kernel.http.managers`). Who has not come for a while is left no longer, and is forgotten.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import Column, ColumnElement, Date, Table, Text, Uuid, delete
from sqlalchemy.dialects.postgresql import insert

from kernel.auth import Caller
from kernel.clock import OSLO
from kernel.db import Transaction, kernel_metadata

square_managers = Table(
    "square_managers",
    kernel_metadata,
    Column("square", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    Column("seen_on", Date, nullable=False, comment="the last local day they came"),
)

_managers = square_managers.c
_SEE = insert(square_managers)
_SEE = _SEE.on_conflict_do_update(
    index_elements=[_managers.square, _managers.person],
    set_={"seen_on": _SEE.excluded.seen_on},
    where=_managers.seen_on < _SEE.excluded.seen_on,
)


def see(tx: Transaction, who: Caller) -> None:
    """Notes that somebody manages these squares today, and no others."""
    tx.execute(delete(square_managers).where(_managers.person == who.person, _managers.square.not_in(who.squares)))
    for square in sorted(who.squares):
        tx.execute(_SEE, {"square": square, "person": who.person, "seen_on": _day(tx.now)})


def here(tx: Transaction) -> ColumnElement[bool]:
    """Whether the manager in a row of `square_managers` has come lately."""
    return _managers.seen_on >= _day(tx.now) - timedelta(days=tx.settings.manager_seen_days)


def forget_absent(tx: Transaction) -> None:
    """Forgets those who have not come for a while."""
    tx.execute(delete(square_managers).where(~here(tx)))


def _day(now: datetime) -> date:
    return now.astimezone(OSLO).date()
