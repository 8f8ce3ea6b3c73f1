"""A quote: what a booking costs and why, or why the adopted tariffs have no price for it. One per booking."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.pricing.events import PriceLine
from services.pricing.model.rent import total
from services.pricing.model.tariff import Letting, Reason, Tariff


@dataclass(frozen=True, kw_only=True, slots=True)
class Parties:
    """Who may see what a booking costs: its tenant, the pseudonym of who booked, the managers of its square."""

    tenant: UUID
    booked_by: str
    square: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """The explained lines, by which version of which tariff, and until when giving up the booking costs nothing."""

    tariff: str
    tariff_version: int
    currency: str
    lines: tuple[PriceLine, ...]
    credit_until: datetime

    @property
    def total(self) -> int:
        """What is to be paid, in øre."""
        return total(self.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Priced:
    """What was priced: the space and the letting, as a version of the booking has them."""

    sequence: int
    space: str
    letting: Letting

    def differs(self, other: "Priced") -> bool:
        """Whether the booking has been moved, or become another, between the two."""
        return (self.space, self.letting) != (other.space, other.letting)


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """A booking's price, or the reason there is none. Both: a charged booking was moved to where there is no price; the
    price, and what it was `priced` for, stand until booking has settled it. `version` grows when it is priced anew, or
    told again.
    `priced` is None for quotes from before bookings could be moved. `awaits_payment` is the version of the booking
    that waits to be paid, None when it does not."""

    id: UUID
    booking: UUID
    version: int
    parties: Parties
    quoted_at: datetime
    price: Price | None
    reason: Reason | None = None
    priced: Priced | None = None
    awaits_payment: int | None = None

    @property
    def priced_sequence(self) -> int:
        """The version of the booking that was priced."""
        return self.priced.sequence if self.priced else 1

    def told_again(self, sequence: int) -> "Quote":
        """The same price, of a later version of the booking that does not differ."""
        priced = replace(self.priced, sequence=sequence) if self.priced else None
        return replace(self, version=self.version + 1, priced=priced)

    def standing(self, reason: Reason, asked: Priced) -> "Quote":
        """The price that was charged, of a booking that has none where a later version of it is."""
        priced = replace(self.priced or asked, sequence=asked.sequence)
        return replace(self, version=self.version + 1, priced=priced, reason=reason)

    def put_back(self, sequence: int) -> "Quote":
        """The price that stood, of a booking that is again where it has it."""
        return replace(self.told_again(sequence), reason=None)

    def __post_init__(self) -> None:
        if self.price is None and self.reason is None:
            raise ValueError("a quote has a price or the reason it has none")


def price(tariff: Tariff, lines: Sequence[PriceLine], begins_at: datetime) -> Price:
    """The price that these lines of a tariff make."""
    return Price(
        tariff=tariff.id,
        tariff_version=tariff.version,
        currency=tariff.currency,
        lines=tuple(lines),
        credit_until=tariff.cancellation.credit_until(begins_at),
    )
