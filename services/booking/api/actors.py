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
from services.booking.queries import actors, organisation_claims
from services.booking.queries.actors import ShownActor
from services.booking.queries.organisation_claims import OrganisationClaim
from services.booking.schemas.actors import (
    ActorSchema,
    ClaimFilter,
    ClaimRefusalSchema,
    OrganisationClaimSchema,
    OrganisationSchema,
    VerificationSchema,
)
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
@answers(actor_rules.InvalidOrganisationNumber, actor_rules.OrganisationKnown, actor_rules.TooManyClaims)
@blp.arguments(OrganisationSchema)
@blp.response(201, ActorSchema)
def register_organisation(tx: Transaction, given: dict[str, Any]) -> ShownActor:
    """Make an organisation an actor. You claim its number and become its first owner; it is the organisation's once it
    is confirmed that you act for it. What an operator registers is confirmed."""
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
@answers(OwnInterest, actor_rules.OrganisationKnown, actor_rules.ClaimDecided)
@blp.arguments(VerificationSchema)
@blp.response(200, ActorSchema)
def verify_organisation(tx: Transaction, given: dict[str, Any], actor: UUID) -> ShownActor:
    """Decide what an organisation is, over the registers; of one that is claimed, confirm that who claims it acts for
    it: the number is its own then, and other claims end. Nobody decides on those they act for."""
    return actors.one(tx, caller(), actor_usecases.verify(tx, caller(), actor, **given).id)


@blp.route("/actors/<uuid:actor>/refusal", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(OwnInterest, actor_rules.ClaimDecided)
@blp.arguments(ClaimRefusalSchema)
@blp.response(200, OrganisationClaimSchema)
def refuse_claim(tx: Transaction, given: dict[str, Any], actor: UUID) -> OrganisationClaim:
    """Refuse a claim on an organisation number. Nobody decides on those they act for."""
    return organisation_claims.one(tx, caller(), actor_usecases.refuse(tx, caller(), actor, **given).id)


@blp.route("/actors/<uuid:actor>/withdrawal", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(actor_rules.ClaimDecided, actor_rules.TooManyWithdrawn)
@blp.response(200, OrganisationClaimSchema)
def withdraw_claim(tx: Transaction, actor: UUID) -> OrganisationClaim:
    """Take back your own claim on an organisation number, while it waits. What you booked for it stays yours."""
    return organisation_claims.one(tx, caller(), actor_usecases.withdraw(tx, caller(), actor).id)


@blp.route("/organisation-claims", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(ClaimFilter, location="query")
@blp.response(200, page_of(OrganisationClaimSchema))
def list_organisation_claims(tx: Transaction, wanted: dict[str, Any]) -> Page[OrganisationClaim]:
    """Claims on organisation numbers: your own, the latest first; or those of everybody that wait, for who decides."""
    look = organisation_claims.waiting if wanted.pop("waiting") else organisation_claims.mine
    return look(tx, caller(), **wanted)


@blp.route("/actors/<uuid:actor>/lookup", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@blp.response(200, ActorSchema)
def look_up_organisation(tx: Transaction, actor: UUID) -> ShownActor:
    """Have the registers asked anew. What they say is seen here once they have answered."""
    return actors.one(tx, caller(), actor_usecases.look_up(tx, actor).id)
