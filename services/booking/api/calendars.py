"""Calendars that Outlook, Google and Apple subscribe to."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, request, url_for

from kernel.auth import Role
from kernel.db import Transaction
from kernel.http import allow, answers, caller, public, reads, told_once, writes
from kernel.pagination import Page, PageArguments, page_of
from services.booking.api.blueprint import blp
from services.booking.api.representatives import SETTINGS
from services.booking.model import actors as actor_rules
from services.booking.model import calendars as rules
from services.booking.model import resources as resource_rules
from services.booking.model.calendars import Feed
from services.booking.queries import calendars
from services.booking.schemas.calendars import FeedRequestSchema, FeedSchema, MadeFeedSchema
from services.booking.usecases import calendars as usecases

FRESH_SECONDS = 300


@blp.route("/calendars", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(FeedSchema))
def list_calendars(tx: Transaction, wanted: dict[str, Any]) -> Page[Feed]:
    """The calendar feeds you have made, the latest first."""
    return calendars.made_by(tx, caller(), **wanted)


@blp.route("/calendars", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@told_once("url")
@answers(actor_rules.NotRepresentative, resource_rules.UnknownSpace, rules.UnknownSquare, rules.TooManyFeeds)
@blp.arguments(FeedRequestSchema)
@blp.response(201, MadeFeedSchema)
def make_calendar(tx: Transaction, given: dict[str, Any]) -> dict[str, Any]:
    """Make a calendar feed. Its address is told now and never again: whoever has it can read it, until it is
    revoked."""
    made = usecases.make(tx, caller(), **given)
    return {"calendar": made.feed, "url": url_for("booking.get_calendar", token=made.secret, _external=True)}


@blp.route("/calendars/<uuid:calendar>", methods=["DELETE"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@blp.response(204)
def revoke_calendar(tx: Transaction, calendar: UUID) -> None:
    """Revoke a calendar feed: its address opens nothing any more."""
    usecases.revoke(tx, caller(), calendar)


# the log and the metrics have the route, not the path: the token is in neither
@blp.route("/calendars/<token>.ics", methods=["GET"])
@public
@reads
@blp.response(200, {"type": "string"}, content_type="text/calendar", description="The calendar (RFC 5545).")
@blp.alt_response(304, description="The calendar is as `If-None-Match` says.", success=True)
def get_calendar(tx: Transaction, token: str) -> Response:
    """The calendar at this address, for calendar programs."""
    written = calendars.text(tx, token, portal=current_app.extensions[SETTINGS].portal_url)
    answer = Response(written, content_type="text/calendar; charset=utf-8")
    answer.headers.update({"Cache-Control": f"private, max-age={FRESH_SECONDS}", "X-Robots-Tag": "noindex"})
    answer.add_etag()
    answer.make_conditional(request)
    return answer
