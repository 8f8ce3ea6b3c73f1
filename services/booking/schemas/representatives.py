"""Who may act for an organisation, and invitations to."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, post_load, validate

from kernel.http import Instant, Schema, Words, legible
from services.booking.model.representatives import ROLES, Terms
from services.booking.schemas.common import ID, IN_OUR_TIME


def _known_as(**more: Any) -> Words:
    about = {"description": "What the owners call the person. Seen by owners only.", "example": "Treneren for J15"}
    return Words(100, allow_none=True, **more, metadata=about)


class TermsSchema(Schema):
    """On what terms a person acts for an organisation."""

    role = fields.String(
        required=True,
        validate=validate.OneOf(ROLES),
        metadata={"description": "A `booker` books; an `owner` also says who else may.", "example": "booker"},
    )
    until = fields.Date(
        load_default=None,
        allow_none=True,
        validate=IN_OUR_TIME,
        metadata={"description": "The last local day; null for no end.", "example": "2027-06-30"},
    )
    known_as = _known_as(load_default=None)

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> dict[str, Any]:
        """The terms as one, beside whatever else is given."""
        rest = {name: value for name, value in given.items() if name not in ("role", "until", "known_as")}
        return {**rest, "terms": Terms(role=given["role"], until=given["until"], known_as=given["known_as"])}


class AppointmentSchema(TermsSchema):
    """A person who may act for an organisation, by the name their issuer has for them."""

    role = fields.String(load_default="booker", validate=validate.OneOf(ROLES))
    subject = fields.String(
        required=True, validate=[validate.Length(1, 255), legible], metadata={"example": "persona-kari"}
    )
    issuer = fields.Url(
        load_default=None,
        require_tld=False,
        metadata={"description": "Who names them so; your own issuer if left out."},
    )


class RepresentativeSchema(Schema):
    """A person who may act for an organisation."""

    actor = fields.UUID(metadata={"example": ID})
    person = fields.UUID(metadata={"description": "A pseudonym.", "example": ID})
    role = fields.String(attribute="terms.role", metadata={"example": "booker"})
    until = fields.Date(attribute="terms.until", allow_none=True)
    known_as = _known_as(attribute="terms.known_as")


class InviteSchema(TermsSchema):
    """An invitation to make."""

    email = fields.Email(
        required=True,
        validate=validate.Length(3, 254),
        metadata={
            "description": "Kept until the mail is sent, and no longer; not at all where no mail can be sent.",
            "example": "trener@example.no",
        },
    )


class InvitationSchema(Schema):
    """An invitation. It tells neither whom it was sent to nor its secret."""

    id = fields.UUID(metadata={"example": ID})
    actor = fields.UUID(metadata={"example": ID})
    role = fields.String(attribute="terms.role", metadata={"example": "booker"})
    until = fields.Date(attribute="terms.until", allow_none=True)
    known_as = _known_as(attribute="terms.known_as")
    state = fields.String(metadata={"example": "pending"})
    mail = fields.String(
        allow_none=True,
        metadata={"description": "`waiting`, `sent` or `failed`; null: the link was yours to pass on."},
    )
    created_at = Instant()
    expires_at = Instant()


class InvitedSchema(Schema):
    """An invitation just made."""

    invitation = fields.Nested(InvitationSchema)
    secret = fields.String(
        allow_none=True,
        metadata={
            "description": "Yours to pass on. Not told when the request is sent again; null, too, if sent by mail."
        },
    )
    link = fields.String(allow_none=True, metadata={"description": "Where the portal takes it; null without a portal."})


class OpenedInvitationSchema(Schema):
    """What an invitation is to, for whoever has its secret."""

    organisation = fields.String(metadata={"example": "Borgen skolekorps"})
    role = fields.String(metadata={"example": "booker"})
    until = fields.Date(allow_none=True)
    by_house = fields.Boolean(metadata={"description": "The municipality invites, not an owner."})
    expires_at = Instant()
    open = fields.Boolean(metadata={"description": "Whether it can still be accepted."})


class AcceptanceSchema(Schema):
    """What proves that an invitation was meant for you."""

    secret = fields.String(required=True, validate=validate.Length(1, 200))
