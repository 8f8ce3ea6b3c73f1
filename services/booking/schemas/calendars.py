"""Calendar feeds."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import fields, validate, validates_schema

from kernel.errors import Text
from kernel.http import Instant, Schema, invalid
from services.booking.model.calendars import Detail, Language
from services.booking.schemas.common import ID, slug

_OF_ONE_THING = Text(
    nb="Si ett av space, square og actor.",
    nn="Sei eitt av space, square og actor.",
    en="Say one of space, square, actor.",
)


class FeedRequestSchema(Schema):
    """What a calendar is to show: a space, a square or an actor."""

    space = slug("Of this space, and of all that takes a part of it.", "borgen-storsal")
    square = slug("Of this square.", "borgen")
    actor = fields.UUID(metadata={"description": "Of yourself, or an organisation you act for.", "example": ID})
    detail = fields.String(
        load_default="public",
        validate=validate.OneOf(get_args(Detail)),
        metadata={"description": "`public`: titles that are public, else “busy”. `full`: for managers, for a year."},
    )
    language = fields.String(load_default="nb", validate=validate.OneOf(get_args(Language)))

    @validates_schema
    def _of_one_thing(self, given: Mapping[str, Any], **_: object) -> None:
        if sum(name in given for name in ("space", "square", "actor")) != 1:
            raise invalid(_OF_ONE_THING)


class FeedSchema(Schema):
    """A calendar feed. Its address was told once, when it was made."""

    id = fields.UUID(metadata={"example": ID})
    space = fields.String(allow_none=True)
    square = fields.String(allow_none=True)
    actor = fields.UUID(allow_none=True)
    detail = fields.String(validate=validate.OneOf(get_args(Detail)))
    language = fields.String(validate=validate.OneOf(get_args(Language)))
    created_at = Instant()
    expires_at = Instant(allow_none=True, metadata={"description": "When it ends by itself; null: never."})


class MadeFeedSchema(Schema):
    """A new feed, and where calendars subscribe to it. Whoever has the address can read it: it is told this once."""

    calendar = fields.Nested(FeedSchema)
    url = fields.Url(
        allow_none=True,
        metadata={
            "description": "Null when the request is sent again with its `Idempotency-Key`: make another then.",
            "example": "https://torg.example/api/booking/calendars/jT…w.ics",
        },
    )
