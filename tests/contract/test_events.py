"""What emitters promise: each event looks on the wire as its golden file says, and only ever grows."""

import json
from dataclasses import fields

import pytest

from cli.docs import sources
from cli.docs.schemas import default_of, is_optional
from kernel.contracts import Event
from tests.contract import golden
from tests.contract.examples import EXAMPLES, envelope

EVENTS = [pytest.param(kind, id=kind.TYPE) for kind in sources.events()]


def test_every_event_has_an_example() -> None:
    assert set(EXAMPLES) == set(sources.events())


def test_every_golden_file_is_of_an_event() -> None:
    assert {path.stem for path in golden.FOLDER.glob("no.torg.*.json")} == {kind.TYPE for kind in sources.events()}


@pytest.mark.parametrize("kind", EVENTS)
def test_the_example_is_encoded_as_the_golden_file_says(kind: type[Event]) -> None:
    assert golden.pretty(json.loads(envelope(kind).encode())) == golden.written(f"{kind.TYPE}.json")


def test_the_examples_together_show_every_field() -> None:
    optional = {each.name for kind in EXAMPLES for each in fields(kind) if is_optional(each)}
    shown = {
        each.name
        for event, _, _ in EXAMPLES.values()
        for each in fields(event)
        if is_optional(each) and getattr(event, each.name) != default_of(each)
    }
    always_kroner = {"currency"}
    assert optional - shown == always_kroner


@pytest.mark.parametrize("kind", EVENTS)
def test_no_field_became_compulsory(kind: type[Event]) -> None:
    required = sorted(each.name for each in fields(kind) if not is_optional(each))
    assert required == golden.read("required.json")[kind.TYPE], (
        "events that wait in queues lack a new compulsory field: give it a default, or make a new type beside the old"
    )


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_lives_with_its_emitter(kind: type[Event]) -> None:
    assert f"{kind.__module__}.".startswith(f"services.{kind.emitter()}.events.")
    assert kind.TYPE.startswith(f"no.torg.{kind.emitter()}.")
    assert kind.TYPE.rpartition(".")[2].removeprefix("v").isdigit()


def test_no_two_events_share_a_type() -> None:
    types = [kind.TYPE for kind in sources.events()]
    assert len(types) == len(set(types))


@pytest.mark.parametrize("kind", EVENTS)
def test_the_docstring_names_who_listens(kind: type[Event]) -> None:
    emitter, arrow, told = sources.told(kind).rpartition("→")
    if kind.LISTENERS:
        assert arrow, "say who emits it and who listens: “Booking → access, pricing”"
        assert emitter.rstrip().lower().endswith(kind.emitter())
    assert [listener for listener in kind.LISTENERS if listener not in told] == []
