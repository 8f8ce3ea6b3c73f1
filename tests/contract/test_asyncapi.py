"""`docs/asyncapi.yaml` is sound and true: every golden event fits it, and a spoilt one does not."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from cli.docs import FOLDER, sources
from kernel import topology
from kernel.contracts import Event
from tests.contract import golden

EVENTS = [pytest.param(kind, id=kind.TYPE) for kind in sources.events()]
ROOT_KEYS = {"asyncapi", "info", "defaultContentType", "channels", "operations", "components"}


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())
    return found


def resolve(reference: str) -> Any:
    """What a reference within the document points at. Raises KeyError when that is nothing."""
    found: Any = document()
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def validator(kind: type[Event]) -> Draft7Validator:
    """Of the payload of an event's message. AsyncAPI's schemas are JSON Schema, draft 7."""
    payload = {"$ref": f"#/components/messages/{kind.__name__}/payload"}
    return Draft7Validator({**payload, **document()}, format_checker=Draft7Validator.FORMAT_CHECKER)


def test_it_has_the_parts_of_asyncapi_3() -> None:
    assert set(document()) == ROOT_KEYS
    assert document()["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(document()["info"])


def test_every_reference_points_at_something() -> None:
    for reference in references(document()):
        assert reference.startswith("#/")
        assert resolve(reference)


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_is_sent_on_its_channel_and_received_on_its_queues(kind: type[Event]) -> None:
    operations = document()["operations"]
    sent = operations[f"{kind.emitter()}-sends-{kind.__name__}"]
    assert sent["action"] == "send"
    assert resolve(sent["channel"]["$ref"])["address"] == kind.TYPE
    for listener in kind.LISTENERS:
        received = operations[f"{listener}-receives-{kind.__name__}"]
        assert received["action"] == "receive"
        assert resolve(received["channel"]["$ref"])["address"] == topology.queue(listener, kind).name
        assert [resolve(each["$ref"]) for each in received["messages"]] == [
            {"$ref": f"#/components/messages/{kind.__name__}"}
        ]


def test_nothing_else_is_sent_or_received() -> None:
    expected = sum(1 + len(kind.LISTENERS) for kind in sources.events())
    assert len(document()["operations"]) == expected
    assert len(document()["channels"]) == expected


@pytest.mark.parametrize("name", document()["components"]["schemas"])
def test_a_schema_is_json_schema(name: str) -> None:
    Draft7Validator.check_schema(document()["components"]["schemas"][name])


@pytest.mark.parametrize("kind", EVENTS)
def test_the_golden_event_fits(kind: type[Event]) -> None:
    assert [fault.message for fault in validator(kind).iter_errors(golden.event(kind))] == []


@pytest.mark.parametrize("kind", EVENTS)
def test_a_spoilt_event_does_not_fit(kind: type[Event]) -> None:
    whole = golden.event(kind)
    compulsory = golden.read("required.json")[kind.TYPE]
    for name in compulsory:
        lacking = {**whole, "data": {each: value for each, value in whole["data"].items() if each != name}}
        assert not validator(kind).is_valid(lacking), name
        assert not validator(kind).is_valid({**whole, "data": {**whole["data"], name: ["wrong"]}}), name
    assert not validator(kind).is_valid({**whole, "type": "no.torg.other.v1"})
    assert not validator(kind).is_valid({**whole, "sequence": 0})
