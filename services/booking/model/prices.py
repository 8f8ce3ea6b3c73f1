"""What a booking costs, as pricing told it, and what giving it up would."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.errors import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """One explained line of a price, as pricing gave it. Amounts are øre; numbers with decimals are texts."""

    code: str
    text: Text
    quantity: str
    unit: str
    unit_amount: int
    amount: int
    vat_rate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a booking costs by a tariff, as quoted by pricing. It costs nothing to cancel until `free_until`."""

    quote: UUID
    tariff: str
    total: int
    currency: str
    lines: Sequence[PriceLine]
    free_until: datetime | None = None


def free_until(limit: datetime | None, begins_at: datetime, *, moved_by_house: bool) -> datetime | None:
    """Until when a tenant may give a booking up for nothing, by the limit that came with its price; None: whenever. One
    that the house has moved may be given up until it begins."""
    return max(limit, begins_at) if limit and moved_by_house else limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What giving a booking up costs, in øre of `currency`, and until when it would have cost nothing."""

    fee: int
    currency: str
    free_until: datetime | None
