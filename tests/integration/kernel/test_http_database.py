"""HTTP on a real PostgreSQL: what its refusals, its timeouts and its absence look like from outside."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from kernel.db import Database, Transaction
from tests.callers import bearer
from tests.templates import as_owner
from tests.unit.kernel.http_app import HALLS, app_of

TEGLEN = {"name": "Teglen"}
TRANSFER = text(
    "UPDATE halls SET seats = seats + (SELECT sum(seats) FROM halls WHERE name <> :name) WHERE name = :name"
)


@pytest.fixture(autouse=True)
def _logs_kept_off_the_screen() -> Iterator[None]:
    """Without set-up, structlog draws each exception with all its frames, which takes seconds."""
    with capture_logs():
        yield


@pytest.fixture
def database(fresh_database: Callable[..., Database]) -> Database:
    database = fresh_database("kernel", statement_timeout=0.2)
    as_owner(database, "CREATE TABLE halls (name text PRIMARY KEY, seats int NOT NULL)")
    with database.transaction() as tx:
        tx.execute(text("INSERT INTO halls VALUES ('Teglen', 1), ('Nova', 1)"))
    return database


def doing(statement: str) -> Callable[..., Any]:
    return lambda tx, *_, **__: tx.execute(text(statement))


def test_a_read_can_not_write(database: Database) -> None:
    answer = app_of(doing("DELETE FROM halls"), database).test_client().get(HALLS)
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")


@pytest.mark.parametrize(
    ("statement", "status", "code"),
    [
        ("SELECT pg_sleep(5)", 504, "timed_out"),
        ("INSERT INTO halls VALUES ('Big', 99999999999)", 422, "invalid_request"),
        ("SELECT 1 / 0", 500, "internal_error"),
        ("SELECT * FROM nowhere", 500, "internal_error"),
        ("INSERT INTO halls VALUES ('Teglen', 1)", 500, "internal_error"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", 503, "temporarily_unavailable"),
    ],
)
def test_what_postgresql_says(database: Database, statement: str, status: int, code: str) -> None:
    answer = app_of(doing(statement), database).test_client().post(HALLS, json=TEGLEN, headers=bearer("odd"))
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_lock_that_another_holds_too_long(database: Database) -> None:
    client = app_of(doing("UPDATE halls SET seats = 2 WHERE name = 'Teglen'"), database).test_client()
    with database.transaction() as tx:
        tx.execute(text("SELECT * FROM halls WHERE name = 'Teglen' FOR UPDATE"))
        answer = client.post(HALLS, json=TEGLEN, headers=bearer("odd"))
    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert client.post(HALLS, json=TEGLEN, headers=bearer("odd")).status_code == 201


def test_writes_that_can_not_be_put_in_order_are_run_again(database: Database) -> None:
    """Two serializable transactions read what the other writes: PostgreSQL refuses one, and its second try succeeds."""
    barrier, runs = Barrier(2), []

    def act(tx: Transaction, _: object, hall: dict[str, Any]) -> None:
        runs.append(hall["name"])
        tx.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        tx.execute(text("SELECT sum(seats) FROM halls"))
        if len(runs) <= 2:
            barrier.wait(60)
        tx.execute(TRANSFER, {"name": hall["name"]})

    app = app_of(act, database)

    def send(name: str) -> int:
        return app.test_client().post(HALLS, json={"name": name}, headers=bearer("odd")).status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(send, ["Teglen", "Nova"])) == [201, 201]
    assert len(runs) == 3
    with database.reading() as tx:
        assert sorted(tx.execute(text("SELECT seats FROM halls")).scalars()) == [2, 3]


def test_a_database_that_is_not_there() -> None:
    nowhere = Database("postgresql://torg@127.0.0.1:1/torg", service="halls")
    client = app_of(database=nowhere).test_client()
    for answer in (client.get(HALLS), client.post(HALLS, json=TEGLEN, headers=bearer("odd"))):
        assert (answer.status_code, answer.json["code"]) == (503, "temporarily_unavailable")
        assert answer.headers["Retry-After"]
