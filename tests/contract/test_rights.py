"""RabbitMQ's definitions: what the services declare and emit is in them, and nobody has a right that it does not need.

tests/integration/cli/test_rights.py has RabbitMQ itself refuse the rest."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.docs import DEFINITIONS, made_by, sources, written
from cli.servers.rabbitmq import SET_UP
from kernel import topology
from kernel.contracts import Event
from tests.compose import FILE
from tests.contract import golden

SERVICES = sources.services()
WRITTEN: dict[str, Any] = json.loads(DEFINITIONS.read_text())
RIGHTS = {each["user"]: each for each in WRITTEN["permissions"]}
TOPICS = {each["user"]: each for each in WRITTEN["topic_permissions"]}


def test_the_definitions_are_what_the_code_says() -> None:
    assert made_by("cli.docs.rights") == written(DEFINITIONS), "stale: run ./torg docs"


def test_the_queues_are_the_pinned_ones() -> None:
    pinned = golden.read("queues.json")
    bound = {each["destination"]: each for each in WRITTEN["bindings"]}
    for queue in WRITTEN["queues"]:
        expected = pinned["queues"].pop(queue["name"])
        bindings = bound.pop(queue["name"])
        assert (queue["durable"], queue["auto_delete"]) == (expected["durable"], expected["auto_delete"])
        assert queue["arguments"] == expected["arguments"]
        assert (bindings["source"], bindings["routing_key"]) == (expected["exchange"], expected["routing_key"])
    assert (pinned["queues"], bound) == ({}, {})
    kept = ("name", "type", "durable", "auto_delete")
    assert [{name: each[name] for name in kept} for each in WRITTEN["exchanges"]] == pinned["exchanges"]


def test_a_new_event_makes_the_definitions_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sung(Event):
        TYPE = "no.torg.booking.test_sung.v1"
        LISTENERS = ("pricing",)

    events = sources.events()
    monkeypatch.setattr(sources, "events", lambda: [*events, Sung])
    assert f"pricing.{Sung.TYPE}" in made_by("cli.docs.rights")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_takes_from_its_own_queues_only(service: str) -> None:
    queues = [each["name"] for each in WRITTEN["queues"]]
    readable = [name for name in queues if re.search(RIGHTS[service]["read"], name)]
    own = [topology.queue(service, kind).name for kind in sources.events() if service in kind.LISTENERS]
    assert sorted(readable) == sorted([*own, topology.dead_letter_queue(service).name])
    assert not re.search(RIGHTS[service]["read"], str(topology.EVENTS.name)), "who reads an exchange may bind to it"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_speaks_in_its_own_name_only(service: str) -> None:
    writable = [name for name in (*_names(), "", "amq.default") if re.search(RIGHTS[service]["write"], name)]
    assert writable == [topology.EVENTS.name]
    spoken = [kind for kind in sources.events() if re.search(TOPICS[service]["write"], kind.TYPE)]
    assert spoken == [kind for kind in sources.events() if kind.emitter() == service]
    assert TOPICS[service]["exchange"] == topology.EVENTS.name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_declares_and_binds_nothing(service: str) -> None:
    assert [name for name in _names() if re.search(RIGHTS[service]["configure"], name)] == []
    assert not re.search(TOPICS[service]["read"], f"no.torg.{service}.anything.v1")


def test_nobody_else_has_a_right_but_the_operator() -> None:
    assert set(RIGHTS) == {*SERVICES, "torg"}
    assert set(TOPICS) == set(SERVICES)


def test_the_set_up_makes_each_user_and_the_file_has_no_passwords() -> None:
    made = re.findall(r"^user (\w+) ", SET_UP.read_text(), re.MULTILINE)
    assert set(made) == set(RIGHTS)
    assert "users" not in WRITTEN
    assert "password" not in DEFINITIONS.read_text()


def test_an_upgrade_with_other_definitions_sets_rabbitmq_up_anew() -> None:
    """Compose makes a container anew when its label differs; a mounted file's text it does not look at."""
    files = sorted(Path(DEFINITIONS.parent).iterdir())
    digest = hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()[:16]
    assert f'labels: {{no.torg.definitions: "{digest}"}}' in FILE.read_text(), f"write {digest} there"


def _names() -> list[str]:
    return [each["name"] for part in ("queues", "exchanges") for each in WRITTEN[part]]
