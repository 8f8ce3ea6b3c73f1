"""Connections notice a machine that vanished: what the kernel, PostgreSQL and py-amqp were really told."""

import os
import socket
from collections.abc import Callable

import pytest
from sqlalchemy import text

from kernel.db import Database
from tests.sockets import EXPECTED, options


@pytest.fixture
def database(fresh_database: Callable[..., Database]) -> Database:
    return fresh_database("kernel")


def test_a_database_that_vanishes_is_noticed(database: Database) -> None:
    with database.engine.connect() as connection, socket.socket(fileno=os.dup(connection.connection.fileno())) as own:
        assert options(own) == EXPECTED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tcp_keepalives_idle", 10),
        ("tcp_keepalives_interval", 5),
        ("tcp_keepalives_count", 2),
        ("tcp_user_timeout", 20_000),
    ],
)
def test_the_database_notices_a_process_that_vanishes(database: Database, name: str, value: int) -> None:
    with database.reading() as tx:
        assert tx.execute(text(f"SELECT setting::int FROM pg_settings WHERE name = '{name}'")).scalar_one() == value
