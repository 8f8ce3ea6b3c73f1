"""Databases on a PostgreSQL server: one for each service. One role owns it and migrates it; the service logs in as
another, which may read and write rows and no more. Neither may enter another service's database.

Called by `./torg databases`, the demo and the tests, each time they start: what is as it should be stays so.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2.sql import SQL, Composed, Identifier, Literal
from sqlalchemy import make_url

_RIGHTS = """
SET LOCAL lock_timeout = '200ms';
REASSIGN OWNED BY {role} TO {owner};
ALTER DATABASE {database} OWNER TO {owner};
GRANT CONNECT ON DATABASE {database} TO {role};
REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role};
GRANT USAGE ON SCHEMA public TO {role};
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}
"""
_HISTORY = """
DO $$ BEGIN
    IF to_regclass('public.alembic_version') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE ON public.alembic_version FROM {role};
    END IF;
END $$
"""
"""Which migrations were made is nothing that a service writes; `kernel.migrate` sees to new databases."""
_ALONE = "SELECT pg_advisory_lock(hashtext('torg databases'))"
_LOCK_TRIES = 60
_LOCK_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Names:
    """A role, its password, and the database it enters."""

    role: str
    password: str
    database: str


@dataclass(frozen=True)
class ServiceDatabases:
    """Where each service finds its database, and where whoever migrates it does."""

    urls: Mapping[str, str]
    owners: Mapping[str, str]


def url_of(server: str, database: str, user: str = "", password: str = "") -> str:
    """The server's URL (postgresql://…) made to name another database, and another user when one is given."""
    parts = urlsplit(server)
    place = f"{user}:{password}@{parts.hostname}:{parts.port or 5432}" if user else parts.netloc
    return urlunsplit(("postgresql", place, f"/{database}", parts.query, ""))


def names(url: str) -> Names:
    """What a database's URL names."""
    parts = make_url(url)
    return Names(role=parts.username or "", password=str(parts.password or ""), database=parts.database or "")


def create_role(server: str, role: str, password: str) -> None:
    """Makes the role, able to log in and nothing more; one that is there already gets the password."""
    with _session(server) as ask:
        ask.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
        verb = "ALTER" if ask.fetchone() else "CREATE"
        rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD"
        ask.execute(SQL(f"{verb} ROLE {{}} {rights} {{}}").format(Identifier(role), Literal(password)))


def create_database(server: str, database: str, owner: str, *, template: str = "template0", role: str = "") -> None:
    """Makes the database unless it is there; nobody but its owner and `role` may enter it."""
    with _session(server) as ask:
        ask.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
        if not ask.fetchone():
            names = [Identifier(each) for each in (database, owner, template)]
            ask.execute(SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*names))
        named = {"database": Identifier(database), "role": Identifier(role or owner)}
        ask.execute(SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC").format(**named))
        ask.execute(SQL("GRANT CONNECT ON DATABASE {database} TO {role}").format(**named))
        ask.execute(SQL("ALTER DATABASE {database} SET search_path = public").format(**named))


def provide(server: str, url: str, owner_url: str) -> None:
    """Makes the database that a service's URL names, and both roles, with the rights each needs. `server` is a
    superuser's URL; twice is as once, and two at once take turns."""
    service, owner = names(url), names(owner_url)
    with _session(server) as alone:
        alone.execute(_ALONE)  # held until the session ends
        for each in (service, owner):
            create_role(server, each.role, each.password)
        create_database(server, service.database, owner.role, role=service.role)
        give_rights(server, service.database, role=service.role, owner=owner.role)


def give_rights(server: str, database: str, *, role: str, owner: str) -> None:
    """Lets `owner` own all that is in the database, and `role` read and write rows, also of tables that come later.
    Up to 0.3.0 the service's role owned all: it may be at work meanwhile, for nobody waits long for a table here."""
    named = {"database": Identifier(database), "role": Identifier(role), "owner": Identifier(owner)}
    for tries_left in reversed(range(_LOCK_TRIES)):
        try:
            _in_one_transaction(url_of(server, database), SQL(_RIGHTS + ";" + _HISTORY).format(**named))
            return
        except (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected):
            if not tries_left:
                raise
            time.sleep(_LOCK_PAUSE_SECONDS)


def drop_database(server: str, database: str) -> None:
    """Drops the database if it is there, whoever is still in it."""
    with _session(server) as ask:
        ask.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(database)))


def drop_role(server: str, role: str) -> None:
    """Drops the role if it is there; it must own nothing any more."""
    with _session(server) as ask:
        ask.execute(SQL("DROP ROLE IF EXISTS {}").format(Identifier(role)))


@contextmanager
def _session(server: str) -> Iterator[Any]:
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def _in_one_transaction(url: str, statements: Composed) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statements)
