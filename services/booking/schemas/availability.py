"""What is looked for, and when it is free."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

from marshmallow import fields, post_load, validate, validates_schema

from kernel.errors import Text
from kernel.http import Instant, Schema, TextSchema, code, invalid
from kernel.pagination import PageArguments
from services.booking.events import BookingState, ClosureKind
from services.booking.model.availability import EVERY_WEEKDAY, Order, Wanted, Window
from services.booking.model.bookings import AUDIENCES, PURPOSES, BookingRequest
from services.booking.model.opening import DAY, KINDS
from services.booking.model.recurrence import MOST, Recurrence
from services.booking.model.rules import LONGEST
from services.booking.model.sharing import NOISES
from services.booking.schemas.common import ID, IN_OUR_TIME, MOMENT_IN_OUR_TIME, count, slug
from services.booking.schemas.series import ClashSchema, Clock, WallTime

MOST_DAYS = 31
"""The longest stretch of days one search covers."""
MOST_NAMED = 50
"""The most squares, arenas, spaces, features or kinds of equipment in one search."""

_DAYS_REVERSED = Text(
    nb="Siste dag er før første.", nn="Siste dag er før første.", en="The last day is before the first."
)
_TOO_MANY_DAYS = Text(
    nb=f"Høyst {MOST_DAYS} dager om gangen.", nn=f"Høgst {MOST_DAYS} dagar om gongen.", en=f"At most {MOST_DAYS} days."
)
_TOO_MANY = Text(
    nb=f"Høyst {MOST_NAMED} om gangen.", nn=f"Høgst {MOST_NAMED} om gongen.", en=f"At most {MOST_NAMED} at a time."
)
_NOT_PIECES = Text(
    nb="Må være utstyr og antall, som borgen-stoler:40, hvert utstyr én gang.",
    nn="Må vere utstyr og tal, som borgen-stoler:40, kvart utstyr éin gong.",
    en="Must be equipment and how many, as borgen-stoler:40, each kind once.",
)
_NOT_WEEKDAYS = Text(
    nb="Må være ukedager fra 1 (mandag) til 7.",
    nn="Må vere vekedagar frå 1 (måndag) til 7.",
    en="Must be weekdays from 1 (Monday) to 7.",
)
_MOST_PIECES = 100_000


class Several(fields.List[str]):
    """Texts separated by commas, or given again: `a,b` and `a&…=b` are the same."""

    def __init__(self, description: str, example: str, **more: Any) -> None:
        about = {"description": f"{description} Several: separated by commas.", "example": [example]}
        super().__init__(fields.String(), metadata=about, load_default=(), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            raise self.make_error("invalid")
        named = [each for text in given for each in text.split(",")]
        if len(named) > MOST_NAMED:
            raise invalid(_TOO_MANY)
        return self.read(named)

    def read(self, named: list[str]) -> Any:
        """What these are inside. Here they are codes."""
        for each in named:
            code(each)
        return list(dict.fromkeys(named))


class Pieces(Several):
    """Equipment with how many: `borgen-stoler:40`."""

    def read(self, named: list[str]) -> dict[str, int]:
        """Pieces by id."""
        found: dict[str, int] = {}
        for each in named:
            kind, _, pieces = each.partition(":")
            if not (pieces.isascii() and pieces.isdecimal() and len(pieces) < 7) or kind in found:
                raise invalid(_NOT_PIECES)
            code(kind)
            found[kind] = int(pieces)
        if not all(0 < pieces <= _MOST_PIECES for pieces in found.values()):
            raise invalid(_NOT_PIECES)
        return found


class Weekdays(Several):
    """Weekdays by number: 1 is Monday."""

    def read(self, named: list[str]) -> list[int]:
        """The numbers."""
        if not all(each in ("1", "2", "3", "4", "5", "6", "7") for each in named):
            raise invalid(_NOT_WEEKDAYS)
        return sorted({int(each) for each in named})


class WallClock(Clock):
    """A time on the wall that may be the end of the day: "24:00", too."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        return DAY if value == "24:00" else super()._deserialize(value, attr, data, **kwargs)


