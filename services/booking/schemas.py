"""Booking's HTTP bodies and query arguments."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, get_args

from marshmallow import ValidationError, fields, post_load, pre_load, validate, validates_schema

from kernel.errors import Text
from kernel.http import Instant, Schema, TextSchema, code, invalid
from kernel.pagination import PageArguments
from kernel.problems import Fault, InvalidRequest
from services.booking.events import BookingState
from services.booking.model.actors import ORGANISATION_KINDS
from services.booking.model.bookings import AUDIENCES, PURPOSES, BookingRequest, Confirm, KeyState
from services.booking.model.opening import Hours, clock, hours
from services.booking.model.resources import Arena, Space, Square
from services.booking.model.rules import GRIDS, LONGEST, BookingRules

MOST_DAYS = 31
"""The longest stretch of days one search covers."""
DEEPEST = 8
"""The most levels of spaces in spaces."""

_ID = "0192f3c4-7d1e-7a10-9c8e-2f6b8d0a4e11"
_DAYS_REVERSED = Text(
    nb="Siste dag er før første.", nn="Siste dag er før første.", en="The last day is before the first."
)
_TOO_DEEP = Text(
    nb=f"Lokaler kan deles i høyst {DEEPEST} nivåer.",
    nn=f"Lokale kan delast i høgst {DEEPEST} nivå.",
    en=f"Spaces can be divided in at most {DEEPEST} levels.",
)
_TOO_MANY_DAYS = Text(
    nb=f"Høyst {MOST_DAYS} dager om gangen.", nn=f"Høgst {MOST_DAYS} dagar om gongen.", en=f"At most {MOST_DAYS} days."
)


# the first and the last days there are can't be reckoned with: a day after the last is an error in Python
_in_our_time = validate.Range(date(2000, 1, 1), date(2200, 12, 31))


def _slug(description: str, example: str, **more: Any) -> fields.String:
    return fields.String(validate=code, metadata={"description": description, "example": example}, **more)


def _count(description: str, example: int, least: int = 1, most: int = 100_000, **more: Any) -> fields.Integer:
    about = {"description": description, "example": example}
    return fields.Integer(**{"strict": True, **more}, validate=validate.Range(least, most), metadata=about)


class HoursSchema(Schema):
    """Open once a week, in local time."""

    weekday = _count("1 is Monday.", 1, most=7, required=True)
    opens = fields.String(
        required=True, validate=validate.Length(equal=5), metadata={"description": "Wall time.", "example": "07:00"}
    )
    closes = fields.String(
        required=True,
        validate=validate.Length(equal=5),
        metadata={"description": "Wall time, up to 24:00; not after `opens` is the day after.", "example": "23:00"},
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Hours:
        return hours(given["weekday"], given["opens"], given["closes"])


class ShownHoursSchema(Schema):
    """Open once a week, in local time."""

    weekday = fields.Integer(required=True, metadata={"example": 1})
    opens = fields.Function(lambda each: clock(each.opens), metadata={"type": "string", "example": "07:00"})
    closes = fields.Function(lambda each: clock(each.closes), metadata={"type": "string", "example": "23:00"})


class SpaceSchema(Schema):
    """A space, how it may be booked, and the spaces it is divided into. Booking it takes all of them."""

    id = _slug("Unique over all squares.", "borgen-storsal", required=True)
    name = fields.Nested(TextSchema, required=True)
    premises = _slug("The class prices are given for.", "hall", required=True)
    capacity = _count("People it has room for.", 120, required=True)
    area = fields.Float(required=True, validate=validate.Range(0, 100_000), metadata={"description": "m²"})
    grid_minutes = fields.Integer(
        required=True, validate=validate.OneOf(GRIDS), metadata={"description": "Bookings begin and end on these."}
    )
    min_minutes = _count("Shortest booking.", 60, most=LONGEST, required=True)
    max_minutes = _count("Longest booking.", 480, most=LONGEST, required=True)
    notice_minutes = _count("How long ahead at the least.", 0, least=0, most=LONGEST * 10, required=True)
    horizon_days = _count("How many days ahead at the most.", 365, least=0, most=3_660, required=True)
    spaces = fields.List(fields.Nested("SpaceSchema"), load_default=(), validate=validate.Length(max=100))

    @post_load
    def _made(self, given: dict[str, Any], **_: object) -> Space:
        rules = BookingRules(**{name: given.pop(name) for name in BookingRules.__slots__})
        return Space(**given, rules=rules)


class ShownSpaceSchema(SpaceSchema):
    """A space, how it may be booked, and the spaces it is divided into."""

    grid_minutes = fields.Integer(required=True, attribute="rules.grid_minutes")
    min_minutes = fields.Integer(required=True, attribute="rules.min_minutes")
    max_minutes = fields.Integer(required=True, attribute="rules.max_minutes")
    notice_minutes = fields.Integer(required=True, attribute="rules.notice_minutes")
    horizon_days = fields.Integer(required=True, attribute="rules.horizon_days")
    spaces = fields.List(fields.Nested("ShownSpaceSchema"))


class ArenaSchema(Schema):
    """A building or place."""

    id = _slug("Unique over all squares.", "borgen-innbyggertorg", required=True)
    name = fields.Nested(TextSchema, required=True)
    opening = fields.List(
        fields.Nested(HoursSchema),
        required=True,
        data_key="opening",
        attribute="hours",
        validate=validate.Length(max=50),
    )
    spaces = fields.List(fields.Nested(SpaceSchema), required=True, validate=validate.Length(max=200))

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Arena:
        return Arena(**given)


class ShownArenaSchema(ArenaSchema):
    """A building or place."""

    opening = fields.List(fields.Nested(ShownHoursSchema), attribute="hours")
    spaces = fields.List(fields.Nested(ShownSpaceSchema))


class SquareTreeSchema(Schema):
    """All of a square: what is left out is withdrawn."""

    name = fields.Nested(TextSchema, required=True)
    arenas = fields.List(fields.Nested(ArenaSchema), required=True, validate=validate.Length(max=100))

    @pre_load
    def _not_too_deep(self, given: Any, **_: object) -> Any:
        level, depth = _children([given], "arenas"), 0
        while level := _children(level, "spaces"):
            depth += 1
        if depth > DEEPEST:
            raise invalid(_TOO_DEEP, "arenas")
        return given


class SquareSchema(Schema):
    """A square with its arenas and spaces."""

    id = _slug("The square's slug.", "borgen")
    name = fields.Nested(TextSchema)
    arenas = fields.List(fields.Nested(ShownArenaSchema))


def _children(parents: list[Any], name: str) -> list[Any]:
    """All that these JSON objects have in a list of this name; nothing is known of their form yet."""
    lists = [parent.get(name) for parent in parents if isinstance(parent, dict)]
    return [child for children in lists if isinstance(children, list) for child in children]


def square_of(id: str, tree: Mapping[str, Any]) -> Square:
    """The square that a tree makes of an id."""
    try:
        code(id)
    except ValidationError as error:
        raise InvalidRequest([Fault(each, parameter="square") for each in error.messages]) from error
    return Square(id=id, **tree)


class AvailabilityFilter(PageArguments):
    """What is looked for."""

    first = fields.Date(
        required=True, data_key="from", validate=_in_our_time, metadata={"description": "First local day."}
    )
    last = fields.Date(required=True, data_key="to", validate=_in_our_time, metadata={"description": "Last local day."})
    minutes = _count("How long it must be free.", 60, most=LONGEST, strict=False, load_default=None)
    square = _slug("In this square.", "borgen", load_default=None)
    arena = _slug("In this arena.", "borgen-innbyggertorg", load_default=None)
    space = _slug("This space.", "borgen-storsal", load_default=None)
    premises = _slug("Of this class.", "hall", load_default=None)
    capacity = _count("With room for so many.", 20, strict=False, load_default=None)
    limit = _count("Spaces per page; all of a municipality fit in one.", 50, most=1000, strict=False, load_default=50)

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

    space = _slug("The space's id.", "borgen-storsal")
    name = fields.Nested(TextSchema)
    arena = _slug("Its arena.", "borgen-innbyggertorg")
    arena_name = fields.Nested(TextSchema)
    square = _slug("Its square.", "borgen")
    free = fields.List(fields.Nested(FreeTimeSchema))


class BookingFilter(PageArguments):
    """Which bookings, of those you may see."""

    mine = fields.Boolean(
        load_default=False, metadata={"description": "Only your own and your organisations', not all of your squares."}
    )
    square = _slug("In this square.", "borgen", load_default=None)
    space = _slug("Of this space.", "borgen-storsal", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(get_args(BookingState)))


class BookingRequestSchema(Schema):
    """What is asked for."""

    space = _slug("What to book.", "borgen-storsal", required=True)
    begins_at = Instant(required=True, metadata={"example": "2026-12-05T17:00:00Z"})
    ends_at = Instant(required=True, metadata={"example": "2026-12-05T19:00:00Z"})
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES), metadata={"example": "culture"})
    audience = fields.String(required=True, validate=validate.OneOf(AUDIENCES), metadata={"example": "everyone"})
    participants = _count("How many will come.", 20, required=True)
    tenant = fields.UUID(load_default=None, metadata={"description": "The actor who rents; yourself if left out."})
    title = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 200),
        metadata={"description": "What the public calendar shows; leave out if it is not public.", "example": "Korps"},
    )
    confirm = fields.String(
        load_default="by_me",
        validate=validate.OneOf(get_args(Confirm)),
        metadata={"description": "Whether to confirm as soon as the price is known."},
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> BookingRequest:
        return BookingRequest(**given)


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


class TenantSchema(Schema):
    """Who rents."""

    id = fields.UUID(metadata={"example": _ID})
    kind = fields.String(metadata={"example": "voluntary"})
    name = fields.String(allow_none=True, metadata={"description": "Null for a resident."})


class BookingSchema(Schema):
    """A booking."""

    id = fields.UUID(metadata={"example": _ID})
    state = fields.String(validate=validate.OneOf(get_args(BookingState)))
    space = _slug("What is booked.", "borgen-storsal")
    arena = _slug("Its arena.", "borgen-innbyggertorg")
    square = _slug("Its square.", "borgen")
    begins_at = Instant()
    ends_at = Instant()
    purpose = fields.String(metadata={"example": "culture"})
    audience = fields.String(metadata={"example": "everyone"})
    participants = fields.Integer(metadata={"example": 20})
    tenant = fields.Nested(TenantSchema)
    title = fields.String(allow_none=True)
    confirm = fields.String(validate=validate.OneOf(get_args(Confirm)))
    hold_expires_at = Instant()
    price = fields.Nested(PriceSchema, allow_none=True, metadata={"description": "Null until pricing has answered."})
    key = fields.String(
        allow_none=True,
        validate=validate.OneOf(get_args(KeyState)),
        metadata={"description": "How its key stands, as access tells; null before it is on the door."},
    )
    opened_at = Instant(allow_none=True)
    cancelled_at = Instant(allow_none=True)
    decline_reason = fields.String(allow_none=True)
    version = fields.Integer(metadata={"description": "Its ETag, for If-Match.", "example": 2})
    created_at = Instant()


class OrganisationSchema(Schema):
    """An organisation that may rent."""

    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    name = fields.String(required=True, validate=validate.Length(1, 200), metadata={"example": "Borgen skolekorps"})
    organisation_number = fields.String(
        required=True, validate=validate.Length(9, 20), metadata={"example": "974760673"}
    )


class ActorSchema(Schema):
    """Somebody who can rent."""

    id = fields.UUID(metadata={"example": _ID})
    kind = fields.String(metadata={"example": "voluntary"})
    name = fields.String(allow_none=True, metadata={"description": "Null for a resident: yourself."})
    organisation_number = fields.String(allow_none=True)


class RepresentativeSchema(Schema):
    """A person who may act for an organisation."""

    subject = fields.String(required=True, validate=validate.Length(1, 255), metadata={"example": "persona-kari"})
    issuer = fields.Url(
        load_default=None,
        require_tld=False,
        metadata={"description": "Who names them so; your own issuer if left out."},
    )
