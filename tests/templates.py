"""Databases that no two tests have at the same time: copies of a template for each service, which is migrated once.

A copy that a test is done with is emptied for the next one, in a fraction of the time that making and dropping one
takes. One in which more than rows has changed, or that has grown, is dropped. Used by the fixtures in `conftest`.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import count
from typing import Any

import psycopg2
from sqlalchemy import make_url, text

from cli.servers import databases
from cli.stack import OWNER
from kernel.db import Database
from kernel.migrate import migrate

BIG = 4 * 1024 * 1024
"""Bytes of a table from which emptying it leaves too much behind."""
FIRST_OF_OURS = 16_384
"""PostgreSQL's own objects have lower numbers."""
_OF_OURS = "FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind"
TABLES = f"SELECT oid::regclass::text {_OF_OURS} = 'r'"
SEQUENCES = f"SELECT oid::regclass::text {_OF_OURS} = 'S'"
BIGGEST = f"SELECT max(pg_relation_size(oid)) {_OF_OURS} = 'r'"
SHAPE = f"""
SELECT sum(hashtextextended(concat_ws(' ', kind, id, made), 0)) FROM (
    SELECT 'class', oid, xmin FROM pg_class
    UNION ALL SELECT 'column', attrelid, xmin FROM pg_attribute
    UNION ALL SELECT 'default', oid, xmin FROM pg_attrdef
    UNION ALL SELECT 'constraint', oid, xmin FROM pg_constraint
    UNION ALL SELECT 'trigger', oid, xmin FROM pg_trigger
    UNION ALL SELECT 'function', oid, xmin FROM pg_proc
    UNION ALL SELECT 'type', oid, xmin FROM pg_type
    UNION ALL SELECT 'schema', oid, xmin FROM pg_namespace
) AS ours (kind, id, made) WHERE id >= {FIRST_OF_OURS}
"""
"""Another sum after each change of anything but rows: whatever is made or changed is of another transaction."""
ALONE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
EMPTY = f"""
SET session_replication_role = replica;  -- no trigger and no foreign key is asked
DO $$
DECLARE one text;
BEGIN
    FOR one IN {TABLES} LOOP EXECUTE 'DELETE FROM ' || one; END LOOP;
END $$
"""


@dataclass(frozen=True)
class Fresh:
    """How a database is when it is new: its shape, where its sequences stand, and the rows that migrations made."""

    shape: int
    sequences: str
    rows: dict[str, str]

    @classmethod
    def of(cls, url: str) -> "Fresh":
        with session(url) as ask:
            stands = [
                f"setval('{each}', {_one(ask, f'SELECT last_value FROM {each}')}, "
                f"{_one(ask, f'SELECT is_called FROM {each}')})"
                for each in _all(ask, SEQUENCES)
            ]
            rows = {each: _copied(ask, each) for each in _all(ask, TABLES)}
            filled = {table: copied for table, copied in rows.items() if copied}
            return cls(_one(ask, SHAPE), f"SELECT {', '.join(stands) or 1}", filled)

    def again(self, url: str) -> bool:
        """Makes the database so again; False when it can't be."""
        with session(url) as ask:
            ask.execute(ALONE)
            if _one(ask, SHAPE) != self.shape or _one(ask, BIGGEST) > BIG:
                return False
            ask.execute(EMPTY)
            for table, rows in self.rows.items():
                ask.copy_expert(f"COPY {table} FROM STDIN", StringIO(rows))
            ask.execute(self.sequences)
            ask.execute("SELECT pg_stat_reset()")
            return True


class Templates:
    """The templates of one server."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._role = f"torg_test_{os.getpid()}"
        self._owner = f"{self._role}{OWNER}"
        self._numbers = count()
        self._made: list[str] = []
        self._fresh: dict[str, Fresh] = {}
        self._idle: defaultdict[str, list[str]] = defaultdict(list)
        for role in (self._role, self._owner):
            databases.create_role(server, role, role)

    def copy(self, service: str) -> str:
        """The URL of a database of this service that is as new, for the role that the service has."""
        if self._idle[service]:
            return self._url(self._idle[service].pop())
        template = f"{self._role}_{service}"
        if service not in self._fresh:
            self._create(template, "template0")
            databases.give_rights(self._server, template, role=self._role, owner=self._owner)
            migrate(service, owner_of(self._url(template)))
            self._fresh[service] = Fresh.of(databases.url_of(self._server, template))
        name = f"{template}_{next(self._numbers)}"
        self._create(name, template)
        return self._url(name)

    def take_back(self, url: str) -> None:
        """Nobody uses the database any more."""
        name = url.rpartition("/")[2]
        service = name.removeprefix(f"{self._role}_").rpartition("_")[0]
        if self._fresh[service].again(databases.url_of(self._server, name)):
            self._idle[service].append(name)
        else:
            databases.drop_database(self._server, name)
            self._made.remove(name)

    def drop_all(self) -> None:
        for name in self._made:
            databases.drop_database(self._server, name)
        for role in (self._role, self._owner):
            databases.drop_role(self._server, role)

    def _create(self, name: str, template: str) -> None:
        databases.create_database(self._server, name, self._owner, template=template, role=self._role)
        self._made.append(name)

    def _url(self, name: str) -> str:
        return databases.url_of(self._server, name, self._role, self._role)


def owner_of(url: str) -> str:
    """The URL of a copy for the role that owns it."""
    role = f"{databases.names(url).role}{OWNER}"
    return make_url(url).set(username=role, password=role).render_as_string(hide_password=False)


def as_owner(database: Database, *statements: str) -> None:
    """Changes the tables of a copy, as a migration does."""
    owned = closing(Database(owner_of(url_of(database)), service="owner", pool_size=1))
    with owned as owner, owner.transaction() as tx:
        for each in statements:
            tx.execute(text(each))


def url_of(database: Database) -> str:
    """The URL of an opened database."""
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def session(url: str) -> Iterator[Any]:
    """One transaction in a database."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        yield cursor


def _one(ask: Any, sql: str) -> Any:
    ask.execute(sql)
    return ask.fetchone()[0]


def _all(ask: Any, sql: str) -> list[Any]:
    ask.execute(sql)
    return [found for (found,) in ask.fetchall()]


def _copied(ask: Any, table: str) -> str:
    rows = StringIO()
    ask.copy_expert(f"COPY {table} TO STDOUT", rows)
    return rows.getvalue()
