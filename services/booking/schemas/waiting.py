"""Waiting lists: what is waited for, and the place in line."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import fields, post_load, validate

from kernel.http import Instant, Schema
from kernel.pagination import PageArguments
from services.booking.model.bookings import BookingRequest
from services.booking.model.rules import LONGEST
from services.booking.model.waiting import WaitingRequest, WaitingState
from services.booking.schemas.bookings import BookingRequestSchema, TenantSchema
from services.booking.schemas.common import ID, MOMENT_IN_OUR_TIME, count, slug


class WaitingRequestSchema(BookingRequestSchema):
    """What is waited for: a booking from its beginning to its end, or `minutes` anywhere in between."""

    begins_at = Instant(required=True, validate=MOMENT_IN_OUR_TIME, metadata={"example": "2026-12-05T17:00:00Z"})
    ends_at = Instant(required=True, validate=MOMENT_IN_OUR_TIME, metadata={"example": "2026-12-05T21:00:00Z"})
    minutes = count(
        "For so long, at any time in between that fits; left out: all of that time.",
        120,
        most=LONGEST,
        load_default=None,
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Any:
        like = {name: value for name, value in given.items() if name != "minutes"}
        return WaitingRequest(like=BookingRequest(**like), minutes=given["minutes"])


class WaitingListFilter(PageArguments):
    """Which places in line, of those you may see."""

    mine = fields.Boolean(
        load_default=False, metadata={"description": "Only your own and your organisations', not all of your squares."}
    )
    square = slug("In this square.", "borgen", load_default=None)
    space = slug("For this space.", "borgen-storsal", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(get_args(WaitingState)))


class OfferSchema(Schema):
    """A space and a time that are held for one who waited."""

    space = slug("The space that is held.", "borgen-storsal")
    begins_at = Instant()
    ends_at = Instant()


class PlaceInLineSchema(Schema):
    """A place in line."""

    id = fields.UUID(attribute="waiting.id", metadata={"example": ID})
    state = fields.String(attribute="waiting.state", validate=validate.OneOf(get_args(WaitingState)))
    place = fields.Integer(
        allow_none=True,
        metadata={"description": "1: you are next. Null when you do not wait any more.", "example": 2},
    )
    space = slug("What is waited for.", "borgen-storsal", attribute="waiting.space")
    arena = slug("Its arena.", "borgen-innbyggertorg", attribute="waiting.arena")
    square = slug("Its square.", "borgen", attribute="waiting.square")
    begins_at = Instant(attribute="waiting.earliest")
    ends_at = Instant(attribute="waiting.latest")
    minutes = fields.Integer(
        attribute="waiting.minutes",
        metadata={"description": "All of the time from beginning to end, or any so long.", "example": 120},
    )
    purpose = fields.String(attribute="waiting.purpose", metadata={"example": "culture"})
    audience = fields.String(attribute="waiting.audience", metadata={"example": "everyone"})
    participants = fields.Integer(attribute="waiting.participants", metadata={"example": 20})
    tenant = fields.Nested(TenantSchema, attribute="waiting.tenant")
    title = fields.String(attribute="waiting.title", allow_none=True)
    confirm = fields.String(attribute="waiting.confirm", metadata={"example": "by_me"})
    noise = fields.String(attribute="waiting.noise", metadata={"example": "normal"})
    equipment = fields.Dict(keys=fields.String(), values=fields.Integer(), attribute="waiting.equipment")
    series = fields.UUID(
        attribute="waiting.series", allow_none=True, metadata={"description": "The series that skipped the date."}
    )
    booking = fields.UUID(
        attribute="waiting.booking",
        allow_none=True,
        metadata={"description": "What is offered: a held booking. Confirm it, or cancel it for the next."},
    )
    offer = fields.Nested(
        OfferSchema,
        allow_none=True,
        metadata={"description": "What is offered, as it stands now: it may have been moved. Null if nothing is."},
    )
    offered_until = Instant(
        attribute="waiting.offered_until",
        allow_none=True,
        metadata={"description": "Until when the offer is kept, as it stands now."},
    )
    awaits_price = fields.Boolean(
        metadata={"description": "The offer has no price yet; there is time anew to confirm it when the price comes."}
    )
    joined_at = Instant(attribute="waiting.joined_at")
    version = fields.Integer(attribute="waiting.version", metadata={"example": 1})
