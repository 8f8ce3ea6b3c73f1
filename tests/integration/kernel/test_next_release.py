"""A later release migrates the database while this one works on it; then this one's `migrate` finds what it does not
know."""

from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread
from time import monotonic

import psycopg2
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli import migrate as command
from kernel.db import Database
from kernel.migrate import SchemaTooNew, migrate
from kernel.release import VERSION
from tests.next_release import NextRelease, assert_migrated
from tests.speakers import say
from tests.templates import as_owner, owner_of, url_of
from tests.waiting import eventually

ADD = 'op.add_column("outbox", sa.Column("colour", sa.Text))'
INDEX = 'create_index("outbox_type", "outbox", ["type"])'
REVISION = "SELECT version_num FROM alembic_version WHERE version_num LIKE 'kernel_%'"
BROKEN = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
IS_THERE = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('outbox_type') AND indisvalid"


def plus(release: str, patches: int) -> str:
    major, minor, patch = map(int, release.split("."))
    return f"{major}.{minor}.{patch + patches}"


@pytest.fixture
def database(fresh_database: Callable[..., Database]) -> Database:
    return fresh_database("kernel")


def owned(database: Database) -> str:
    return owner_of(url_of(database))


def ask(database: Database, sql: str) -> object:
    with database.reading() as tx:
        return tx.execute(text(sql)).scalar_one()


@pytest.mark.parametrize("oldest", ["", "0.1.0", VERSION])
def test_a_later_schema_that_this_release_can_work_with_is_taken(
    database: Database, tmp_path: Path, oldest: str
) -> None:
    NextRelease(tmp_path / "next", ADD, oldest).migrate(owned(database))
    assert migrate("kernel", owned(database)) is False
    assert ask(database, REVISION) == "kernel_9999"
    say(database, "still at work")


def test_a_later_schema_that_this_release_can_not_work_with_is_refused(database: Database, tmp_path: Path) -> None:
    NextRelease(tmp_path / "next", ADD, plus(VERSION, 1)).migrate(owned(database))
    with pytest.raises(SchemaTooNew, match=rf"the oldest that runs on it is {plus(VERSION, 1)}"):
        migrate("kernel", owned(database))
    assert ask(database, REVISION) == "kernel_9999"


@pytest.mark.parametrize(("oldest", "status", "told"), [(VERSION, 0, "fit for this one"), ("98.7.6", 1, "98.7.6")])
def test_the_command_says_what_it_found(
    fresh_database: Callable[..., Database], tmp_path: Path, oldest: str, status: int, told: str
) -> None:
    database = fresh_database("booking")
    NextRelease(tmp_path / "next", ADD, oldest)
    as_owner(  # as the migration would leave it
        database,
        "UPDATE alembic_version SET version_num = 'booking_9999' WHERE version_num LIKE 'booking_%'",
        f"UPDATE oldest_release SET release = '{oldest}'",
    )
    environ = {"TORG_BOOKING_DATABASE_URL": url_of(database), "TORG_BOOKING_OWNER_URL": owned(database)}
    ended = CliRunner().invoke(command.app, ["booking"], env=environ)
    assert (ended.exit_code, told in ended.output) == (status, True), ended.output


def test_a_migration_that_waits_for_a_table_holds_up_nobody_for_long(database: Database, tmp_path: Path) -> None:
    release = NextRelease(tmp_path / "next", ADD)
    with database.engine.connect() as reader:
        reader.execute(text("BEGIN"))
        reader.execute(text("SELECT count(*) FROM outbox"))
        migrating = release.start(owned(database))
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'outbox'::regclass"
        eventually(lambda: ask(database, waits))
        since = monotonic()
        say(database, "said meanwhile")
        waited = monotonic() - since
        assert migrating.poll() is None
        reader.execute(text("ROLLBACK"))
    assert "migration_waits_for_a_table" in assert_migrated(migrating)
    assert waited < 2


def test_an_index_is_made_while_others_write(database: Database, tmp_path: Path) -> None:
    release = NextRelease(tmp_path / "next", INDEX)
    with database.transaction() as writer:
        writer.execute(text("DELETE FROM outbox"))
        migrating = [release.start(owned(database)) for _ in range(2)]  # the second waits, and holds up nothing
        eventually(lambda: ask(database, BROKEN))
        say(database, "said meanwhile")
    for each in migrating:
        assert_migrated(each)
    assert ask(database, IS_THERE) == 1


def test_an_index_left_half_done_is_made_anew(database: Database, tmp_path: Path) -> None:
    half_done(database)
    assert ask(database, BROKEN) == 1
    NextRelease(tmp_path / "next", INDEX).migrate(owned(database))
    assert (ask(database, BROKEN), ask(database, IS_THERE)) == (0, 1)


def half_done(database: Database) -> None:
    """Leaves an index as one is left whose making was given up."""

    def make() -> None:
        with closing(psycopg2.connect(owned(database))) as connection, suppress(psycopg2.OperationalError):
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 500")
                cursor.execute("CREATE INDEX CONCURRENTLY outbox_type ON outbox (type)")

    with database.transaction() as writer:
        writer.execute(text("DELETE FROM outbox"))
        making = Thread(target=make)
        making.start()
        making.join()
