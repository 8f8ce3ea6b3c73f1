"""What RabbitMQ itself refuses a service's own user, set up as it is deployed: to speak in another's name, to read what
another hears, to declare, bind or delete. And what a worker says whose rights are too narrow."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
from amqp.exceptions import AccessRefused
from kombu import Connection

from cli import SERVICES, broker
from cli.docs import DEFINITIONS, sources
from cli.journey import travel, whole_torg
from cli.servers.processes import Run
from cli.servers.rabbitmq import PrivateRabbitMQ
from kernel import failures, topology
from kernel.contracts import Envelope
from kernel.ids import new_id
from tests.speakers import Said, heard, say, set_mood
from tests.speaking import Speaking
from tests.waiting import eventually

NOW = datetime(2026, 12, 1, tzinfo=UTC)
Act = Callable[[Any], object]


def emitted_by(service: str) -> str:
    return next(kind.TYPE for kind in sources.events() if kind.emitter() == service)


def queue_of(service: str) -> str:
    return topology.queue(service, next(kind for kind in sources.events() if service in kind.LISTENERS)).name


def publish(kind: str, exchange: str = "torg.events", *, body: bytes = b"{}", **headers: Any) -> Act:
    return lambda channel: channel.basic_publish_confirm(
        channel.prepare_message(body, headers=headers or None), exchange, kind
    )


def attempt(url: str, act: Act) -> object:
    """Does it on a new connection. Raises AccessRefused."""
    with Connection(url, transport_options={"confirm_publish": True}) as connection, connection.channel() as channel:
        return act(channel)


@pytest.fixture(scope="module")
def users(rabbitmq_node: PrivateRabbitMQ) -> dict[str, str]:
    return rabbitmq_node.set_up(DEFINITIONS)


def foreign(own: str, other: str) -> dict[str, Act]:
    """What a service might try on another, and on itself beyond its rights."""
    events, queue = topology.EVENTS.name, queue_of(other)
    quorum = {"x-queue-type": "quorum"}
    return {
        "speak in another's name": publish(emitted_by(other)),
        "speak past the exchange": publish(queue, exchange=""),
        "put among dead letters": publish(other, exchange=str(topology.DEAD_LETTERS.name)),
        "speak by MQTT's exchange": publish(emitted_by(own), exchange="amq.topic"),
        "get what another hears": lambda channel: channel.basic_get(queue),
        "consume what another hears": lambda channel: channel.basic_consume(queue),
        "read another's dead letters": lambda channel: channel.basic_get(f"{other}.dead-letters"),
        "empty another's queue": lambda channel: channel.queue_purge(queue),
        "delete another's queue": lambda channel: channel.queue_delete(queue),
        "delete its own queue": lambda channel: channel.queue_delete(queue_of(own)),
        "declare a queue": lambda channel: channel.queue_declare(f"{own}.{emitted_by(other)}.mine", arguments=quorum),
        "declare a queue without a name": lambda channel: channel.queue_declare("", exclusive=True),
        "declare its own queue otherwise": lambda channel: channel.queue_declare(queue_of(own), durable=True),
        "declare an exchange": lambda channel: channel.exchange_declare(f"{own}.mine", "fanout"),
        "delete the exchange": lambda channel: channel.exchange_delete(events),
        "bind its queue to more": lambda channel: channel.queue_bind(queue_of(own), events, "no.torg.#"),
        "unbind another's queue": lambda channel: channel.queue_unbind(queue, events, emitted_by(own)),
        "bind an exchange": lambda channel: channel.exchange_bind("amq.topic", events, "#"),
    }


def refuses(url: str, act: Act) -> bool:
    try:
        attempt(url, act)
    except AccessRefused:
        return True
    return False


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_refused_what_is_not_its_own(users: dict[str, str], service: str) -> None:
    for other in (each for each in SERVICES if each != service):
        allowed = [what for what, act in foreign(service, other).items() if not refuses(users[service], act)]
        assert allowed == [], other


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_emit_hear_and_look(users: dict[str, str], service: str) -> None:
    emits = [kind for kind in sources.events() if kind.emitter() == service]
    attempt(users[service], publish(emits[0].TYPE))
    for kind in (each for each in sources.events() if service in each.LISTENERS):
        attempt(users[service], lambda channel, kind=kind: channel.basic_get(topology.queue(service, kind).name))  # type: ignore[misc]
    attempt(users[service], lambda channel: channel.basic_get(f"{service}.dead-letters"))
    with topology.connect(users[service], heartbeat=0) as connection:
        topology.declare_for_emitter(connection, emits)
        topology.declare_for_listener(connection, service, topology.dead_letter_queue(service))
        assert not topology.is_there(connection, topology.dead_letter_queue("nobody"))


def test_a_release_that_shares_the_operators_user_goes_on(
    rabbitmq_node: PrivateRabbitMQ, users: dict[str, str]
) -> None:
    """As those up to 0.3.0: they declare all that they emit and hear, each time they connect."""
    assert users
    with Connection(rabbitmq_node.url) as connection, connection.channel() as channel:
        for queue in broker.queues(sources.events()).values():
            queue(channel).declare()


def test_the_journey_is_seen_with_a_user_for_each_service(
    rabbitmq_node: PrivateRabbitMQ, own_users: dict[str, str], postgres: str
) -> None:
    """Booking, key, price, programme; and the heartbeat by which access knows that its news is fresh."""
    with whole_torg(rabbitmq_node.url, postgres, quiet=True, amqp_urls=own_users) as (stack, provided):
        databases = provided.urls
        seen = {step.event for step in travel(stack, databases)}
        assert {"booking.confirmed", "access.key_armed", "pricing.booking_charged", "access.door_opened"} <= seen
        assert {"programming.activity_scheduled", "programming.activity_withdrawn"} <= seen
        with closing(psycopg2.connect(databases["access"])) as access, access, access.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM failed_deliveries")
            assert cursor.fetchall() == [(0,)]
        eventually(lambda: heartbeats_taken(databases), seconds=60)
        ready = {name: readiness(part.health_port) for name, part in stack.parts.items() if "worker" in name}
    assert len(ready) == len(SERVICES)
    assert all("refused by the broker: none" in told for told in ready.values()), ready


def heartbeats_taken(databases: Mapping[str, str]) -> set[Any]:
    told = column(databases["booking"], "SELECT id FROM outbox WHERE type = 'no.torg.booking.heartbeat.v1'")
    return told & column(databases["access"], "SELECT event_id FROM inbox")


def column(url: str, sql: str) -> set[Any]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return {value for (value,) in cursor.fetchall()}


def readiness(port: int) -> str:
    return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=60).text


Worker = Callable[[str, str], Speaking]


@pytest.fixture
def worker(
    run: Run, rabbitmq_node: PrivateRabbitMQ, users: dict[str, str], fresh_database: Any, tmp_path: Path
) -> Iterator[Worker]:
    """Starts a worker of one of the two tiny services by a user's URL; their queue is there already."""
    assert users
    with topology.connect(rabbitmq_node.url, heartbeat=0) as connection:
        topology.declare_for_emitter(connection, [Said])
        with connection.channel() as channel:
            channel.queue_purge(topology.queue("access", Said).name)
    databases, started = (fresh_database("kernel"), fresh_database("kernel")), []

    def start(service: str, url: str) -> Speaking:
        folder = tmp_path / service
        folder.mkdir()
        speaking = Speaking(run, url, *databases, folder)
        started.append(speaking)
        speaking.start(service, wait=False)
        eventually(speaking.answers, seconds=120)
        return speaking

    yield start
    for each in started:
        each.stop()


