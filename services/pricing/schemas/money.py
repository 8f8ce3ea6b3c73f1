"""Quotes, charges and waivers as they go out. Amounts are whole øre."""

from typing import Any

from marshmallow import fields, post_dump, validate

from kernel.http import Schema, TextSchema, Whole
from kernel.http.schemas import Instant


def ore(description: str, example: int, **kwargs: Any) -> fields.Integer:
    """An amount."""
    return Whole(metadata={"description": f"{description} Øre.", "example": example}, **kwargs)


class LineText(fields.Nested):
    """A line's texts; the event has them side by side, the API as one object."""

    def __init__(self) -> None:
        super().__init__(TextSchema, required=True)

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = None) -> Any:
        return obj


class LineSchema(Schema):
    """One explained line of a price."""

    code = fields.String(required=True, metadata={"example": "rent"})
    text = LineText()
    quantity = fields.String(required=True, metadata={"description": "A decimal number.", "example": "1.5"})
    unit = fields.String(required=True, metadata={"example": "hour"})
    unit_amount = ore("For one unit.", 35000, required=True)
    amount = ore("For all of them; below zero for a reduction.", 52500, required=True)
    vat_rate = fields.String(required=True, metadata={"description": "Per cent.", "example": "0"})


class BookingArguments(Schema):
    """Which booking."""

    booking = fields.UUID(required=True)


class QuoteSchema(Schema):
    """What a booking costs and why; or `reason`, when the adopted tariffs have no price for it."""

    id = fields.UUID(required=True)
    booking = fields.UUID(required=True)
    version = fields.Integer(required=True)
    quoted_at = Instant(required=True)
    reason = fields.String(required=True, allow_none=True, metadata={"example": None})
    total = ore("What is to be paid.", 52500, attribute="price.total")
    currency = fields.String(attribute="price.currency", metadata={"example": "NOK"})
    tariff = fields.String(attribute="price.tariff", metadata={"example": "nesodden-2017"})
    tariff_version = fields.Integer(attribute="price.tariff_version")
    credit_until = Instant(
        attribute="price.credit_until", metadata={"description": "Until then giving up the booking costs nothing."}
    )
    lines = fields.List(fields.Nested(LineSchema), attribute="price.lines")


class PaymentSchema(Schema):
    """Money that came in for a booking."""

    id = fields.UUID(required=True)
    booking = fields.UUID(required=True)
    amount = ore("What came in.", 52500, required=True)
    currency = fields.String(required=True, metadata={"example": "NOK"})
    paid_at = Instant(required=True)


class NewPayment(Schema):
    """What was paid at the counter: all that is owed."""

    amount = ore("What is owed.", 52500, required=True, validate=validate.Range(1, 2**53))


class AccountSchema(Schema):
    """What was paid for a booking, and what was not."""

    booking = fields.UUID(required=True)
    currency = fields.String(required=True, metadata={"example": "NOK"})
    owed = ore("What it costs, as it stands now.", 52500, required=True)
    paid = ore("What has come in.", 0, required=True)
    due = ore("What is still to be paid.", 52500, required=True)
    credit = ore("What came in and is not owed, or no longer.", 0, required=True)
    payments = fields.List(fields.Nested(PaymentSchema), required=True)


class ChargeEntrySchema(Schema):
    """A change of what is owed."""

    reason = fields.String(required=True, metadata={"example": "confirmed"})
    amount = ore("Below zero for a credit.", 52500, required=True)
    at = Instant(required=True)
    lines = fields.List(fields.Nested(LineSchema), required=True)


class ChargeSchema(Schema):
    """What is owed for a booking. `state`: "charged"; "reversed" while a moved booking is decided anew; "credited";
    "kept" when it was given up too late."""

    id = fields.UUID(required=True)
    booking = fields.UUID(required=True)
    state = fields.String(required=True, metadata={"example": "charged"})
    total = ore("What is owed: the sum of the entries.", 52500, required=True)
    currency = fields.String(required=True, metadata={"example": "NOK"})
    version = fields.Integer(required=True)
    entries = fields.List(fields.Nested(ChargeEntrySchema), required=True)


class WaiverEntrySchema(Schema):
    """A change of what is free to use, and the approved hours or the booking it comes from."""

    reason = fields.String(required=True, metadata={"example": "granted"})
    amount = ore("Below zero for what is reserved or used.", 20000, required=True)
    at = Instant(required=True)
    booking = fields.UUID()
    registration = fields.UUID()

    @post_dump
    def _without_nothing(self, said: dict[str, Any], **_: object) -> dict[str, Any]:
        return {name: value for name, value in said.items() if value is not None}


class WaiverSchema(Schema):
    """What a tenant has free to use, and how it came to be; the newest entries first."""

    tenant = fields.UUID(required=True)
    currency = fields.String(required=True, metadata={"example": "NOK"})
    balance = ore("Free to use.", 20000, required=True)
    entries = fields.List(fields.Nested(WaiverEntrySchema), attribute="entries.items", required=True)
    next_cursor = fields.String(attribute="entries.next_cursor", required=True, allow_none=True)
