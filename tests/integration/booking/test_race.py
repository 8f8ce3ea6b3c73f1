"""Rivals for one time: exactly one has it in every round, and nobody waits for a deadlock to be found."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import Database
from services.booking.model.bookings import BookingRequest
from services.booking.model.refusals import SlotTaken
from services.booking.usecases import bookings as usecases
from tests.at_once import at_once
from tests.callers import RESIDENT

ROUNDS = 30
RIVALS = 16
DEADLOCKS = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def winners(database: Database, requests: Sequence[BookingRequest]) -> list[str]:
    """The spaces of those who got what they asked for, when all ask at once."""

    def ask(request: BookingRequest) -> str | None:
        try:
            with database.transaction() as tx:
                return usecases.hold(tx, RESIDENT, request).space
        except SlotTaken:
            return None

    return [space for space in at_once(ask, requests) if space is not None]


def rounds(counter: Any, spaces: Sequence[str]) -> Iterator[list[BookingRequest]]:
    """For each round a time of its own, and a request of every rival; they take the spaces by turns."""
    for number in range(ROUNDS):
        yield [counter.wanted(spaces[rival % len(spaces)], begin=number * 4) for rival in range(RIVALS)]


@pytest.mark.parametrize("space", ["room", "hall"])
def test_one_of_many_rivals_has_the_space_in_every_round(counter: Any, many: Database, space: str) -> None:
    for requests in rounds(counter, [space]):
        assert winners(many, requests) == [space]


def test_a_hall_or_its_thirds_and_never_both(counter: Any, many: Database) -> None:
    for requests in rounds(counter, ["hall", "third-1", "third-2", "third-3"]):
        won = winners(many, requests)

        assert won == ["hall"] or set(won) <= {"third-1", "third-2", "third-3"}
        assert won
        assert len(won) == len(set(won))


def test_times_that_overlap_in_part_leave_somebody_with_the_space(counter: Any, many: Database) -> None:
    for number in range(ROUNDS):
        requests = [counter.wanted("hall", begin=number * 12 + rival % 4) for rival in range(RIVALS)]

        assert winners(many, requests) == ["hall"]


def test_rivals_never_come_to_a_deadlock(counter: Any, many: Database) -> None:
    with many.reading() as tx:
        before = tx.execute(DEADLOCKS).scalar_one()
    for requests in rounds(counter, ["hall", "third-2"]):
        winners(many, requests)

    with many.reading() as tx:
        assert tx.execute(DEADLOCKS).scalar_one() == before
