"""Access's HTTP bodies and query arguments."""

from typing import get_args

from marshmallow import fields, validate

from kernel.http import Instant, Schema, Words
from kernel.pagination import PageArguments
from services.access.codes import DIGITS
from services.access.doors import Order
from services.access.events import Refusal
from services.access.model import KeyState

_ID = "0192f3c4-7d1e-7a10-9c8e-2f6b8d0a4e11"


class KeyFilter(PageArguments):
    """Which of my keys."""

    booking = fields.UUID(load_default=None, metadata={"description": "The key of this booking only."})


class SquareFilter(PageArguments):
    """Which square's."""

    square = fields.String(
        load_default=None,
        validate=validate.Length(1, 64),
        metadata={"description": "A square's slug; all squares you oversee if left out.", "example": "borgen"},
    )


class CodeSchema(Schema):
    """What was typed at a lock."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(rf"\A[0-9]{{{DIGITS}}}\Z"),
        metadata={"description": f"{DIGITS} digits.", "example": "048213"},
    )


class KeyTimeSchema(Schema):
    """When a key opens, for one booking."""

    key = fields.UUID(required=True, metadata={"example": _ID})
    booking = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf([state.value for state in KeyState]))
    valid_from = Instant(required=True)
    valid_until = Instant(required=True)


class KeySchema(Schema):
    """A key. Its code is there only while it is live, and only for those who booked. A series has one key for each
    door, with a time for each of its bookings; what else is said is of the one that goes on or comes next."""

    id = fields.UUID(required=True, metadata={"example": _ID})
    booking = fields.UUID(required=True)
    series = fields.UUID(required=True, allow_none=True)
    times = fields.List(fields.Nested(KeyTimeSchema), required=True)
    space = fields.String(required=True, metadata={"example": "borgen-storsal"})
    lock = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf([state.value for state in KeyState]))
    valid_from = Instant(required=True, metadata={"description": "The door opens from then on."})
    valid_until = Instant(required=True, metadata={"description": "The door opens no longer at that time."})
    code = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Null before the lock has confirmed it, once revoked, and after its time.",
            "example": "048213",
        },
    )
    renewed_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When it got another code, as somebody who knew the old one acts for you no longer."},
    )
    version = fields.Integer(required=True, metadata={"example": 2})


class EntrySchema(Schema):
    """What the door did."""

    outcome = fields.String(required=True, validate=validate.OneOf(["opened", "refused"]))
    reason = fields.String(
        required=True,
        allow_none=True,
        attribute="refusal",
        validate=validate.OneOf(get_args(Refusal)),
        metadata={"description": "Why it stayed shut; null when it opened.", "example": "too_early"},
    )
    at = Instant(required=True)


class LoggedEntrySchema(EntrySchema):
    """A line of the entry log. It names a key and its booking where they are known, never a person."""

    id = fields.UUID(required=True, metadata={"example": _ID})
    lock = fields.UUID(required=True)
    space = fields.String(required=True, metadata={"example": "borgen-storsal"})
    square = fields.String(required=True, metadata={"example": "borgen"})
    key = fields.UUID(required=True, allow_none=True)
    booking = fields.UUID(required=True, allow_none=True)


class UnknownKeySchema(Schema):
    """A key of a booking that booking lost when it was restored from a backup. Nothing is undone by itself, but one
    whose place and time another booking has is suspended."""

    id = fields.UUID(required=True, metadata={"example": _ID})
    booking = fields.UUID(required=True)
    space = fields.String(required=True, metadata={"example": "borgen-storsal"})
    square = fields.String(required=True, metadata={"example": "borgen"})
    state = fields.String(required=True, validate=validate.OneOf([state.value for state in KeyState]))
    begins_at = Instant(required=True)
    ends_at = Instant(required=True)
    suspended_for = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The booking that has its place and time."}
    )
    tenant = fields.UUID(required=True, allow_none=True)
    booked_by = fields.String(required=True, metadata={"description": "A pseudonym.", "example": _ID})
    since = Instant(required=True, metadata={"description": "When it was found to be unknown."})


class LockSchema(Schema):
    """The lock on the door of a space."""

    id = fields.UUID(required=True, metadata={"example": _ID})
    space = fields.String(required=True, metadata={"example": "borgen-storsal"})
    space_name = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Null until the space is published.", "example": "Storsalen"},
    )
    arena = fields.String(required=True, metadata={"example": "borgen-innbyggertorg"})
    arena_name = fields.String(required=True, allow_none=True, metadata={"example": "Borgen innbyggertorg"})
    square = fields.String(required=True, metadata={"example": "borgen"})
    minutes_before = fields.Integer(
        required=True, metadata={"description": "How long before a booking its key opens.", "example": 15}
    )
    minutes_after = fields.Integer(
        required=True, metadata={"description": "How long after a booking its key opens.", "example": 15}
    )
    shut_since = Instant(
        required=True, allow_none=True, metadata={"description": "Since when it opens for nobody, by order."}
    )
    shut_why = fields.String(required=True, allow_none=True, metadata={"example": "Vannlekkasje"})
    without_news = fields.String(
        required=True,
        validate=validate.OneOf(["own_time", "nothing"]),
        metadata={"description": "What it opens while there is no news of bookings: keys in their own time, or none."},
    )
    own_interest = fields.Boolean(
        required=True,
        metadata={
            "description": "I have booked there around now, or act for who has, or did until lately: what I order of it"
            " is marked for the other managers."
        },
    )


class NewsSchema(Schema):
    """How old access's news of bookings is. While it is stale, keys open without margins, and a key whose booking was
    cancelled may open in what was its time."""

    known_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "All that was told until then is taken in; null before booking first said so."},
    )
    stale = fields.Boolean(required=True)


class OrderSchema(Schema):
    """What a door is to do. `open_once`: for whoever stands there. `shut`: it opens for nobody, until it is told to
    `work` again. `nothing_without_news`, `own_time_without_news`: what it opens while news of bookings is stale."""

    order = fields.String(required=True, validate=validate.OneOf(get_args(Order)), metadata={"example": "shut"})
    why = Words(500, required=True, metadata={"example": "Vannlekkasje"})


class OrderedSchema(OrderSchema):
    """What was ordered of a door, and by whom: a pseudonym."""

    id = fields.UUID(required=True, metadata={"example": _ID})
    at = Instant(required=True)
    lock = fields.UUID(required=True)
    space = fields.String(required=True, metadata={"example": "borgen-storsal"})
    square = fields.String(required=True, metadata={"example": "borgen"})
    ordered_by = fields.String(required=True, metadata={"example": _ID})
    own_interest = fields.Boolean(
        required=True,
        metadata={"description": "Who ordered it had booked there, or acts for who had, or did until lately."},
    )
