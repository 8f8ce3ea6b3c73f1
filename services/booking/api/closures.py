"""Closures and maintenance: announce, with a decision for each booking that is hit; lift; look."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from kernel.auth import Role
from kernel.db import Transaction
from kernel.http import Answer, allow, answers, caller, etag, if_match, public, reads, writes
from kernel.pagination import Page, page_of
from kernel.versions import Expected
from services.booking.api.blueprint import blp
from services.booking.api.bookings import NOT_THERE
from services.booking.model import closures as closure_rules
from services.booking.model import recurrence, refusals
from services.booking.model.closures import Closure, ClosureRequest, Decision
from services.booking.queries import closures
from services.booking.schemas.closures import (
    ClosureAnswerSchema,
    ClosureFilter,
    ClosureRequestSchema,
    ClosureSchema,
    LiftSchema,
)
from services.booking.usecases import closures as usecases


@blp.route("/closures", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(
    closure_rules.BookingsInTheWay,
    closure_rules.NotHit,
    closure_rules.DatesOverlap,
    closure_rules.UnknownArena,
    refusals.NotInUse,
    refusals.AlreadyOver,
    refusals.AlreadyBegun,
    recurrence.InvalidRecurrence,
    recurrence.EndlessRecurrence,
    recurrence.TooFrequent,
    recurrence.TooManyDates,
    recurrence.TooFarReaching,
    recurrence.ExceptedNoDate,
    recurrence.NoDates,
    *NOT_THERE,
)
@blp.arguments(ClosureRequestSchema)
@blp.response(200, ClosureAnswerSchema)
def announce_closure(tx: Transaction, asked: dict[str, Any]) -> Answer:
    """Close an arena or a space. Every booking it hits needs a decision; a dry run tells which they are, tries the
    decisions it has, and proposes others that can be carried out together with them. A refused decision, of a dry run
    too, is named by `fields.booking`. The same again answers with the closure there is."""
    return (_hits if asked["dry_run"] else _announced)(tx, asked["wanted"], asked["decisions"])


@blp.route("/closures", methods=["GET"])
@public
@reads
@blp.arguments(ClosureFilter, location="query")
@blp.response(200, page_of(ClosureSchema))
def list_closures(tx: Transaction, wanted: dict[str, Any]) -> Page[Closure]:
    """What is closed, or will be, the next first."""
    return closures.all_closures(tx, **wanted)


@blp.route("/closures/<uuid:closure>", methods=["GET"])
@public
@reads
@blp.response(200, ClosureSchema)
def get_closure(tx: Transaction, closure: UUID) -> Answer:
    """One closure."""
    found = closures.one(tx, closure)
    return found, etag(found.version)


@blp.route("/closures/<uuid:closure>/lift", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@if_match
@answers(closure_rules.AlreadyLifted, closure_rules.ClosureOver, closure_rules.NoSuchDate)
@blp.arguments(LiftSchema, required=False)
@blp.response(200, ClosureSchema)
def lift_closure(tx: Transaction, expected: Expected, given: dict[str, Any], closure: UUID) -> Answer:
    """Open what was closed, from now on: all of it, or one date. Bookings that were cancelled for it stay so."""
    lifted = usecases.lift(tx, caller(), closure, expected, **given)
    return lifted, etag(lifted.version)


def _hits(tx: Transaction, wanted: ClosureRequest, decisions: Collection[Decision]) -> Answer:
    return {"closure": None, "hits": usecases.plan(tx, caller(), wanted, decisions)}


def _announced(tx: Transaction, wanted: ClosureRequest, decisions: Collection[Decision]) -> Answer:
    closure = usecases.announce(tx, caller(), wanted, decisions)
    return {"closure": closure, "hits": []}, etag(closure.version)
