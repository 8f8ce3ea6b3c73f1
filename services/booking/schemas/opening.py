"""Opening hours, plans and school years, in and out."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, get_args

from marshmallow import fields, post_load, validate, validates_schema

from kernel.errors import Text
from kernel.http import Instant, Schema, TextSchema, invalid
from kernel.pagination import order_may_change
from services.booking.model.opening import KINDS, Hours, Times, clock, hours, times
from services.booking.model.opening_plan import (
    EVERY_DAY,
    MOVEABLE,
    HolidayRule,
    OpeningPlan,
    Pattern,
    PublicHolidays,
    Rule,
    SchoolHoliday,
    SchoolYear,
    Scope,
    SpecialDay,
)
from services.booking.schemas.bookings import BookingSchema
from services.booking.schemas.common import IN_OUR_TIME, count, path_slug, slug

MOST_DAYS = 92
"""The longest stretch of days shown at a time."""

_DAYS_REVERSED = Text(
    nb="Siste dag er før første.", nn="Siste dag er før første.", en="The last day is before the first."
)
_TOO_MANY_DAYS = Text(
    nb=f"Høyst {MOST_DAYS} dager om gangen.", nn=f"Høgst {MOST_DAYS} dagar om gongen.", en=f"At most {MOST_DAYS} days."
)
_NO_DAY = Text(
    nb="Må være en dato (2027-05-18), en dag hvert år (12-24), easter_eve eller whit_eve.",
    nn="Må vere ein dato (2027-05-18), ein dag kvart år (12-24), easter_eve eller whit_eve.",
    en="Must be a date (2027-05-18), a day of every year (12-24), easter_eve or whit_eve.",
)
_A_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_A_DAY = re.compile(r"\d\d-\d\d", re.ASCII)
_LEAP_YEAR = "2000"


def _wall(description: str, example: str) -> fields.String:
    about = {"description": description, "example": example}
    return fields.String(required=True, validate=validate.Length(equal=5), metadata=about)


def _kind() -> fields.String:
    return fields.String(
        load_default="staffed",
        validate=validate.OneOf(KINDS),
        metadata={"description": "With staff, self-service (meråpent), or for those who have booked alone."},
    )


def _date(description: str, **more: Any) -> fields.Date:
    return fields.Date(validate=IN_OUR_TIME, metadata={"description": description}, **more)


class TimesSchema(Schema):
    """Open once, in local time."""

    opens = _wall("Wall time.", "07:00")
    closes = _wall("Wall time, up to 24:00; not after `opens` is the day after.", "23:00")
    kind = _kind()

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Times:
        return times(**given)


class ShownTimesSchema(Schema):
    """Open once, in local time."""

    opens = fields.Function(lambda each: clock(each.opens), metadata={"type": "string", "example": "07:00"})
    closes = fields.Function(lambda each: clock(each.closes), metadata={"type": "string", "example": "23:00"})
    kind = fields.String(validate=validate.OneOf(KINDS), metadata={"example": "staffed"})


class HoursSchema(Schema):
    """A time of the week, in local time."""

    weekday = count("1 is Monday.", 1, most=7, required=True)
    opens = _wall("Wall time.", "07:00")
    closes = _wall("Wall time, up to 24:00; not after `opens` is the day after.", "23:00")

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Hours:
        return hours(**given)


class ShownHoursSchema(Schema):
    """A time of the week, in local time."""

    weekday = fields.Integer(required=True, metadata={"example": 1})
    opens = fields.Function(lambda each: clock(each.opens), metadata={"type": "string", "example": "07:00"})
    closes = fields.Function(lambda each: clock(each.closes), metadata={"type": "string", "example": "23:00"})


class OpeningHoursSchema(HoursSchema):
    """Open once a week, in local time."""

    kind = _kind()


class ShownOpeningHoursSchema(ShownHoursSchema):
    """Open once a week, in local time."""

    kind = fields.String(validate=validate.OneOf(KINDS), metadata={"example": "staffed"})


class PatternSchema(Schema):
    """A week's hours while it is valid. Of the weekdays it governs, one without hours is closed."""

    name = fields.Nested(TextSchema, required=True)
    valid_from = _date("Its first day.", required=True)
    valid_until = _date("Its last day; null: it goes on.", load_default=None, allow_none=True)
    scope = fields.String(
        load_default="always",
        validate=validate.OneOf(get_args(Scope)),
        metadata={"description": "School days or school holidays, by the school years; they come before always."},
    )
    weekdays = fields.List(
        count("1 is Monday.", 1, most=7),
        load_default=EVERY_DAY,
        validate=validate.Length(1, 7),
        metadata={"description": "Those it says anything of; all if left out."},
    )
    hours = fields.List(fields.Nested(OpeningHoursSchema), required=True, validate=validate.Length(max=50))

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Pattern:
        sorted_out = {"weekdays": tuple(sorted({*given["weekdays"]})), "hours": tuple(sorted({*given["hours"]}))}
        return Pattern(**{**given, **sorted_out})


