"""Closures, in and out."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import fields, post_load, validate, validates_schema

from kernel.errors import Text
from kernel.http import Instant, Schema, TextSchema, invalid
from kernel.pagination import PageArguments
from services.booking.events import ClosureKind
from services.booking.model.closures import MOST_PLANNED, ClosureRequest, Decision, Outcome, State
from services.booking.schemas.bookings import BookingSchema
from services.booking.schemas.common import ID, MOMENT_IN_OUR_TIME, slug

_ARENA_OR_SPACE = Text(
    nb="Oppgi enten en arena eller et lokale.",
    nn="Oppgje anten ein arena eller eit lokale.",
    en="Give either an arena or a space.",
)
_TWICE = Text(
    nb="En booking kan bare stå én gang.",
    nn="Ei booking kan berre stå éin gong.",
    en="A booking can be there only once.",
)
_NOTHING_TO_MOVE = Text(
    nb="Oppgi nytt lokale eller ny tid.", nn="Oppgje nytt lokale eller ny tid.", en="Give a new space or a new time."
)


class ClosureFilter(PageArguments):
    """Which closures, of those that are not over or lifted."""

    square = slug("In this square.", "borgen", load_default=None)
    arena = slug("In this arena.", "borgen-innbyggertorg", load_default=None)


class HitDecisionSchema(Schema):
    """What is to become of a booking that is hit."""

    booking = fields.UUID(required=True, metadata={"example": ID})
    outcome = fields.String(
        required=True,
        validate=validate.OneOf(get_args(Outcome)),
        metadata={"description": "`end` is for one that is under way."},
    )
    space = slug("To move it to; where it is if left out.", "borgen-storsal", load_default=None)
    begins_at = Instant(load_default=None, validate=MOMENT_IN_OUR_TIME)
    ends_at = Instant(load_default=None, validate=MOMENT_IN_OUR_TIME)

    @validates_schema
    def _somewhere(self, given: Mapping[str, Any], **_: object) -> None:
        if given["outcome"] == "move" and not any(given.get(name) for name in ("space", "begins_at", "ends_at")):
            raise invalid(_NOTHING_TO_MOVE, "outcome")

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Decision:
        return Decision(**given)


class ClosureRequestSchema(Schema):
    """What is to be closed, and what becomes of the bookings it hits."""

    kind = fields.String(required=True, validate=validate.OneOf(get_args(ClosureKind)))
    arena = slug("All of this arena.", "borgen-innbyggertorg", load_default=None)
    space = slug("This space, with all its parts.", "borgen-storsal", load_default=None)
    begins_at = Instant(required=True, validate=MOMENT_IN_OUR_TIME)
    ends_at = Instant(required=True, validate=MOMENT_IN_OUR_TIME)
    reason = fields.Nested(TextSchema, required=True, metadata={"description": "For everybody to read."})
    dry_run = fields.Boolean(
        load_default=False, metadata={"description": "Only tell which bookings it would hit; nothing is changed."}
    )
    decisions = fields.List(fields.Nested(HitDecisionSchema), load_default=(), validate=validate.Length(max=2000))

    @validates_schema
    def _one_place(self, given: Mapping[str, Any], **_: object) -> None:
        if (given["arena"] is None) == (given["space"] is None):
            raise invalid(_ARENA_OR_SPACE, "arena")
        ids = [each.booking for each in given["decisions"]]
        if len({*ids}) < len(ids):
            raise invalid(_TWICE, "decisions")

    @post_load
    def _made(self, given: dict[str, Any], **_: object) -> dict[str, Any]:
        asked = {name: given.pop(name) for name in ("dry_run", "decisions")}
        return {"wanted": ClosureRequest(**given), **asked}


class ClosureSchema(Schema):
    """An arena, or one space of it, is closed for a time."""

    id = fields.UUID(metadata={"example": ID})
    version = fields.Integer(metadata={"description": "Its ETag, for If-Match.", "example": 1})
    state = fields.String(validate=validate.OneOf(get_args(State)))
    kind = fields.String(validate=validate.OneOf(get_args(ClosureKind)))
    square = slug("Where it is.", "borgen")
    arena = slug("The arena.", "borgen-innbyggertorg")
    space = fields.String(allow_none=True, metadata={"description": "Null: all of the arena."})
    begins_at = Instant()
    ends_at = Instant()
    reason = fields.Nested(TextSchema)
    announced_at = Instant()
    lifted_at = Instant(allow_none=True)


class ProposalSchema(Schema):
    """A decision that could be sent as it is."""

    booking = fields.UUID(metadata={"example": ID})
    outcome = fields.String(validate=validate.OneOf(get_args(Outcome)))
    space = fields.String(allow_none=True, metadata={"description": "To move it to.", "example": "borgen-storsal"})


class HitSchema(Schema):
    """A booking that is hit."""

    booking = fields.Nested(BookingSchema)
    proposal = fields.Nested(
        ProposalSchema,
        allow_none=True,
        metadata={
            "description": "What can be decided for it, together with what is proposed for the others; null where there"
            f" is no room at its time, and beyond the first {MOST_PLANNED}."
        },
    )
    alternatives = fields.List(
        fields.String(),
        metadata={
            "description": "Spaces of its square where it could be at the same time, the proposed one first, with the"
            " others as proposed; at most three."
        },
    )


class ClosureAnswerSchema(Schema):
    """The closure, or, of a dry run, what it would hit."""

    closure = fields.Nested(ClosureSchema, allow_none=True, metadata={"description": "Null of a dry run."})
    hits = fields.List(fields.Nested(HitSchema), metadata={"description": "Of a dry run."})
