"""Bookings: hold, confirm, cancel, look."""

from typing import Any
from uuid import UUID

from kernel.auth import Role
from kernel.db import Transaction
from kernel.duties import ManagersDecide, OwnInterest
from kernel.http import (
    Answer,
    allow,
    answers,
    caller,
    etag,
    if_match,
    location,
    reads,
    writes,
)
from kernel.pagination import Page, page_of
from kernel.versions import Expected
from services.booking.api.blueprint import blp
from services.booking.model import actors as actor_rules
from services.booking.model import refusals, rules
from services.booking.model import resources as resource_rules
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.default_limits import TooManyBookings
from services.booking.model.house_rules import HouseRulesNotAccepted
from services.booking.model.prices import Consequence
from services.booking.model.quotas import QuotaExceeded
from services.booking.queries import bookings
from services.booking.schemas.bookings import (
    BookingFilter,
    BookingRequestSchema,
    BookingSchema,
    ConsequenceSchema,
    HistorySchema,
    ReasonSchema,
    RefusalSchema,
    ReschedulingSchema,
)
from services.booking.usecases import bookings as booking_usecases
from services.booking.usecases import deciding

_UNCHANGEABLE = (refusals.NotLive, refusals.AlreadyOver, refusals.AlreadyBegun)
# why a booking can't be where it is asked for, whatever the request
NOT_THERE = (
    resource_rules.UnknownSpace,
    rules.UnknownEquipment,
    refusals.SlotTaken,
    refusals.SpaceClosed,
    refusals.NoRoom,
    refusals.EquipmentLent,
    rules.EndsBeforeBegin,
    rules.InThePast,
    rules.OffGrid,
    rules.TooShort,
    rules.TooLong,
    rules.TooShortNotice,
    rules.BeyondHorizon,
    rules.OutsideOpeningHours,
    rules.TooManyParticipants,
    rules.PurposeNotPermitted,
    rules.AudienceNotPermitted,
    rules.TooLoud,
    HouseRulesNotAccepted,
    QuotaExceeded,
    TooManyBookings,
)


@blp.route("/bookings", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@answers(actor_rules.NotRepresentative, *NOT_THERE)
@blp.arguments(BookingRequestSchema)
@blp.response(201, BookingSchema)
def hold(tx: Transaction, wanted: BookingRequest) -> Answer:
    """Hold a space for a time. Its price comes in a moment; confirm it within the hold's time."""
    held = booking_usecases.hold(tx, caller(), wanted)
    return held, {**etag(held.version), "Location": location("booking.get_booking", booking=held.id)}


@blp.route("/bookings", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(BookingFilter, location="query")
@blp.response(200, page_of(BookingSchema, moving=True))
def list_bookings(tx: Transaction, wanted: dict[str, Any]) -> Page[Booking]:
    """The bookings you may see, the latest first unless they are live: your own, your organisations', and those of
    squares you oversee."""
    return bookings.seen_by(tx, caller(), **wanted)


@blp.route("/bookings/<uuid:booking>", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, BookingSchema)
def get_booking(tx: Transaction, booking: UUID) -> Answer:
    """One booking."""
    found = bookings.one(tx, caller(), booking)
    return found, etag(found.version)


@blp.route("/bookings/<uuid:booking>/history", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, HistorySchema)
def get_history(tx: Transaction, booking: UUID) -> Answer:
    """All that happened to a booking: who did it, when and why."""
    return {"items": bookings.history(tx, caller(), booking)}


@blp.route("/bookings/<uuid:booking>/cancellation", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@reads
@answers(refusals.NotPriced, *_UNCHANGEABLE)
@blp.response(200, ConsequenceSchema)
def get_cancellation(tx: Transaction, booking: UUID) -> Consequence:
    """What cancelling would cost, if it were done at this moment."""
    return bookings.consequence(tx, caller(), booking)


@blp.route("/bookings/<uuid:booking>/confirm", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@if_match
@answers(refusals.NotHeld, refusals.NotPriced, refusals.HoldExpired)
@blp.response(200, BookingSchema)
def confirm(tx: Transaction, expected: Expected, booking: UUID) -> Answer:
    """Take a held booking at the price it has. What the space asks for, approval or payment, comes then."""
    return _shown(booking_usecases.confirm(tx, caller(), booking, expected))


@blp.route("/bookings/<uuid:booking>/cancel", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@if_match
@answers(*_UNCHANGEABLE, OwnInterest)
@blp.arguments(ReasonSchema, required=False)
@blp.response(200, BookingSchema)
def cancel(tx: Transaction, expected: Expected, given: dict[str, Any], booking: UUID) -> Answer:
    """Cancel a booking. What it costs then follows the tariff's rule: ask `cancellation` first."""
    return _shown(booking_usecases.cancel(tx, caller(), booking, expected, **given))


@blp.route("/bookings/<uuid:booking>/reschedule", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@if_match
@answers(*_UNCHANGEABLE, OwnInterest, refusals.TooLateToMove, *NOT_THERE)
@blp.arguments(ReschedulingSchema)
@blp.response(200, BookingSchema)
def reschedule(tx: Transaction, expected: Expected, given: dict[str, Any], booking: UUID) -> Answer:
    """Move a booking, or make it smaller. It gets the new time, or keeps the old."""
    return _shown(booking_usecases.reschedule(tx, caller(), booking, expected, **given))


@blp.route("/bookings/<uuid:booking>/end", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@if_match
@answers(refusals.NotInUse, refusals.AlreadyOver)
@blp.response(200, BookingSchema)
def end_early(tx: Transaction, expected: Expected, booking: UUID) -> Answer:
    """End a booking under way: the rest of its time is for others."""
    return _shown(booking_usecases.end_early(tx, caller(), booking, expected))


@blp.route("/bookings/<uuid:booking>/approve", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@if_match
@answers(OwnInterest, ManagersDecide, refusals.NotAwaitingApproval, refusals.HoldExpired)
@blp.response(200, BookingSchema)
def approve(tx: Transaction, expected: Expected, booking: UUID) -> Answer:
    """Say yes to a booking that awaits approval."""
    return _shown(deciding.approve(tx, caller(), booking, expected))


@blp.route("/bookings/<uuid:booking>/decline", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@if_match
@answers(OwnInterest, ManagersDecide, refusals.NotAwaitingApproval, refusals.HoldExpired)
@blp.arguments(RefusalSchema)
@blp.response(200, BookingSchema)
def decline(tx: Transaction, expected: Expected, given: dict[str, Any], booking: UUID) -> Answer:
    """Say no to a booking, and why."""
    return _shown(deciding.decline(tx, caller(), booking, expected, **given))


def _shown(booking: Booking) -> Answer:
    return booking, etag(booking.version)
