"""When arenas are open: plans, the days they come to, school years."""

from collections.abc import Mapping
from typing import Any

from kernel.auth import Role
from kernel.db import Transaction
from kernel.http import Answer, allow, answers, caller, etag, if_match, public, reads, writes
from kernel.pagination import Page, PageArguments, PageRequest, page_of
from kernel.versions import Expected
from services.booking.api.blueprint import blp
from services.booking.model import opening as hours_rules
from services.booking.model import opening_plan as rules
from services.booking.model.bookings import Booking
from services.booking.model.opening_plan import OpeningPlan, SchoolYear
from services.booking.queries import opening
from services.booking.schemas.bookings import BookingSchema
from services.booking.schemas.opening import (
    ChangedPlanSchema,
    ChangedSchoolYearSchema,
    DaysFilter,
    OpeningPlanSchema,
    OpeningSchema,
    SchoolYearSchema,
    ShownSchoolYearSchema,
    school_year_of,
)
from services.booking.usecases import opening as usecases

_FIRST = PageRequest(100)


@blp.route("/arenas/<arena>/opening", methods=["GET"])
@public
@reads
@blp.arguments(DaysFilter, location="query")
@blp.response(200, OpeningSchema)
def get_opening(tx: Transaction, wanted: dict[str, Any], arena: str) -> Answer:
    """An arena's plan, and when it is open on these days, and why."""
    found = opening.hours_of(tx, arena, **wanted)
    return found, etag(found.version)


@blp.route("/arenas/<arena>/opening", methods=["PUT"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@if_match
@answers(
    hours_rules.InvalidHours,
    rules.ValidityReversed,
    rules.HoursNotGoverned,
    rules.PatternsTie,
    rules.SpecialDayTwice,
)
@blp.arguments(OpeningPlanSchema)
@blp.response(200, ChangedPlanSchema)
def put_opening(tx: Transaction, expected: Expected, plan: OpeningPlan, arena: str) -> Answer:
    """Replace an arena's plan. Bookings outside the new hours are told as clashes, and stay."""
    changed = usecases.change_plan(tx, caller(), arena, plan, expected)
    shown = {"arena": arena, "version": changed.version, "plan": plan}
    return {**shown, "clashes": opening.clashes(tx, _FIRST, [arena])}, etag(changed.version)


@blp.route("/arenas/<arena>/opening/clashes", methods=["GET"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(BookingSchema, moving=True))
def list_clashes(tx: Transaction, wanted: dict[str, Any], arena: str) -> Page[Booking]:
    """The bookings to come that are outside an arena's hours, the next first."""
    return opening.clashes_at(tx, caller(), arena=arena, **wanted)


@blp.route("/school-years", methods=["GET"])
@public
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(ShownSchoolYearSchema))
def list_school_years(tx: Transaction, wanted: dict[str, Any]) -> Page[SchoolYear]:
    """The municipality's school years, by id."""
    return opening.all_school_years(tx, **wanted)


@blp.route("/school-years/<year>", methods=["PUT"])
@allow(Role.OPERATOR)
@writes
@answers(rules.ValidityReversed, rules.SchoolYearsOverlap, rules.HolidayOutsideSchoolYear)
@blp.arguments(SchoolYearSchema)
@blp.response(200, ChangedSchoolYearSchema)
def put_school_year(tx: Transaction, given: Mapping[str, Any], year: str) -> Mapping[str, Any]:
    """Write a school year. Bookings that are outside the hours of arenas that follow it are told as clashes."""
    arenas = [each.arena for each in usecases.put_school_year(tx, school_year_of(year, given), by=caller().person)]
    return {**given, "id": year, "arenas": arenas, "clashes": opening.clashes(tx, _FIRST, arenas).items}
