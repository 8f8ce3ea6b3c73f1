"""The whole life of bookings on a real PostgreSQL, beside a model in memory that says what should come of each step.

Hypothesis makes the steps up: persons, managers, pricing, doors and the worker, in any order, one by one, in series, in
closures and in imported files, in a house whose spaces lie in one another, are joined across the tree, shared,
buffered, approved and paid beforehand; others look for a time in it, and wait for what is taken. Each step is taken or
refused just as the model says, by the very rule it names; and after each one the raw tables are counted by hand.
"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from services.booking.model.resources import Equipment, Space, Square
from services.booking.model.sharing import Sharing
from tests.booking_house import HOUSE, OWNED
from tests.booking_life_waiting import WaitingLife

EVERY_TIME_ALIKE = settings(
    max_examples=30,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
"""In the gate: what fails there is the change's doing, not luck's."""
LONG = settings(EVERY_TIME_ALIKE, max_examples=300, stateful_step_count=80, derandomize=False, database=None)


@pytest.fixture
def settled(counter: Any, town: Any) -> Any:
    """The house of the model, published."""

    def space(name: str, *spaces: Space, joins: tuple[str, ...] = ()) -> Space:
        place = HOUSE[name]
        rules = replace(
            town.RULES,
            max_minutes=place.longest,
            notice_minutes=place.notice,
            setup_minutes=place.setup,
            clearing_minutes=place.clearing,
            approval=place.approval,
            prepay=place.prepay,
            release_minutes=place.release,
        )
        sharing = Sharing(groups=place.groups, apart=place.apart) if place.shared else None
        made = town.space(name, *spaces, capacity=place.capacity, rules=rules)
        return replace(made, joins=joins, sharing=sharing, noise=place.noise)

    big = space("big", space("third-1"), space("two-thirds", space("third-2"), space("third-3")))
    whole = space("whole", space("lobby"), big, space("stage"), space("studio"))
    lent = tuple(Equipment(id=kind, name=town.name(kind), pieces=pieces) for kind, pieces in OWNED.items())
    arena = replace(town.arena("house", whole, space("joint", joins=("third-3", "studio"))), equipment=lent)
    counter.publish(Square(id="borgen", name=town.name("Borgen"), arenas=(arena,)))
    return counter


@pytest.fixture
def band(settled: Any) -> Any:
    """An organisation that rents."""
    return settled.organisation("kari")


def test_bookings_live_as_the_model_says(settled: Any, band: Any) -> None:
    run_state_machine_as_test(lambda: WaitingLife(settled, band), settings=EVERY_TIME_ALIKE)


@pytest.mark.long
def test_bookings_live_long_as_the_model_says(settled: Any, band: Any) -> None:
    run_state_machine_as_test(lambda: WaitingLife(settled, band), settings=LONG)