class PublicHolidaysSchema(Schema):
    """What is done on Norway's public holidays."""

    rule = fields.String(
        required=True,
        validate=validate.OneOf(get_args(HolidayRule)),
        metadata={"description": "`hours`: those given here."},
    )
    hours = fields.List(fields.Nested(TimesSchema), load_default=(), validate=validate.Length(max=10))

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> PublicHolidays:
        return PublicHolidays(rule=given["rule"], hours=tuple(sorted({*given["hours"]})))


class SpecialDaySchema(Schema):
    """A day unlike others; without hours it is closed."""

    on = fields.String(
        required=True,
        validate=validate.Length(max=10),
        metadata={"description": "A date, a day of every year, easter_eve or whit_eve.", "example": "12-24"},
    )
    name = fields.Nested(TextSchema, required=True)
    hours = fields.List(fields.Nested(TimesSchema), required=True, validate=validate.Length(max=10))

    @validates_schema
    def _a_day(self, given: Mapping[str, Any], **_: object) -> None:
        if not _is_day(given["on"]):
            raise invalid(_NO_DAY, "on")

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> SpecialDay:
        return SpecialDay(**{**given, "hours": tuple(sorted({*given["hours"]}))})


class OpeningPlanSchema(Schema):
    """What an arena keeps beside its weekly hours, whole: it replaces what was there."""

    patterns = fields.List(fields.Nested(PatternSchema), required=True, validate=validate.Length(max=50))
    public_holidays = fields.Nested(PublicHolidaysSchema, required=True)
    special_days = fields.List(fields.Nested(SpecialDaySchema), required=True, validate=validate.Length(max=200))

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> OpeningPlan:
        lists = {name: tuple(given[name]) for name in ("patterns", "special_days")}
        return OpeningPlan(**{**given, **lists})


class ShownPatternSchema(PatternSchema):
    """A week's hours while it is valid."""

    hours = fields.List(fields.Nested(ShownOpeningHoursSchema))


class ShownPublicHolidaysSchema(PublicHolidaysSchema):
    """What is done on Norway's public holidays."""

    hours = fields.List(fields.Nested(ShownTimesSchema))


class ShownSpecialDaySchema(SpecialDaySchema):
    """A day unlike others."""

    hours = fields.List(fields.Nested(ShownTimesSchema))


class ShownPlanSchema(OpeningPlanSchema):
    """What an arena keeps beside its weekly hours."""

    patterns = fields.List(fields.Nested(ShownPatternSchema))
    public_holidays = fields.Nested(ShownPublicHolidaysSchema)
    special_days = fields.List(fields.Nested(ShownSpecialDaySchema))


