"""A thousand bookings while everything is killed in turn: each process, RabbitMQ and PostgreSQL. `./torg test long`."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from cli.broker import queues
from cli.docs.sources import events
from cli.servers.postgres import PrivatePostgres
from cli.servers.processes import Run
from cli.servers.rabbitmq import PrivateRabbitMQ
from tests.fire import assert_all_agree, book, torg_under_fire, wait_until_quiet
from tests.waiting import eventually

BOOKINGS = 1000
PAUSE_SECONDS = 2.0


@pytest.fixture
def rabbitmq_to_kill(run: Run, tmp_path: Path) -> Iterator[PrivateRabbitMQ]:
    server = PrivateRabbitMQ(tmp_path / "rabbitmq", run)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def postgres_to_kill(run: Run, tmp_path: Path) -> Iterator[PrivatePostgres]:
    server = PrivatePostgres(tmp_path / "postgres", run)
    server.start()
    yield server
    server.kill()


@pytest.mark.long
def test_everything_is_killed_in_turn_during_a_thousand_bookings(
    rabbitmq_to_kill: PrivateRabbitMQ, postgres_to_kill: PrivatePostgres
) -> None:
    with torg_under_fire(rabbitmq_to_kill.url, postgres_to_kill.url()) as torg:
        eventually(lambda: all(map(rabbitmq_to_kill.remembers, queues(events()))))

        def kill_process(name: str) -> None:
            torg.stack.kill(name)
            torg.stack.restart(name)

        def kill_server(server: PrivateRabbitMQ | PrivatePostgres) -> None:
            server.kill()
            server.restart()

        killings: list[Callable[[], None]] = [lambda name=name: kill_process(name) for name in torg.stack.parts]
        killings += [lambda server=server: kill_server(server) for server in (rabbitmq_to_kill, postgres_to_kill)]
        done = 0
        with ThreadPoolExecutor(8) as pool:
            booked = [pool.submit(book, torg, number) for number in range(BOOKINGS)]
            while wait(booked, timeout=PAUSE_SECONDS).not_done:
                if done % len(killings) == 0:
                    random.shuffle(killings)
                killings[done % len(killings)]()
                done += 1
        for each in booked:
            each.result()
        print(f"{BOOKINGS} bookings, {done} killings")
        wait_until_quiet(torg)
        assert_all_agree(torg, BOOKINGS)
