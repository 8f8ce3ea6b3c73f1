"""`./torg databases`: what each role may do, and how a database of an earlier release gets its owner."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import psycopg2
import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner, Result

from cli import SERVICES, databases
from cli.paths import ROOT
from cli.servers.databases import create_database, create_role, drop_database, drop_role, url_of
from kernel.db import Database
from kernel.migrate import migrate
from tests.at_once import at_once
from tests.next_release import NextRelease
from tests.releases import released
from tests.speakers import say
from tests.templates import session
from tests.waiting import eventually

OURS = "pg_class.relnamespace = 'public'::regnamespace"
OWNERS = f"""
SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE {OURS}
UNION SELECT extowner::regrole::text FROM pg_extension WHERE extname = 'btree_gist'
UNION SELECT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
UNION SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()
"""
RIGHTS = f"""
SELECT relname = 'alembic_version', relkind, string_agg(privilege_type, ' ' ORDER BY privilege_type)
FROM pg_class, aclexplode(relacl) WHERE {OURS} AND relkind IN ('r', 'S') AND grantee = %s::regrole
GROUP BY relname, relkind
"""
BACKENDS_WAIT = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'outbox'::regclass"


class Cluster:
    """Databases of their own on a server, by `./torg databases`; service → URL."""

    def __init__(self, server: str, prefix: str) -> None:
        self.server = server
        self.names = {service: f"{prefix}_{service}" for service in SERVICES}
        self.urls = {service: url_of(server, name, name, "secret") for service, name in self.names.items()}
        self.owners = {
            service: url_of(server, name, f"{name}_owner", "s%2Fcret") for service, name in self.names.items()
        }

    @property
    def environ(self) -> dict[str, str]:
        urls = {f"TORG_{service.upper()}_DATABASE_URL": url for service, url in self.urls.items()}
        owners = {f"TORG_{service.upper()}_OWNER_URL": url for service, url in self.owners.items()}
        return urls | owners | {"TORG_POSTGRES_URL": self.server}

    def provide(self) -> None:
        ended = run(self.environ)
        assert ended.exit_code == 0, ended.output

    def provide_as_0_3_0(self) -> None:
        """As the script of that release did: the service owns its database and migrates it."""
        for service, name in self.names.items():
            create_role(self.server, name, "secret")
            create_database(self.server, name, name)
            migrate(service, self.urls[service])

    def drop(self) -> None:
        for name in self.names.values():
            drop_database(self.server, name)
            for role in (name, f"{name}_owner"):
                drop_role(self.server, role)

    def ask(self, service: str, sql: str, *values: object) -> list[Any]:
        """What the superuser sees in a service's database."""
        with session(url_of(self.server, self.names[service])) as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())


def run(environ: dict[str, str]) -> Result:
    return CliRunner().invoke(databases.app, [], env=environ)


def do(url: str, sql: str) -> None:
    with session(url) as cursor:
        cursor.execute(sql)


def assert_rights(cluster: Cluster) -> None:
    """The golden: nothing is owned by a service's role, and it has these rights and no others."""
    for service, name in cluster.names.items():
        assert cluster.ask(service, OWNERS) == [(f"{name}_owner",)], service
        found = set(cluster.ask(service, RIGHTS, name))
        rows = {(False, "r", "DELETE INSERT SELECT UPDATE"), (True, "r", "SELECT")}
        sequences = {(False, "S", "SELECT USAGE")} if cluster.ask(service, SEQUENCES) else set()
        assert found == rows | sequences, service
        assert cluster.ask(service, EXCEPTED, name) == [], service


SEQUENCES = f"SELECT 1 FROM pg_class WHERE {OURS} AND relkind = 'S'"
EXCEPTED = f"""
SELECT relname FROM pg_class WHERE {OURS} AND relkind IN ('r', 'p', 'v', 'm', 'S')
AND NOT EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = %s::regrole)
"""


@pytest.fixture(scope="module")
def cluster(postgres: str) -> Iterator[Cluster]:
    """Databases that are made and migrated; no test changes them."""
    made = Cluster(postgres, "torg_rights")
    made.provide()
    for service, url in made.owners.items():
        migrate(service, url)
    yield made
    made.drop()


@pytest.fixture
def earlier(postgres: str) -> Iterator[Cluster]:
    """Databases of release 0.3.0."""
    made = Cluster(postgres, "torg_earlier")
    made.provide_as_0_3_0()
    yield made
    made.drop()


def test_a_services_role_owns_nothing_and_may_read_and_write_rows(cluster: Cluster) -> None:
    assert_rights(cluster)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE more (n int)",
        "CREATE TEMPORARY TABLE more (n int)",
        "CREATE SCHEMA more",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE EXTENSION pg_trgm",
        "ALTER TABLE outbox ADD COLUMN more int",
        "ALTER TABLE outbox DISABLE TRIGGER ALL",
        "ALTER TABLE outbox OWNER TO CURRENT_USER",
        "CREATE INDEX ON outbox (type)",
        "DROP TABLE outbox",
        "TRUNCATE outbox",
        "DELETE FROM alembic_version",
        "UPDATE alembic_version SET version_num = version_num",
        "CREATE ROLE more",
        "CREATE DATABASE more",
        "ALTER ROLE CURRENT_USER CREATEROLE",
        "SET ROLE {owner}",
        "SET SESSION AUTHORIZATION {owner}",
        "SET session_replication_role = replica",
        "ALTER DATABASE {database} SET search_path = pg_temp",
        "COPY outbox TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
    ],
)
def test_what_a_services_role_may_not_do(cluster: Cluster, service: str, sql: str) -> None:
    name = cluster.names[service]
    with closing(psycopg2.connect(cluster.urls[service])) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(sql.format(owner=f"{name}_owner", database=name))


