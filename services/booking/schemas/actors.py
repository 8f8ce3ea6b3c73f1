"""Actors and what they are."""

from marshmallow import fields, validate

from kernel.http import Instant, Schema, TextSchema, Words
from kernel.pagination import PageArguments
from services.booking.model.actors import ORGANISATION_KINDS
from services.booking.schemas.common import ID


class OrganisationSchema(Schema):
    """An organisation that may rent."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(ORGANISATION_KINDS),
        metadata={"description": "What it says that it is. It counts as a business until that is verified."},
    )
    name = Words(200, required=True, metadata={"example": "Borgen skolekorps"})
    organisation_number = fields.String(
        required=True, validate=validate.Length(9, 20), metadata={"example": "974760673"}
    )


class VerificationSchema(Schema):
    """What an organisation is, by decision."""

    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    reason = Words(
        500,
        lines=True,
        required=True,
        metadata={"description": "Why. No names of persons.", "example": "Vedtektene er lagt fram."},
    )


class ClaimRefusalSchema(Schema):
    """Why whoever claims an organisation is not taken to act for it."""

    reason = Words(
        500,
        lines=True,
        required=True,
        metadata={"description": "Why. No names of persons.", "example": "Styret kjenner ikke til dette."},
    )


class ClaimFilter(PageArguments):
    """Which claims."""

    waiting = fields.Boolean(
        load_default=False,
        metadata={"description": "Everybody's that wait, for arena managers and operators; else your own."},
    )


class RegisterSchema(Schema):
    """What Enhetsregisteret and Frivillighetsregisteret said. All null until they have answered."""

    state = fields.String(
        allow_none=True, metadata={"description": "`active`, `bankrupt`, `deleted` or `unknown`.", "example": "active"}
    )
    name = fields.String(allow_none=True)
    form = fields.String(allow_none=True, metadata={"description": "Form of organisation.", "example": "FLI"})
    voluntary = fields.Boolean(
        allow_none=True, metadata={"description": "Whether Frivillighetsregisteret has it; null: not asked."}
    )
    answered_at = Instant(allow_none=True)


class ActorSchema(Schema):
    """Somebody who can rent."""

    id = fields.UUID(metadata={"example": ID})
    kind = fields.String(metadata={"description": "What it counts as: prices follow this.", "example": "voluntary"})
    name = fields.String(allow_none=True, metadata={"description": "Null for a resident: yourself."})
    organisation_number = fields.String(allow_none=True)
    told_kind = fields.String(allow_none=True, metadata={"description": "What it says that it is."})
    verified_by = fields.String(
        allow_none=True,
        metadata={
            "description": "Whose word `kind` is: `registers`, `manager` or `operator`; null: nobody's yet.",
            "example": "registers",
        },
    )
    verified_at = Instant(allow_none=True)
    notice = fields.Nested(
        TextSchema, allow_none=True, metadata={"description": "What whoever books for it must be told."}
    )
    role = fields.String(
        allow_none=True, metadata={"description": "Your own: `owner` or `booker`.", "example": "booker"}
    )
    until = fields.Date(allow_none=True, metadata={"description": "The last local day you may act for it."})
    register = fields.Nested(RegisterSchema, allow_none=True)


class OrganisationClaimSchema(Schema):
    """A claim on an organisation number. Several may claim one; it is given to one."""

    actor = fields.UUID(metadata={"description": "The organisation as it was registered.", "example": ID})
    organisation_number = fields.String(metadata={"example": "974760673"})
    name = fields.String(metadata={"description": "What whoever claims it calls it, until the registers have said."})
    told_kind = fields.String(metadata={"description": "What it says that it is.", "example": "voluntary"})
    state = fields.String(
        metadata={
            "description": "`waiting`, `confirmed`, `refused`, `given_to_another` or `given_up`.",
            "example": "waiting",
        }
    )
    claimed_by = fields.UUID(allow_none=True, metadata={"description": "A pseudonym.", "example": ID})
    claimed_at = Instant()
    named = fields.Boolean(
        allow_none=True, metadata={"description": "Whether the registers name whoever claims it; null: not known."}
    )
    decided_at = Instant(allow_none=True)
    reason = fields.String(allow_none=True)
    own = fields.Boolean(
        metadata={"description": "It is your own, or of one you act for: somebody else decides.", "example": False}
    )
    register = fields.Nested(RegisterSchema)
