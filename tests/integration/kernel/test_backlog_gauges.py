"""Operators see how much waits, above all when the broker is away."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from kernel.db import Database
from kernel.outbox import Unsent
from kernel.relay import PublishFailed, Relay
from tests.speakers import say

Fresh = Callable[..., Database]


class BrokerAway:
    """A publisher that never gets through."""

    def send(self, events: Sequence[Unsent]) -> None:
        raise PublishFailed("nobody answers")

    def safe(self) -> list[UUID]:
        return []

    def close(self) -> None:
        return


def relay_of(database: Database) -> Relay:
    return Relay(database, BrokerAway(), poll=0.01, keep=timedelta(days=30))


def gauge(name: str, database: Database) -> float:
    value = REGISTRY.get_sample_value(name, {"service": database.service})
    assert value is not None
    return value


def test_what_waits_is_told_though_the_broker_is_away(fresh_database: Fresh) -> None:
    database = fresh_database("kernel")
    say(database, "one", "two")
    relay = relay_of(database)
    with pytest.raises(PublishFailed):
        relay.step()
    assert gauge("torg_outbox_unsent", database) == 2
    assert gauge("torg_outbox_oldest_seconds", database) > 0
    relay.stand_down()


def test_a_relay_that_is_not_elected_tells_of_nothing(fresh_database: Fresh) -> None:
    database = fresh_database("kernel")
    say(database, "one")
    first, second = relay_of(database), relay_of(database)
    with pytest.raises(PublishFailed):
        first.step()
    assert second.step() == 0
    assert gauge("torg_outbox_unsent", database) == 0
    assert gauge("torg_outbox_oldest_seconds", database) == 0
    first.stand_down()
