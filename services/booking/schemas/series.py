"""Series: what is asked for, what would come of it, and how they stand. Times of a rule are by the clock on the wall in
Oslo, without an offset: 18:00 stays 18:00 when the clock changes."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from marshmallow import fields, post_load, validate, validates_schema

from kernel.errors import Text
from kernel.http import Instant, Schema, TextSchema, invalid
from kernel.pagination import PageArguments
from services.booking.events import BookingState, SeriesState
from services.booking.model.bookings import BookingRequest
from services.booking.model.recurrence import MOST, Length, Recurrence, occurrence
from services.booking.model.rules import LONGEST
from services.booking.model.series import Policy, Scope, SeriesRequest, Shift
from services.booking.schemas.bookings import BookingRequestSchema, TenantSchema, why
from services.booking.schemas.common import ID, MOMENT_IN_OUR_TIME, count, slug

MOST_ELSEWHERE = 8
_ON_THE_WALL = re.compile(r"(20\d\d|21\d\d)-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_NOT_ON_THE_WALL = Text(
    nb="Må være en dag og et klokkeslett uten tidssone, som 2026-12-01T18:00.",
    nn="Må vere ein dag og eit klokkeslett utan tidssone, som 2026-12-01T18:00.",
    en="Must be a day and a time of day without an offset, as 2026-12-01T18:00.",
)
_NOT_A_CLOCK = Text(
    nb="Må være et klokkeslett, som 18:00.", nn="Må vere eit klokkeslett, som 18:00.", en="Must be a time, as 18:00."
)
_WHICH = Text(
    nb="Skriv hvilken booking det gjelder.",
    nn="Skriv kva for ei booking det gjeld.",
    en="Write which booking is meant.",
)
_NOTHING_CHANGES = Text(
    nb="Skriv hva som skal endres.", nn="Skriv kva som skal endrast.", en="Write what is to be changed."
)


class WallTime(fields.Field[datetime]):
    """A day and a time on the wall: "2026-12-01T18:00"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _ON_THE_WALL.fullmatch(value):
            raise invalid(_NOT_ON_THE_WALL)
        try:
            return datetime.fromisoformat(value)
        except ValueError as cause:
            raise invalid(_NOT_ON_THE_WALL) from cause

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else f"{value:%Y-%m-%dT%H:%M}"


class Clock(fields.Field[int]):
    """A time on the wall: "18:00", in minutes after midnight inside."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if not found:
            raise invalid(_NOT_A_CLOCK)
        return int(found[1]) * 60 + int(found[2])


class SeriesRequestSchema(BookingRequestSchema):
    """A series that is asked for: when, and what all its dates have alike."""

    class Meta:
        exclude = ("begins_at", "ends_at")

    starts = WallTime(
        required=True,
        metadata={
            "description": "When the first is, or may be: dates of the rule come from then on.",
            "example": "2026-12-01T18:00",
        },
    )
    minutes = count("How long each is: the minutes that pass.", 120, most=LONGEST, required=True)
    rule = fields.String(
        load_default=None,
        validate=validate.Length(1, 500),
        metadata={
            "description": f"An RRULE of RFC 5545 with COUNT or UNTIL, daily at the most, for at most {MOST} dates.",
            "example": "FREQ=WEEKLY;BYDAY=TU;UNTIL=20270615",
        },
    )
    dates = fields.List(
        WallTime(),
        load_default=list,
        validate=validate.Length(max=MOST),
        metadata={"description": "RDATE: more dates."},
    )
    excepted = fields.List(
        WallTime(),
        load_default=list,
        validate=validate.Length(max=MOST),
        metadata={"description": "EXDATE: not these, of those it comes to."},
    )
    policy = fields.String(
        load_default="all_or_nothing",
        validate=validate.OneOf(get_args(Policy)),
        metadata={
            "description": "If some dates can't be had: refuse the whole, skip them and tell why, or take alternatives."
        },
    )
    wait = fields.Boolean(
        load_default=True,
        metadata={"description": "Whether to be on the waiting list for dates that others have and that are skipped."},
    )
    elsewhere = fields.List(
        slug("A space.", "borgen-sal-2"),
        load_default=list,
        validate=validate.Length(max=MOST_ELSEWHERE),
        metadata={"description": "Where alternatives may be, best first; like spaces of the arena if left out."},
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Any:
        when = {name: given[name] for name in ("starts", "minutes", "rule", "dates", "excepted")}
        how = {name: given[name] for name in ("policy", "elsewhere", "wait")}
        first = occurrence(when["starts"], Length(minutes=when["minutes"]))
        like = {name: value for name, value in given.items() if name not in (*when, *how)}
        wanted = BookingRequest(**like, begins_at=first.begins_at, ends_at=first.ends_at)
        return SeriesRequest(like=wanted, recurrence=Recurrence(**when), **how)


class ClashSchema(Schema):
    """Why something can't be booked: the code and the text that a single booking would have got."""

    code = fields.String(metadata={"example": "slot_taken"})
    text = fields.Nested(TextSchema)


