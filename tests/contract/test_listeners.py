"""What listeners promise: each handles exactly what the events say it does, takes what emitters send, and what they may
send tomorrow, and sets aside what is not an event."""

import importlib
import json
from dataclasses import fields
from typing import Any

import pytest
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from cli.docs import sources
from cli.docs.schemas import default_of, is_optional
from kernel.consumer import EventHandler
from kernel.contracts import Event, Undecodable, decode
from tests.contract import golden
from tests.contract.examples import envelope

WRONG: dict[type, Any] = {
    str: 7,
    int: "seven",
    float: "7.0",
    bool: "yes",
    list: {"seven": 7},
    dict: "seven",
    type(None): 7,
}
"""A value of a kind that a JSON value of this kind can't be mistaken for."""
ATTRIBUTES = ("id", "source", "type", "subject", "time", "sequence", "data")


def handled(service: str) -> dict[type[Event], str]:
    """The events a service's nameko class handles, with the method that does."""
    found = {}
    service_class = getattr(importlib.import_module(f"services.{service}.service"), service.capitalize())
    for name in dir(service_class):
        for entrypoint in getattr(getattr(service_class, name), ENTRYPOINT_EXTENSIONS_ATTR, ()):
            if isinstance(entrypoint, EventHandler):
                assert entrypoint.kind not in found, f"{service} handles {entrypoint.kind.__name__} twice"
                found[entrypoint.kind] = name
    return found


def bodies(kind: type[Event], **changed: Any) -> bytes:
    return json.dumps({**golden.event(kind), **changed}).encode()


SERVICES = sources.services()
HEARD = [
    pytest.param(listener, kind, id=f"{listener}-{kind.TYPE}")
    for listener in SERVICES
    for kind in sources.events()
    if listener in kind.LISTENERS
]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_handles_exactly_what_the_events_say(service: str) -> None:
    assert set(handled(service)) == {kind for kind in sources.events() if service in kind.LISTENERS}


@pytest.mark.parametrize("kind", sources.events(), ids=lambda kind: kind.TYPE)
def test_listeners_are_services(kind: type[Event]) -> None:
    assert set(kind.LISTENERS) <= set(SERVICES)


@pytest.mark.parametrize(("listener", "kind"), HEARD)
def test_a_listener_decodes_what_the_emitter_sends(listener: str, kind: type[Event]) -> None:
    assert decode(bodies(kind), listened_class(listener, kind)) == envelope(kind)


@pytest.mark.parametrize(("listener", "kind"), HEARD)
def test_a_listener_passes_over_what_it_does_not_know(listener: str, kind: type[Event]) -> None:
    grown = bodies(
        kind, data={**golden.event(kind)["data"], "added_next_year": {"a": 1}}, an_extension="of CloudEvents"
    )
    assert decode(grown, listened_class(listener, kind)) == envelope(kind)


@pytest.mark.parametrize(("listener", "kind"), HEARD)
def test_a_listener_takes_events_older_than_an_optional_field(listener: str, kind: type[Event]) -> None:
    optional = {each.name: default_of(each) for each in fields(kind) if is_optional(each)}
    older = {name: value for name, value in golden.event(kind)["data"].items() if name not in optional}
    decoded = decode(bodies(kind, data=older), listened_class(listener, kind)).data
    assert {name: getattr(decoded, name) for name in optional} == optional


@pytest.mark.parametrize(("listener", "kind"), HEARD)
def test_a_missing_field_is_undecodable(listener: str, kind: type[Event]) -> None:
    data = golden.event(kind)["data"]
    for missing in (each.name for each in fields(kind) if not is_optional(each)):
        lacking = bodies(kind, data={name: value for name, value in data.items() if name != missing})
        assert_undecodable(lacking, listened_class(listener, kind), missing)


@pytest.mark.parametrize(("listener", "kind"), HEARD)
def test_a_value_of_the_wrong_kind_is_undecodable(listener: str, kind: type[Event]) -> None:
    data = golden.event(kind)["data"]
    for name, value in data.items():
        wrong = bodies(kind, data={**data, name: WRONG[type(value)]})
        assert_undecodable(wrong, listened_class(listener, kind), name)


@pytest.mark.parametrize(("listener", "kind"), HEARD)
def test_an_attribute_that_is_missing_or_wrong_is_undecodable(listener: str, kind: type[Event]) -> None:
    whole = golden.event(kind)
    for name in ATTRIBUTES:
        lacking = json.dumps({each: value for each, value in whole.items() if each != name}).encode()
        assert_undecodable(lacking, listened_class(listener, kind), f"without {name}")
        wrong = bodies(kind, **{name: WRONG[type(whole[name])]})
        assert_undecodable(wrong, listened_class(listener, kind), name)


def listened_class(listener: str, kind: type[Event]) -> type[Event]:
    """The class by which the listener decodes this type."""
    (found,) = [each for each in handled(listener) if each.TYPE == kind.TYPE]
    return found


def assert_undecodable(body: bytes, kind: type[Event], why: str) -> None:
    try:
        decode(body, kind)
    except Undecodable:
        return
    pytest.fail(f"{kind.TYPE} was decoded: {why}")
