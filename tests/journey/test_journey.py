"""The main job, as a user runs it: `./torg journey`, on the embedded servers and on real ones."""

import json
import os
import re
import subprocess
import sys

import pytest

from cli.paths import ROOT

EVENTS = [
    "booking.held",
    "pricing.booking_priced",
    "booking.confirmed",
    "access.key_issued",
    "access.key_armed",
    "pricing.booking_charged",
    "access.door_opened",
    "access.door_refused",
    "programming.activity_scheduled",
    "pricing.hours_registered",
    "pricing.waiver_granted",
    "booking.held",
    "pricing.booking_priced",
    "booking.confirmed",
    "access.key_issued",
    "access.key_armed",
    "pricing.booking_charged",
    "booking.completed",
    "access.key_armed",
    "booking.cancelled",
    "access.key_revoked",
    "access.door_refused",
    "programming.activity_withdrawn",
    "pricing.booking_charged",
]


def journey(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "cli", "journey", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=480, cwd=ROOT, env=environment)


def assert_every_step_seen(done: subprocess.CompletedProcess[str]) -> None:
    told = json.loads(done.stdout)
    assert told["fault"] == ""
    assert (done.returncode, told["seen"]) == (0, True)
    assert [step["event"] for step in told["steps"] if step["event"]] == EVENTS
    milliseconds = [step["milliseconds"] for step in told["steps"]]
    assert milliseconds == sorted(milliseconds)


def test_the_journey_on_the_embedded_servers() -> None:
    assert_every_step_seen(journey("--json"))


def test_the_journey_on_real_servers(postgres: str, amqp_url: str) -> None:
    assert_every_step_seen(journey("--json", "--amqp-url", amqp_url, "--database-url", postgres))


def test_the_journey_for_people(postgres: str) -> None:
    done = journey("--database-url", postgres)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every step was seen" in done.stdout
    assert "access.door_opened" in done.stdout


def test_the_readme_shows_what_the_journey_prints() -> None:
    shown = (ROOT / "README.md").read_text().split("<!-- journey -->")[1].split("<!-- /journey -->")[0]
    assert re.findall(r"\b(?:booking|access|pricing|programming)\.[a-z_]+", shown) == EVENTS


@pytest.mark.parametrize("options", [["--database-url", "postgresql://nobody:x@127.0.0.1:1/nothing"]])
def test_what_is_not_seen_is_told_by_the_exit_status(options: list[str]) -> None:
    done = journey("--json", *options)
    assert done.returncode == 1
    assert json.loads(done.stdout)["seen"] is False


def test_a_broker_with_somebodys_torg_in_it_is_left_alone(postgres: str, amqp_url: str) -> None:
    from kombu import Connection

    from cli.broker import holds_any, queues
    from cli.docs.sources import events

    name, queue = next(iter(queues(events()).items()))
    with Connection(amqp_url) as connection, connection.channel() as channel:
        queue(channel).declare()
    done = journey("--json", "--amqp-url", amqp_url, "--database-url", postgres)
    assert done.returncode == 1
    assert "has Torg's queues already" in json.loads(done.stdout)["fault"]
    assert name
    assert holds_any(amqp_url, events())
