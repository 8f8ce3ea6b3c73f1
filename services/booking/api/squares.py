"""What can be booked."""

from collections.abc import Mapping
from typing import Any

from kernel.auth import Role
from kernel.db import Transaction
from kernel.http import (
    allow,
    answers,
    caller,
    public,
    reads,
    writes,
)
from kernel.pagination import Page, PageArguments, PageRequest, page_of
from services.booking.api.blueprint import blp
from services.booking.model import opening, rules
from services.booking.model import resources as resource_rules
from services.booking.model.resources import Square
from services.booking.queries import opening as opening_queries
from services.booking.queries import resources, tightened
from services.booking.schemas.squares import ChangedSquareSchema, SquareSchema, SquareTreeSchema, square_of
from services.booking.usecases.resources import publish_square

_FIRST = PageRequest(100)


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
    resource_rules.EquipmentInUse,
    rules.InvalidRules,
    opening.InvalidHours,
)
@blp.arguments(SquareTreeSchema)
@blp.response(200, ChangedSquareSchema)
def put_square(tx: Transaction, tree: Mapping[str, Any], square: str) -> Mapping[str, Any]:
    """Make a square what this tree says. What is left out can no longer be booked. Bookings that its hours or rules
    would not allow now are told with every reason, and stay."""
    made = publish_square(tx, square_of(square, tree), by=caller().person)
    clashes = opening_queries.clashes(tx, _FIRST, [arena.id for arena in made.arenas])
    told = {"clashes": clashes, "not_allowed": tightened.not_allowed(tx, made.id, most=_FIRST.limit)}
    return {"id": made.id, "name": made.name, "arenas": made.arenas, **told}
