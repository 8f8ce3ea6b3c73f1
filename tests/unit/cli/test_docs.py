"""The makers of the generated pages: JSON Schema of event dataclasses, words beside fields, Markdown tables."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest

from cli.docs import difference, sources
from cli.docs.schemas import Schema, object_schema, schema_of
from cli.docs.tables import table


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the whole."""

    name: str
    """What it is called,
    on one line or two."""


@dataclass(frozen=True, kw_only=True)
class Whole(Part):
    parts: list[Part] = field(default_factory=list)
    begins_at: datetime = datetime(2026, 3, 29, 1, tzinfo=UTC)
    """In UTC."""


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (UUID, {"type": "string", "format": "uuid"}),
        (datetime | None, {"type": ["string", "null"], "format": "date-time"}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a"] | None, {"oneOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}),
        (int | str, {"oneOf": [{"type": "integer"}, {"type": "string"}]}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
    ],
)
def test_the_schema_of_a_type(hint: Any, schema: Schema) -> None:
    assert schema_of(hint, {}) == schema


@pytest.mark.parametrize("hint", [Decimal, set[int], dict[str, int], object])
def test_a_type_that_no_event_may_hold_is_refused(hint: Any) -> None:
    with pytest.raises(TypeError, match="an event can't hold"):
        schema_of(hint, {})


def test_the_schema_of_a_dataclass_names_its_parts() -> None:
    parts: dict[str, Schema] = {}
    whole = object_schema(Whole, parts)
    assert whole["required"] == ["name"]
    assert whole["properties"]["parts"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Part"},
        "default": [],
    }
    assert whole["properties"]["begins_at"]["default"] == "2026-03-29T01:00:00Z"
    assert list(parts) == ["Part"]
    assert parts["Part"]["description"] == "A part of the whole."
    assert "description" not in whole, "a signature is no description"


def test_words_beside_fields_are_found_in_bases_too() -> None:
    assert sources.notes(Whole) == {"name": "What it is called, on one line or two.", "begins_at": "In UTC."}


def test_a_table_keeps_a_cell_on_its_line() -> None:
    assert table(("a", "b"), [("one\ntwo", "x|y")]) == "| a | b |\n| --- | --- |\n| one two | x\\|y |\n"


def test_a_difference_shows_what_is_there_and_what_should_be(tmp_path: Path) -> None:
    place = tmp_path / "page.md"
    place.write_text("old\nsame\n")
    lines = difference(place, "new\nsame\n").splitlines()
    assert lines[2:] == ["@@ -1,2 +1,2 @@", "-old", "+new", " same"]


def test_a_page_that_is_not_there_differs(tmp_path: Path) -> None:
    assert "+new" in difference(tmp_path / "page.md", "new\n")


def test_each_service_is_told_of_once() -> None:
    """A module named events elsewhere in a service, as in booking's files, is no contract."""
    assert sources.services() == ["access", "booking", "pricing", "programming"]
