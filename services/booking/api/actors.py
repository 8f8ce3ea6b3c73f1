"""Who can rent."""

from typing import Any
from uuid import UUID

from kernel.auth import Role
from kernel.db import Transaction
from kernel.duties import OwnInterest
from kernel.http import (
    allow,
    answers,
    caller,
    reads,
    writes,
)
from kernel.pagination import Page, PageArguments, page_of
from services.booking.api.blueprint import blp
from services.booking.model import actors as actor_rules
from services.booking.queries import actors
from services.booking.queries.actors import ShownActor
from services.booking.schemas.actors import ActorSchema, OrganisationSchema, VerificationSchema
from services.booking.usecases import actors as actor_usecases


@blp.route("/actors", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(ActorSchema))
def list_actors(tx: Transaction, wanted: dict[str, Any]) -> Page[ShownActor]:
    """Whom you may book for: yourself, and the organisations you may act for."""
    return actors.actors_for(tx, caller(), **wanted)


@blp.route("/actors", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(actor_rules.InvalidOrganisationNumber, actor_rules.OrganisationKnown)
@blp.arguments(OrganisationSchema)
@blp.response(201, ActorSchema)
def register_organisation(tx: Transaction, given: dict[str, Any]) -> ShownActor:
    """Make an organisation an actor. You become its first owner, unless you are an operator."""
    return actors.one(tx, caller(), actor_usecases.register(tx, caller(), **given).id)


@blp.route("/actors/<uuid:actor>", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, ActorSchema)
def get_actor(tx: Transaction, actor: UUID) -> ShownActor:
    """An actor you may act for, and what is known of it. Arena managers and operators see them all."""
    return actors.one(tx, caller(), actor)


@blp.route("/actors/<uuid:actor>/verification", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(OwnInterest)
@blp.arguments(VerificationSchema)
@blp.response(200, ActorSchema)
def verify_organisation(tx: Transaction, given: dict[str, Any], actor: UUID) -> ShownActor:
    """Decide what an organisation is, over the registers. Nobody decides on those they act for."""
    return actors.one(tx, caller(), actor_usecases.verify(tx, caller(), actor, **given).id)


@blp.route("/actors/<uuid:actor>/lookup", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@blp.response(200, ActorSchema)
def look_up_organisation(tx: Transaction, actor: UUID) -> ShownActor:
    """Have the registers asked anew. What they say is seen here once they have answered."""
    return actors.one(tx, caller(), actor_usecases.look_up(tx, actor).id)
