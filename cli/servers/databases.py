"""Databases on a PostgreSQL server: one for each service, owned by a role that may enter that one only."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2.sql import SQL, Identifier, Literal


def url_of(server: str, database: str, user: str = "", password: str = "") -> str:
    """The server's URL (postgresql://…) made to name another database, and another user when one is given."""
    parts = urlsplit(server)
    place = f"{user}:{password}@{parts.hostname}:{parts.port or 5432}" if user else parts.netloc
    return urlunsplit(("postgresql", place, f"/{database}", parts.query, ""))


def create_role(server: str, role: str, password: str) -> None:
    """Makes the role, able to log in and nothing more; one that is there already gets the password."""
    with _session(server) as ask:
        ask.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
        verb = "ALTER" if ask.fetchone() else "CREATE"
        rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD"
        ask.execute(SQL(f"{verb} ROLE {{}} {rights} {{}}").format(Identifier(role), Literal(password)))


def create_database(server: str, database: str, owner: str, *, template: str = "template0") -> None:
    """Makes the database unless it is there; nobody but its owner may enter it."""
    with _session(server) as ask:
        ask.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
        if ask.fetchone():
            return
        names = [Identifier(each) for each in (database, owner, template)]
        ask.execute(SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*names))
        ask.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(database)))


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
