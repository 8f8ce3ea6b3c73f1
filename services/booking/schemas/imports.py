"""Imports: a file of another system in, and what became of each row out."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import fields, post_load, validate

from kernel.errors import Text
from kernel.http import Instant, Schema, code, invalid
from services.booking.model.bookings import AUDIENCES, PURPOSES
from services.booking.model.imports import (
    LONGEST_PLACE,
    MOST,
    OUTCOMES,
    Encoding,
    FileKind,
    ImportRequest,
    place_name,
)
from services.booking.schemas.common import ID, IN_OUR_TIME, count
from services.booking.schemas.series import ClashSchema

_LARGEST = 750_000
_MOST_PLACES = 500
_NOT_BASE64 = Text(
    nb="Må være fila i base64, høyst 750 000 byte.",
    nn="Må vere fila i base64, høgst 750 000 byte.",
    en="Must be the file in base64, at most 750,000 bytes.",
)
_EMPTY = Text(nb="Fila er tom.", nn="Fila er tom.", en="The file is empty.")
_TWO_SPACES = Text(
    nb="«{name}» står for to lokaler.", nn="«{name}» står for to lokale.", en="“{name}” stands for two spaces."
)


class _File(fields.Field[bytes]):
    """A file's bytes in base64: so nobody on the way has to guess its encoding."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:
        if not isinstance(value, str):
            raise invalid(_NOT_BASE64)
        try:
            found = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as cause:
            raise invalid(_NOT_BASE64) from cause
        if not found.strip():
            raise invalid(_EMPTY)
        if len(found) > _LARGEST:
            raise invalid(_NOT_BASE64)
        return found


class ImportSchema(Schema):
    """What is imported, and what the file does not say."""

    source = fields.String(
        required=True,
        validate=code,
        metadata={
            "description": "The other system, or its calendar of one room. With it, a uid means the same booking when "
            "the file comes again.",
            "example": "outlook-borgen-storsal",
        },
    )
    format = fields.String(
        required=True,
        validate=validate.OneOf(get_args(FileKind)),
        metadata={"description": f"iCalendar, or a table. At most {MOST} rows that are not over."},
    )
    file = _File(
        required=True,
        metadata={
            "type": "string",
            "format": "byte",
            "description": "The file's bytes in base64. The text in it is UTF-8, or as its byte order mark or "
            "`encoding` says.",
            "example": "dWlkO3NwYWNlO2JlZ2luc19hdDtlbmRzX2F0Cg==",
        },
    )
    encoding = fields.String(
        load_default=None,
        validate=validate.OneOf(get_args(Encoding)),
        metadata={
            "description": "What the text is in, if it is not UTF-8 and has no byte order mark; older spreadsheets "
            "write windows-1252.",
            "example": "windows-1252",
        },
    )
    places = fields.Dict(
        keys=fields.String(validate=validate.Length(max=LONGEST_PLACE)),
        values=fields.String(validate=code),
        load_default=dict,
        validate=validate.Length(max=_MOST_PLACES),
        metadata={
            "description": "Spaces by what the file calls them. The ids of spaces need not be here; an empty name is "
            "for rows that name no place. Spaces of every kind and invisible characters make no difference.",
            "example": {"Storsalen, Borgen": "borgen-storsal"},
        },
    )
    tenant = fields.UUID(
        load_default=None,
        metadata={"description": "The organisation that rents where the file names none.", "example": ID},
    )
    purpose = fields.String(load_default="meeting", validate=validate.OneOf(PURPOSES))
    audience = fields.String(load_default="everyone", validate=validate.OneOf(AUDIENCES))
    participants = count("How many come, where the file does not say.", 20, load_default=1)
    public_titles = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Whether the titles in the file are for the public calendar. Otherwise they are not kept: "
            "in most systems they were written for colleagues."
        },
    )
    until = fields.Date(
        load_default=None,
        validate=IN_OUR_TIME,
        metadata={"description": "The last day of recurring events without an end; without it those are refused."},
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> ImportRequest:
        renamed = {"format": "kind", "file": "content"}
        made = {renamed.get(name, name): value for name, value in given.items()}
        return ImportRequest(**made | {"places": _by_name(given["places"])})


def _by_name(places: Mapping[str, str]) -> dict[str, str]:
    """Spaces by the names that files are compared with."""
    found: dict[str, str] = {}
    for written, space in places.items():
        if found.setdefault(place_name(written), space) != space:
            raise invalid(_TWO_SPACES, "places", name=written)
    return found


class InTheWaySchema(Schema):
    """What a row clashes with."""

    kind = fields.String(validate=validate.OneOf(("booking", "closure")))
    id = fields.UUID(attribute="holder", metadata={"example": ID})
    begins_at = Instant()
    ends_at = Instant()
    line = fields.Integer(allow_none=True, metadata={"description": "If it is another row of the file.", "example": 7})
    uid = fields.String(allow_none=True)


class ImportedRowSchema(Schema):
    """A row of the file, and what became of it, or would."""

    line = fields.Integer(attribute="row.line", metadata={"description": "Where in the file.", "example": 2})
    uid = fields.String(attribute="row.uid")
    recurrence = fields.String(
        attribute="row.recurrence",
        metadata={"description": "Which date of an event that recurs; empty for others.", "example": "2026-12-01"},
    )
    begins_at = Instant(attribute="row.begins_at", allow_none=True)
    ends_at = Instant(attribute="row.ends_at", allow_none=True)
    space = fields.String(allow_none=True, metadata={"example": "borgen-storsal"})
    outcome = fields.String(validate=validate.OneOf(OUTCOMES))
    booking = fields.UUID(allow_none=True, metadata={"example": ID})
    reason = fields.Nested(
        ClashSchema, allow_none=True, metadata={"description": "Why it is refused or skipped, or given up."}
    )
    clashes = fields.List(fields.Nested(InTheWaySchema))


class ImportReportSchema(Schema):
    """What became of a file, or would."""

    counts = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "Rows by what became of them.", "example": {"added": 40, "refused": 2}},
    )
    over = fields.Integer(
        metadata={"description": "Dates of recurring events that have passed: no rows.", "example": 9}
    )
    ignored_columns = fields.List(
        fields.String(),
        attribute="ignored",
        metadata={"description": "Columns of a table that are not known, and were not read.", "example": ["telefon"]},
    )
    rows = fields.List(fields.Nested(ImportedRowSchema), attribute="results")
