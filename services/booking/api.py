"""Booking over HTTP, at /api/booking: squares and spaces, free times, bookings, actors."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Flask, Response

from kernel.auth import Role, Verifier
from kernel.db import Database, Transaction
from kernel.http import (
    Answer,
    allow,
    answers,
    caller,
    create_app,
    database_from,
    etag,
    if_match,
    location,
    public,
    reads,
    service_blueprint,
    writes,
)
from kernel.pagination import Page, PageArguments, page_of
from kernel.settings import Settings
from kernel.versions import Expected
from services.booking.model import actors as actor_rules
from services.booking.model import bookings as booking_rules
from services.booking.model import opening, rules
from services.booking.model import resources as resource_rules
from services.booking.model.actors import Actor
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.resources import Square
from services.booking.queries import actors, availability, bookings, resources
from services.booking.schemas import (
    ActorSchema,
    AvailabilityFilter,
    BookingFilter,
    BookingRequestSchema,
    BookingSchema,
    FreeSpaceSchema,
    OrganisationSchema,
    RepresentativeSchema,
    SquareSchema,
    SquareTreeSchema,
    square_of,
)
from services.booking.usecases import actors as actor_usecases
from services.booking.usecases import bookings as booking_usecases
from services.booking.usecases.resources import publish_square

blp = service_blueprint("booking")


def build(settings: Settings, *, database: Database | None = None, verifier: Verifier | None = None) -> Flask:
    """The WSGI app of booking. SettingsError when its database is not set."""
    return create_app("booking", database or database_from(settings, "booking"), settings, [blp], verifier=verifier)


@blp.route("/squares", methods=["GET"])
@public
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(SquareSchema))
def list_squares(tx: Transaction, wanted: dict[str, Any]) -> Page[Square]:
    """The squares, with all that can be booked there."""
    return resources.all_squares(tx, **wanted)


@blp.route("/squares/<square>", methods=["PUT"])
@allow(Role.OPERATOR)
@writes
@answers(
    resource_rules.RepeatedId,
    resource_rules.IdElsewhere,
    resource_rules.SpaceInUse,
    resource_rules.DivisionClashes,
    rules.InvalidRules,
    opening.InvalidHours,
)
@blp.arguments(SquareTreeSchema)
@blp.response(200, SquareSchema)
def put_square(tx: Transaction, tree: Mapping[str, Any], square: str) -> Square:
    """Make a square what this tree says. What is left out can no longer be booked."""
    return publish_square(tx, square_of(square, tree))


@blp.route("/availability", methods=["GET"])
@public
@reads
@blp.arguments(AvailabilityFilter, location="query")
@blp.response(200, page_of(FreeSpaceSchema))
def list_free_times(tx: Transaction, wanted: dict[str, Any]) -> Response:
    """When spaces are free, as it is at this moment."""
    found = availability.free_times(tx, **wanted)
    # the items are JSON already, as PostgreSQL wrote them
    body = f'{{"items":[{",".join(found.items)}],"next_cursor":{json.dumps(found.next_cursor)}}}'
    return Response(body, mimetype="application/json")


@blp.route("/bookings", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@answers(
    resource_rules.UnknownSpace,
    actor_rules.NotRepresentative,
    booking_rules.SlotTaken,
    rules.EndsBeforeBegin,
    rules.InThePast,
    rules.OffGrid,
    rules.TooShort,
    rules.TooLong,
    rules.TooShortNotice,
    rules.BeyondHorizon,
    rules.OutsideOpeningHours,
    rules.TooManyParticipants,
)
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
@blp.response(200, page_of(BookingSchema))
def list_bookings(tx: Transaction, wanted: dict[str, Any]) -> Page[Booking]:
    """The bookings you may see, the latest first: your own, your organisations', and those of squares you oversee."""
    return bookings.seen_by(tx, caller(), **wanted)


@blp.route("/bookings/<uuid:booking>", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, BookingSchema)
def get_booking(tx: Transaction, booking: UUID) -> Answer:
    """One booking."""
    found = bookings.one(tx, caller(), booking)
    return found, etag(found.version)


@blp.route("/bookings/<uuid:booking>/confirm", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@if_match
@answers(booking_rules.NotHeld, booking_rules.NotPriced, booking_rules.HoldExpired)
@blp.response(200, BookingSchema)
def confirm(tx: Transaction, expected: Expected, booking: UUID) -> Answer:
    """Confirm a held booking at the price it has."""
    confirmed = booking_usecases.confirm(tx, caller(), booking, expected)
    return confirmed, etag(confirmed.version)


@blp.route("/bookings/<uuid:booking>/cancel", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@if_match
@answers(booking_rules.NotLive, booking_rules.AlreadyOver)
@blp.response(200, BookingSchema)
def cancel(tx: Transaction, expected: Expected, booking: UUID) -> Answer:
    """Cancel a booking. What it costs then follows the tariff's rule."""
    cancelled = booking_usecases.cancel(tx, caller(), booking, expected)
    return cancelled, etag(cancelled.version)


@blp.route("/actors", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(ActorSchema))
def list_actors(tx: Transaction, wanted: dict[str, Any]) -> Page[Actor]:
    """Whom you may book for: yourself, and the organisations you may act for."""
    return actors.actors_for(tx, caller(), **wanted)


@blp.route("/actors", methods=["POST"])
@allow(Role.OPERATOR)
@writes
@answers(actor_rules.InvalidOrganisationNumber, actor_rules.OrganisationKnown)
@blp.arguments(OrganisationSchema)
@blp.response(201, ActorSchema)
def register_organisation(tx: Transaction, given: dict[str, Any]) -> Actor:
    """Make an organisation an actor."""
    return actor_usecases.register(tx, **given)


@blp.route("/actors/<uuid:actor>/representatives", methods=["POST"])
@allow(Role.OPERATOR)
@writes
@blp.arguments(RepresentativeSchema)
@blp.response(201, ActorSchema)
def allow_representative(tx: Transaction, given: dict[str, Any], actor: UUID) -> Actor:
    """Let a person act for an organisation."""
    return actor_usecases.allow(tx, caller(), actor, **given)
