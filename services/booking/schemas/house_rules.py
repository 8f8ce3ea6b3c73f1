"""House rules in and out, and what is accepted of them."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import fields, post_load, validate

from kernel.errors import Text
from kernel.http import Instant, Schema, TextSchema, Words
from services.booking.events import AcceptanceChannel
from services.booking.model.house_rules import CODES, SCOPES, HouseRule, RuleVersion
from services.booking.schemas.common import MOMENT_IN_OUR_TIME, count, slug

_LONGEST = 20_000


def _long(language: str, example: str) -> Words:
    return Words(_LONGEST, lines=True, required=True, metadata={"description": language, "example": example})


class LongTextSchema(Schema):
    """A text of some length in Bokmål, Nynorsk and English."""

    nb = _long("Bokmål.", "Rydd etter deg, og la lokalet stå som du fant det.")
    nn = _long("Nynorsk.", "Rydd etter deg, og lat lokalet stå som du fann det.")
    en = _long("English.", "Tidy up, and leave the space as you found it.")

    @post_load
    def _made(self, given: Mapping[str, str], **_: object) -> Text:
        return Text(**given)


class HouseRuleSchema(Schema):
    """One part of the house rules, as machines know it and as people read it."""

    code = fields.String(required=True, validate=validate.OneOf(list(CODES)), metadata={"example": "quiet_after"})
    text = fields.Nested(TextSchema, required=True)
    time = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z"),
        metadata={"description": "Wall time; for quiet_after and leave_by.", "example": "22:00"},
    )
    number = count(
        "People for max_people; years for min_age and adult_with_under.", 15, load_default=None, allow_none=True
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> HouseRule:
        return HouseRule(**given)


class HouseRulesDraftSchema(Schema):
    """A new version of the house rules of a place."""

    text = fields.Nested(LongTextSchema, required=True)
    rules = fields.List(fields.Nested(HouseRuleSchema), load_default=(), validate=validate.Length(max=len(CODES)))
    effective_from = Instant(
        load_default=None,
        allow_none=True,
        validate=MOMENT_IN_OUR_TIME,
        metadata={
            "description": "In force from then; at once if left out. Those announced keep their day.",
            "example": "2027-01-01T00:00:00+01:00",
        },
    )


class HouseRulesSchema(Schema):
    """A version of house rules, as it was published."""

    scope = fields.String(validate=validate.OneOf(SCOPES), metadata={"example": "arena"})
    id = slug("The square, arena or space.", "borgen-innbyggertorg", attribute="place")
    version = fields.Integer(metadata={"example": 2})
    text = fields.Nested(LongTextSchema)
    rules = fields.List(fields.Nested(HouseRuleSchema))
    effective_from = Instant()
    published_at = Instant()


class GoverningSchema(Schema):
    """House rules that hold in a space, or will."""

    house_rules = fields.Nested(HouseRulesSchema, attribute="rules")
    in_force = fields.Boolean(metadata={"description": "Otherwise they are to come."})
    accepted = fields.Boolean(
        allow_none=True,
        metadata={
            "description": "Whether you have accepted these, or others published after them that take effect no sooner;"
            " null if you are not signed in."
        },
    )


class GoverningListSchema(Schema):
    """All house rules of a space: its square's, its arena's and its own."""

    items = fields.List(fields.Nested(GoverningSchema))


class VersionQuery(Schema):
    """Which version."""

    version = count(
        "That in force if left out, or else the next announced.", 2, strict=False, load_default=None, most=2**31 - 1
    )


class RuleVersionSchema(Schema):
    """One version of the house rules of a place."""

    scope = fields.String(required=True, validate=validate.OneOf(SCOPES), metadata={"example": "arena"})
    id = slug("The square, arena or space.", "borgen-innbyggertorg", attribute="place", required=True)
    version = count("The version that was read.", 2, most=2**31 - 1, required=True)

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> RuleVersion:
        return RuleVersion(**given)


def rule_versions(**more: Any) -> fields.List[Any]:
    """A list of versions, as they are accepted."""
    return fields.List(fields.Nested(RuleVersionSchema), **more)


class AcceptancesSchema(Schema):
    """Versions that you have read and accept."""

    accepted = rule_versions(required=True, validate=validate.Length(1, 20))
    channel = fields.String(
        load_default="portal",
        validate=validate.OneOf(get_args(AcceptanceChannel)),
        metadata={"description": "Where you accept them."},
    )


class AcceptedRulesSchema(Schema):
    """That you accepted a version, when, and where."""

    rules = fields.Nested(RuleVersionSchema)
    accepted_at = Instant()
    channel = fields.String(validate=validate.OneOf(get_args(AcceptanceChannel)))


class AcceptedSchema(Schema):
    """What you have accepted of what was asked, now or before."""

    items = fields.List(fields.Nested(AcceptedRulesSchema))
