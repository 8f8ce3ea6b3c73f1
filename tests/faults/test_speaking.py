"""What the other tests here rely on: a worker that is started hears, and what is put to the broker is in a queue."""

import pytest
from amqp.exceptions import ChannelError
from kombu import Connection

from cli.servers.ports import free_port
from kernel import topology
from tests.speaking import Start, put
from tests.waiting import eventually


def test_a_worker_that_is_ready_without_a_broker_is_not_taken_to_hear(speak_over: Start) -> None:
    speaking = speak_over(f"amqp://127.0.0.1:{free_port()}/")
    speaking.start("access", wait=False)
    eventually(lambda: speaking.is_ready(speaking.port))
    assert not speaking.hears(speaking.port)


def test_once_a_worker_is_started_its_queue_is_bound(speak_over: Start, amqp_url: str) -> None:
    speaking = speak_over(amqp_url)
    speaking.start("access")
    put(amqp_url, b"{}")


def test_what_no_queue_takes_is_not_put(amqp_url: str) -> None:
    with Connection(amqp_url) as connection, connection.channel() as channel:
        topology.EVENTS(channel).declare()
    with pytest.raises(ChannelError, match="NO_ROUTE"):
        put(amqp_url, b"{}")
