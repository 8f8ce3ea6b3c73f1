"""Actors and what they are."""

from marshmallow import fields, validate

from kernel.http import Instant, Schema, TextSchema, Words
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