def dead_letters(speaking: Speaking) -> list[failures.Failure]:
    with speaking.hearer.reading() as tx:
        return list(failures.dead_letters(tx))


def test_a_dead_letter_is_kept_and_replayed(worker: Worker, users: dict[str, str]) -> None:
    worker("booking", users["booking"])
    hearer = worker("access", users["access"])
    say(hearer.speaker, "poison", mood="badly")
    (letter,) = eventually(lambda: dead_letters(hearer))
    set_mood(hearer.hearer, "poison", "well")
    with hearer.hearer.transaction() as tx:
        failures.replay(tx, letter.id)
    assert eventually(lambda: heard(hearer.hearer)) == ["poison"]


def test_who_names_further_recipients_in_a_header_is_not_heard(worker: Worker, users: dict[str, str]) -> None:
    """RabbitMQ 3.10 asks of the routing key alone whether it may be used, and delivers by the header CC, too."""
    hearer = worker("access", users["access"])
    body = Envelope(
        id=new_id(),
        source="/services/booking",
        type=Said.TYPE,
        subject="x",
        time=NOW,
        sequence=1,
        data=Said(word="lie"),
    ).encode()
    for header in ("CC", "BCC"):
        attempt(users["pricing"], publish(emitted_by("pricing"), body=body, **{header: [Said.TYPE]}))
    letters = eventually(lambda: dead_letters(hearer), wanted=lambda found: len(found) == 2)
    assert {letter.entrypoint for letter in letters} == {emitted_by("pricing")}
    assert {letter.error for letter in letters} == {f"sent by another name into the queue of {Said.TYPE}"}
    assert heard(hearer.hearer) == []


