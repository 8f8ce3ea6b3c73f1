"""Who may act for an organisation, and invitations to."""

from typing import Any
from uuid import UUID

from flask import current_app

from kernel.auth import Role
from kernel.db import Transaction
from kernel.duties import OwnInterest
from kernel.http import allow, answers, caller, reads, told_once, writes
from kernel.pagination import Page, PageArguments, page_of
from kernel.settings import Settings
from services.booking.api.blueprint import blp
from services.booking.model import invitations as invitation_rules
from services.booking.model import representatives as rules
from services.booking.model.actors import NotVerified
from services.booking.model.invitations import Invitation
from services.booking.model.representatives import Representative
from services.booking.queries import representatives
from services.booking.queries.representatives import OpenedInvitation
from services.booking.schemas.representatives import (
    AcceptanceSchema,
    AppointmentSchema,
    InvitationSchema,
    InvitedSchema,
    InviteSchema,
    OpenedInvitationSchema,
    RepresentativeSchema,
    TermsSchema,
)
from services.booking.usecases import invitations
from services.booking.usecases import representatives as usecases

SETTINGS = "booking.settings"
"""Under which name the app has its settings."""


@blp.route("/actors/<uuid:actor>/representatives", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(RepresentativeSchema))
def list_representatives(tx: Transaction, wanted: dict[str, Any], actor: UUID) -> Page[Representative]:
    """Everybody who may act for your organisation, and those whose right has run out."""
    return representatives.of_actor(tx, caller(), actor, **wanted)


@blp.route("/actors/<uuid:actor>/representatives", methods=["POST"])
@allow(Role.OPERATOR)
@writes
@answers(rules.UntilInThePast, OwnInterest)
@blp.arguments(AppointmentSchema)
@blp.response(201, RepresentativeSchema)
def allow_representative(tx: Transaction, given: dict[str, Any], actor: UUID) -> Representative:
    """Let a person act for an organisation, on these terms and no others."""
    return usecases.appoint(tx, caller(), actor, **given)


@blp.route("/actors/<uuid:actor>/representatives/<uuid:person>", methods=["PUT"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(rules.UntilInThePast, rules.LastOwner, OwnInterest)
@blp.arguments(TermsSchema)
@blp.response(200, RepresentativeSchema)
def change_representative(tx: Transaction, given: dict[str, Any], actor: UUID, person: UUID) -> Representative:
    """Change on what terms somebody acts for your organisation."""
    return usecases.change(tx, caller(), actor, person, **given)


@blp.route("/actors/<uuid:actor>/representatives/<uuid:person>", methods=["DELETE"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(rules.LastOwner)
@blp.response(204)
def end_representative(tx: Transaction, actor: UUID, person: UUID) -> None:
    """Let somebody no longer act for your organisation; or leave it yourself."""
    usecases.end(tx, caller(), actor, person)


@blp.route("/actors/<uuid:actor>/invitations", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(InvitationSchema))
def list_invitations(tx: Transaction, wanted: dict[str, Any], actor: UUID) -> Page[Invitation]:
    """The invitations of your organisation that nobody has accepted, the latest first."""
    return representatives.invitations_of(tx, caller(), actor, **wanted)


@blp.route("/actors/<uuid:actor>/invitations", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@told_once("secret", "link")
@answers(rules.UntilInThePast, NotVerified, invitation_rules.TooManyInvitations, invitation_rules.TooManyInvited)
@blp.arguments(InviteSchema)
@blp.response(201, InvitedSchema)
def invite(tx: Transaction, given: dict[str, Any], actor: UUID) -> dict[str, Any]:
    """Invite somebody to act for your organisation. Where mail can't be sent, you get the link to pass on."""
    settings: Settings = current_app.extensions[SETTINGS]
    address, terms = given["email"], given["terms"]
    made = invitations.invite(tx, caller(), actor, terms, address=address, by_mail=settings.can_mail)
    return {"invitation": made.invitation, "secret": made.secret, "link": made.link(settings.portal_url)}


@blp.route("/actors/<uuid:actor>/invitations/<uuid:invitation>", methods=["DELETE"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(invitation_rules.InvitationOver)
@blp.response(204)
def withdraw_invitation(tx: Transaction, actor: UUID, invitation: UUID) -> None:
    """Take an invitation back."""
    invitations.withdraw(tx, caller(), actor, invitation)


@blp.route("/invitations/<uuid:invitation>/reading", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@blp.arguments(AcceptanceSchema)
@blp.response(200, OpenedInvitationSchema)
def read_invitation(tx: Transaction, given: dict[str, Any], invitation: UUID) -> OpenedInvitation:
    """See what you are invited to. The secret goes in the body, so that no log of addresses has it."""
    return representatives.opened(tx, invitation, **given)


@blp.route("/invitations/<uuid:invitation>/refusal", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(invitation_rules.InvitationOver)
@blp.arguments(AcceptanceSchema)
@blp.response(200, OpenedInvitationSchema)
def refuse_invitation(tx: Transaction, given: dict[str, Any], invitation: UUID) -> OpenedInvitation:
    """Turn an invitation down: nobody can accept it then."""
    invitations.turn_down(tx, invitation, **given)
    return representatives.opened(tx, invitation, **given)


@blp.route("/invitations/<uuid:invitation>/acceptance", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(invitation_rules.InvitationOver, rules.AlreadyRepresentative, OwnInterest, NotVerified)
@blp.arguments(AcceptanceSchema)
@blp.response(200, RepresentativeSchema)
def accept_invitation(tx: Transaction, given: dict[str, Any], invitation: UUID) -> Representative:
    """Act for an organisation from now on. The secret is what you were sent."""
    return invitations.accept(tx, caller(), invitation, **given)
