"""What is looked for, and when it is free."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import fields, validates_schema

from kernel.errors import Text
from kernel.http import Instant, Schema, TextSchema, invalid
from kernel.pagination import PageArguments
from services.booking.model.rules import LONGEST
from services.booking.schemas.common import IN_OUR_TIME, count, slug

MOST_DAYS = 31
"""The longest stretch of days one search covers."""

_DAYS_REVERSED = Text(
    nb="Siste dag er før første.", nn="Siste dag er før første.", en="The last day is before the first."
)
_TOO_MANY_DAYS = Text(
    nb=f"Høyst {MOST_DAYS} dager om gangen.", nn=f"Høgst {MOST_DAYS} dagar om gongen.", en=f"At most {MOST_DAYS} days."
)


class AvailabilityFilter(PageArguments):
    """What is looked for."""

    first = fields.Date(
        required=True, data_key="from", validate=IN_OUR_TIME, metadata={"description": "First local day."}
    )
    last = fields.Date(required=True, data_key="to", validate=IN_OUR_TIME, metadata={"description": "Last local day."})
    minutes = count("How long it must be free.", 60, most=LONGEST, strict=False, load_default=None)
    square = slug("In this square.", "borgen", load_default=None)
    arena = slug("In this arena.", "borgen-innbyggertorg", load_default=None)
    space = slug("This space.", "borgen-storsal", load_default=None)
    premises = slug("Of this class.", "hall", load_default=None)
    capacity = count("With room for so many.", 20, strict=False, load_default=None)
    limit = count("Spaces per page; all of a municipality fit in one.", 50, most=1000, strict=False, load_default=50)

    @validates_schema
    def _days(self, given: Mapping[str, Any], **_: object) -> None:
        if given["last"] < given["first"]:
            raise invalid(_DAYS_REVERSED, "to")
        if given["last"] - given["first"] >= timedelta(days=MOST_DAYS):
            raise invalid(_TOO_MANY_DAYS, "to")


class FreeTimeSchema(Schema):
    """A stretch in which it can be booked."""

    begins_at = Instant(required=True)
    ends_at = Instant(required=True)


class FreeSpaceSchema(Schema):
    """A space, and when it is free."""

    space = slug("The space's id.", "borgen-storsal")
    name = fields.Nested(TextSchema)
    arena = slug("Its arena.", "borgen-innbyggertorg")
    arena_name = fields.Nested(TextSchema)
    square = slug("Its square.", "borgen")
    free = fields.List(fields.Nested(FreeTimeSchema))
