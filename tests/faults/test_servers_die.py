"""RabbitMQ and PostgreSQL are killed (kill -9) under load and come back: nothing lost, nothing twice."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.servers import databases
from cli.servers.postgres import PrivatePostgres
from cli.servers.processes import Run
from cli.servers.rabbitmq import PrivateRabbitMQ
from kernel import topology
from kernel.db import Database
from kernel.migrate import migrate
from tests.sockets import EXPECTED, options
from tests.speakers import Said
from tests.speaking import Speaking, Start
from tests.standby import resume, suspend
from tests.talking import SLOW, assert_all_heard_once, talk
from tests.templates import owner_of
from tests.waiting import eventually


@pytest.fixture(scope="module")
def mortal_rabbitmq(run: Run) -> Iterator[PrivateRabbitMQ]:
    server = PrivateRabbitMQ(run.temporary_folder(), run)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def mortal_postgres(run: Run) -> Iterator[PrivatePostgres]:
    server = PrivatePostgres(run.temporary_folder(), run)
    server.start()
    yield server
    server.kill()


def test_the_broker_is_killed_under_load(speak_over: Start, mortal_rabbitmq: PrivateRabbitMQ) -> None:
    speaking = speak_over(mortal_rabbitmq.url)
    speaking.start()
    eventually(lambda: mortal_rabbitmq.remembers(topology.queue("access", Said).name))
    with talk(speaking.speaker) as said:
        for _ in range(2):
            so_far = len(said)
            eventually(lambda so_far=so_far: len(said) > so_far + 200)
            mortal_rabbitmq.kill()
            so_far = len(said)
            eventually(lambda so_far=so_far: len(said) > so_far + 50)  # services go on without a broker
            mortal_rabbitmq.restart()
    assert_all_heard_once(speaking, said)
    assert speaking.metric("torg_broker_reconnects_total") > 0


def test_a_broker_that_vanishes_is_noticed(amqp_url: str) -> None:
    with topology.connect(amqp_url, heartbeat=0) as connection:
        own = connection.connection.transport.sock
        assert (options(own), own.gettimeout()) == (EXPECTED, 20)


@pytest.mark.long
def test_a_broker_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(OSError, match="timed out"):
        topology.connect(f"amqp://torg:torg@127.0.0.1:{mute.getsockname()[1]}/", heartbeat=0)


@pytest.mark.long
def test_the_broker_is_frozen_for_a_while(speak_over: Start, mortal_rabbitmq: PrivateRabbitMQ) -> None:
    speaking = speak_over(mortal_rabbitmq.url)
    speaking.start()
    with talk(speaking.speaker) as said:
        eventually(lambda: len(said) > 100)
        suspend(mortal_rabbitmq.child)
        eventually(lambda: speaking.metric("torg_broker_reconnects_total") >= 3, seconds=SLOW)  # it goes on trying
        resume(mortal_rabbitmq.child)
    assert_all_heard_once(speaking, said)


def test_the_database_is_killed_under_load(
    run: Run, mortal_postgres: PrivatePostgres, amqp_url: str, tmp_path: Path
) -> None:
    server = mortal_postgres.url()
    opened = {}
    for service in ("booking", "access"):
        url = databases.url_of(server, service, "torg", "torg")
        databases.provide(server, url, owner_of(url))
        migrate("kernel", owner_of(url))
        opened[service] = Database(url, service=service)
    speaking = Speaking(run, amqp_url, opened["booking"], opened["access"], tmp_path)
    worker = speaking.start()
    with talk(speaking.speaker) as said:
        for _ in range(3):
            so_far = len(said)
            eventually(lambda so_far=so_far: len(said) > so_far + 100, seconds=SLOW)
            mortal_postgres.kill()
            eventually(lambda: speaking.metric("torg_database_answers") == 0, seconds=SLOW)
            mortal_postgres.restart()
    assert_all_heard_once(speaking, said)
    eventually(lambda: speaking.metric("torg_database_answers") == len(opened), seconds=SLOW)
    assert worker.status is None
    speaking.stop()
    for database in opened.values():
        database.close()


def test_connections_are_cut_under_load(speak_over: Start, amqp_url: str) -> None:
    speaking = speak_over(amqp_url)
    speaking.start()
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    with talk(speaking.speaker) as said:
        for _ in range(5):
            so_far = len(said)
            eventually(lambda so_far=so_far: len(said) > so_far + 50)
            for database in (speaking.speaker, speaking.hearer):
                with database.engine.connect() as connection:
                    connection.execute(cut)
    assert_all_heard_once(speaking, said)
