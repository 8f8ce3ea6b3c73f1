"""Connections notice a machine that vanished: what the kernel, PostgreSQL and py-amqp were really told."""

import os
import socket
from collections.abc import Callable

import pytest
from sqlalchemy import text

from kernel.db import Database
from kernel.silence import ASK_SECONDS, ASK_TIMES, IDLE_SECONDS, SILENCE_SECONDS
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
        ("tcp_keepalives_idle", IDLE_SECONDS),
        ("tcp_keepalives_interval", ASK_SECONDS),
        ("tcp_keepalives_count", ASK_TIMES),
        ("tcp_user_timeout", SILENCE_SECONDS * 1000),
    ],
)
def test_the_database_notices_a_process_that_vanishes(database: Database, name: str, value: int) -> None:
    with database.reading() as tx:
        assert tx.execute(text(f"SELECT setting::int FROM pg_settings WHERE name = '{name}'")).scalar_one() == value
