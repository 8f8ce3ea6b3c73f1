"""Bookings: what is asked for, and how they stand."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import fields, post_load, validate, validates_schema

from kernel.errors import Text
from kernel.http import Instant, Schema, TextSchema, Words, code, invalid
from kernel.pagination import PageArguments
from services.booking.events import BookingState, GivenUpBy
from services.booking.model.bookings import AUDIENCES, PURPOSES, BookingRequest, Confirm, KeyState
from services.booking.model.sharing import NOISES
from services.booking.schemas.common import ID, count, slug
from services.booking.schemas.house_rules import rule_versions

_NOTHING_CHANGES = Text(
    nb="Skriv hva som skal endres.", nn="Skriv kva som skal endrast.", en="Write what is to be changed."
)


def _equipment(**more: Any) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=code),
        values=count("Pieces.", 20),
        validate=validate.Length(max=50),
        metadata={"description": "What is borrowed: pieces by the equipment's id.", "example": {"borgen-stoler": 20}},
        **more,
    )


def why(**more: Any) -> Words:
    """Why somebody does something, in their own words."""
    return Words(
        1000,
        lines=True,
        metadata={"description": "In words that the other part sees.", "example": "Salen skal males."},
        **({"load_default": None} | more if "required" not in more else more),
    )


class BookingFilter(PageArguments):
    """Which bookings, of those you may see."""

    mine = fields.Boolean(
        load_default=False, metadata={"description": "Only your own and your organisations', not all of your squares."}
    )
    square = slug("In this square.", "borgen", load_default=None)
    space = slug("Of this space.", "borgen-storsal", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(get_args(BookingState)))
    standing = fields.String(
        load_default=None,
        validate=validate.OneOf(("live", "over")),
        metadata={
            "description": "`live`: those that are held, agreed or in use, the next first. `over`: the others, the "
            "latest first."
        },
    )
    unread = fields.Boolean(
        load_default=False, metadata={"description": "Only those with comments that your side has not seen."}
    )


class BookingRequestSchema(Schema):
    """What is asked for."""

    space = slug("What to book.", "borgen-storsal", required=True)
    begins_at = Instant(required=True, metadata={"example": "2026-12-05T17:00:00Z"})
    ends_at = Instant(required=True, metadata={"example": "2026-12-05T19:00:00Z"})
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES), metadata={"example": "culture"})
    audience = fields.String(required=True, validate=validate.OneOf(AUDIENCES), metadata={"example": "everyone"})
    participants = count("How many will come.", 20, required=True)
    tenant = fields.UUID(load_default=None, metadata={"description": "The actor who rents; yourself if left out."})
    title = Words(
        200,
        load_default=None,
        allow_none=True,
        metadata={"description": "What the public calendar shows; leave out if it is not public.", "example": "Korps"},
    )
    confirm = fields.String(
        load_default="by_me",
        validate=validate.OneOf(get_args(Confirm)),
        metadata={"description": "Whether to confirm as soon as the price is known."},
    )
    noise = fields.String(
        load_default="normal", validate=validate.OneOf(NOISES), metadata={"description": "How loud it will be."}
    )
    equipment = _equipment(load_default=dict)
    accept_house_rules = rule_versions(
        load_default=(),
        validate=validate.Length(max=20),
        metadata={"description": "House rules that you have read and accept with the booking."},
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> BookingRequest:
        return BookingRequest(**given)


class ReschedulingSchema(Schema):
    """Where a booking is moved; what is left out stays."""

    space = slug("Another space.", "borgen-sal-2")
    begins_at = Instant(metadata={"example": "2026-12-05T18:00:00Z"})
    ends_at = Instant(metadata={"example": "2026-12-05T20:00:00Z"})
    participants = count("How many will come.", 20)
    noise = fields.String(validate=validate.OneOf(NOISES))
    equipment = _equipment()
    accept_house_rules = rule_versions(
        validate=validate.Length(max=20),
        metadata={"description": "House rules that you have read and accept with the change."},
    )
    why = why()

    @validates_schema
    def _changes_something(self, given: Mapping[str, Any], **_: object) -> None:
        if given.keys() <= {"why", "accept_house_rules"}:
            raise invalid(_NOTHING_CHANGES)


class ReasonSchema(Schema):
    """Why, in words that the other part sees."""

    why = why()


class RefusalSchema(Schema):
    """Why not, in words that the tenant sees."""

    why = why(required=True)


class ConsequenceSchema(Schema):
    """What cancelling would cost at this moment."""

    fee = fields.Integer(metadata={"description": "Øre.", "example": 70000})
    currency = fields.String(metadata={"example": "NOK"})
    free_until = Instant(allow_none=True, metadata={"description": "Until then it costs nothing."})


class StepSchema(Schema):
    """Something that happened to a booking."""

    version = fields.Integer(metadata={"example": 3})
    what = fields.String(
        metadata={"description": "The state it came to, “rescheduled” or “imported”.", "example": "confirmed"}
    )
    at = Instant()
    by = fields.UUID(allow_none=True, metadata={"description": "Null: time passed, or a service told."})
    why = fields.String(
        allow_none=True,
        metadata={"description": "In somebody's own words; put back by nobody, the code of why it has no price."},
    )


class HistorySchema(Schema):
    """All that happened to a booking, the first first."""

    items = fields.List(fields.Nested(StepSchema))


class PriceLineSchema(Schema):
    """One explained line of the price."""

    code = fields.String(metadata={"example": "rent"})
    text = fields.Nested(TextSchema)
    quantity = fields.String(metadata={"description": "A decimal number.", "example": "2"})
    unit = fields.String(metadata={"example": "hour"})
    unit_amount = fields.Integer(metadata={"description": "Øre.", "example": 35000})
    amount = fields.Integer(metadata={"description": "Øre; negative for a reduction.", "example": 70000})
    vat_rate = fields.String(metadata={"description": "Per cent, a decimal number.", "example": "0"})


class PriceSchema(Schema):
    """What it costs, line by line."""

    tariff = fields.String(metadata={"example": "nesodden-2017"})
    total = fields.Integer(metadata={"description": "Øre.", "example": 70000})
    currency = fields.String(metadata={"example": "NOK"})
    lines = fields.List(fields.Nested(PriceLineSchema))
    free_until = Instant(allow_none=True, metadata={"description": "Cancelling costs nothing until then."})


class TenantSchema(Schema):
    """Who rents."""

    id = fields.UUID(metadata={"example": ID})
    kind = fields.String(metadata={"example": "voluntary"})
    name = fields.String(allow_none=True, metadata={"description": "Null for a resident."})


class BookingSchema(Schema):
    """A booking."""

    id = fields.UUID(metadata={"example": ID})
    state = fields.String(validate=validate.OneOf(get_args(BookingState)))
    space = slug("What is booked.", "borgen-storsal")
    arena = slug("Its arena.", "borgen-innbyggertorg")
    square = slug("Its square.", "borgen")
    begins_at = Instant()
    ends_at = Instant()
    purpose = fields.String(metadata={"example": "culture"})
    audience = fields.String(metadata={"example": "everyone"})
    participants = fields.Integer(metadata={"example": 20})
    tenant = fields.Nested(TenantSchema)
    title = fields.String(allow_none=True)
    confirm = fields.String(validate=validate.OneOf(get_args(Confirm)))
    noise = fields.String(metadata={"example": "normal"})
    equipment = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"example": {"borgen-stoler": 20}})
    series = fields.UUID(allow_none=True, metadata={"description": "The series it is an occurrence of."})
    setup_minutes = fields.Integer(metadata={"example": 0})
    clearing_minutes = fields.Integer(metadata={"example": 15})
    hold_expires_at = Instant(
        metadata={
            "description": "When it ends by itself, if it is not priced, confirmed, approved or paid by then. A hold "
            "that has no price yet gets `answer_minutes` from when the price comes."
        }
    )
    answer_minutes = fields.Integer(
        metadata={
            "description": "So long, at the most, there is to confirm it once it has its price; never after it begins.",
            "example": 15,
        }
    )
    release_at = Instant(allow_none=True, metadata={"description": "If no door is opened until then, it is released."})
    price = fields.Nested(PriceSchema, allow_none=True, metadata={"description": "Null until pricing has answered."})
    awaits_price = fields.Boolean(
        metadata={
            "description": "It has no price yet, or was moved: `price` is that of before until the new one comes."
        }
    )
    free_until = Instant(
        allow_none=True,
        metadata={
            "description": "Until then its tenant may cancel or move it at no cost; later if the house moved it."
        },
    )
    key = fields.String(
        allow_none=True,
        validate=validate.OneOf(get_args(KeyState)),
        metadata={
            "description": "How its key stands, as access tells; null before it is on the door, and after a move "
            "until it is there for the new time."
        },
    )
    opened_at = Instant(allow_none=True)
    cancelled_at = Instant(allow_none=True)
    cancelled_by = fields.String(allow_none=True, validate=validate.OneOf(get_args(GivenUpBy)))
    ended_at = Instant(
        allow_none=True,
        metadata={
            "description": "When it gave back the rest of its time: ended early, released or cancelled under way. "
            "Calendars, exports and the programme end it then; the price stays."
        },
    )
    decline_reason = fields.String(allow_none=True)
    version = fields.Integer(metadata={"description": "Its ETag, for If-Match.", "example": 2})
    created_at = Instant()