class ConsideredSchema(Schema):
    """A date, and what would become of it."""

    begins_at = Instant(attribute="occurrence.begins_at")
    ends_at = Instant(attribute="occurrence.ends_at")
    clash = fields.Nested(ClashSchema, allow_none=True, metadata={"description": "Null: it can be booked."})
    alternatives = fields.List(
        slug("A space.", "borgen-sal-2"), metadata={"description": "Where else it can be, best first."}
    )


class PreviewSchema(Schema):
    """What would become of a series, if it were booked at this moment."""

    dates = fields.List(fields.Nested(ConsideredSchema))
    clashes = fields.Integer(metadata={"description": "How many dates can't be booked as asked for.", "example": 2})
    refusal = fields.Nested(
        ClashSchema,
        allow_none=True,
        metadata={"description": "Why the whole would be refused: house rules to accept, or a quota; null if nothing."},
    )


class OccurrenceSchema(Schema):
    """A date of a series: the booking it has, or why it was skipped."""

    begins_at = Instant()
    ends_at = Instant()
    booking = fields.UUID(allow_none=True, metadata={"example": ID})
    space = fields.String(allow_none=True, metadata={"example": "borgen-storsal"})
    state = fields.String(allow_none=True, validate=validate.OneOf(get_args(BookingState)))
    hold_expires_at = Instant(
        allow_none=True, metadata={"description": "When it ends by itself while it is held or awaits something."}
    )
    price = fields.Integer(allow_none=True, metadata={"description": "Øre; null until priced.", "example": 70000})
    awaits_price = fields.Boolean(metadata={"description": "It has no price yet, or was moved since it got one."})
    free_until = Instant(
        allow_none=True, metadata={"description": "Giving it up costs nothing until then; null: whenever."}
    )
    skipped = fields.String(allow_none=True, metadata={"description": "A code, if it was.", "example": "slot_taken"})


class SeriesStepSchema(Schema):
    """Something that was done to a series as one."""

    version = fields.Integer(metadata={"example": 1})
    what = fields.String(metadata={"example": "booked"})
    at = Instant()
    by = fields.UUID(allow_none=True)
    why = fields.String(allow_none=True)
    bookings = fields.Integer(metadata={"description": "To how many of its bookings.", "example": 30})


class SeriesSchema(Schema):
    """A series, and how its bookings stand."""

    id = fields.UUID(attribute="series.id", metadata={"example": ID})
    version = fields.Integer(
        attribute="series.version", metadata={"description": "Its ETag, for If-Match.", "example": 1}
    )
    state = fields.String(attribute="series.state", validate=validate.OneOf(get_args(SeriesState)))
    space = fields.String(attribute="series.space", metadata={"example": "borgen-storsal"})
    arena = fields.String(attribute="series.arena", metadata={"example": "borgen-innbyggertorg"})
    square = fields.String(attribute="series.square", metadata={"example": "borgen"})
    tenant = fields.Nested(TenantSchema, attribute="series.tenant")
    purpose = fields.String(attribute="series.purpose", metadata={"example": "culture"})
    audience = fields.String(attribute="series.audience", metadata={"example": "youth"})
    participants = fields.Integer(attribute="series.participants", metadata={"example": 20})
    title = fields.String(attribute="series.title", allow_none=True)
    confirm = fields.String(attribute="series.confirm")
    noise = fields.String(attribute="series.noise", metadata={"example": "normal"})
    equipment = fields.Dict(keys=fields.String(), values=fields.Integer(), attribute="series.equipment")
    policy = fields.String(attribute="series.policy", validate=validate.OneOf(get_args(Policy)))
    starts = WallTime(attribute="series.starts", metadata={"example": "2026-12-01T18:00"})
    minutes = fields.Integer(attribute="series.minutes", metadata={"example": 120})
    rule = fields.String(attribute="series.rule", allow_none=True)
    dates = fields.List(WallTime(), attribute="series.dates")
    excepted = fields.List(WallTime(), attribute="series.excepted")
    created_at = Instant(attribute="series.created_at")
    by_state = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        attribute="figures.by_state",
        metadata={"description": "How many of its bookings are in each state.", "example": {"confirmed": 28}},
    )
    spaces = fields.List(fields.String(), attribute="figures.spaces")
    first_at = Instant(attribute="figures.first_at")
    last_until = Instant(attribute="figures.last_until")
    skipped = fields.Integer(attribute="figures.skipped", metadata={"example": 2})


