"""A charge: what the tenant owes for a confirmed booking. Its entries are only ever added: reversals only."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from kernel.errors import DomainError, Text
from services.pricing.events import PriceLine
from services.pricing.model.quote import Price
from services.pricing.model.rent import moment, total

ChargeState = Literal["charged", "reversed", "credited", "kept"]
ChargeReason = Literal["confirmed", "reversed", "rescheduled", "credited", "late_cancellation"]
OPEN: tuple[ChargeState, ...] = ("charged", "reversed")
"""The states of a charge that is not settled."""


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
    """What is owed for a booking. "reversed": it was moved, and is being decided anew; "kept": it was given up too
    late, and the full price stands."""

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
        self._demand_open()
        if cancelled_at <= price.credit_until:
            return self.credited(at)
        late = ChargeEntry(reason="late_cancellation", amount=0, at=at, lines=(_late_line(price.credit_until),))
        return self._with(late, state="kept")

    def credited(self, at: datetime) -> "Charge":
        """Reverses the charge wholly."""
        self._demand_open()
        return self._with(self._reversal("credited", at), state="credited")

    def reversed(self, at: datetime) -> "Charge":
        """The booking was moved, and nobody has decided yet whether it may be: nothing is owed meanwhile."""
        if self.state != "charged":
            raise ChargeSettled
        return self._with(self._reversal("reversed", at), state="reversed")

    def charged_again(self, price: Price, at: datetime) -> "Charge":
        """The booking was moved: what was charged is reversed, and its new price charged."""
        self._demand_open()
        anew = ChargeEntry(reason="rescheduled", amount=price.total, at=at, lines=price.lines)
        entries = (self._reversal("reversed", at), anew) if self.state == "charged" else (anew,)
        return self._with(*entries, state="charged")

    def reopened(self, at: datetime) -> "Charge":
        """What settled the charge was undone by a restore of booking: nothing is owed until it is known how the booking
        stands."""
        if self.state in OPEN:
            raise ValueError("a charge that is not settled")
        charged = next(each for each in reversed(self.entries) if each.reason in ("confirmed", "rescheduled"))
        lines = tuple(_reversed(line) for line in charged.lines) if self.state == "kept" else ()
        entry = ChargeEntry(reason="reversed", amount=total(lines), at=at, lines=lines)
        return self._with(entry, state="reversed")

    def _demand_open(self) -> None:
        if self.state not in OPEN:
            raise ChargeSettled

    def _reversal(self, reason: ChargeReason, at: datetime) -> ChargeEntry:
        """Takes back what was last charged, line by line; nothing when that is taken back already."""
        charged = self.entries[-1].lines if self.state == "charged" else ()
        lines = tuple(_reversed(line) for line in charged)
        return ChargeEntry(reason=reason, amount=total(lines), at=at, lines=lines)

    def _with(self, *entries: ChargeEntry, state: ChargeState) -> "Charge":
        return replace(self, state=state, version=self.version + 1, entries=(*self.entries, *entries))


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