class DaysFilter(Schema):
    """Which days."""

    first = fields.Date(
        required=True, data_key="from", validate=IN_OUR_TIME, metadata={"description": "First local day."}
    )
    last = fields.Date(required=True, data_key="to", validate=IN_OUR_TIME, metadata={"description": "Last local day."})

    @validates_schema
    def _days(self, given: Mapping[str, Any], **_: object) -> None:
        if given["last"] < given["first"]:
            raise invalid(_DAYS_REVERSED, "to")
        if given["last"] - given["first"] >= timedelta(days=MOST_DAYS):
            raise invalid(_TOO_MANY_DAYS, "to")


class OpenSpanSchema(Schema):
    """Open from an instant to another."""

    begins_at = Instant(required=True)
    ends_at = Instant(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))


class WhySchema(Schema):
    """The rule that decided, and what it is called."""

    rule = fields.String(required=True, validate=validate.OneOf(get_args(Rule)))
    name = fields.Nested(TextSchema, required=True)


class OpenDaySchema(Schema):
    """When it is open on a local day, and why. A span belongs to the day it begins on; no spans: closed."""

    day = fields.Date(required=True)
    why = fields.Nested(WhySchema, required=True)
    spans = fields.List(fields.Nested(OpenSpanSchema), required=True)


class OpeningSchema(Schema):
    """An arena's plan, and what days come to."""

    arena = slug("The arena.", "borgen-innbyggertorg")
    version = fields.Integer(
        metadata={"description": "The plan's ETag, for If-Match; 0 before the first.", "example": 1}
    )
    plan = fields.Nested(ShownPlanSchema)
    days = fields.List(fields.Nested(OpenDaySchema))


class ClashesSchema(Schema):
    """Bookings that are outside the hours, the next first; nothing is cancelled by itself."""

    items = fields.List(fields.Nested(BookingSchema))
    next_cursor = fields.String(allow_none=True, metadata={"description": "For the list of clashes."})
    order_may_change = order_may_change()


class ChangedPlanSchema(Schema):
    """An arena's plan, and the bookings that are outside its hours now."""

    arena = slug("The arena.", "borgen-innbyggertorg")
    version = fields.Integer(metadata={"description": "The plan's ETag, for If-Match.", "example": 1})
    plan = fields.Nested(ShownPlanSchema)
    clashes = fields.Nested(ClashesSchema)


class SchoolHolidaySchema(Schema):
    """A break in a school year."""

    name = fields.Nested(TextSchema, required=True)
    first_day = _date("Its first day.", required=True)
    last_day = _date("Its last day.", required=True)

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> SchoolHoliday:
        return SchoolHoliday(**given)


class SchoolYearSchema(Schema):
    """The municipality's skolerute for a year."""

    first_day = _date("The first school day.", required=True)
    last_day = _date("The last school day.", required=True)
    holidays = fields.List(fields.Nested(SchoolHolidaySchema), load_default=(), validate=validate.Length(max=50))


class ShownSchoolYearSchema(SchoolYearSchema):
    """The municipality's skolerute for a year."""

    id = slug("Such as the years it spans.", "2026-2027")
    holidays = fields.List(fields.Nested(SchoolHolidaySchema))


class ChangedSchoolYearSchema(ShownSchoolYearSchema):
    """A school year, the arenas that follow school years, and the bookings that are outside their hours now."""

    arenas = fields.List(fields.String())
    clashes = fields.List(fields.Nested(BookingSchema), metadata={"description": "The first hundred."})


def school_year_of(id: str, given: Mapping[str, Any]) -> SchoolYear:
    """The school year that a body makes of an id."""
    return SchoolYear(**{**given, "id": path_slug(id, "year"), "holidays": tuple(given["holidays"])})


def _is_day(on: str) -> bool:
    if on in MOVEABLE:
        return True
    whole = on if _A_DATE.fullmatch(on) else f"{_LEAP_YEAR}-{on}" if _A_DAY.fullmatch(on) else ""
    try:
        date.fromisoformat(whole)
    except ValueError:
        return False
    return True
