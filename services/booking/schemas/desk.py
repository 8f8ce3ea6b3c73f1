"""The manager's desk."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import fields, post_load, validate

from kernel.errors import Text
from kernel.http import Instant, Schema, TextSchema, invalid
from kernel.http.schemas import decider
from kernel.pagination import PageArguments, order_may_change
from services.booking.model.desk import MOST_DECISIONS, Decision, Kind, Outcome, Verdict
from services.booking.schemas.bookings import BookingSchema, why
from services.booking.schemas.common import ID, count, slug

_SAY_WHY = Text(nb="Si hvorfor du sier nei.", nn="Sei kvifor du seier nei.", en="Say why you say no.")


class DeskFilter(PageArguments):
    """Which of what waits for you."""

    square = slug("In this square.", "borgen", load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf(get_args(Kind)))
    without_manager = fields.Boolean(
        load_default=False,
        metadata={"description": "Only what is to be decided, and no manager of its square is left who may."},
    )


class WaitingSchema(Schema):
    """Something that waits for a manager."""

    kind = fields.String(validate=validate.OneOf(get_args(Kind)))
    due_at = Instant(metadata={"description": "By when it ought to be done; the first comes first."})
    overdue = fields.Boolean()
    decider = decider()
    booking = fields.Nested(BookingSchema)


class WaitsSchema(Schema):
    """How much of a kind waits."""

    kind = fields.String(validate=validate.OneOf(get_args(Kind)))
    waiting = fields.Integer(metadata={"example": 4})
    overdue = fields.Integer(metadata={"example": 1})


class DeskSchema(Schema):
    """What waits for you, most urgent first, and how much there is of it all."""

    items = fields.List(fields.Nested(WaitingSchema), attribute="page.items")
    next_cursor = fields.String(allow_none=True, attribute="page.next_cursor")
    order_may_change = order_may_change()
    counts = fields.List(fields.Nested(WaitsSchema))


class DeciderSchema(Schema):
    """Who is to decide on a booking."""

    decider = decider()


class DecisionSchema(Schema):
    """What you decide of a booking."""

    booking = fields.UUID(required=True, metadata={"example": ID})
    verdict = fields.String(required=True, validate=validate.OneOf(get_args(Verdict)))
    why = why()
    version = count("The one you saw; left out: whatever it is now.", 3, most=2**31 - 1, load_default=None)

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Decision:
        if given["verdict"] == "decline" and given["why"] is None:
            raise invalid(_SAY_WHY, "why")
        return Decision(**given)


class DecisionsSchema(Schema):
    """Several decisions; each takes effect by itself."""

    decisions = fields.List(
        fields.Nested(DecisionSchema), required=True, validate=validate.Length(min=1, max=MOST_DECISIONS)
    )


class RefusedSchema(Schema):
    """Why a decision did not take effect."""

    code = fields.String(metadata={"example": "not_awaiting_approval"})
    text = fields.Nested(TextSchema, attribute="said")


class OutcomeSchema(Schema):
    """What came of a decision."""

    booking = fields.UUID(attribute="decision.booking", metadata={"example": ID})
    done = fields.Function(lambda each: each.refused is None, metadata={"type": "boolean"})
    state = fields.Function(
        lambda each: each.booking and each.booking.state,
        metadata={"type": ["string", "null"], "description": "How it stands now.", "example": "confirmed"},
    )
    version = fields.Function(
        lambda each: each.booking and each.booking.version, metadata={"type": ["integer", "null"], "example": 4}
    )
    refused = fields.Nested(RefusedSchema, allow_none=True)


class OutcomesSchema(Schema):
    """What came of each decision, in the order given."""

    items = fields.List(fields.Nested(OutcomeSchema))


def shown(outcomes: list[Outcome]) -> dict[str, Any]:
    """What `OutcomesSchema` dumps."""
    return {"items": outcomes}