def _clock(kind: type[Clock], description: str, example: str, default: int) -> Clock:
    return kind(load_default=default, metadata={"type": "string", "description": description, "example": example})


class WantedFilter(PageArguments):
    """What a space must be, or be good for."""

    minutes = count("How long it must be free.", 60, most=LONGEST, strict=False, load_default=None)
    square = Several("In this square.", "borgen")
    arena = Several("In this arena.", "borgen-innbyggertorg")
    space = Several("This space.", "borgen-storsal")
    premises = slug("Of this class.", "hall", load_default=None)
    capacity = count("With room for so many.", 20, strict=False, load_default=None)
    area = fields.Float(
        load_default=None,
        validate=validate.Range(0, 1_000_000),
        metadata={"description": "At least so many square metres.", "example": 80},
    )
    features = Several("With this feature, and all others named.", "stage")
    purpose = fields.String(
        load_default=None, validate=validate.OneOf(PURPOSES), metadata={"description": "Let for this purpose."}
    )
    audience = fields.String(
        load_default=None, validate=validate.OneOf(AUDIENCES), metadata={"description": "Let for this audience."}
    )
    noise = fields.String(
        load_default=None, validate=validate.OneOf(NOISES), metadata={"description": "Where one may be so loud."}
    )
    equipment = Pieces("With so many pieces to borrow, all the time.", "borgen-stoler:40")
    limit = count("Spaces per page; all of a municipality fit in one.", 50, most=1000, strict=False, load_default=50)

    def wanted(self, given: Mapping[str, Any]) -> Wanted:
        """What these filters ask for."""
        same = ("minutes", "premises", "capacity", "area", "features", "purpose", "audience", "noise", "equipment")
        named = {"squares": given["square"], "arenas": given["arena"], "spaces": given["space"]}
        return Wanted(**named, **{name: given[name] or type_of_nothing(name) for name in same})


def type_of_nothing(name: str) -> Any:
    """What stands for a filter that is left out."""
    return {"features": (), "equipment": {}}.get(name)


class AvailabilityFilter(WantedFilter):
    """What is looked for, and when."""

    first = fields.Date(
        required=True, data_key="from", validate=IN_OUR_TIME, metadata={"description": "First local day."}
    )
    last = fields.Date(required=True, data_key="to", validate=IN_OUR_TIME, metadata={"description": "Last local day."})
    after = _clock(Clock, "Not before this time on the wall.", "18:00", 0)
    before = _clock(WallClock, "Not after this one; of the day after, if it is no later than `after`.", "22:00", DAY)
    weekdays = Weekdays("On this weekday: 1 is Monday.", "2")
    order = fields.String(
        load_default="earliest",
        validate=validate.OneOf(get_args(Order)),
        metadata={"description": "What is free first comes first; or the smallest that is large enough."},
    )
    explain = fields.Boolean(
        load_default=False, metadata={"description": "List what is not free, too, with every reason; after the others."}
    )

    @validates_schema
    def _days(self, given: Mapping[str, Any], **_: object) -> None:
        if given["last"] < given["first"]:
            raise invalid(_DAYS_REVERSED, "to")
        if given["last"] - given["first"] >= timedelta(days=MOST_DAYS):
            raise invalid(_TOO_MANY_DAYS, "to")

    @post_load
    def _with_page(self, given: Mapping[str, Any], **more: object) -> dict[str, Any]:
        opens, closes = given["after"], given["before"]
        window = Window(
            first=given["first"],
            last=given["last"],
            opens=opens,
            closes=closes if closes > opens else closes + DAY,
            weekdays=given["weekdays"] or EVERY_WEEKDAY,
        )
        page = {name: given[name] for name in ("limit", "cursor")}
        found = super()._with_page(page, **more)
        how = {name: given[name] for name in ("order", "explain")}
        return {**found, "wanted": self.wanted(given), "window": window, **how}


