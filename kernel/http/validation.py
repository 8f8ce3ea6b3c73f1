"""Reading what a request holds: JSON bodies and query parameters, and telling in the caller's language what is wrong with them.

The parser behind `@blp.arguments`. Unknown fields are refused in both places, so that a misspelt filter isn't passed over.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import quote

from flask import Request
from marshmallow import RAISE, Schema, ValidationError, missing
from webargs.flaskparser import FlaskParser

from kernel.errors import Text
from kernel.problems import Fault, InvalidRequest, MalformedJson, UnsupportedMediaType

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
    return ValidationError([said], *([field] if field else []))  # type: ignore[list-item]


class RequestParser(FlaskParser):
    """webargs' parser, raising this project's errors."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body's JSON; `missing` when there is no body."""
        body = req.get_data(cache=True)
        if not body:
            return missing
        if not req.is_json:
            raise UnsupportedMediaType()
        value = _parsed(body)
        if _UNSTORABLE.search(body) and (faults := [Fault(_BAD_TEXT, pointer=at) for at in _bad_texts(value)]):
            raise InvalidRequest(faults)
        return value

    def handle_error(self, error: ValidationError, *_: object, **__: object) -> NoReturn:
        """Turns marshmallow's messages, nested as the body is, into a flat list of faults."""
        raise InvalidRequest(list(_faults(error.messages))) from error


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_refuse)
    # ValueError: not JSON, not UTF-8, or a number of thousands of digits. RecursionError: thousands of brackets
    except (ValueError, RecursionError) as cause:
        raise MalformedJson() from cause


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _bad_texts(value: Any, at: str = "#") -> Iterator[str]:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= each <= "\udfff" for each in value):
            yield at
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _bad_texts(each, f"{at}/{index}")
    elif isinstance(value, dict):
        for name, each in value.items():
            where = f"{at}/{_escaped(name)}"
            yield from _bad_texts(name, where)
            yield from _bad_texts(each, where)


def _faults(by_location: Any) -> Iterator[Fault]:
    for location, messages in by_location.items():
        for path, message in _flat(messages):
            if location == "json":
                yield Fault(message, pointer="#" + "".join(f"/{_escaped(part)}" for part in path))
            else:
                yield Fault(message, parameter=".".join(path) or None)


def _flat(messages: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str | Text]]:
    """Each message with its path. marshmallow says "_schema" for the whole of an object: that is the object's own path."""
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


# marshmallow's own messages; the numbers in them are kept
_KNOWN = [
    (re.compile(pattern), Text(nb, nn, english))
    for pattern, nb, nn, english in [
        (r"Missing data for required field\.", "Mangler.", "Manglar.", "Is missing."),
        (r"Unknown field\.", "Finnes ikke her.", "Finst ikkje her.", "Is not known here."),
        (r"Field may not be null\.", "Kan ikke være tomt (null).", "Kan ikkje vere tomt (null).", "May not be null."),
        (r"Not a valid string\.", "Må være tekst.", "Må vere tekst.", "Must be a text."),
        (r"Not a valid UUID\.", "Må være en UUID.", "Må vere ein UUID.", "Must be a UUID."),
        (r"Not a valid (?:integer|number)\.", "Må være et tall.", "Må vere eit tal.", "Must be a number."),
        (r"Number too large\.", "Tallet er for stort.", "Talet er for stort.", "The number is too large."),
        (r"Not a valid boolean\.", "Må være true eller false.", "Må vere true eller false.", "Must be true or false."),
        (r"Not a valid list\.", "Må være en liste.", "Må vere ei liste.", "Must be a list."),
        (r"Invalid input type\.|Not a valid mapping type\.", "Må være et objekt.", "Må vere eit objekt.", "Must be an object."),
        (r"Not a valid date\.", "Må være en dato (2026-01-31).", "Må vere ein dato (2026-01-31).", "Must be a date (2026-01-31)."),
        (
            r"Not a valid (?:aware )?datetime\.",
            "Må være et tidspunkt med sone (2026-01-31T18:00:00+01:00).",
            "Må vere eit tidspunkt med sone (2026-01-31T18:00:00+01:00).",
            "Must be a time with its offset (2026-01-31T18:00:00+01:00).",
        ),
        (r"Must be one of: (?P<v>.*)\.", "Må være en av: {v}.", "Må vere ein av: {v}.", "Must be one of: {v}."),
        (r"Shorter than minimum length (?P<v>\d+)\.", "Må ha minst {v}.", "Må ha minst {v}.", "Must have at least {v}."),
        (r"Longer than maximum length (?P<v>\d+)\.", "Kan ha høyst {v}.", "Kan ha høgst {v}.", "May have at most {v}."),
        (r"Length must be between (?P<v>\d+) and (?P<w>\d+)\.", "Må ha {v} til {w}.", "Må ha {v} til {w}.", "Must have {v} to {w}."),
        (r"Length must be (?P<v>\d+)\.", "Må ha {v}.", "Må ha {v}.", "Must have {v}."),
        (
            r"Must be greater than or equal to (?P<v>\S+) and less than or equal to (?P<w>\S+)\.",
            "Må være fra {v} til {w}.",
            "Må vere frå {v} til {w}.",
            "Must be from {v} to {w}.",
        ),
        (r"Must be greater than or equal to (?P<v>\S+)\.", "Må være minst {v}.", "Må vere minst {v}.", "Must be at least {v}."),
        (r"Must be less than or equal to (?P<v>\S+)\.", "Kan være høyst {v}.", "Kan vere høgst {v}.", "May be at most {v}."),
        (r"Must be greater than (?P<v>\S+)\.", "Må være over {v}.", "Må vere over {v}.", "Must be above {v}."),
        (r"String does not match expected pattern\.", "Har feil form.", "Har feil form.", "Has the wrong form."),
        (r"(?:Invalid (?:value|input|type)|Not a valid choice).*", "Er ikke gyldig.", "Er ikkje gyldig.", "Is not valid."),
    ]
]


def translated(message: str) -> str | Text:
    """One of marshmallow's messages in all three languages; any other message as it is."""
    for pattern, text in _KNOWN:
        if found := pattern.fullmatch(message):
            return Text(*(each.format(**found.groupdict()) for each in (text.nb, text.nn, text.en)))
    return message
