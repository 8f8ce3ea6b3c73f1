"""Closures, in and out."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import fields, post_load, validate, validates_schema

from kernel.errors import Text
from kernel.http import Instant, Schema, TextSchema, invalid
from kernel.pagination import PageArguments
from services.booking.events import ClosureKind
from services.booking.model.closures import MOST_PLANNED, ClosureRequest, Decision, Outcome, State
from services.booking.model.recurrence import MOST, Recurrence, occurrence
from services.booking.model.rules import LONGEST
from services.booking.schemas.bookings import BookingSchema
from services.booking.schemas.common import ID, MOMENT_IN_OUR_TIME, count, slug
from services.booking.schemas.series import WallTime

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
_ONCE_OR_AGAIN = Text(
    nb="Oppgi enten når den begynner og slutter, eller hvordan den gjentas.",
    nn="Oppgje anten når ho byrjar og sluttar, eller korleis ho blir teken opp att.",
    en="Give either when it begins and ends, or how it recurs.",
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
        metadata={"description": "`end` is for one that is in use, and is paid in full; `cancel` is credited."},
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


class RecurrenceSchema(Schema):
    """When it is closed again and again, by the clock on the wall, as a series is."""

    starts = WallTime(
        required=True, metadata={"description": "When the first is, or may be.", "example": "2026-12-06T06:00"}
    )
    minutes = count("How long each is.", 180, most=LONGEST, required=True)
    rule = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 500),
        metadata={
            "description": f"An RRULE of RFC 5545 with COUNT or UNTIL, daily at the most, for at most {MOST} dates.",
            "example": "FREQ=WEEKLY;BYDAY=SU;UNTIL=20270615",
        },
    )
    dates = fields.List(WallTime(), load_default=(), validate=validate.Length(max=MOST))
    excepted = fields.List(
        WallTime(),
        load_default=(),
        validate=validate.Length(max=MOST),
        metadata={"description": "Not these, of those it comes to."},
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Recurrence:
        return Recurrence(**given)


class LiftSchema(Schema):
    """Which date; all of the closure if left out."""

    begins_at = Instant(validate=MOMENT_IN_OUR_TIME, metadata={"description": "The date that begins then."})


class ClosureRequestSchema(Schema):
    """What is to be closed, and what becomes of the bookings it hits."""

    kind = fields.String(required=True, validate=validate.OneOf(get_args(ClosureKind)))
    arena = slug("All of this arena.", "borgen-innbyggertorg", load_default=None)
    space = slug("This space, with all its parts.", "borgen-storsal", load_default=None)
    begins_at = Instant(load_default=None, validate=MOMENT_IN_OUR_TIME)
    ends_at = Instant(load_default=None, validate=MOMENT_IN_OUR_TIME)
    recurrence = fields.Nested(
        RecurrenceSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "Instead of `begins_at` and `ends_at`: closed at several dates."},
    )
    reason = fields.Nested(TextSchema, required=True, metadata={"description": "For everybody to read."})
    dry_run = fields.Boolean(
        load_default=False,
        metadata={"description": "Only try the decisions, and tell which bookings it would hit; nothing is changed."},
    )
    decisions = fields.List(fields.Nested(HitDecisionSchema), load_default=(), validate=validate.Length(max=2000))

    @validates_schema
    def _one_place(self, given: Mapping[str, Any], **_: object) -> None:
        if (given["arena"] is None) == (given["space"] is None):
            raise invalid(_ARENA_OR_SPACE, "arena")
        times = [given["begins_at"], given["ends_at"]]
        if given["recurrence"] is not None and times != [None, None]:
            raise invalid(_ONCE_OR_AGAIN, "recurrence")
        for name, value in zip(("begins_at", "ends_at"), times, strict=True):
            if given["recurrence"] is None and value is None:
                raise invalid(_ONCE_OR_AGAIN, name)
        ids = [each.booking for each in given["decisions"]]
        if len({*ids}) < len(ids):
            raise invalid(_TWICE, "decisions")

    @post_load
    def _made(self, given: dict[str, Any], **_: object) -> dict[str, Any]:
        asked = {name: given.pop(name) for name in ("dry_run", "decisions")}
        if (when := given["recurrence"]) is not None:
            first = occurrence(when.starts, when.length)
            given |= {"begins_at": first.begins_at, "ends_at": first.ends_at}
        return {"wanted": ClosureRequest(**given), **asked}


class ShownRecurrenceSchema(Schema):
    """When it is closed again and again, by the clock on the wall."""

    starts = WallTime(metadata={"example": "2026-12-06T06:00"})
    minutes = fields.Integer(metadata={"example": 180})
    rule = fields.String(allow_none=True, metadata={"example": "FREQ=WEEKLY;BYDAY=SU;UNTIL=20270615"})
    dates = fields.List(WallTime())
    excepted = fields.List(WallTime())


class ClosureDateSchema(Schema):
    """A date of a closure that recurs."""

    begins_at = Instant()
    ends_at = Instant()
    lifted_at = Instant(allow_none=True)


class ClosureSchema(Schema):
    """An arena, or one space of it, is closed for a time; or at the dates of one that recurs, and open between them."""

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
    recurrence = fields.Nested(ShownRecurrenceSchema, allow_none=True, metadata={"description": "Null: once."})
    dates = fields.List(
        fields.Nested(ClosureDateSchema), metadata={"description": "Of one that recurs, lifted ones included."}
    )


class ProposalSchema(Schema):
    """A decision that was sent, or could be sent as it is."""

    booking = fields.UUID(metadata={"example": ID})
    outcome = fields.String(validate=validate.OneOf(get_args(Outcome)))
    space = fields.String(allow_none=True, metadata={"description": "To move it to.", "example": "borgen-storsal"})
    begins_at = Instant(allow_none=True, metadata={"description": "To move it to, where that was decided."})
    ends_at = Instant(allow_none=True)


class HitSchema(Schema):
    """A booking that is hit."""

    booking = fields.Nested(BookingSchema)
    proposal = fields.Nested(
        ProposalSchema,
        allow_none=True,
        metadata={
            "description": "What was decided for it, or can be, together with what is decided and proposed for the"
            f" others; null where there is no room at its time, and beyond the first {MOST_PLANNED}. `end` leaves the"
            " tenant to pay all of it; `cancel` credits it."
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
