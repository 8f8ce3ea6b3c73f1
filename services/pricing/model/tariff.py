"""A tariff: dated prices as they were adopted and published, and which of its cells a letting falls in.

The document that operators send (`docs/tariffs.md`) becomes one `Tariff`. One that contradicts itself can't be made.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from kernel.errors import DomainError, Text

CURRENCY = "NOK"
PURPOSES = ("sport", "culture", "meeting", "course", "youth", "volunteer", "commercial")
AUDIENCES = ("everyone", "children", "youth", "adults", "seniors")
TENANT_KINDS = ("resident", "voluntary", "business", "municipal")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PUBLIC_HOLIDAY = "public_holiday"
DAY_OF_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)

Unit = Literal["hour"]
Counting = Literal["pro_rata", "started"]
"""How an hour that is not full counts: by its minutes, or as a whole hour once it has started."""

Reason = Literal["no_tariff", "no_column", "price_not_published"]


class Unpriceable(Exception):
    """The adopted tariffs have no price for this letting; `reason` is the stable code of why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What is wrong with a tariff, and in which section of its document."""

    section: str
    text: Text


class InvalidTariff(DomainError):
    """The tariff contradicts itself; `contradictions` names each place."""

    code = "invalid_tariff"
    text = Text(
        nb="Prisregulativet motsier seg selv.",
        nn="Prisregulativet motseier seg sjølv.",
        en="The tariff contradicts itself.",
    )

    def __init__(self, contradictions: Sequence[Contradiction]) -> None:
        super().__init__()
        self.contradictions = tuple(contradictions)


class TariffsOverlap(DomainError):
    """Two tariffs would price the same premises on the same day."""

    code = "tariffs_overlap"
    status = 409
    text = Text(
        nb="Prisregulativet {other} gjelder allerede for {premises} i samme tidsrom.",
        nn="Prisregulativet {other} gjeld alt for {premises} i same tidsrom.",
        en="The tariff {other} already prices {premises} during the same time.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Letting:
    """What is to be priced: which class of premises, when, for what and whom. Times are UTC."""

    premises: str
    begins_at: datetime
    ends_at: datetime
    purpose: str
    audience: str
    tenant_kind: str
    participants: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DayKind:
    """A column of days, such as weekends: weekday names, "public_holiday", and days of the year ("12-24")."""

    code: str
    name: Text
    days: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Codes of which a letting must have one. Where none is named, all will do."""

    purpose: frozenset[str] = frozenset()
    audience: frozenset[str] = frozenset()
    tenant: frozenset[str] = frozenset()

    @property
    def met_by_all(self) -> bool:
        """Whether it names nothing."""
        return not (self.purpose or self.audience or self.tenant)

    def met_by(self, letting: Letting) -> bool:
        """Whether the letting's purpose, audience and tenant are all among those named."""
        return (
            (not self.purpose or letting.purpose in self.purpose)
            and (not self.audience or letting.audience in self.audience)
            and (not self.tenant or letting.tenant_kind in self.tenant)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """Whom a price is for."""

    code: str
    name: Text
    when: Condition


@dataclass(frozen=True, kw_only=True, slots=True)
class Premises:
    """A row: the prices of one class of premises, in øre by column and then in the order of the day kinds.

    None is a cell that was not published. `participants_at_least` is how many a column asks for here.
    """

    name: Text
    prices: Mapping[str, tuple[int | None, ...]]
    participants_at_least: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Vat:
    """The VAT on the letting from a date on, in per cent, and on what ground."""

    valid_from: date
    rate: Decimal
    basis: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancellation:
    """A booking given up no later than so many hours before it begins is credited; later, the full price stands."""

    free_until_hours: int
    source: str

    def credit_until(self, begins_at: datetime) -> datetime:
        """The last instant at which giving up the booking costs nothing."""
        return begins_at - timedelta(hours=self.free_until_hours)


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """One price list. `version` counts what was stored under the same id, from 1; 0 is not stored yet."""

    id: str
    name: Text
    source: str
    adopted_by: str
    valid_from: date
    valid_until: date | None
    currency: str
    unit: Unit
    counting: Counting
    days: tuple[DayKind, ...]
    columns: tuple[Column, ...]
    premises: Mapping[str, Premises]
    vat: tuple[Vat, ...]
    cancellation: Cancellation
    remarks: tuple[str, ...] = ()
    version: int = 0

    def __post_init__(self) -> None:
        if found := [*_contradictions(self)]:
            raise InvalidTariff(found)

    def in_force(self, on: date) -> bool:
        """Whether it is valid on this day; both its first and its last day are."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    def overlap(self, other: "Tariff") -> list[str]:
        """The premises that both would price on some day."""
        apart = _before(self.valid_until, other.valid_from) or _before(other.valid_until, self.valid_from)
        return [] if apart else sorted(self.premises.keys() & other.premises.keys())

    def day_kind(self, on: date, *, public_holiday: bool) -> DayKind:
        """What kind of day it is: a day of the year named by the tariff comes first, then public holidays."""
        names = [on.strftime("%m-%d"), *([PUBLIC_HOLIDAY] if public_holiday else []), WEEKDAYS[on.weekday()]]
        return next(kind for name in names for kind in self.days if name in kind.days)

    def column_for(self, letting: Letting) -> Column:
        """The first column that fits, and whose number of participants is reached. Raises Unpriceable."""
        at_least = self.premises[letting.premises].participants_at_least
        for column in self.columns:
            if column.when.met_by(letting) and letting.participants >= at_least.get(column.code, 0):
                return column
        raise Unpriceable("no_column")

    def price(self, premises: str, column: Column, day: DayKind) -> int:
        """The published cell, in øre an hour. Raises Unpriceable when there is none."""
        cell = self.premises[premises].prices[column.code][self.days.index(day)]
        if cell is None:
            raise Unpriceable("price_not_published")
        return cell

    def vat_on(self, on: date) -> Vat:
        """The VAT in force on a day of the tariff."""
        return max((each for each in self.vat if each.valid_from <= on), key=lambda each: each.valid_from)


def _before(end: date | None, start: date) -> bool:
    return end is not None and end < start


def _contradictions(tariff: Tariff) -> Iterator[Contradiction]:
    if _before(tariff.valid_until, tariff.valid_from):
        yield _said("valid_until", "Er før valid_from.", "Er før valid_from.", "Is before valid_from.")
    if not any(each.valid_from <= tariff.valid_from for each in tariff.vat):
        yield _said(
            "vat", "Mangler for første gyldige dag.", "Manglar for første gyldige dag.", "Is missing for the first day."
        )
    yield from _of_days(tariff.days)
    yield from _of_columns(tariff.columns)
    for code, row in tariff.premises.items():
        yield from _of_row(tariff, code, row)


def _of_days(kinds: Sequence[DayKind]) -> Iterator[Contradiction]:
    named = Counter(day for kind in kinds for day in kind.days)
    for day in (day for day, times in named.items() if times > 1):
        yield _said("days", f"{day} står to ganger.", f"{day} står to gonger.", f"{day} is there twice.")
    for day in (day for day in WEEKDAYS if day not in named):
        yield _said("days", f"{day} mangler.", f"{day} manglar.", f"{day} is missing.")
    yield from _twice("days", [kind.code for kind in kinds])


def _of_columns(columns: Sequence[Column]) -> Iterator[Contradiction]:
    yield from _twice("columns", [column.code for column in columns])
    for column in columns[:-1]:
        if column.when.met_by_all:
            yield _said(
                "columns",
                f"{column.code} passer for alle; kolonnene etter kan aldri bli valgt.",
                f"{column.code} høver for alle; kolonnane etter kan aldri bli valde.",
                f"{column.code} fits all; the columns after it can never be chosen.",
            )


def _of_row(tariff: Tariff, code: str, row: Premises) -> Iterator[Contradiction]:
    known = {column.code for column in tariff.columns}
    for column in sorted(known - row.prices.keys()):
        yield _said(
            "premises", f"{code}: {column} mangler.", f"{code}: {column} manglar.", f"{code}: {column} is missing."
        )
    for column in sorted((row.prices.keys() | row.participants_at_least.keys()) - known):
        yield _said(
            "premises",
            f"{code}: {column} er ingen kolonne.",
            f"{code}: {column} er inga kolonne.",
            f"{code}: {column} is not a column.",
        )
    for column, cells in row.prices.items():
        if len(cells) != len(tariff.days):
            yield _said(
                "premises",
                f"{code}: {column} må ha én pris for hver dagtype.",
                f"{code}: {column} må ha éin pris for kvar dagtype.",
                f"{code}: {column} must have one price for each kind of day.",
            )


def _twice(section: str, codes: Sequence[str]) -> Iterator[Contradiction]:
    for code in (code for code, times in Counter(codes).items() if times > 1):
        yield _said(section, f"{code} står to ganger.", f"{code} står to gonger.", f"{code} is there twice.")


def _said(section: str, nb: str, nn: str, en: str) -> Contradiction:
    return Contradiction(section, Text(nb, nn, en))
