"""What is held of a person, and its erasure."""

from marshmallow import fields

from kernel.http import Instant, Schema
from services.booking.schemas.common import ID


class ExportSchema(Schema):
    """Everything booking holds of you."""

    person = fields.UUID(metadata={"description": "Your pseudonym.", "example": ID})
    exported_at = Instant()
    held = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Dict(keys=fields.String())),
        metadata={
            "description": "Rows by what they are of: bookings, booking_steps (their history), booking_comments, "
            "representatives, house_rule_acceptances, calendar_feeds, …",
            "example": {"bookings": [{"id": ID, "space": "borgen-storsal"}]},
        },
    )


class ErasureSchema(Schema):
    """How somebody is to be forgotten."""

    cancel_bookings = fields.Boolean(
        required=True,
        metadata={"description": "Whether bookings that are not over are cancelled with it; else they stand against."},
    )


class ErasedSchema(Schema):
    """What came of an erasure."""

    erased_at = Instant()
    cancelled = fields.List(fields.UUID(), metadata={"description": "Bookings that were cancelled by it."})
    kept = fields.Integer(metadata={"description": "Bookings that stay as figures, without who.", "example": 12})
