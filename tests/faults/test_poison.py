"""Events that fail, can't be read, or kill their worker: they end as dead letters, and can be replayed."""

import json
import signal

import pytest
from kombu import Connection, Queue

from kernel import failures, topology
from kernel.db import Database
from kernel.failures import Failure
from tests.speakers import Said, heard, say, set_mood
from tests.speaking import Speaking, Start, put
from tests.waiting import eventually

UNREADABLE = [b"\xff\xfe\x00", b"{}", b"", b"[1]", b'{"type": "no.torg.booking.test_said.v1", "data": 3}']


@pytest.fixture
def speaking(speak_over: Start, amqp_url: str) -> Speaking:
    speaking = speak_over(amqp_url)
    speaking.start()
    return speaking


def dead_letters(database: Database) -> list[Failure]:
    with database.reading() as tx:
        return list(failures.dead_letters(tx))


def replay(database: Database) -> None:
    with database.transaction() as tx:
        for letter in failures.dead_letters(tx):
            failures.replay(tx, letter.id)


def test_a_poison_event_ends_as_a_dead_letter_and_is_replayed(speaking: Speaking) -> None:
    say(speaking.speaker, "poison", mood="badly")
    say(speaking.speaker, "good")
    letters = eventually(lambda: dead_letters(speaking.hearer))
    assert [(letter.entrypoint, letter.attempts) for letter in letters] == [(Said.TYPE, 3)]
    assert heard(speaking.hearer) == ["good"]
    assert speaking.metric("torg_dead_letters_total") == 1
    assert speaking.metric("torg_retries_total") == 2
    set_mood(speaking.hearer, "poison", "well")
    replay(speaking.hearer)
    assert eventually(lambda: heard(speaking.hearer), wanted=lambda words: len(words) > 1) == ["good", "poison"]
    assert dead_letters(speaking.hearer) == []


@pytest.mark.parametrize(
    "properties", [{}, {"content_type": "application/x-unheard-of"}, {"content_encoding": "no-such"}]
)
def test_what_can_not_be_read_ends_as_a_dead_letter(speaking: Speaking, properties: dict[str, str]) -> None:
    for body in UNREADABLE:
        put(speaking.broker, body, **properties)
    say(speaking.speaker, "good")
    letters = eventually(lambda: dead_letters(speaking.hearer), wanted=lambda found: len(found) == len(UNREADABLE))
    assert sorted(letter.body for letter in letters) == sorted(UNREADABLE)
    assert eventually(lambda: heard(speaking.hearer)) == ["good"]


def test_a_body_that_can_not_be_unpacked_ends_as_a_dead_letter(speaking: Speaking) -> None:
    put(speaking.broker, b"not compressed", headers={"compression": "application/x-gzip"})
    assert [letter.body for letter in eventually(lambda: dead_letters(speaking.hearer))] == [b"not compressed"]


def test_what_kills_its_worker_time_and_again_is_set_aside_by_the_broker(speak_over: Start, amqp_url: str) -> None:
    speaking = speak_over(amqp_url)
    worker = speaking.start()
    say(speaking.speaker, "deadly", "good")
    eventually(lambda: len(heard(speaking.hearer)) == 2)
    worker.send(signal.SIGTERM)  # killed, it might leave what it has not acknowledged yet before the deadly one
    assert worker.wait(60) == 0
    put(amqp_url, json.dumps({"deadly": True}).encode())
    for _ in range(topology.DELIVERY_LIMIT + 1):  # workers that took it and died
        with Connection(amqp_url) as connection, connection.channel() as channel:
            eventually(lambda channel=channel: channel.basic_get(topology.queue("access", Said).name))
    speaking.start()
    letter = eventually(lambda: dead_letters(speaking.hearer))[0]
    assert (letter.entrypoint, json.loads(letter.body)) == (Said.TYPE, {"deadly": True})
    assert "delivery_limit" in letter.error


def test_a_queue_with_other_arguments_ends_the_worker_loudly(speak_over: Start, amqp_url: str) -> None:
    with Connection(amqp_url) as connection, connection.channel() as channel:
        Queue(topology.queue("access", Said).name, durable=True)(channel).queue_declare()
    worker = speak_over(amqp_url).start("access", wait=False)
    assert worker.wait(60) not in (0, None)
    assert "PreconditionFailed" in worker.last_lines()


def test_headers_of_a_stranger_do_not_travel_on(speaking: Speaking) -> None:
    put(speaking.broker, b"{}", headers={"nameko.call_id_stack": ["x"] * 50, "x-death": "nonsense"})
    eventually(lambda: dead_letters(speaking.hearer))
    say(speaking.speaker, "good")
    assert eventually(lambda: heard(speaking.hearer)) == ["good"]


def test_a_consumer_whose_channel_is_closed_by_the_broker_comes_back(speaking: Speaking) -> None:
    with Connection(speaking.broker) as connection, connection.channel() as channel:
        channel.queue_delete(topology.queue("access", Said).name)
    # RabbitMQ 3.10 may not tell a consumer that its quorum queue is gone when another of that name is there at once
    eventually(lambda: speaking.metric("torg_broker_reconnects_total"))
    say(speaking.speaker, "after")
    assert eventually(lambda: heard(speaking.hearer)) == ["after"]
