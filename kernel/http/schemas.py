"""What services build their schemas on: unknown fields refused; times with their offset, in UTC when they go out; texts
in three languages."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, get_args

from marshmallow import RAISE, fields, post_load, validate
from marshmallow import Schema as _Schema

from kernel.contracts import utc_text
from kernel.duties import Decider
from kernel.errors import Text
from kernel.http.validation import invalid
from kernel.text import allowed, blank, forbidden, one_line, trimmed

_LONGEST_TEXT = 500
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_NOT_A_CODE = Text(
    nb="Må være små bokstaver, sifre, - og _; høyst 63.",
    nn="Må vere små bokstavar, siffer, - og _; høgst 63.",
    en="Must be small letters, digits, - and _; at most 63.",
)
_BLANK = Text(nb="Her må det stå noe.", nn="Her må det stå noko.", en="This must not be blank.")
_NOT_ALLOWED = Text(
    nb="Teksten har styretegn, eller tegn som snur leseretningen.",
    nn="Teksten har styreteikn, eller teikn som snur leseretninga.",
    en="The text has control characters, or characters that turn the direction of reading.",
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
        return None if value is None else utc_text(value)


def decider() -> fields.String:
    """Who is to decide on something; see `kernel.duties`."""
    said = "Who is to decide: you, another manager, or an operator where no manager is left who may. Null: nobody."
    return fields.String(allow_none=True, validate=validate.OneOf(get_args(Decider)), metadata={"description": said})


class Words(fields.String):
    """What people write for people: from 1 to `most` characters, kept without the space around it. Blank text is
    refused, and what `kernel.text` does not allow. In one line unless `lines`."""

    def __init__(self, most: int, *, lines: bool = False, **kwargs: Any) -> None:
        self._length = validate.Length(1, most)
        self._lines = lines
        super().__init__(validate=self._length, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        written: str = super()._deserialize(value, attr, data, **kwargs)
        self._length(written)  # as it was sent: so the description's `maxLength` is the truth
        legible(written)
        return trimmed(allowed(written)) if self._lines else one_line(written)


def legible(value: str) -> None:
    """Refuses a text of which nothing is seen, or that has what is not allowed in any."""
    if forbidden(value):
        raise invalid(_NOT_ALLOWED)
    if blank(value):
        raise invalid(_BLANK)


def code(value: str) -> None:
    """Refuses what is not a code or a slug."""
    if not _CODE.fullmatch(value):
        raise invalid(_NOT_A_CODE)


def _text(language: str, example: str) -> Words:
    return Words(_LONGEST_TEXT, lines=True, required=True, metadata={"description": language, "example": example})


class TextSchema(Schema):
    """One text in Bokmål, Nynorsk and English."""

    nb = _text("Bokmål.", "Hall")
    nn = _text("Nynorsk.", "Hall")
    en = _text("English.", "Sports hall")

    @post_load
    def _made(self, given: Mapping[str, str], **_: object) -> Text:
        return Text(**given)


class OwnDataSchema(Schema):
    """Everything a service holds of you."""

    person = fields.UUID(metadata={"description": "Your pseudonym.", "example": "01936f10-5a00-7000-8000-000000000001"})
    exported_at = Instant()
    held = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Dict(keys=fields.String())),
        metadata={
            "description": "Rows by what they are of: bookings and their history, comments; keys and doors opened; "
            "prices, charges, payments, hours, …",
            "example": {"bookings": [{"id": "01936f10-5a00-7000-8000-000000000002", "space": "borgen-storsal"}]},
        },
    )
