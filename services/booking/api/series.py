"""Series: look ahead, book, change and give up as one."""

from typing import Any
from uuid import UUID

from kernel.auth import Role
from kernel.db import Transaction
from kernel.duties import OwnInterest
from kernel.http import Answer, allow, answers, caller, etag, if_match, location, reads, writes
from kernel.pagination import Page, page_of
from kernel.versions import Expected
from services.booking.api.blueprint import blp
from services.booking.api.bookings import NOT_THERE
from services.booking.model import actors as actor_rules
from services.booking.model import recurrence, refusals
from services.booking.model import resources as resource_rules
from services.booking.model import series as rules
from services.booking.model.series import Preview, Series, SeriesConsequence, SeriesRequest, Standing
from services.booking.queries import series as queries
from services.booking.schemas.series import (
    ChoiceQuery,
    PreviewSchema,
    SeriesCancellationSchema,
    SeriesConsequenceSchema,
    SeriesFilter,
    SeriesRequestSchema,
    SeriesSchema,
    SeriesShiftSchema,
    SkippedDateSchema,
    WholeSeriesSchema,
)
from services.booking.usecases import series as usecases

NO_RECURRENCE = (
    recurrence.InvalidRecurrence,
    recurrence.EndlessRecurrence,
    recurrence.TooFrequent,
    recurrence.TooManyDates,
    recurrence.TooFarReaching,
    recurrence.ExceptedNoDate,
    recurrence.NoDates,
)
UNCHANGEABLE = (refusals.NotLive, refusals.AlreadyOver, refusals.AlreadyBegun)


@blp.route("/series/preview", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@answers(actor_rules.NotRepresentative, resource_rules.UnknownSpace, *NO_RECURRENCE)
@blp.arguments(SeriesRequestSchema)
@blp.response(200, PreviewSchema)
def preview_series(tx: Transaction, wanted: SeriesRequest) -> Preview:
    """What would become of each date: what it clashes with and why, and where else it could be. Nothing is booked."""
    return usecases.preview(tx, caller(), wanted)


@blp.route("/series", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@answers(actor_rules.NotRepresentative, rules.SeriesClashes, *NOT_THERE, *NO_RECURRENCE)
@blp.arguments(SeriesRequestSchema)
@blp.response(201, WholeSeriesSchema)
def book_series(tx: Transaction, wanted: SeriesRequest) -> Answer:
    """Hold all dates of a series. Each gets its price in a moment; confirm them all within the holds' time."""
    body, headers = _shown(tx, usecases.book(tx, caller(), wanted))
    return body, {**headers, "Location": location("booking.get_series", series=body["series"].id)}


@blp.route("/series", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(SeriesFilter, location="query")
@blp.response(200, page_of(SeriesSchema))
def list_series(tx: Transaction, wanted: dict[str, Any]) -> Page[Standing]:
    """The series you may see, the latest first: your own, your organisations', and those of squares you oversee."""
    return queries.seen_by(tx, caller(), **wanted)


@blp.route("/series/<uuid:series>", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, WholeSeriesSchema)
def get_series(tx: Transaction, series: UUID) -> Answer:
    """One series with each of its dates, and what was done to it."""
    found = queries.one(tx, caller(), series)
    return found, etag(found["series"].version)


@blp.route("/series/<uuid:series>/confirm", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@if_match
@answers(refusals.NotHeld, refusals.NotPriced, refusals.HoldExpired)
@blp.response(200, WholeSeriesSchema)
def confirm_series(tx: Transaction, expected: Expected, series: UUID) -> Answer:
    """Take all that is held of a series, each booking at the price it has."""
    return _shown(tx, usecases.confirm(tx, caller(), series, expected))


@blp.route("/series/<uuid:series>/cancellation", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@reads
@answers(refusals.NotPriced, rules.NotOfSeries, rules.NothingToChange, *UNCHANGEABLE)
@blp.arguments(ChoiceQuery, location="query")
@blp.response(200, SeriesConsequenceSchema)
def get_series_cancellation(tx: Transaction, wanted: dict[str, Any], series: UUID) -> SeriesConsequence:
    """What cancelling one booking of a series, that and those after it, or all would cost at this moment."""
    return queries.consequence(tx, caller(), series, **wanted)


@blp.route("/series/<uuid:series>/cancel", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@if_match
@answers(rules.NotOfSeries, rules.NothingToChange, OwnInterest, *UNCHANGEABLE)
@blp.arguments(SeriesCancellationSchema)
@blp.response(200, WholeSeriesSchema)
def cancel_series(tx: Transaction, expected: Expected, given: dict[str, Any], series: UUID) -> Answer:
    """Cancel one booking of a series, that and those after it, or all that are left."""
    return _shown(tx, usecases.cancel(tx, caller(), series, expected, **given))


@blp.route("/series/<uuid:series>/reschedule", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@if_match
@answers(
    rules.NotOfSeries,
    rules.NothingToChange,
    rules.SeriesClashes,
    refusals.TooLateToMove,
    OwnInterest,
    *UNCHANGEABLE,
    *NOT_THERE,
)
@blp.arguments(SeriesShiftSchema)
@blp.response(200, WholeSeriesSchema)
def reschedule_series(tx: Transaction, expected: Expected, given: dict[str, Any], series: UUID) -> Answer:
    """Change one booking of a series, that and those after it, or all: all that are meant, or none."""
    return _shown(tx, usecases.reschedule(tx, caller(), series, expected, **given))


@blp.route("/series/<uuid:series>/dates", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@if_match
@answers(rules.NotSkipped, actor_rules.NotRepresentative, *NOT_THERE)
@blp.arguments(SkippedDateSchema)
@blp.response(201, WholeSeriesSchema)
def book_skipped_date(tx: Transaction, expected: Expected, given: dict[str, Any], series: UUID) -> Answer:
    """Book a date that was skipped when the series was booked."""
    return _shown(tx, usecases.book_skipped(tx, caller(), series, expected, **given))


def _shown(tx: Transaction, done: Series) -> Answer:
    return queries.one(tx, caller(), done.id), etag(done.version)
