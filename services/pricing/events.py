"""What pricing tells the world: its public contract. Amounts are whole øre."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from kernel.contracts import Event


@dataclass(frozen=True, kw_only=True)
class PriceLine:
    """One explained line: what, how many, at how much, under which rule. `amount` is negative for a reduction."""

    code: str
    nb: str
    nn: str
    en: str
    quantity: str
    """A decimal number, such as "2" or "1.5"."""
    unit: str
    unit_amount: int
    amount: int
    vat_rate: str = "0"
    """Per cent, a decimal number; "0" where the letting is exempt."""


@dataclass(frozen=True, kw_only=True)
class BookingPriced(Event):
    """What a booking costs, line by line; again when it was moved. Subject: the quote's id. Pricing → booking."""

    TYPE: ClassVar[str] = "no.torg.pricing.booking_priced.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("booking",)

    booking: UUID
    quote: UUID
    tariff: str
    total: int
    currency: str = "NOK"
    lines: list[PriceLine] = field(default_factory=list)
    priced_sequence: int = 1
    """Which version of the booking was priced. The price of a version before its last rescheduling is old news."""
    free_until: datetime | None = None
    """The last instant at which the tenant can cancel at no cost; later the whole price stands."""


@dataclass(frozen=True, kw_only=True)
class BookingPaid(Event):
    """A booking that had to be paid beforehand is paid. Subject: the booking's id; `sequence` is its version that
    waited. Said again, with the same `sequence`, as long as it waits. Pricing → booking, which confirms."""

    TYPE: ClassVar[str] = "no.torg.pricing.booking_paid.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("booking",)

    booking: UUID
    amount: int
    paid_at: datetime
    currency: str = "NOK"
    priced_sequence: int = 1
    """Which version of the booking it is the price of. A booking moved since then may cost more."""


@dataclass(frozen=True, kw_only=True)
class BookingUnpriceable(Event):
    """The adopted tariff has no price for this booking; `reason` is a stable code. Subject: the quote's id.
    Pricing → booking, which declines it, or puts a confirmed one back from where its tenant moved it."""

    TYPE: ClassVar[str] = "no.torg.pricing.booking_unpriceable.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("booking",)

    booking: UUID
    reason: str
    priced_sequence: int = 1
    """Which version of the booking has no price."""


ChangeReason = Literal["confirmed", "rescheduled", "cancelled", "restored"]
"""Why a charge changed. `restored`: booking was restored from a backup, and knows nothing of what had settled it."""


@dataclass(frozen=True, kw_only=True)
class BookingCharged(Event):
    """A confirmed booking is charged, or its charge changed: it was moved, or given up. Subject: the charge's id.
    `total` is what the tenant owes after the change. Nobody listens yet; invoicing will."""

    TYPE: ClassVar[str] = "no.torg.pricing.booking_charged.v1"

    booking: UUID
    charge: UUID
    total: int
    reason: ChangeReason
    currency: str = "NOK"
    lines: list[PriceLine] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class HoursRegistered(Event):
    """A volunteer registered maintenance hours under an agreement. Subject: the registration's id."""

    TYPE: ClassVar[str] = "no.torg.pricing.hours_registered.v1"

    registration: UUID
    agreement: UUID
    tenant: UUID
    square: str
    minutes: int
    worked_on: str
    """The local date, ISO 8601."""


@dataclass(frozen=True, kw_only=True)
class WaiverGranted(Event):
    """An arena manager approved hours, and the agreement's tenant got their worth as rent not to be paid.
    Subject: the registration's id."""

    TYPE: ClassVar[str] = "no.torg.pricing.waiver_granted.v1"

    registration: UUID
    agreement: UUID
    tenant: UUID
    amount: int
    balance: int
    granted_at: datetime
    currency: str = "NOK"


@dataclass(frozen=True, kw_only=True)
class HoursRejected(Event):
    """An arena manager did not approve the hours, and why. Subject: the registration's id."""

    TYPE: ClassVar[str] = "no.torg.pricing.hours_rejected.v1"

    registration: UUID
    agreement: UUID
    tenant: UUID
    reason: str
