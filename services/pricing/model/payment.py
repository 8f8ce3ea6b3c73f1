"""A payment: money that came in for a booking. Payments are only ever added."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.errors import DomainError, Text


class NothingToPay(DomainError):
    """The booking costs nothing, or is paid."""

    code = "nothing_to_pay"
    status = 409
    text = Text(
        nb="Det er ingenting å betale for bookingen.",
        nn="Det er ingenting å betale for bookinga.",
        en="There is nothing to pay for the booking.",
    )


class NotTheAmountOwed(DomainError):
    """A booking is paid wholly, and no more than that. `owed` is in øre."""

    code = "not_the_amount_owed"
    status = 409
    text = Text(
        nb="Beløpet er ikke det som skal betales: {owed} øre.",
        nn="Beløpet er ikkje det som skal betalast: {owed} øre.",
        en="The amount is not what is to be paid: {owed} øre.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """Øre that came in for a booking. `registered_by` is the pseudonym of who took them."""

    id: UUID
    booking: UUID
    amount: int
    currency: str
    paid_at: datetime
    registered_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What a booking costs, and what has come in for it: `due` is still to be paid; `credit` was paid, and is not owed
    or no longer."""

    booking: UUID
    currency: str
    owed: int
    payments: tuple[Payment, ...]

    @property
    def paid(self) -> int:
        """What has come in."""
        return sum(each.amount for each in self.payments)

    @property
    def due(self) -> int:
        """What is still to be paid."""
        return max(0, self.owed - self.paid)

    @property
    def credit(self) -> int:
        """What came in beyond what is owed."""
        return max(0, self.paid - self.owed)
