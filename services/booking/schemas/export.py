"""Which bookings are exported."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, get_args

from marshmallow import fields, validate, validates_schema

from kernel.errors import Text
from kernel.http import Schema, invalid
from services.booking.events import BookingState
from services.booking.schemas.common import IN_OUR_TIME, slug

MOST_DAYS = 400

_DAYS_REVERSED = Text(
    nb="Siste dag er før første.", nn="Siste dag er før første.", en="The last day is before the first."
)
_TOO_MANY_DAYS = Text(
    nb=f"Høyst {MOST_DAYS} dager om gangen.", nn=f"Høgst {MOST_DAYS} dagar om gongen.", en=f"At most {MOST_DAYS} days."
)


class ExportFilter(Schema):
    """Bookings that begin on these local days, of those you may see."""

    first = fields.Date(
        required=True, data_key="from", validate=IN_OUR_TIME, metadata={"description": "First local day."}
    )
    last = fields.Date(required=True, data_key="to", validate=IN_OUR_TIME, metadata={"description": "Last local day."})
    square = slug("In this square.", "borgen", load_default=None)
    space = slug("Of this space.", "borgen-storsal", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(get_args(BookingState)))

    @validates_schema
    def _days(self, given: Mapping[str, Any], **_: object) -> None:
        if given["last"] < given["first"]:
            raise invalid(_DAYS_REVERSED, "to")
        if given["last"] - given["first"] >= timedelta(days=MOST_DAYS):
            raise invalid(_TOO_MANY_DAYS, "to")
