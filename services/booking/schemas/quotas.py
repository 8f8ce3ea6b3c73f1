"""Groups of spaces and quotas, in and out."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import fields, post_load, validate

from kernel.http import Instant, Schema, TextSchema
from services.booking.events import TenantKind
from services.booking.model.places import Place, Scope
from services.booking.model.quotas import SpaceGroup
from services.booking.schemas.common import ID, IN_OUR_TIME, MOMENT_IN_OUR_TIME, count, path_slug, slug
from services.booking.schemas.opening import HoursSchema, ShownHoursSchema

_WEEK = 7 * 24 * 60 + 60
"""Minutes of the longest week: the one in which the clock goes back."""


class PlaceSchema(Schema):
    """A square, an arena, a space, or all premises of a class."""

    scope = fields.String(required=True, validate=validate.OneOf(get_args(Scope)), metadata={"example": "arena"})
    id = slug("Its id, or the class.", "borgen-innbyggertorg", required=True)

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Place:
        return Place(**given)


class SpaceGroupDraftSchema(Schema):
    """Spaces that quotas speak of together."""

    name = fields.Nested(TextSchema, required=True)
    places = fields.List(fields.Nested(PlaceSchema), required=True, validate=validate.Length(1, 500))
    prime = fields.List(
        fields.Nested(HoursSchema),
        load_default=(),
        validate=validate.Length(max=50),
        metadata={"description": "When many want in: weekly, in local time."},
    )


class SpaceGroupSchema(Schema):
    """Spaces that quotas speak of together, and their prime time."""

    id = slug("The group's slug.", "halls")
    name = fields.Nested(TextSchema)
    places = fields.List(fields.Nested(PlaceSchema))
    prime = fields.List(fields.Nested(ShownHoursSchema))
    version = fields.Integer(metadata={"description": "Its ETag, for If-Match.", "example": 1})


def _limit(description: str, example: int, most: int) -> fields.Integer:
    return count(description, example, least=0, most=most, load_default=None, allow_none=True)


class QuotaDraftSchema(Schema):
    """How much of a group each actor of a category may have, or one actor. At least one limit."""

    name = fields.Nested(TextSchema, required=True)
    group = slug("The group of spaces.", "halls", required=True)
    category = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(get_args(TenantKind)),
        metadata={"example": "voluntary"},
    )
    actor = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "An organisation; its own quota stands instead of its category's in the same group."},
    )
    week_minutes = _limit("In each week, Monday to Sunday.", 600, _WEEK)
    prime_week_minutes = _limit("Of prime time in each week.", 240, _WEEK)
    open_bookings = _limit("Bookings that are not over.", 5, 100_000)
    no_show_gives_back = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether what was released because nobody came counts no more in its week."},
    )
    valid_from = fields.Date(required=True, validate=IN_OUR_TIME, metadata={"example": "2027-01-01"})
    valid_until = fields.Date(
        load_default=None,
        allow_none=True,
        validate=IN_OUR_TIME,
        metadata={"description": "The last day; until further notice if left out.", "example": "2027-06-30"},
    )


class QuotaSchema(Schema):
    """A quota, as it is published."""

    id = slug("The quota's slug.", "halls-clubs")
    name = fields.Nested(TextSchema)
    group = fields.Nested(SpaceGroupSchema)
    category = fields.String(allow_none=True, metadata={"example": "voluntary"})
    actor = fields.UUID(allow_none=True, metadata={"example": ID})
    week_minutes = fields.Integer(allow_none=True)
    prime_week_minutes = fields.Integer(allow_none=True)
    open_bookings = fields.Integer(allow_none=True)
    no_show_gives_back = fields.Boolean(
        metadata={"description": "Whether what was released because nobody came counts no more."}
    )
    valid_from = fields.Date()
    valid_until = fields.Date(allow_none=True)
    version = fields.Integer(metadata={"description": "Its ETag, for If-Match.", "example": 1})


class UsedQuery(Schema):
    """At which moment."""

    at = Instant(
        load_default=None,
        validate=MOMENT_IN_OUR_TIME,
        metadata={"description": "Its week is shown; now if left out.", "example": "2026-12-05T17:00:00Z"},
    )


class UsedSchema(Schema):
    """How much of a quota is used."""

    quota = fields.Nested(QuotaSchema)
    week = fields.Date(metadata={"description": "The Monday of the week that is counted."})
    week_minutes = fields.Integer(metadata={"example": 540})
    prime_week_minutes = fields.Integer(metadata={"example": 120})
    open_bookings = fields.Integer(metadata={"example": 3})


class UsedListSchema(Schema):
    """The quotas of an actor, and what is used of them."""

    items = fields.List(fields.Nested(UsedSchema))


def group_of(id: str, given: Mapping[str, Any]) -> SpaceGroup:
    """The group that a body makes of an id."""
    places = tuple(sorted(set(given["places"])))
    return SpaceGroup(
        id=path_slug(id, "group"), version=0, name=given["name"], places=places, prime=tuple(given["prime"])
    )