class FreeTimeSchema(Schema):
    """A stretch in which it can be booked."""

    begins_at = Instant(required=True)
    ends_at = Instant(required=True)


class FreeElsewhereSchema(FreeTimeSchema):
    """A stretch in which another space can be booked."""

    space = slug("The other space's id.", "borgen-sal-2")


class FreeSpaceSchema(Schema):
    """A space, and when it is free. The last three are there when an explanation is asked for."""

    space = slug("The space's id.", "borgen-storsal")
    name = fields.Nested(TextSchema)
    arena = slug("Its arena.", "borgen-innbyggertorg")
    arena_name = fields.Nested(TextSchema)
    square = slug("Its square.", "borgen")
    free = fields.List(fields.Nested(FreeTimeSchema))
    reasons = fields.List(fields.Nested(ClashSchema), metadata={"description": "Why it is not free."})
    other_time = fields.Nested(
        FreeTimeSchema, allow_none=True, metadata={"description": "The nearest time, if it is only not free then."}
    )
    elsewhere = fields.Nested(
        FreeElsewhereSchema,
        allow_none=True,
        metadata={"description": "The nearest space that is free: of its arena, then of its square."},
    )


class RecurringFilter(WantedFilter):
    """What is looked for, again and again."""

    minutes = count("How long each is: the minutes that pass.", 120, most=DAY, strict=False, required=True)
    starts = WallTime(
        required=True,
        metadata={
            "description": "When the first is, or may be: dates of the rule come from then on.",
            "example": "2026-12-01T18:00",
        },
    )
    rule = fields.String(
        required=True,
        validate=validate.Length(1, 500),
        metadata={
            "description": f"An RRULE of RFC 5545 with COUNT or UNTIL, for at most {MOST} dates.",
            "example": "FREQ=WEEKLY;BYDAY=TU;UNTIL=20270615",
        },
    )
    at_least = count("Free on so many percent of the dates.", 80, least=0, most=100, strict=False, load_default=80)

    @post_load
    def _with_page(self, given: Mapping[str, Any], **more: object) -> dict[str, Any]:
        page = {name: given[name] for name in ("limit", "cursor")}
        # each date's own length is judged, which is another on the night when the clock changes
        wanted = replace(self.wanted(given), minutes=None)
        recurrence = Recurrence(**{name: given[name] for name in ("starts", "minutes", "rule")})
        return {
            **super()._with_page(page, **more),
            "wanted": wanted,
            "recurrence": recurrence,
            "at_least": given["at_least"],
        }


class FailingSchema(Schema):
    """A date that it can't be had on."""

    begins_at = Instant()
    ends_at = Instant()
    reason = fields.String(metadata={"description": "The code booking it is refused with.", "example": "slot_taken"})


class RecurringSpaceSchema(Schema):
    """A space, and on how many of the dates it is free."""

    space = slug("The space's id.", "borgen-storsal")
    name = fields.Nested(TextSchema)
    arena = slug("Its arena.", "borgen-innbyggertorg")
    arena_name = fields.Nested(TextSchema)
    square = slug("Its square.", "borgen")
    dates = fields.Integer(metadata={"description": "How many dates the rule comes to.", "example": 28})
    free = fields.Integer(metadata={"description": "On how many it is free.", "example": 26})
    failing = fields.List(fields.Nested(FailingSchema))


