"""The private PostgreSQL: it starts, keeps what was committed whatever ends it, and lets in who has the password."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from cli.servers import databases
from cli.servers.postgres import PrivatePostgres
from cli.servers.processes import Run, ServerFailed
from cli.stack import drop_databases, provide_databases


@pytest.fixture(scope="module")
def one_server(run: Run) -> Iterator[PrivatePostgres]:
    server = PrivatePostgres(run.temporary_folder(), run)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def server(one_server: PrivatePostgres) -> PrivatePostgres:
    """A server that answers, whatever the test before did to it."""
    if one_server.child.status is not None:
        one_server.restart()
    return one_server


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_what_was_committed_survives_kill_9_and_a_restart(server: PrivatePostgres) -> None:
    ask(server.url(), "CREATE TABLE survives AS SELECT 1 AS one")
    before = server.child.pid
    server.kill()
    assert not server.answers()
    server.restart()
    assert server.child.pid != before
    assert ask(server.url(), "SELECT one FROM survives") == [(1,)]


def test_the_log_tells_what_went_wrong_and_not_of_whom(server: PrivatePostgres) -> None:
    ask(server.url(), "CREATE TABLE people (name text PRIMARY KEY)")
    with pytest.raises(psycopg2.IntegrityError):
        ask(server.url(), "INSERT INTO people VALUES ('Kari Nordmann'), ('Kari Nordmann')")
    told = (server.folder / "postgres.log").read_text()
    assert 'duplicate key value violates unique constraint "people_pkey"' in told
    assert "Nordmann" not in told


def test_an_orderly_stop_cuts_open_sessions(server: PrivatePostgres) -> None:
    with closing(psycopg2.connect(server.url())):
        server.stop()
    assert server.child.status == 0


def test_a_later_run_finds_the_same_cluster(server: PrivatePostgres, run: Run) -> None:
    ask(server.url(), "CREATE TABLE kept AS SELECT 1 AS one")
    server.stop()
    again = PrivatePostgres(server.folder, run)
    again.start()
    assert ask(again.url(), "SELECT one FROM kept") == [(1,)]
    again.stop()


def test_a_second_server_on_the_same_data_is_refused(server: PrivatePostgres, run: Run) -> None:
    with pytest.raises(ServerFailed, match=f"process {server.child.pid}"):
        PrivatePostgres(server.folder, run).start()


def test_the_pid_of_a_stranger_does_not_keep_it_from_starting(server: PrivatePostgres) -> None:
    server.kill()
    pid_file = server.data / "postmaster.pid"
    rest = pid_file.read_text().partition("\n")[2]
    pid_file.write_text(f"1\n{rest}")  # after a reboot, somebody else has the pid
    server.restart()
    assert server.answers()


def test_nobody_comes_in_without_the_password(server: PrivatePostgres) -> None:
    wrong = databases.url_of(server.url(), "postgres", "postgres", "guessed")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(wrong)


def test_a_service_may_enter_its_own_database_only(server: PrivatePostgres, tmp_path: Path) -> None:
    urls = provide_databases(server.url(), tmp_path).urls
    assert ask(urls["booking"], "SELECT current_user, current_database()") == [("torg_booking", "torg_booking")]
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        psycopg2.connect(urls["booking"].rpartition("/")[0] + "/torg_access")
    assert ask(urls["booking"], "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = user") == [
        (False, False, False)
    ]


def test_providing_databases_twice_changes_nothing(server: PrivatePostgres, tmp_path: Path) -> None:
    first = provide_databases(server.url(), tmp_path)
    ask(first.owners["booking"], "CREATE TABLE kept AS SELECT 1 AS one")
    assert provide_databases(server.url(), tmp_path) == first
    assert ask(first.urls["booking"], "SELECT one FROM kept") == [(1,)]


def test_databases_can_be_taken_away_again(server: PrivatePostgres, tmp_path: Path) -> None:
    provide_databases(server.url(), tmp_path, prefix="torg_gone")
    drop_databases(server.url(), prefix="torg_gone")
    assert ask(server.url(), "SELECT datname FROM pg_database WHERE datname LIKE 'torg_gone%'") == []
    assert ask(server.url(), "SELECT rolname FROM pg_roles WHERE rolname LIKE 'torg_gone%'") == []
