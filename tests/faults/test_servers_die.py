"""RabbitMQ and PostgreSQL are killed (kill -9) under load and come back: nothing lost, nothing twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import exc, text

from cli.servers import databases
from cli.servers.postgres import PrivatePostgres
from cli.servers.processes import Run
from cli.servers.rabbitmq import PrivateRabbitMQ
from kernel import failures, outbox, topology
from kernel.db import Database
from kernel.migrate import migrate
from tests.speakers import Said, heard, say
from tests.speaking import Speaking, Start
from tests.waiting import eventually

SLOW = 180.0


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


@contextmanager
def talk(database: Database) -> Iterator[list[str]]:
    """Says a word every so often from a thread of its own; gives the words whose commit was confirmed."""
    said: list[str] = []
    ended = Event()

    def talk_on() -> None:
        number = 0
        while not ended.wait(0.005):
            number += 1
            try:
                say(database, f"word {number:05}")
            except exc.SQLAlchemyError:
                continue  # not confirmed: it may be there or not, and is not counted
            said.append(f"word {number:05}")

    talking = Thread(target=talk_on)
    talking.start()
    try:
        yield said
    finally:
        ended.set()
        talking.join()


def all_sent(database: Database) -> bool:
    with database.reading() as tx:
        return outbox.backlog(tx)[0] == 0


def failed(database: Database) -> tuple[int, int]:
    with database.reading() as tx:
        return failures.depths(tx)


def assert_all_heard_once(speaking: Speaking, said: list[str]) -> None:
    eventually(lambda: all_sent(speaking.speaker), seconds=SLOW)
    words = eventually(lambda: heard(speaking.hearer), wanted=lambda words: set(said) <= set(words), seconds=SLOW)
    assert len(words) == len(set(words))
    eventually(lambda: failed(speaking.hearer), wanted=(0, 0).__eq__)
    eventually(lambda: all_sent(speaking.hearer), seconds=SLOW)


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


def test_the_database_is_killed_under_load(
    run: Run, mortal_postgres: PrivatePostgres, amqp_url: str, tmp_path: Path
) -> None:
    server = mortal_postgres.url()
    databases.create_role(server, "torg", "torg")
    opened = {}
    for service in ("booking", "access"):
        databases.create_database(server, service, "torg")
        url = databases.url_of(server, service, "torg", "torg")
        migrate("kernel", url)
        opened[service] = Database(url, service=service)
    speaking = Speaking(run, amqp_url, opened["booking"], opened["access"], tmp_path)
    worker = speaking.start()
    with talk(speaking.speaker) as said:
        for _ in range(3):
            so_far = len(said)
            eventually(lambda so_far=so_far: len(said) > so_far + 100, seconds=SLOW)
            mortal_postgres.kill()
            mortal_postgres.restart()
    assert_all_heard_once(speaking, said)
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
