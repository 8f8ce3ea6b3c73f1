"""The manager's desk: what waits, and several decisions at a time."""

from typing import Any
from uuid import UUID

from kernel.auth import Role
from kernel.db import Transaction
from kernel.http import allow, caller, reads, writes
from services.booking.api.blueprint import blp
from services.booking.queries import bookings, desk
from services.booking.queries.desk import Desk
from services.booking.schemas.desk import DeciderSchema, DecisionsSchema, DeskFilter, DeskSchema, OutcomesSchema, shown
from services.booking.usecases import desk as usecases


@blp.route("/desk", methods=["GET"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(DeskFilter, location="query")
@blp.response(200, DeskSchema)
def show_desk(tx: Transaction, wanted: dict[str, Any]) -> Desk:
    """What waits for you in your squares, most urgent first."""
    return desk.waiting(tx, caller(), **wanted)


@blp.route("/bookings/<uuid:booking>/decider", methods=["GET"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, DeciderSchema)
def get_decider(tx: Transaction, booking: UUID) -> dict[str, Any]:
    """Who is to decide on a booking: nobody does on what benefits them."""
    return {"decider": bookings.decider(tx, caller(), booking)}


@blp.route("/desk/decisions", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@blp.arguments(DecisionsSchema)
@blp.response(200, OutcomesSchema)
def decide(tx: Transaction, given: dict[str, Any]) -> dict[str, Any]:
    """Approve and decline several bookings. Each takes effect by itself, or is refused by itself: also with
    `own_interest`, as nobody decides on what benefits them."""
    return shown(usecases.decide(tx, caller(), **given))
