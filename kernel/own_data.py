"""What a service holds of a person, as its `GET /me/export` answers it: whole rows, by their table, as JSON. Which
rows and columns are whose, each service says for itself."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, or_, select

from kernel.auth import Caller
from kernel.db import Transaction

Held = dict[str, list[dict[str, Any]]]


def own_data(tx: Transaction, who: Caller, held: Held) -> dict[str, Any]:
    """The answer of `GET /me/export`."""
    return {"person": who.person, "exported_at": tx.now, "held": held}


def rows(
    tx: Transaction, table: Table, wheres: Iterable[ColumnElement[bool]], hidden: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The rows of a table that meet any of these, without the hidden columns."""
    columns = [column for column in table.c if column.name not in hidden]
    found = select(*columns).where(or_(*wheres)).order_by(*table.primary_key.columns)
    return [shown(row) for row in tx.execute(found)]


def shown(row: Row[Any]) -> dict[str, Any]:
    """A row as JSON has it."""
    return {name: _plain(value) for name, value in row._mapping.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, UUID) or not (value is None or isinstance(value, str | int | float | bool | dict)):
        return str(value)
    return value
