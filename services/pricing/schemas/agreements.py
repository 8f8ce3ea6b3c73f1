"""Maintenance agreements and hours, in and out."""

from typing import Any, get_args

from marshmallow import fields, post_load, validate

from kernel.http import Schema, TextSchema, Whole, Words, code, legible
from kernel.http.schemas import Instant, decider
from kernel.pagination import PageArguments, page_of
from services.pricing.model.agreement import LEAST_MINUTES, MOST_MINUTES_A_DAY, HoursState
from services.pricing.model.tariff import CURRENCY
from services.pricing.schemas.money import ore
from services.pricing.schemas.texts import TextOrOne

_MOST_ORE = 10_000_000_00
_LONGEST = 500


class NewAgreement(Schema):
    """An agreement to be made."""

    tenant = fields.UUID(required=True, metadata={"description": "An organisation; never a person."})
    square = fields.String(required=True, validate=code, metadata={"example": "borgen"})
    arena = fields.String(required=True, validate=code, metadata={"example": "borgen-innbyggertorg"})
    arenas = fields.List(
        fields.String(validate=code),
        load_default=list,
        validate=validate.Length(max=50),
        metadata={"description": "Other arenas of the square in which what it grants counts, too."},
    )
    title = Words(_LONGEST, required=True, metadata={"example": "Maling av storsalen"})
    task = TextOrOne(required=True, metadata={"description": "In three languages, or one text for all of them."})
    hour_value = ore("What an hour is worth.", 20000, required=True, validate=validate.Range(1, _MOST_ORE))
    max_amount = ore(
        "The most that is granted under it; null for the most that the municipality allows.",
        500000,
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, _MOST_ORE),
    )
    currency = fields.String(load_default=CURRENCY, validate=validate.OneOf((CURRENCY,)))
    valid_from = fields.Date(required=True, metadata={"description": "The first day it is valid."})
    valid_until = fields.Date(required=True, metadata={"description": "The last day it is valid."})
    participants = fields.List(
        fields.String(validate=[validate.Length(1, 255), legible]),
        required=True,
        validate=validate.Length(1, 500),
        metadata={"description": "Who may register hours: subjects, as your own issuer knows them."},
    )

    @post_load
    def _all_arenas(self, given: dict[str, Any], **_: object) -> dict[str, Any]:
        arena, others = given.pop("arena"), given.pop("arenas")
        return {**given, "arenas": tuple(dict.fromkeys([arena, *others]))}


class AgreementSchema(Schema):
    """An agreement, and the waiver its tenant has free to use."""

    id = fields.UUID(attribute="agreement.id", required=True)
    tenant = fields.UUID(attribute="agreement.tenant", required=True)
    square = fields.String(attribute="agreement.square", required=True)
    arena = fields.Function(lambda view: view.agreement.arenas[0], metadata={"type": "string"})
    arenas = fields.List(
        fields.String(),
        attribute="agreement.arenas",
        required=True,
        metadata={"description": "All that it names: what it grants counts there."},
    )
    title = fields.String(attribute="agreement.title", required=True)
    task = fields.Nested(TextSchema, attribute="agreement.task", required=True)
    hour_value = ore("What an hour is worth.", 20000, attribute="agreement.hour_value", required=True)
    max_amount = ore(
        "The most that is granted under it.", 500000, attribute="agreement.max_amount", required=True, allow_none=True
    )
    currency = fields.String(attribute="agreement.currency", required=True)
    valid_from = fields.Date(attribute="agreement.valid_from", required=True)
    valid_until = fields.Date(attribute="agreement.valid_until", required=True)
    version = fields.Integer(attribute="agreement.version", required=True)
    created_at = Instant(attribute="agreement.created_at", required=True)
    balance = ore("The tenant's waiver, free to use.", 20000, required=True)
    left = ore("What may still be granted under it; null: no limit.", 480000, required=True, allow_none=True)


class NewHours(Schema):
    """Hours worked by the caller on one local day."""

    worked_on = fields.Date(required=True)
    minutes = Whole(
        required=True,
        validate=validate.Range(1, 24 * 60),
        metadata={
            "description": f"At least {LEAST_MINUTES}, and at most {MOST_MINUTES_A_DAY} in all for one day.",
            "example": 120,
        },
    )
    task = Words(_LONGEST, lines=True, required=True, metadata={"example": "Malte nordveggen"})


class HoursFilter(PageArguments):
    """Which hours."""

    state = fields.String(load_default=None, validate=validate.OneOf(get_args(HoursState)))


class Approval(Schema):
    """What hours are approved for."""

    amount = ore(
        "Less than they are worth, where no more is left of the agreement; left out: all they are worth.",
        12000,
        load_default=None,
        validate=validate.Range(0, _MOST_ORE),
    )


class HoursSchema(Schema):
    """Registered hours, and what was decided on them."""

    id = fields.UUID(attribute="hours.id", required=True)
    agreement = fields.UUID(attribute="hours.agreement", required=True)
    worked_on = fields.Date(attribute="hours.worked_on", required=True)
    minutes = fields.Integer(attribute="hours.minutes", required=True)
    task = fields.String(attribute="hours.task", required=True)
    state = fields.String(attribute="hours.state", required=True, validate=validate.OneOf(get_args(HoursState)))
    amount = ore("What its approval was worth.", 40000, attribute="hours.amount", required=True, allow_none=True)
    reason = fields.String(
        attribute="hours.reason", required=True, allow_none=True, metadata={"description": "Why it was rejected."}
    )
    version = fields.Integer(attribute="hours.version", required=True)
    registered_at = Instant(attribute="hours.registered_at", required=True)
    decided_at = Instant(attribute="hours.decided_at", required=True, allow_none=True)
    decider = decider()


class Rejection(Schema):
    """Why hours are rejected."""

    reason = Words(_LONGEST, lines=True, required=True)


AgreementPage = page_of(AgreementSchema)
HoursPage = page_of(HoursSchema)
