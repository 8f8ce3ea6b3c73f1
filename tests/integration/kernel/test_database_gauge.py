"""Operators are told of a PostgreSQL that is away: by what came of the last work there."""

from collections.abc import Callable
from contextlib import closing

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import exc, text

from cli.dumps import end_sessions
from cli.servers.ports import free_port
from kernel.db import Database

ONE = text("SELECT 1")


def answers(service: str) -> float | None:
    return REGISTRY.get_sample_value("torg_database_answers", {"service": service})


def ask(database: Database, *, amid: Callable[[], None] = lambda: None) -> None:
    with database.reading() as tx:
        tx.execute(ONE)
        amid()
        tx.execute(ONE)


def away(service: str) -> Database:
    return Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none", service=service)


def test_a_database_of_which_nothing_was_asked_is_not_told_of() -> None:
    with closing(away("never asked")):
        assert answers("never asked") is None


def test_a_database_that_can_not_be_reached_does_not_answer() -> None:
    with closing(away("out of reach")) as database, pytest.raises(exc.OperationalError):
        ask(database)
    assert answers("out of reach") == 0


def test_a_database_that_goes_away_at_work_and_comes_back(fresh_url: Callable[[str], str]) -> None:
    url = fresh_url("kernel")
    with closing(Database(url, service="goes away")) as database:
        ask(database)
        assert answers("goes away") == 1
        with pytest.raises(exc.DBAPIError):
            ask(database, amid=lambda: end_sessions(url))
        assert answers("goes away") == 0
        ask(database)
        assert answers("goes away") == 1


def test_a_database_that_refuses_a_statement_answers(fresh_url: Callable[[str], str]) -> None:
    with closing(Database(fresh_url("kernel"), service="refuses")) as database:
        with database.reading() as tx, pytest.raises(exc.ProgrammingError):
            tx.execute(text("SELECT nothing_of_the_kind"))
        assert answers("refuses") == 1


def test_a_pool_that_is_used_up_says_nothing_of_the_database(fresh_url: Callable[[str], str]) -> None:
    with closing(Database(fresh_url("kernel"), service="used up", pool_size=1)) as database:
        ask(database)
        database.engine.pool._timeout = 0.01  # type: ignore[attr-defined]
        with database.engine.connect(), pytest.raises(exc.TimeoutError):
            ask(database)
        assert answers("used up") == 1