class CheckFilter(Schema):
    """What is asked for, as a booking asks for it."""

    space = slug("What to book.", "borgen-storsal", required=True)
    begins_at = Instant(required=True, validate=MOMENT_IN_OUR_TIME, metadata={"example": "2026-12-05T17:00:00Z"})
    ends_at = Instant(required=True, validate=MOMENT_IN_OUR_TIME, metadata={"example": "2026-12-05T19:00:00Z"})
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES), metadata={"example": "culture"})
    audience = fields.String(required=True, validate=validate.OneOf(AUDIENCES), metadata={"example": "everyone"})
    participants = count("How many will come.", 20, strict=False, required=True)
    noise = fields.String(
        load_default="normal", validate=validate.OneOf(NOISES), metadata={"description": "How loud it will be."}
    )
    equipment = Pieces("So many pieces to borrow.", "borgen-stoler:40")
    tenant = fields.UUID(
        load_default=None, metadata={"description": "The actor who rents; yourself if left out.", "example": ID}
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> BookingRequest:
        return BookingRequest(**{**given, "equipment": given["equipment"] or {}})


class ElsewhereSchema(Schema):
    """Another space that is free at that time."""

    space = slug("The space's id.", "borgen-storsal", attribute="id")
    name = fields.Nested(TextSchema)
    arena = slug("Its arena.", "borgen-innbyggertorg")
    arena_name = fields.Nested(TextSchema)
    square = slug("Its square.", "borgen")


class CheckSchema(Schema):
    """Whether it can be had; if not, every reason, and what is nearest."""

    possible = fields.Boolean()
    reasons = fields.List(
        fields.Nested(ClashSchema), metadata={"description": "Booking it is refused with one of these codes."}
    )
    times = fields.List(
        fields.Nested(FreeTimeSchema),
        metadata={"description": "Other times of the space: the last before, and the first after."},
    )
    spaces = fields.List(
        fields.Nested(ElsewhereSchema),
        metadata={"description": "Other spaces at that time: of its arena first, then of its square."},
    )


class DayFilter(Schema):
    """Which day."""

    date = fields.Date(required=True, validate=IN_OUR_TIME, metadata={"description": "A local day."})


class OpenedSchema(Schema):
    """Open, within the day."""

    begins_at = Instant()
    ends_at = Instant()
    kind = fields.String(validate=validate.OneOf(KINDS))
    bookable = fields.Boolean(metadata={"description": "Whether the space is booked in hours of this kind."})


class SeenBookingSchema(Schema):
    """The booking, for those who may see it; its own times are without set-up and clearing."""

    id = fields.UUID(metadata={"example": ID})
    state = fields.String(validate=validate.OneOf(get_args(BookingState)))
    title = fields.String(allow_none=True)
    begins_at = Instant()
    ends_at = Instant()


class TakenSchema(Schema):
    """Taken, set-up and clearing included."""

    begins_at = Instant()
    ends_at = Instant()
    what = fields.String(validate=validate.OneOf(("booking", *get_args(ClosureKind))))
    reason = fields.Nested(TextSchema, allow_none=True, metadata={"description": "Why it is closed."})
    booking = fields.Nested(SeenBookingSchema, allow_none=True)


class RoomSchema(Schema):
    """What is left of a shared space."""

    begins_at = Instant()
    ends_at = Instant()
    people = fields.Integer(metadata={"description": "Places for people.", "example": 12})
    groups = fields.Integer(metadata={"description": "And for groups.", "example": 1})


class SpaceDaySchema(Schema):
    """A day of a space."""

    space = slug("The space's id.", "borgen-storsal")
    name = fields.Nested(TextSchema)
    parent = fields.String(allow_none=True, metadata={"description": "The space it is a part of."})
    arena = slug("Its arena.", "borgen-innbyggertorg")
    arena_name = fields.Nested(TextSchema)
    open = fields.List(fields.Nested(OpenedSchema))
    taken = fields.List(fields.Nested(TakenSchema))
    room = fields.List(
        fields.Nested(RoomSchema), allow_none=True, metadata={"description": "All through the day, where it is shared."}
    )


class DaySchema(Schema):
    """A day of a square."""

    square = slug("The square.", "borgen")
    date = fields.Date()
    begins_at = Instant(metadata={"description": "23 or 25 hours before its end, when the clock changes."})
    ends_at = Instant()
    spaces = fields.List(fields.Nested(SpaceDaySchema), metadata={"description": "In the order of the tree's arenas."})
