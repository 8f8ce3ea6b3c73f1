"""Your own data: all of it to take with you, and to be forgotten."""

from typing import Any
from uuid import UUID

from kernel.auth import Role
from kernel.db import Transaction
from kernel.http import OwnDataSchema, allow, answers, caller, erases, reads, writes
from services.booking.api.blueprint import blp
from services.booking.model.privacy import BookingsToCome, Erasure
from services.booking.queries import privacy
from services.booking.schemas.privacy import ErasedSchema, ErasureSchema
from services.booking.usecases import privacy as usecases


@blp.route("/me/export", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, OwnDataSchema)
def export_me(tx: Transaction) -> dict[str, Any]:
    """Everything booking holds of you."""
    return privacy.export(tx, caller())


@blp.route("/me/erasure", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@erases
@answers(BookingsToCome)
@blp.arguments(ErasureSchema)
@blp.response(200, ErasedSchema)
def erase_me(tx: Transaction, given: dict[str, Any]) -> Erasure:
    """Be forgotten: your bookings stay as figures, and nobody can tell whose they were."""
    return usecases.erase_me(tx, caller(), **given)


@blp.route("/persons/<uuid:person>/erasure", methods=["POST"])
@allow(Role.OPERATOR)
@writes
@erases
@answers(BookingsToCome)
@blp.arguments(ErasureSchema)
@blp.response(200, ErasedSchema)
def erase_person(tx: Transaction, given: dict[str, Any], person: UUID) -> Erasure:
    """Forget a person who asked the municipality to."""
    return usecases.erase(tx, person, **given)