@pytest.mark.parametrize("service", SERVICES)
def test_neither_role_enters_the_database_of_another_service(cluster: Cluster, service: str) -> None:
    for other in set(SERVICES) - {service}:
        for url in (cluster.urls[service], cluster.owners[service]):
            there = make_url(url).set(database=cluster.names[other]).render_as_string(hide_password=False)
            with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
                psycopg2.connect(there)


@pytest.mark.parametrize("which", ["urls", "owners"])
def test_names_are_looked_up_in_one_schema(cluster: Cluster, which: str) -> None:
    with closing(psycopg2.connect(getattr(cluster, which)["pricing"])) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == ("public",)


def test_the_owner_is_no_superuser_and_makes_no_roles(cluster: Cluster) -> None:
    with closing(psycopg2.connect(cluster.owners["access"])) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for sql in ("CREATE ROLE more", "CREATE DATABASE more", "SELECT pg_read_file('postgresql.conf')"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(sql)


def test_a_service_uses_what_a_later_migration_makes_at_once(cluster: Cluster, tmp_path: Path) -> None:
    upgrade = 'op.create_table("colours", sa.Column("n", sa.Integer, sa.Identity()), sa.Column("name", sa.Text))'
    database = "torg_rights_kernel"
    create_role(cluster.server, database, "secret")
    url, owner = url_of(cluster.server, database, database, "secret"), cluster.owners["booking"]
    owner = make_url(owner).set(database=database).render_as_string(hide_password=False)
    databases.provide(cluster.server, url, owner)
    try:
        migrate("kernel", owner)
        NextRelease(tmp_path / "next", upgrade).migrate(owner)
        do(url, "INSERT INTO colours (name) VALUES ('red'); SELECT nextval('colours_n_seq'); DELETE FROM colours")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            do(url, "TRUNCATE colours")
    finally:
        drop_database(cluster.server, database)
        drop_role(cluster.server, database)


def test_a_database_of_0_3_0_gets_its_owner_however_often(earlier: Cluster) -> None:
    assert earlier.ask("booking", OWNERS) == [("torg_earlier_booking",)]
    for _ in range(2):
        earlier.provide()
        assert_rights(earlier)
    for service, url in earlier.owners.items():
        assert migrate(service, url) is True
    assert_rights(earlier)


def test_two_machines_at_once_make_the_same(postgres: str) -> None:
    for number in range(3):
        cluster = Cluster(postgres, f"torg_at_once_{number}")
        try:
            ended = at_once(run_apart, [cluster.environ] * 3)
            assert [each.returncode for each in ended] == [0] * 3, ended
        finally:
            cluster.drop()


def run_apart(environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own."""
    command = [sys.executable, "-m", "cli", "databases"]
    whole = {**os.environ, **environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=whole, capture_output=True, text=True, check=False)


def test_rights_that_somebody_gave_by_hand_are_taken_back(earlier: Cluster) -> None:
    earlier.provide()
    do(earlier.owners["pricing"], "GRANT TRUNCATE ON outbox TO torg_earlier_pricing")
    do(earlier.owners["pricing"], "GRANT INSERT ON alembic_version TO torg_earlier_pricing")
    earlier.provide()
    assert_rights(earlier)


def test_the_migrate_of_0_3_0_ends_well_as_the_services_role(earlier: Cluster, tmp_path: Path) -> None:
    """When an operator goes back to it."""
    earlier.provide()
    (before,) = [each for each in released() if each.version == "0.3.0"]
    before.unpack(tmp_path / "before").migrate(earlier.urls)
    assert_rights(earlier)


def test_who_is_at_work_meanwhile_is_not_held_up(earlier: Cluster) -> None:
    with closing(Database(earlier.urls["booking"], service="booking")) as database:
        with closing(psycopg2.connect(earlier.urls["booking"])) as reader, reader.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM outbox")
            providing = Thread(target=earlier.provide)
            providing.start()
            eventually(lambda: earlier.ask("booking", BACKENDS_WAIT) != [(0,)])
            since = monotonic()
            say(database, "said meanwhile")
            waited = monotonic() - since
            assert providing.is_alive()
        providing.join()
        say(database, "said afterwards")
    assert waited < 2
    assert_rights(earlier)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"TORG_POSTGRES_URL": ""}, "TORG_POSTGRES_URL is not set"),
        ({"TORG_PRICING_OWNER_URL": ""}, "TORG_PRICING_OWNER_URL must name another role"),
        ({"TORG_PRICING_DATABASE_URL": ""}, "TORG_PRICING_OWNER_URL must name another role"),
        ({"TORG_PRICING_OWNER_URL": "postgresql://o:p@host/booking"}, "must name the database of"),
        ({"TORG_POSTGRES_URL": "mysql://root@host"}, "must be a URL starting with postgresql://"),
    ],
)
def test_what_does_not_go_together_is_told_and_nothing_is_made(
    postgres: str, change: dict[str, str], told: str
) -> None:
    wanted = Cluster(postgres, "torg_never")
    ended = run(wanted.environ | change)
    assert (ended.exit_code, told in ended.output) == (1, True), ended.output
    assert "cret" not in ended.output
    with closing(psycopg2.connect(postgres)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname LIKE 'torg_never%'")
        assert cursor.fetchall() == []


def test_no_database_is_told(postgres: str) -> None:
    ended = run(dict.fromkeys(Cluster(postgres, "torg_never").environ, "") | {"TORG_POSTGRES_URL": postgres})
    assert ended.exit_code == 1
    assert re.search("which databases", ended.output)
