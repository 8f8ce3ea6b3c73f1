"""What services build their schemas on: unknown fields refused; times with their offset, in UTC when they go out; texts
in three languages."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, fields, post_load, validate
from marshmallow import Schema as _Schema

from kernel.errors import Text
from kernel.http.validation import invalid

_LONGEST_TEXT = 500
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_NOT_A_CODE = Text(
    nb="Må være små bokstaver, sifre, - og _; høyst 63.",
    nn="Må vere små bokstavar, siffer, - og _; høgst 63.",
    en="Must be small letters, digits, - and _; at most 63.",
)


class Schema(_Schema):
    """What comes in or goes out. An unknown field is an error."""

    class Meta:
        unknown = RAISE


class Instant(fields.AwareDateTime):
    """A time as RFC 3339 writes it, with its offset; a datetime in UTC inside, and "Z" when it goes out."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _RFC3339.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        try:
            at: datetime = super()._deserialize(value.upper(), attr, data, **kwargs)
            return at.astimezone(UTC)
        except OverflowError as cause:  # the first or the last day there is, moved beyond by its offset
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from cause

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def code(value: str) -> None:
    """Refuses what is not a code or a slug."""
    if not _CODE.fullmatch(value):
        raise invalid(_NOT_A_CODE)


def _text(language: str, example: str) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Length(1, _LONGEST_TEXT),
        metadata={"description": language, "example": example},
    )


class TextSchema(Schema):
    """One text in Bokmål, Nynorsk and English."""

    nb = _text("Bokmål.", "Hall")
    nn = _text("Nynorsk.", "Hall")
    en = _text("English.", "Sports hall")

    @post_load
    def _made(self, given: Mapping[str, str], **_: object) -> Text:
        return Text(**given)
