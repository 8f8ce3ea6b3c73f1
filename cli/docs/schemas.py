"""JSON Schema of the dataclasses that travel in events, by the rules `kernel.contracts` encodes them with."""

from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from cli.docs.sources import notes, told
from kernel.contracts import plain

Schema = dict[str, Any]

SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    NoneType: {"type": "null"},
}


def object_schema(kind: type, parts: dict[str, Schema]) -> Schema:
    """The schema of a dataclass. The dataclasses it is made of are added to `parts`, by name."""
    hints, meanings = get_type_hints(kind), notes(kind)
    properties = {}
    for each in fields(kind):
        schema = schema_of(hints[each.name], parts)
        if each.name in meanings:
            schema = {**schema, "description": meanings[each.name]}
        if is_optional(each):
            schema = {**schema, "default": plain(default_of(each))}
        properties[each.name] = schema
    required = [each.name for each in fields(kind) if not is_optional(each)]
    described = {"description": text} if (text := told(kind)) else {}
    return {"type": "object", **described, "required": required, "properties": properties}


def schema_of(hint: Any, parts: dict[str, Schema]) -> Schema:
    """The schema of a field's type. Raises TypeError for a type that no event may hold."""
    if hint in SIMPLE:
        return dict(SIMPLE[hint])
    if is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in parts:
            parts[hint.__name__] = object_schema(hint, parts)
        return {"$ref": f"#/components/schemas/{hint.__name__}"}
    return _composed(hint, parts)


def is_optional(field: Field[Any]) -> bool:
    """Whether a field may be left out."""
    return field.default is not MISSING or field.default_factory is not MISSING


def default_of(field: Field[Any]) -> Any:
    """The value of a field that was left out."""
    return field.default if field.default_factory is MISSING else field.default_factory()


def _composed(hint: Any, parts: dict[str, Schema]) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0], parts)}
    if origin in (Union, UnionType):
        return _nullable([schema_of(each, parts) for each in arguments])
    raise TypeError(f"an event can't hold {hint!r}: say here how it looks in JSON")


def _nullable(choices: list[Schema]) -> Schema:
    """Both "string" and "null" are said in one type where that is possible, which tools show better than a choice."""
    first, *others = choices
    if others == [SIMPLE[NoneType]] and isinstance(first.get("type"), str) and "enum" not in first:
        return {**first, "type": [first["type"], "null"]}
    return {"oneOf": choices}
