"""The private RabbitMQ: it starts, keeps what it confirmed whatever ends it, speaks MQTT, and stays on this machine."""

import socket
from collections.abc import Iterator

import amqp
import psutil
import pytest
from kombu import Connection

from cli.servers.processes import Run
from cli.servers.rabbitmq import PrivateRabbitMQ
from tests.waiting import eventually

QUEUE = "torg.test.kept"
QUORUM = {"x-queue-type": "quorum"}
# MQTT 3.1.1 CONNECT with user name and password; the answer is a CONNACK, whose last byte 0 means accepted
CONNECTED = b"\x20\x02\x00\x00"


@pytest.fixture(scope="module")
def node(run: Run) -> Iterator[PrivateRabbitMQ]:
    node = PrivateRabbitMQ(run.temporary_folder(), run)
    node.start()
    yield node
    node.kill()


def publish(url: str, body: str) -> None:
    with Connection(url, transport_options={"confirm_publish": True}) as connection:
        channel = connection.channel()
        channel.queue_declare(QUEUE, durable=True, auto_delete=False, arguments=QUORUM)
        channel.basic_publish_confirm(amqp.Message(body, delivery_mode=2), routing_key=QUEUE)


def fetch(url: str) -> str | None:
    with Connection(url) as connection:
        found = connection.channel().basic_get(QUEUE, no_ack=True)
        return None if found is None else found.body


def mqtt_connect(user: str, password: str) -> bytes:
    fields = b"".join(len(text).to_bytes(2, "big") + text.encode() for text in ("MQTT",))
    payload = b"".join(len(text).to_bytes(2, "big") + text.encode() for text in ("a-lock", user, password))
    body = fields + bytes([4, 0xC2, 0, 60]) + payload
    return bytes([0x10, len(body)]) + body


def test_what_it_confirmed_survives_kill_9_and_a_restart(node: PrivateRabbitMQ) -> None:
    publish(node.url, "kept")
    eventually(lambda: node.remembers(QUEUE))
    before = node.child.pid
    node.kill()
    assert not node.answers()
    node.restart()
    assert node.child.pid != before
    assert fetch(node.url) == "kept"


def test_it_listens_on_loopback_only(node: PrivateRabbitMQ) -> None:
    family = [psutil.Process(node.child.pid), *psutil.Process(node.child.pid).children(recursive=True)]
    listening = [each.laddr.ip for one in family for each in one.net_connections("inet") if each.status == "LISTEN"]
    assert set(listening) == {"127.0.0.1"}


def test_a_lock_can_connect_by_mqtt_with_the_password(node: PrivateRabbitMQ) -> None:
    with socket.create_connection(("127.0.0.1", node.mqtt_port), timeout=10) as lock:
        lock.sendall(mqtt_connect(*node.mqtt_login))
        assert lock.recv(4) == CONNECTED


def test_nobody_comes_in_without_the_password(node: PrivateRabbitMQ) -> None:
    with pytest.raises(amqp.AccessRefused), Connection(f"amqp://torg:guessed@127.0.0.1:{node.port}/") as connection:
        connection.connect()
    with socket.create_connection(("127.0.0.1", node.mqtt_port), timeout=10) as lock:
        lock.sendall(mqtt_connect("torg", "guessed"))
        assert lock.recv(4) != CONNECTED
