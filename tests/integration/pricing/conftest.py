"""Pricing with a database of its own, the demo's tariff, and a clock that is moved by hand."""

from collections.abc import Callable, Iterator

import nameko
import pytest

from kernel.clock import FixedClock
from kernel.db import Database
from kernel.settings import Settings
from tests.bookings import BOOKED_AT, published
from tests.office import Office


@pytest.fixture(autouse=True)
def _worker_settings() -> Iterator[None]:
    """What a nameko class looks up when it is made."""
    with nameko.config.patch({"torg": Settings()}):
        yield


@pytest.fixture
def office(fresh_database: Callable[..., Database]) -> Office:
    """Pricing that has adopted the demo's tariff, and knows a hall in each of two squares."""
    clock = FixedClock(BOOKED_AT)
    office = Office(fresh_database("pricing", clock=clock), clock)
    office.adopt()
    tofte = {"square": "tofte", "arena": "tofte-innbyggertorg"}
    office.deliver(published(), published("tofte-sal", **tofte))
    return office
