"""SQLAlchemy's statements, made ready once: their text, how each value goes in and each column comes out; and on every
connection a prepared statement, so that PostgreSQL reads and plans it once, too.

SQLAlchemy goes through a statement anew each time it runs, and compiles INSERT … ON CONFLICT anew; that and
PostgreSQL's planning was a third of what a booking cost. `kernel.db` alone calls this.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import count
from types import NoneType
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Delete, Dialect, Executable, Insert, Select, Update, types
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.compiler import SQLCompiler

_KINDS = (Select, Insert, Update, Delete)
_PLACE = re.compile(r"%%|%\((?P<one>\w+)\)s|__\[POSTCOMPILE_(?P<list>\w+)\]")
"""Where a value goes, or every value of a list; or a percent sign, which is no parameter."""
# The types by which PostgreSQL chooses an operator or a function. The others are sent as quoted literals, of which it
# finds the type from where they stand, and so it may for a parameter.
_TOLD = (
    *(types.Uuid, types.Integer, types.Numeric, types.Boolean, types.DateTime),
    *(types.Date, types.Time, types.Interval, types.ARRAY),
)
_PLAIN: dict[type, Callable[[Any], str]] = {
    NoneType: lambda _: "NULL",
    int: str,
    bool: str,
    UUID: lambda value: f"'{value}'",
    datetime: lambda value: f"'{value.isoformat()}'",
}
_numbers = count(1)


class Rows(IteratorResult[Any]):
    """What a statement answered, to be read like any result of SQLAlchemy. All of it has come."""

    def __init__(self, columns: SimpleResultMetaData, found: Iterable[Any], rowcount: int) -> None:
        super().__init__(columns, iter(found))
        self.rowcount = rowcount


class Unready(Exception):
    """There is something in the statement that only SQLAlchemy itself can put in."""


class Ready:
    """A statement for parameters of certain names: `written` out, or once `preparation` has run on the connection,
    `called`. Those that PostgreSQL had better plan by their values have no `preparation`."""

    __slots__ = ("_columns", "_into", "_kinds", "_out", "_read", "name", "order", "preparation", "text")

    def __init__(self, statement: Executable, names: frozenset[str], dialect: Dialect, quoted: "Quoted") -> None:
        made = _compiled(statement, names, dialect)
        self.text = _with_fixed_values(made, names, quoted)
        self.order = tuple(dict.fromkeys(found["one"] for found in _PLACE.finditer(self.text) if found["one"]))
        self._into = [(name, into) for name in self.order if callable(into := made._bind_processors.get(name))]
        self._columns = SimpleResultMetaData([each.keyname for each in made._result_columns])
        self._kinds = [each.type for each in made._result_columns]
        self._read = dialect
        self._out: list[Callable[[Any], Any] | None] | None = None
        self.name = f"torg_{next(_numbers)}"
        self.preparation = _preparation(
            self.name, self.text, [(name, made.binds[name]) for name in self.order], dialect
        )

    def written(self, cursor: Any, parameters: Mapping[str, Any]) -> bytes:
        """The whole statement, its values written into it by psycopg2."""
        message: bytes = cursor.mogrify(self.text, self._values(parameters))
        return message

    def called(self, cursor: Any, parameters: Mapping[str, Any]) -> bytes:
        """The call of the prepared statement. What can hold no character that needs quoting is written here: psycopg2
        takes five to ten times as long for it."""
        values, places, quoted = self._values(parameters), [], []
        for name in self.order:
            value = values[name]
            if plain := _PLAIN.get(type(value)):
                places.append(plain(value))
            else:
                places.append("%s")
                quoted.append(value)
        if not places:
            return f"EXECUTE {self.name}".encode()
        message: bytes = cursor.mogrify(f"EXECUTE {self.name}({','.join(places)})", quoted)
        return message

    def _values(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self._into:
            return parameters
        given = dict(parameters)
        for name, process in self._into:
            given[name] = process(given[name])
        return given

    def rows(self, cursor: Any) -> Rows:
        """What the cursor got, each column as its type in SQLAlchemy makes it."""
        if cursor.description is None:
            return Rows(_NOTHING, (), cursor.rowcount)
        found = cursor.fetchall()
        if self._out is None:
            codes = [column.type_code for column in cursor.description]
            self._out = [self._reading(kind, code) for kind, code in zip(self._kinds, codes, strict=False)]
        if any(self._out):
            found = [_read(self._out, row) for row in found]
        return Rows(self._columns, found, cursor.rowcount)

    def _reading(self, kind: Any, code: int) -> Callable[[Any], Any] | None:
        read: Callable[[Any], Any] | None = kind.dialect_impl(self._read).result_processor(self._read, code)
        return read


Quoted = Callable[[Any], str]
"""Writes a value as a literal of SQL."""

_NOTHING = SimpleResultMetaData([])
_seen: WeakKeyDictionary[Executable, dict[frozenset[str], Ready | None]] = WeakKeyDictionary()


def ready(
    statement: Executable, parameters: Mapping[str, Any], dialect: Dialect, quoted: Quoted, *, lasting: bool = False
) -> Ready | None:
    """The statement made ready; None for one of another kind, or one that has not come before: it may have been put
    together for this one time, and is left to SQLAlchemy. Statements are told apart by identity. One that is `lasting`
    is made ready the first time."""
    if not isinstance(statement, _KINDS):
        return None
    by_names = _seen.get(statement)
    if by_names is None:
        by_names = _seen[statement] = {}
        if not lasting:
            return None
    names = frozenset(parameters)
    if names not in by_names:
        by_names[names] = _made_ready(statement, names, dialect, quoted)
    return by_names[names]


def _made_ready(statement: Executable, names: frozenset[str], dialect: Dialect, quoted: Quoted) -> Ready | None:
    try:
        return Ready(statement, names, dialect, quoted)
    except Unready:
        return None


def _compiled(statement: Executable, names: frozenset[str], dialect: Dialect) -> SQLCompiler:
    made = statement.compile(dialect=dialect, column_keys=sorted(names))  # type: ignore[attr-defined]
    if not isinstance(made, SQLCompiler):
        raise Unready
    if made.insert_prefetch or made.update_prefetch:  # columns whose value Python makes anew each time
        raise Unready
    return made


def _with_fixed_values(made: SQLCompiler, names: frozenset[str], quoted: Quoted) -> str:
    """The text with the values that are part of the statement written into it: an index on `state = 'held'` is no use
    to a plan for any state."""
    rest = _PLACE.sub("", made.string)
    if "%" in rest or "POSTCOMPILE" in rest:
        raise Unready
    values = made.construct_params(_check=False)

    def literal(name: str, value: Any) -> str:
        process = made._bind_processors.get(name)
        return quoted(process(value) if callable(process) else value).replace("%", "%%")

    def filled(found: re.Match[str]) -> str:
        name = found["one"] or found["list"]
        if name is None or (name in names and found["one"]):
            return found[0]
        if name in names or (found["list"] and not values[name]):
            raise Unready
        return ", ".join(literal(name, each) for each in (values[name] if found["list"] else [values[name]]))

    return _PLACE.sub(filled, made.string)


def _preparation(name: str, text: str, given: list[tuple[str, BindParameter[Any]]], dialect: Dialect) -> str | None:
    """None when a parameter's type isn't known: PostgreSQL might take it for another than its value turns out to be."""
    if any(isinstance(bind.type, types.NullType) for _, bind in given):
        return None
    places = {name: f"${number}" for number, (name, _) in enumerate(given, 1)}
    told = ", ".join(_told(bind, dialect) for _, bind in given)
    body = _PLACE.sub(lambda found: places[found["one"]] if found["one"] else "%", text)
    return f"PREPARE {name}{f'({told})' if told else ''} AS {body}"


def _told(bind: BindParameter[Any], dialect: Dialect) -> str:
    return bind.type.compile(dialect) if isinstance(bind.type, _TOLD) else "unknown"


def _read(out: list[Callable[[Any], Any] | None], row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(read(value) if read else value for read, value in zip(out, row, strict=True))
