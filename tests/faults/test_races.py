"""Sixteen clients want one slot at the same moment, by HTTP, at two api processes: exactly one gets it, in every
round."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import cycle
from threading import Barrier
from typing import Any

import httpx
import pytest

from cli.journey import whole_torg
from cli.sign_in import token
from cli.stack import Stack
from kernel.clock import OSLO, SystemClock
from kernel.ids import new_id

CLIENTS = 16
ROUNDS = 100
HALL, PART = "borgen-storsal", "borgen-storsal-b"


@pytest.fixture(scope="module")
def stack(postgres: str) -> Iterator[Stack]:
    environment = {"TORG_RATE_LIMIT_PER_MINUTE": "1000000"}
    with whole_torg("memory://", postgres, quiet=True, api_processes=2, environment=environment) as (stack, _):
        yield stack


@pytest.fixture(scope="module")
def clients(stack: Stack) -> Iterator[list[httpx.Client]]:
    """One client for each of sixteen callers, half of them at each api process."""
    headers = {"Authorization": f"Bearer {token(stack.issuer, 'ola')}"}
    apis = cycle(stack.api_urls("booking"))
    opened = [httpx.Client(base_url=next(apis), headers=headers, timeout=30) for _ in range(CLIENTS)]
    yield opened
    for client in opened:
        client.close()


def slot(turn: int, *, hours: int = 1) -> dict[str, str]:
    """A time of its own for each round, from tomorrow on, around the clock."""
    tomorrow = (SystemClock().now() + timedelta(days=2)).astimezone(OSLO).replace(hour=0, minute=0, second=0)
    begins: datetime = tomorrow.replace(microsecond=0) + timedelta(hours=turn * 2)
    return {"begins_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=hours)).isoformat()}


def wish(space: str, time: dict[str, str]) -> dict[str, Any]:
    return {"space": space, **time, "purpose": "meeting", "audience": "adults", "participants": 5}


def race(clients: list[httpx.Client], wishes: list[dict[str, Any]], **headers: str) -> list[httpx.Response]:
    """All at once: nobody starts before everybody is ready."""
    ready = Barrier(len(wishes))

    def run(client: httpx.Client, wanted: dict[str, Any]) -> httpx.Response:
        ready.wait()
        return client.post("/bookings", json=wanted, headers={"Idempotency-Key": str(new_id()), **headers})

    with ThreadPoolExecutor(len(wishes)) as pool:
        return list(pool.map(run, clients, wishes))


def told(answers: list[httpx.Response]) -> Counter[tuple[int, str | None]]:
    return Counter((answer.status_code, answer.json().get("code")) for answer in answers)


def test_one_slot_has_exactly_one_winner_in_every_round(clients: list[httpx.Client]) -> None:
    for turn in range(ROUNDS):
        answers = race(clients, [wish(PART, slot(turn))] * CLIENTS)
        assert told(answers) == {(201, None): 1, (409, "slot_taken"): CLIENTS - 1}, f"round {turn}"


def test_a_hall_and_its_part_are_never_both_taken(clients: list[httpx.Client]) -> None:
    for turn in range(ROUNDS, 2 * ROUNDS):
        answers = race(clients, [wish(HALL if number % 2 else PART, slot(turn)) for number in range(CLIENTS)])
        assert told(answers) == {(201, None): 1, (409, "slot_taken"): CLIENTS - 1}, f"round {turn}"


def test_shifted_times_never_overlap(clients: list[httpx.Client]) -> None:
    for turn in range(2 * ROUNDS, 3 * ROUNDS):
        first = slot(turn, hours=1)
        begins = datetime.fromisoformat(first["begins_at"])
        shifted = [begins + timedelta(minutes=15 * (number % 3)) for number in range(CLIENTS)]
        times = [{"begins_at": at.isoformat(), "ends_at": (at + timedelta(hours=1)).isoformat()} for at in shifted]
        answers = race(clients, [wish(PART, time) for time in times])
        assert told(answers) == {(201, None): 1, (409, "slot_taken"): CLIENTS - 1}, f"round {turn}"


def test_one_idempotency_key_makes_one_booking_however_often_it_is_sent(clients: list[httpx.Client]) -> None:
    for turn in range(3 * ROUNDS, 3 * ROUNDS + 20):
        answers = race(clients, [wish(PART, slot(turn))] * CLIENTS, **{"Idempotency-Key": str(new_id())})
        assert told(answers) == {(201, None): CLIENTS}
        assert len({answer.json()["id"] for answer in answers}) == 1
