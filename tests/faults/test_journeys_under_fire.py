"""Two hundred bookings travel through all services while every process is killed (kill -9) in turn. When it is quiet
again: every confirmed booking has exactly one key, one charge and one activity, no event is lost, no effect is
doubled."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import cycle

import pytest

from cli.stack import Stack
from tests.fire import Torg, assert_all_agree, book, torg_under_fire, wait_until_quiet

BOOKINGS = 200


@pytest.fixture(params=["memory", "rabbitmq"])
def torg(request: pytest.FixtureRequest, postgres: str) -> Iterator[Torg]:
    amqp_url, layout = "memory://", {}
    if request.param == "rabbitmq":  # each service with its own user, as it is deployed
        amqp_url = request.getfixturevalue("rabbitmq_node").url
        layout = {"amqp_urls": request.getfixturevalue("own_users")}
    with torg_under_fire(amqp_url, postgres, **layout) as torg:
        yield torg


def kill_each_in_turn(stack: Stack, booked: list[Future[None]]) -> None:
    """Kills every process, again and again, as long as there is work. A process is started by the main thread only."""
    for name in cycle(list(stack.parts)):
        if not wait(booked, timeout=1.0).not_done:
            return
        stack.kill(name)
        stack.restart(name)


def test_every_process_is_killed_in_turn_during_two_hundred_bookings(torg: Torg) -> None:
    with ThreadPoolExecutor(8) as pool:
        booked = [pool.submit(book, torg, number) for number in range(BOOKINGS)]
        kill_each_in_turn(torg.stack, booked)
    for each in booked:
        each.result()
    wait_until_quiet(torg)
    assert_all_agree(torg, BOOKINGS)