@pytest.mark.parametrize("refused", ["rights", "password"])
def test_a_listener_that_is_refused_says_so(worker: Worker, users: dict[str, str], refused: str) -> None:
    url = users["pricing"] if refused == "rights" else users["access"].replace("@", "-wrong@")
    hearer = worker("access", url)
    eventually(lambda: hearer.metric("torg_broker_reconnects_total") >= 3)
    assert_refused(hearer, "access consumer", "consumer")


def test_an_emitter_that_is_refused_says_so_and_keeps_its_event(worker: Worker, users: dict[str, str]) -> None:
    speaker = worker("booking", users["pricing"])
    say(speaker.speaker, "unheard")
    eventually(lambda: speaker.metric("torg_broker_reconnects_total") >= 3)
    assert_refused(speaker, "booking relay", "relay")
    assert speaker.metric("torg_outbox_unsent") == 1


def assert_refused(speaking: Speaking, part: str, work: str) -> None:
    """It is not ready, and its log has said why, once."""
    told = httpx.get(f"http://127.0.0.1:{speaking.port}/readyz", timeout=60)
    assert told.status_code == 503
    assert f"refused by the broker: {part}\n" in told.text
    lines = [json.loads(line) for line in speaking.log() if "access_refused" in line]
    assert [(line["event"], line["work"], line["level"]) for line in lines] == [("access_refused", work, "error")]
    assert "refused" in lines[0]["reason"].lower()


def test_setting_up_again_renews_passwords_and_keeps_what_waits(
    rabbitmq_node: PrivateRabbitMQ, own_users: dict[str, str]
) -> None:
    """Last of the file: the users of the others have other passwords from here on."""
    kind = next(kind for kind in sources.events() if kind.emitter() == "booking" and kind.LISTENERS)
    heard_by, waits = kind.LISTENERS[0], topology.queue(kind.LISTENERS[0], kind).name
    attempt(own_users["booking"], publish(kind.TYPE))
    fresh = {f"TORG_{service.upper()}_RABBITMQ_PASSWORD": f"new-{service}" for service in SERVICES}
    rabbitmq_node.run_set_up(fresh, DEFINITIONS)
    assert attempt(rabbitmq_node.url_of(heard_by, f"new-{heard_by}"), lambda channel: channel.basic_get(waits))
    assert refuses(own_users[heard_by], lambda channel: channel.basic_get(waits))
