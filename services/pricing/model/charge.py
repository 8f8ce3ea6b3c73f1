"""A charge: what the tenant owes for a confirmed booking. Its entries are only ever added: reversals only."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from kernel.errors import DomainError, Text
from services.pricing.events import PriceLine
from services.pricing.model.quote import Price
from services.pricing.model.rent import moment, total

ChargeState = Literal["charged", "credited", "kept"]
ChargeReason = Literal["confirmed", "credited", "late_cancellation"]


class ChargeSettled(DomainError):
    """The charge of a cancelled booking is settled once."""

    code = "charge_settled"
    status = 409
    text = Text(
        nb="Kravet er allerede gjort opp.", nn="Kravet er alt gjort opp.", en="The charge has already been settled."
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargeEntry:
    """A change of what is owed, in øre, with the lines that explain it."""

    reason: ChargeReason
    amount: int
    at: datetime
    lines: tuple[PriceLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """What is owed for a booking. "kept" is a booking given up too late: the full price stands."""

    id: UUID
    quote: UUID
    booking: UUID
    currency: str
    state: ChargeState
    version: int
    entries: tuple[ChargeEntry, ...]

    @property
    def total(self) -> int:
        """What is owed: the sum of the entries."""
        return sum(entry.amount for entry in self.entries)

    def cancelled(self, price: Price, cancelled_at: datetime, at: datetime) -> "Charge":
        """Settles the charge of a cancelled booking by the tariff's rule: credited until the limit, kept after it."""
        if self.state != "charged":
            raise ChargeSettled
        if cancelled_at <= price.credit_until:
            return self.credited(at)
        late = ChargeEntry(reason="late_cancellation", amount=0, at=at, lines=(_late_line(price.credit_until),))
        return self._with(late, "kept")

    def credited(self, at: datetime) -> "Charge":
        """Reverses the charge wholly."""
        if self.state != "charged":
            raise ChargeSettled
        lines = tuple(_reversed(line) for entry in self.entries for line in entry.lines)
        return self._with(ChargeEntry(reason="credited", amount=total(lines), at=at, lines=lines), "credited")

    def _with(self, entry: ChargeEntry, state: ChargeState) -> "Charge":
        return replace(self, state=state, version=self.version + 1, entries=(*self.entries, entry))


def charge(id: UUID, quote: UUID, booking: UUID, price: Price, at: datetime) -> Charge:
    """The charge of a booking that was confirmed at this price."""
    entry = ChargeEntry(reason="confirmed", amount=price.total, at=at, lines=price.lines)
    return Charge(
        id=id, quote=quote, booking=booking, currency=price.currency, state="charged", version=1, entries=(entry,)
    )


def _reversed(line: PriceLine) -> PriceLine:
    return replace(
        line,
        nb=f"Kreditert: {line.nb}",
        nn=f"Kreditert: {line.nn}",
        en=f"Credited: {line.en}",
        unit_amount=-line.unit_amount,
        amount=-line.amount,
    )


def _late_line(limit: datetime) -> PriceLine:
    until = moment(limit)
    return PriceLine(
        code="late_cancellation",
        nb=f"Avbestilt etter fristen {until.nb}: full pris gjelder",
        nn=f"Avbestilt etter fristen {until.nn}: full pris gjeld",
        en=f"Cancelled after the limit, {until.en}: the full price stands",
        quantity="1",
        unit="booking",
        unit_amount=0,
        amount=0,
    )
