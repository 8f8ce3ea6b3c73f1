"""Waiting lists: join, look at your place, leave."""

from typing import Any
from uuid import UUID

from kernel.auth import Role
from kernel.db import Transaction
from kernel.http import Answer, allow, answers, caller, location, reads, writes
from kernel.pagination import Page, page_of
from services.booking.api.blueprint import blp
from services.booking.api.bookings import NOT_THERE
from services.booking.model import actors as actor_rules
from services.booking.model import waiting as rules
from services.booking.model.waiting import InLine, WaitingRequest
from services.booking.queries import waiting as queries
from services.booking.schemas.waiting import PlaceInLineSchema, WaitingListFilter, WaitingRequestSchema
from services.booking.usecases import waiting as usecases


@blp.route("/waiting", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@answers(
    actor_rules.NotRepresentative,
    rules.FreeNow,
    rules.AlreadyWaiting,
    rules.AlreadyYours,
    rules.LetGo,
    rules.TooManyWaitings,
    rules.WhileTooLong,
    rules.NoTimeFits,
    *NOT_THERE,
)
@blp.arguments(WaitingRequestSchema)
@blp.response(201, PlaceInLineSchema)
def join_waiting_list(tx: Transaction, wanted: WaitingRequest) -> Answer:
    """Wait for a time that is taken. Who joined first is offered first what becomes free."""
    joined = usecases.join(tx, caller(), wanted)
    return queries.one(tx, caller(), joined.id), {"Location": location("booking.get_waiting", waiting=joined.id)}


@blp.route("/waiting", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(WaitingListFilter, location="query")
@blp.response(200, page_of(PlaceInLineSchema))
def list_waiting(tx: Transaction, wanted: dict[str, Any]) -> Page[InLine]:
    """Who waits, of those you may see, in the order in which they are offered: you, your organisations, and all in the
    squares you oversee."""
    return queries.seen_by(tx, caller(), **wanted)


@blp.route("/waiting/<uuid:waiting>", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, PlaceInLineSchema)
def get_waiting(tx: Transaction, waiting: UUID) -> InLine:
    """One place in line, and what is offered."""
    return queries.one(tx, caller(), waiting)


@blp.route("/waiting/<uuid:waiting>/leave", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@answers(rules.NotWaiting)
@blp.response(200, PlaceInLineSchema)
def leave_waiting_list(tx: Transaction, waiting: UUID) -> InLine:
    """Give your place up, or say no to what is offered: it goes to the next."""
    usecases.leave(tx, caller(), waiting)
    return queries.one(tx, caller(), waiting)