class WholeSeriesSchema(SeriesSchema):
    """A series with each of its dates, and what was done to it."""

    occurrences = fields.List(fields.Nested(OccurrenceSchema))
    history = fields.List(fields.Nested(SeriesStepSchema))


class SeriesFilter(PageArguments):
    """Which series, of those you may see."""

    mine = fields.Boolean(
        load_default=False, metadata={"description": "Only your own and your organisations', not all of your squares."}
    )
    square = slug("In this square.", "borgen", load_default=None)
    space = slug("Of this space.", "borgen-storsal", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(get_args(SeriesState)))


class _MeantSchema(Schema):
    """Which bookings of a series are meant."""

    scope = fields.String(
        required=True,
        validate=validate.OneOf(get_args(Scope)),
        metadata={"description": "One booking, that and those after it, or all that can be changed still."},
    )
    booking = fields.UUID(load_default=None, metadata={"description": "Which; not for all.", "example": ID})
    why = why()

    @validates_schema
    def _named(self, given: Mapping[str, Any], **_: object) -> None:
        if given.get("scope") != "all" and given.get("booking") is None:
            raise invalid(_WHICH, "booking")


class ChoiceQuery(Schema):
    """Which bookings of a series are asked about."""

    scope = fields.String(load_default="all", validate=validate.OneOf(get_args(Scope)))
    booking = fields.UUID(load_default=None, metadata={"description": "Which; not for all.", "example": ID})


class SeriesConsequenceSchema(Schema):
    """What cancelling them would cost at this moment."""

    bookings = fields.Integer(metadata={"description": "So many would be cancelled.", "example": 12})
    charged = fields.Integer(metadata={"description": "So many of them cost something.", "example": 1})
    fee = fields.Integer(metadata={"description": "Øre, for all of them.", "example": 70000})
    currency = fields.String(metadata={"example": "NOK"})


class SeriesCancellationSchema(_MeantSchema):
    """What is given up of a series."""


class SeriesShiftSchema(_MeantSchema):
    """How bookings of a series are changed; what is left out stays."""

    space = slug("Another space.", "borgen-sal-2", load_default=None)
    days = count("So many local days later; earlier, if negative.", 1, least=-366, most=366, load_default=0)
    at = Clock(
        load_default=None, metadata={"type": "string", "description": "From this time on the wall.", "example": "19:00"}
    )
    minutes = count("For so long.", 120, most=LONGEST, load_default=None)
    participants = count("How many will come.", 20, load_default=None)

    @validates_schema
    def _changes(self, given: Mapping[str, Any], **_: object) -> None:
        if not given.get("days") and all(
            given.get(each) is None for each in ("space", "at", "minutes", "participants")
        ):
            raise invalid(_NOTHING_CHANGES)

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> dict[str, Any]:
        meant = {name: given[name] for name in ("scope", "booking")}
        return {**meant, "shift": Shift(**{name: value for name, value in given.items() if name not in meant})}


class SkippedDateSchema(Schema):
    """A date that was skipped, to be booked now."""

    begins_at = Instant(required=True, validate=MOMENT_IN_OUR_TIME, metadata={"example": "2026-12-08T17:00:00Z"})
    space = slug("In another space than the series'.", "borgen-sal-2", load_default=None)
