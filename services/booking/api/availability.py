"""When spaces are free."""

import json
from typing import Any

from flask import Response

from kernel.db import Transaction
from kernel.http import answers, charge, one_at_a_time, public, reads, visitor
from kernel.pagination import page_of
from services.booking.api.blueprint import blp
from services.booking.api.series import NO_RECURRENCE
from services.booking.model import actors as actor_rules
from services.booking.model import rules
from services.booking.model.availability import cost_of_dates, cost_of_days
from services.booking.model.bookings import BookingRequest
from services.booking.queries import availability
from services.booking.queries.availability import Day
from services.booking.recurrence import dates_of
from services.booking.schemas.availability import (
    AvailabilityFilter,
    CheckFilter,
    CheckSchema,
    DayFilter,
    DaySchema,
    FreeSpaceSchema,
    RecurringFilter,
    RecurringSpaceSchema,
)
from services.booking.schemas.common import path_slug
from services.booking.usecases.checking import check


@blp.route("/availability", methods=["GET"])
@public
@reads
@blp.arguments(AvailabilityFilter, location="query")
@blp.response(200, page_of(FreeSpaceSchema, moving=True))
def list_free_times(tx: Transaction, wanted: dict[str, Any]) -> Response:
    """When spaces are free, as it is at this moment."""
    explain = wanted.pop("explain")
    search = availability.explained if explain else availability.free_times
    charge(cost_of_days(wanted["window"], explain=explain))
    found = search(tx, **wanted)
    # the items are JSON already, as PostgreSQL wrote them
    body = (
        f'{{"items":[{",".join(found.items)}],"next_cursor":{json.dumps(found.next_cursor)},"order_may_change":true}}'
    )
    return Response(body, mimetype="application/json")


@blp.route("/availability/recurring", methods=["GET"])
@public
@reads
@answers(*NO_RECURRENCE)
@blp.arguments(RecurringFilter, location="query")
@blp.response(200, page_of(RecurringSpaceSchema, moving=True))
def list_recurring(tx: Transaction, wanted: dict[str, Any]) -> Response:
    """Which spaces are free on most dates of a rule, and which dates fail and why; the best first."""
    with one_at_a_time():
        dates = dates_of(wanted.pop("recurrence"))
        charge(cost_of_dates(len(dates)))
        found = availability.written(availability.recurring(tx, dates=dates, **wanted))
    return Response(found, mimetype="application/json")


@blp.route("/availability/check", methods=["GET"])
@public
@reads
@answers(rules.EndsBeforeBegin, actor_rules.NotRepresentative)
@blp.arguments(CheckFilter, location="query")
@blp.response(200, CheckSchema)
def check_availability(tx: Transaction, wanted: BookingRequest) -> dict[str, Any]:
    """Whether you can have exactly this; if not, every reason, and the nearest that can be had."""
    who = visitor()
    checked = check(tx, who.person if who else None, wanted)
    possible = not checked.reasons
    nearest = None if possible else availability.alternatives(tx, wanted, checked.place)
    return {
        "possible": possible,
        "reasons": checked.reasons,
        "times": nearest.times if nearest else [],
        "spaces": nearest.spaces if nearest else [],
    }


@blp.route("/squares/<square>/day", methods=["GET"])
@public
@reads
@blp.arguments(DayFilter, location="query")
@blp.response(200, DaySchema)
def show_day(tx: Transaction, wanted: dict[str, Any], square: str) -> Day:
    """A day of a square: what is open, what is taken, and what is left."""
    return availability.day_of_square(tx, visitor(), path_slug(square, "square"), wanted["date"])
