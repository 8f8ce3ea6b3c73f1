"""The erasure of a person."""

from marshmallow import fields

from kernel.http import Instant, Schema


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
