"""Squares, arenas and spaces, in and out."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields, post_load, pre_load, validate

from kernel.errors import Text
from kernel.http import Schema, TextSchema, Whole, invalid
from services.booking.model.bookings import AUDIENCES, PURPOSES
from services.booking.model.opening import DAY, KINDS
from services.booking.model.resources import Arena, Equipment, Space, Square
from services.booking.model.rules import GRIDS, LONGEST, BookingRules
from services.booking.model.sharing import NOISES, Sharing
from services.booking.schemas.bookings import BookingSchema
from services.booking.schemas.common import count, path_slug, slug
from services.booking.schemas.opening import ClashesSchema, OpeningHoursSchema, ShownOpeningHoursSchema
from services.booking.schemas.series import ClashSchema

DEEPEST = 8
"""The most levels of spaces in spaces."""
FURTHEST = 731
"""Days ahead: two years. Opening hours are reckoned some weeks further (`model.opening.AHEAD`)."""

_TOO_DEEP = Text(
    nb=f"Lokaler kan deles i høyst {DEEPEST} nivåer.",
    nn=f"Lokale kan delast i høgst {DEEPEST} nivå.",
    en=f"Spaces can be divided in at most {DEEPEST} levels.",
)


class TraitSchema(Schema):
    """What marks some bookings out: all that is given must hold."""

    purpose = fields.String(validate=validate.OneOf(PURPOSES))
    audience = fields.String(validate=validate.OneOf(AUDIENCES))
    noise = fields.String(validate=validate.OneOf(NOISES))


class ApartSchema(Schema):
    """Two kinds of bookings that may not meet."""

    one = fields.Nested(TraitSchema, required=True)
    other = fields.Nested(TraitSchema, required=True)


class SharingSchema(Schema):
    """Who may be in a space at the same time."""

    groups = count("The most bookings at once.", 3, most=1000, required=True)
    apart = fields.List(fields.Nested(ApartSchema), load_default=(), validate=validate.Length(max=50))

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Sharing:
        return Sharing(groups=given["groups"], apart=tuple((each["one"], each["other"]) for each in given["apart"]))


class ShownSharingSchema(Schema):
    """Who may be in a space at the same time."""

    groups = fields.Integer(metadata={"example": 3})
    apart = fields.Function(
        lambda sharing: [{"one": one, "other": other} for one, other in sharing.apart],
        metadata={"type": "array", "items": {"type": "object"}},
    )


def _minutes(description: str) -> fields.Integer:
    return count(description, 15, least=0, most=DAY, load_default=0)


def _some_of(choices: Sequence[str], description: str) -> fields.List[str]:
    return fields.List(
        fields.String(validate=validate.OneOf(choices)),
        load_default=(),
        validate=validate.Length(max=len(choices)),
        metadata={"description": description},
    )


class SpaceSchema(Schema):
    """A space, how it may be booked, and the spaces it is divided into. Booking it takes all of them."""

    id = slug("Unique over all squares.", "borgen-storsal", required=True)
    name = fields.Nested(TextSchema, required=True)
    premises = slug("The class prices are given for.", "hall", required=True)
    capacity = count("People it has room for.", 120, required=True)
    area = fields.Float(required=True, validate=validate.Range(0, 100_000), metadata={"description": "m²"})
    grid_minutes: fields.Integer = Whole(
        required=True, validate=validate.OneOf(GRIDS), metadata={"description": "Bookings begin and end on these."}
    )
    min_minutes = count("Shortest booking.", 60, most=LONGEST, required=True)
    max_minutes = count("Longest booking.", 480, most=LONGEST, required=True)
    notice_minutes = count("How long ahead at the least.", 0, least=0, most=LONGEST * 10, required=True)
    horizon_days = count("How many days ahead at the most.", 365, least=0, most=FURTHEST, required=True)
    setup_minutes = _minutes("Kept free before each booking, to set up.")
    clearing_minutes = _minutes("Kept free after each booking, to clear.")
    approval = fields.Boolean(load_default=False, metadata={"description": "An arena manager decides."})
    prepay = fields.Boolean(load_default=False, metadata={"description": "Confirmed once it is paid."})
    release_minutes = count(
        "A booking whose door is still shut so long after it began is released; null: never.",
        20,
        least=5,
        most=DAY,
        load_default=None,
        allow_none=True,
    )
    purposes = _some_of(PURPOSES, "What it is let for; empty: everything.")
    audiences = _some_of(AUDIENCES, "Whom it is let for; empty: all.")
    open_kinds = fields.List(
        fields.String(validate=validate.OneOf(KINDS)),
        load_default=KINDS,
        validate=validate.Length(1, len(KINDS)),
        metadata={"description": "The kinds of opening hours in which it can be booked; all if left out."},
    )
    noise = fields.String(
        load_default="loud", validate=validate.OneOf(NOISES), metadata={"description": "The loudest that is allowed."}
    )
    features = fields.List(
        slug("Such as stage, kitchen, projector, piano, step-free, hearing-loop.", "stage"),
        load_default=(),
        validate=validate.Length(max=50),
    )
    floor = Whole(load_default=0, validate=validate.Range(-10, 100))
    pictures = fields.List(
        fields.Url(schemes={"https", "http"}, require_tld=False), load_default=(), validate=validate.Length(max=20)
    )
    sharing = fields.Nested(
        SharingSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "Several groups at once, within the capacity; null: one booking at a time."},
    )
    joins = fields.List(
        slug("A space of this square.", "borgen-sal-1"),
        load_default=(),
        validate=validate.Length(max=100),
        metadata={"description": "What a joint space is made of, wherever in the square it lies."},
    )
    spaces = fields.List(fields.Nested("SpaceSchema"), load_default=(), validate=validate.Length(max=100))

    @post_load
    def _made(self, given: dict[str, Any], **_: object) -> Space:
        given["open_kinds"] = tuple(kind for kind in KINDS if kind in given["open_kinds"])
        rules = BookingRules(**{name: given.pop(name) for name in BookingRules.__slots__})
        return Space(**given, rules=rules)


class ShownSpaceSchema(SpaceSchema):
    """A space, how it may be booked, and the spaces it is divided into."""

    grid_minutes = fields.Integer(required=True, attribute="rules.grid_minutes")
    min_minutes = fields.Integer(required=True, attribute="rules.min_minutes")
    max_minutes = fields.Integer(required=True, attribute="rules.max_minutes")
    notice_minutes = fields.Integer(required=True, attribute="rules.notice_minutes")
    horizon_days = fields.Integer(required=True, attribute="rules.horizon_days")
    setup_minutes = fields.Integer(attribute="rules.setup_minutes")
    clearing_minutes = fields.Integer(attribute="rules.clearing_minutes")
    approval = fields.Boolean(attribute="rules.approval")
    prepay = fields.Boolean(attribute="rules.prepay")
    release_minutes = fields.Integer(attribute="rules.release_minutes", allow_none=True)
    purposes = fields.List(fields.String(), attribute="rules.purposes")
    audiences = fields.List(fields.String(), attribute="rules.audiences")
    open_kinds = fields.List(fields.String(), attribute="rules.open_kinds")
    sharing = fields.Nested(ShownSharingSchema, allow_none=True)
    spaces = fields.List(fields.Nested("ShownSpaceSchema"))


class EquipmentSchema(Schema):
    """Something lent with the spaces of an arena."""

    id = slug("Unique over all squares.", "borgen-stoler", required=True)
    name = fields.Nested(TextSchema, required=True)
    pieces = count("How many there are.", 80, least=0, required=True)

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Equipment:
        return Equipment(**given)


class ArenaSchema(Schema):
    """A building or place."""

    id = slug("Unique over all squares.", "borgen-innbyggertorg", required=True)
    name = fields.Nested(TextSchema, required=True)
    opening = fields.List(
        fields.Nested(OpeningHoursSchema),
        required=True,
        data_key="opening",
        attribute="hours",
        validate=validate.Length(max=50),
    )
    spaces = fields.List(fields.Nested(SpaceSchema), required=True, validate=validate.Length(max=200))
    equipment = fields.List(fields.Nested(EquipmentSchema), load_default=(), validate=validate.Length(max=200))

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Arena:
        return Arena(**given)


class ShownArenaSchema(ArenaSchema):
    """A building or place."""

    opening = fields.List(fields.Nested(ShownOpeningHoursSchema), attribute="hours")
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

    id = slug("The square's slug.", "borgen")
    name = fields.Nested(TextSchema)
    arenas = fields.List(fields.Nested(ShownArenaSchema))


class DisallowedSchema(Schema):
    """A booking that stands, and every reason why it could not be made now."""

    booking = fields.Nested(BookingSchema)
    reasons = fields.List(fields.Nested(ClashSchema))


class NotAllowedSchema(Schema):
    """The bookings to come that the rules as they are now would not allow; nothing is cancelled by itself."""

    total = fields.Integer(metadata={"description": "How many there are.", "example": 1})
    items = fields.List(fields.Nested(DisallowedSchema), metadata={"description": "The first hundred."})


class ChangedSquareSchema(SquareSchema):
    """A square as it is written, and the bookings that its hours and rules would not allow now."""

    clashes = fields.Nested(ClashesSchema, metadata={"description": "Those outside the hours."})
    not_allowed = fields.Nested(NotAllowedSchema, metadata={"description": "Those, and all others, with reasons."})


def _children(parents: list[Any], name: str) -> list[Any]:
    """All that these JSON objects have in a list of this name; nothing is known of their form yet."""
    lists = [parent.get(name) for parent in parents if isinstance(parent, dict)]
    return [child for children in lists if isinstance(children, list) for child in children]


def square_of(id: str, tree: Mapping[str, Any]) -> Square:
    """The square that a tree makes of an id."""
    return Square(id=path_slug(id, "square"), **tree)
