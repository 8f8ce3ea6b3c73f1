"""Programming's HTTP bodies and query arguments."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate, validates_schema

from kernel.errors import Text
from kernel.http import Instant, Schema, invalid
from kernel.pagination import PageArguments
from services.programming.model import AUDIENCES, GENERIC_TITLES

_ENDS_BEFORE_IT_BEGINS = Text(
    nb="Slutten må være etter begynnelsen.",
    nn="Slutten må vere etter byrjinga.",
    en="The end must be after the beginning.",
)
_SLUG = validate.Length(1, 64)


class ProgrammeFilter(PageArguments):
    """Which part of the programme."""

    square = fields.String(load_default=None, validate=_SLUG, metadata={"example": "borgen"})
    arena = fields.String(load_default=None, validate=_SLUG)
    space = fields.String(load_default=None, validate=_SLUG, metadata={"example": "borgen-storsal"})
    purpose = fields.String(load_default=None, validate=validate.OneOf([*GENERIC_TITLES]))
    audience = fields.String(load_default=None, validate=validate.OneOf(AUDIENCES))
    since = Instant(
        load_default=None,
        data_key="from",
        metadata={
            "description": "What goes on from then; from now if left out.",
            "example": "2026-12-03T00:00:00+01:00",
        },
    )
    until = Instant(
        load_default=None,
        data_key="to",
        metadata={"description": "What begins before then.", "example": "2026-12-10T00:00:00+01:00"},
    )

    @validates_schema
    def _ends_after_it_begins(self, given: Mapping[str, Any], **_: object) -> None:
        if given["since"] and given["until"] and given["until"] <= given["since"]:
            raise invalid(_ENDS_BEFORE_IT_BEGINS, "to")


class ActivitySchema(Schema):
    """An activity in the programme. It never says who booked."""

    id = fields.UUID(required=True, metadata={"example": "0192f3c4-7d1e-7a10-9c8e-2f6b8d0a4e11"})
    title = fields.String(
        required=True,
        metadata={
            "description": "The public title; without one, what kind of activity it is, in the language asked for.",
            "example": "Korpsøving",
        },
    )
    square = fields.String(required=True, metadata={"example": "borgen"})
    arena = fields.String(required=True, metadata={"example": "borgen-innbyggertorg"})
    arena_name = fields.String(required=True, metadata={"example": "Borgen innbyggertorg"})
    space = fields.String(required=True, metadata={"example": "borgen-storsal"})
    space_name = fields.String(required=True, metadata={"example": "Storsalen"})
    begins_at = Instant(required=True)
    ends_at = Instant(required=True)
    purpose = fields.String(required=True, metadata={"example": "culture"})
    audience = fields.String(required=True, metadata={"example": "youth"})
