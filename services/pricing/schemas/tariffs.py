"""The tariff document: checked wholly on its way in, and written the same way on its way out. See `docs/tariffs.md`."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args

from marshmallow import ValidationError, fields, post_load, validate

from kernel.errors import Text
from kernel.http import Schema, TextSchema, Whole, Words, code, invalid
from kernel.pagination import page_of
from services.pricing.model.tariff import (
    AUDIENCES,
    CURRENCY,
    DAY_OF_YEAR,
    PUBLIC_HOLIDAY,
    PURPOSES,
    TENANT_KINDS,
    WEEKDAYS,
    Cancellation,
    Column,
    Condition,
    Counting,
    DayKind,
    InvalidTariff,
    Premises,
    Tariff,
    Unit,
    Vat,
)

NOT_PUBLISHED = "-"
_ORE = 100
_KRONER = re.compile(r"\d{1,7}(\.\d\d)?", re.ASCII)
_MOST_HOURS = 24 * 366
_NOT_A_DAY = Text(
    nb="Må være en ukedag (monday), public_holiday, eller en dag i året (12-24).",
    nn="Må vere ein vekedag (monday), public_holiday, eller ein dag i året (12-24).",
    en="Must be a weekday (monday), public_holiday, or a day of the year (12-24).",
)
_NOT_PER_CENT = Text(
    nb="Må være fra 0 til 100, med høyst to desimaler.",
    nn="Må vere frå 0 til 100, med høgst to desimalar.",
    en="Must be from 0 to 100, with at most two decimals.",
)
_LONGEST = 1000


def _day(value: str) -> None:
    if value not in (*WEEKDAYS, PUBLIC_HOLIDAY) and not DAY_OF_YEAR.fullmatch(value):
        raise invalid(_NOT_A_DAY)


def _per_cent(value: Decimal) -> None:
    if not 0 <= value <= 100 or value != round(value, 2):
        raise invalid(_NOT_PER_CENT)


class Kroner(fields.Field[int | None]):
    """A price in kroner, whole (350) or as a text with øre ("350.50"); "-" where none was published. Øre inside."""

    wrong = Text(
        nb='Må være hele kroner (350), en tekst med øre ("350.50"), eller "-" når prisen ikke er publisert.',
        nn='Må vere heile kroner (350), ein tekst med øre ("350.50"), eller "-" når prisen ikkje er publisert.',
        en='Must be whole kroner (350), a text with øre ("350.50"), or "-" where no price was published.',
    )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | None:
        if value == NOT_PUBLISHED:
            return None
        written = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if not _KRONER.fullmatch(written):
            raise invalid(self.wrong)
        return int(Decimal(written) * _ORE)

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> int | str:
        if value is None:
            return NOT_PUBLISHED
        return value // _ORE if value % _ORE == 0 else f"{value // _ORE}.{value % _ORE:02}"


class Codes(fields.List[str]):
    """A set of codes out of those known; an unknown one would never be met, and is refused."""

    def __init__(self, known: tuple[str, ...], description: str) -> None:
        code = fields.String(validate=validate.OneOf(known))
        super().__init__(code, load_default=(), metadata={"description": f"{description} Left out: any."})

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        return frozenset(super()._deserialize(*args, **kwargs))

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._serialize(sorted(value), *args, **kwargs)


class DayKindSchema(Schema):
    """A kind of day, and which days are of it."""

    code = fields.String(required=True, validate=code, metadata={"example": "weekend"})
    name = fields.Nested(TextSchema, required=True)
    days = fields.List(
        fields.String(validate=_day),
        required=True,
        validate=validate.Length(1, 100),
        metadata={"description": "Weekdays, `public_holiday`, and days of the year (`12-24`), which come first."},
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> DayKind:
        return DayKind(**{**given, "days": tuple(given["days"])})


class ConditionSchema(Schema):
    """Whom a column is for. The first column whose conditions are met is the one."""

    purpose = Codes(PURPOSES, "Purposes.")
    audience = Codes(AUDIENCES, "Audiences.")
    tenant = Codes(TENANT_KINDS, "Kinds of tenant.")

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Condition:
        return Condition(**{name: frozenset(codes) for name, codes in given.items()})


class ColumnSchema(Schema):
    """A column of prices."""

    code = fields.String(required=True, validate=code, metadata={"example": "under_19"})
    name = fields.Nested(TextSchema, required=True)
    when = fields.Nested(ConditionSchema, load_default=Condition())

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Column:
        return Column(**given)


class PremisesSchema(Schema):
    """A row: the prices of one class of premises."""

    name = fields.Nested(TextSchema, required=True)
    participants_at_least = fields.Dict(
        fields.String(),
        Whole(validate=validate.Range(1, 100_000)),
        load_default=dict,
        metadata={"description": "By column: with fewer participants the next column that fits applies."},
    )
    prices = fields.Dict(
        fields.String(),
        fields.List(Kroner()),
        required=True,
        metadata={
            "description": "By column: one price an hour, in kroner, for each kind of day.",
            "example": {"under_19": [0, 350], "others": [550, "-"]},
        },
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Premises:
        return Premises(**{**given, "prices": {code: tuple(cells) for code, cells in given["prices"].items()}})


class VatSchema(Schema):
    """VAT from a date on."""

    valid_from = fields.Date(required=True)
    rate = fields.Decimal(
        required=True,
        as_string=True,
        validate=_per_cent,
        # without its own type it would be told of as a number, which it is only on the way in
        metadata={"type": ["string", "number"], "description": "Per cent; a text on the way out.", "example": "25"},
    )
    basis = fields.Nested(TextSchema, required=True, metadata={"description": "On what ground."})

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Vat:
        return Vat(**given)


class CancellationSchema(Schema):
    """The rule for bookings given up."""

    free_until_hours = Whole(
        required=True,
        validate=validate.Range(0, _MOST_HOURS),
        metadata={"description": "Credited until so many hours before it begins; later, the full price stands."},
    )
    source = Words(_LONGEST, lines=True, required=True, metadata={"description": "Where the rule comes from."})

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Cancellation:
        return Cancellation(**given)


class TariffSchema(Schema):
    """A tariff: dated prices as they were adopted and published."""

    id = fields.String(required=True, validate=code, metadata={"example": "nesodden-2017"})
    name = fields.Nested(TextSchema, required=True)
    source = Words(_LONGEST, lines=True, required=True, metadata={"description": "Where it was published."})
    adopted_by = Words(_LONGEST, lines=True, required=True)
    valid_from = fields.Date(required=True, metadata={"description": "The first day it is valid."})
    valid_until = fields.Date(load_default=None, allow_none=True, metadata={"description": "The last day it is valid."})
    currency = fields.String(required=True, validate=validate.OneOf((CURRENCY,)))
    unit = fields.String(required=True, validate=validate.OneOf(get_args(Unit)))
    counting = fields.String(
        required=True,
        validate=validate.OneOf(get_args(Counting)),
        metadata={"description": "`pro_rata`: an hour counts by its minutes. `started`: it counts whole once started."},
    )
    days = fields.List(fields.Nested(DayKindSchema), required=True, validate=validate.Length(1, 20))
    columns = fields.List(fields.Nested(ColumnSchema), required=True, validate=validate.Length(1, 50))
    premises = fields.Dict(
        fields.String(validate=code),
        fields.Nested(PremisesSchema),
        required=True,
        validate=validate.Length(1, 200),
        metadata={"description": "By class of premises."},
    )
    vat = fields.List(fields.Nested(VatSchema), required=True, validate=validate.Length(1, 20))
    cancellation = fields.Nested(CancellationSchema, required=True)
    remarks = fields.List(
        Words(_LONGEST, lines=True),
        load_default=list,
        validate=validate.Length(max=50),
        metadata={"description": "What the published list says that is not priced by this document."},
    )

    @post_load
    def _made(self, given: Mapping[str, Any], **_: object) -> Tariff:
        listed = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        try:
            return Tariff(**{**given, **listed})
        except InvalidTariff as error:
            faults: dict[str, list[Text]] = {}
            for contradiction in error.contradictions:
                faults.setdefault(contradiction.section, []).append(contradiction.text)
            raise ValidationError(faults) from error


class TariffSummarySchema(Schema):
    """What a tariff is, without its prices."""

    id = fields.String(required=True, metadata={"example": "nesodden-2017"})
    version = fields.Integer(required=True)
    name = fields.Nested(TextSchema, required=True)
    source = fields.String(required=True)
    adopted_by = fields.String(required=True)
    valid_from = fields.Date(required=True)
    valid_until = fields.Date(required=True, allow_none=True)


TariffPage = page_of(TariffSummarySchema)
