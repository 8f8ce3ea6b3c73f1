"""Reading what a request holds, JSON bodies and query parameters, and naming all that is wrong with it.

The parser behind `@blp.arguments`. Unknown fields are refused in both places: a misspelt filter isn't passed over.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote

from flask import Request
from marshmallow import RAISE, Schema, ValidationError, missing
from marshmallow.exceptions import SCHEMA
from webargs.flaskparser import FlaskParser

from kernel.errors import Text
from kernel.http.messages import translated
from kernel.problems import (
    BodyTooLarge,
    Fault,
    InvalidRequest,
    MalformedJson,
    TooManyFields,
    UnsupportedMediaType,
)
from kernel.text import unstorable

BODY_LIMIT = 1 << 20
DEEPEST_BODY = 64
"""The most levels of values in values; what any body of ours needs is far below."""
MOST_FIELDS = 1_000
"""The most names in one object; the places of an import are half as many."""
LONGEST_POINTER = 300
"""Of a name longer than any of ours the fault names what it is in."""
# A NUL or half a surrogate pair is legal in JSON and in no database; found by these escapes, as raw they are illegal.
_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_BAD_TEXT = Text(
    nb="Teksten har tegn som ikke kan lagres.",
    nn="Teksten har teikn som ikkje kan lagrast.",
    en="The text has characters that can't be stored.",
)


def invalid(text: Text, field: str | None = None, **fields: object) -> ValidationError:
    """What a schema's validator raises to say something of its own: `raise invalid(Text(…), "ends_at")`."""
    said = Text(*(each.format(**fields) for each in (text.nb, text.nn, text.en))) if fields else text
    return ValidationError([said], field or SCHEMA)  # marshmallow passes any object on


class RequestParser(FlaskParser):
    """webargs' parser, raising this project's errors."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012  # webargs declares it so
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body's JSON; `missing` when there is no body."""
        body = req.get_data(cache=True)
        if not body:
            return missing
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge
        if not req.is_json:
            raise UnsupportedMediaType
        value = _parsed(body)
        if _UNSTORABLE.search(body) and (
            faults := [Fault(_BAD_TEXT, pointer=_pointer(at)) for at in _bad_texts(value)]
        ):
            raise InvalidRequest(faults)
        return value

    def handle_error(self, error: ValidationError, *_: object, **__: object) -> NoReturn:
        """Turns marshmallow's messages, nested as the body is, into a flat list of faults."""
        raise InvalidRequest(list(_faults(error.messages))) from error


def _parsed(body: bytes) -> Any:
    try:
        value = json.loads(body.decode(), parse_constant=_refuse)
    # ValueError: not JSON, not UTF-8, or a number of thousands of digits. RecursionError: thousands of brackets
    except (ValueError, RecursionError) as cause:
        raise MalformedJson from cause
    _refuse_unbounded(value)
    return value


def _refuse_unbounded(value: Any) -> None:
    """What json reads, those who walk through it later may not: how deep each can go depends on Python's version. And
    each name that is unknown costs them more than it cost to send."""
    level = [value]
    for _ in range(DEEPEST_BODY):
        if any(isinstance(each, dict) and len(each) > MOST_FIELDS for each in level):
            raise TooManyFields(MOST_FIELDS)
        level = [each for outer in level for each in _inside(outer)]
    if level:
        raise MalformedJson


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _bad_texts(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, str):
        if unstorable(value):
            yield at
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _bad_texts(each, (*at, str(index)))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _bad_texts(name, (*at, name))
            yield from _bad_texts(each, (*at, name))


def _faults(by_location: Any) -> Iterator[Fault]:
    for location, messages in by_location.items():
        for path, message in _flat(messages):
            if location == "json":
                yield Fault(message, pointer=_pointer(path))
            else:
                yield Fault(message, parameter=".".join(path) or None)


def _pointer(path: Sequence[str]) -> str:
    pointer = "#"
    for part in path:
        longer = f"{pointer}/{_escaped(part)}"
        if len(longer) > LONGEST_POINTER:
            break
        pointer = longer
    return pointer


def _flat(messages: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str | Text]]:
    """Each message with its path. marshmallow's "_schema" is an object as a whole: the object's own path."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _flat(inner, path if name == "_schema" else (*path, str(name)))
    elif isinstance(messages, list):
        for each in messages:
            yield from _flat(each, path)
    else:
        yield path, messages if isinstance(messages, Text) else translated(str(messages))


def _escaped(part: str) -> str:
    """One step of a JSON pointer written as a URI fragment (RFC 6901, section 6)."""
    return quote(part.replace("~", "~0").replace("/", "~1"), safe="~!$&'()*+,;=:@", errors="replace")
