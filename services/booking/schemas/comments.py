"""Comments on bookings."""

from typing import get_args

from marshmallow import fields, validate

from kernel.http import Instant, Schema, Words
from services.booking.model.comments import LONGEST, Side
from services.booking.schemas.common import ID


class CommentTextSchema(Schema):
    """What somebody says of a booking, seen by tenant and house only."""

    text = Words(LONGEST, lines=True, required=True, metadata={"example": "Kan vi komme ti minutter før?"})


class SeenSchema(Schema):
    """How far a side has read."""

    last = fields.UUID(required=True, metadata={"description": "The last comment that was shown.", "example": ID})


class CommentSchema(Schema):
    """Something said of a booking: by which side, not by whom."""

    id = fields.UUID(metadata={"example": ID})
    side = fields.String(validate=validate.OneOf(get_args(Side)), metadata={"description": "Who wrote it."})
    text = fields.String()
    written_at = Instant()
    seen = fields.Boolean(metadata={"description": "By the other side."})
