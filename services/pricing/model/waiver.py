"""Waivers: rent a tenant need not pay, earned by approved hours. One account per tenant and currency.

The account's entries are only ever added. A quote reserves; the charge turns what was reserved into use; what is not
used comes back. The balance is what is free to reserve, and never below zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from kernel.errors import Text
from services.pricing.events import PriceLine

_CODE = "waiver"
EntryReason = Literal["granted", "reserved", "released", "used", "returned"]


@dataclass(frozen=True, kw_only=True, slots=True)
class WaiverEntry:
    """A change of the balance, in øre, and the approved hours or the booking it comes from."""

    reason: EntryReason
    amount: int
    at: datetime
    registration: UUID | None = None
    booking: UUID | None = None
    arena: str | None = None
    """Where a booking takes it, and gives it back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What a tenant has free to use. It belongs to an organisation: volunteers' effort is never pay to a person."""

    tenant: UUID
    currency: str
    balance: int

    def __post_init__(self) -> None:
        if self.balance < 0:
            raise ValueError("a waiver account is never below zero")

    def after(self, entries: Iterable[WaiverEntry]) -> "Account":
        """The account with these entries added."""
        return replace(self, balance=self.balance + sum(entry.amount for entry in entries))


def grant(worth: int, registration: UUID, at: datetime) -> list[WaiverEntry]:
    """The worth of approved hours becomes free to use. Nothing is entered when the agreement had nothing left."""
    return [WaiverEntry(reason="granted", amount=worth, at=at, registration=registration)] if worth else []


def free_in(arena: str, granted: Mapping[frozenset[str], int], taken: Mapping[str, int]) -> int:
    """What can be taken in an arena: `granted` under agreements by the arenas they name, and not `taken` yet, by arena.

    What others of those arenas took beyond what counts in them alone is taken off, wherever it came from: so nothing is
    ever taken twice, and where agreements overlap somewhat less may be free than could be.
    """
    here = {named: amount for named, amount in granted.items() if arena in named}
    others = frozenset().union(*here) - {arena}
    elsewhere = (max(0, taken.get(other, 0) - granted.get(frozenset({other}), 0)) for other in others)
    return max(0, sum(here.values()) - taken.get(arena, 0) - sum(elsewhere))


def reserve(account: Account, rent: int, booking: UUID, at: datetime, *, arena: str, free: int) -> list[WaiverEntry]:
    """As much of the rent as the balance covers, and is `free` in the arena, is set aside for a booking."""
    covered = min(account.balance, free, rent)
    reserved = WaiverEntry(reason="reserved", amount=-covered, at=at, booking=booking, arena=arena)
    return [reserved] if covered > 0 else []


def use(of_booking: Iterable[WaiverEntry], booking: UUID, at: datetime) -> list[WaiverEntry]:
    """What was reserved for a booking is used. Nothing when nothing is reserved."""
    known = [*of_booking]
    reserved = _outstanding(known, "reserved", "released")
    if not reserved:
        return []
    arena = _last_arena(known)
    return [
        WaiverEntry(reason="released", amount=reserved, at=at, booking=booking, arena=arena),
        WaiverEntry(reason="used", amount=-reserved, at=at, booking=booking, arena=arena),
    ]


def give_back(of_booking: Iterable[WaiverEntry], booking: UUID, at: datetime) -> list[WaiverEntry]:
    """What a booking still holds, reserved or used, comes back. Nothing when it came back before."""
    known = [*of_booking]
    reserved, used = _outstanding(known, "reserved", "released"), _outstanding(known, "used", "returned")
    arena = _last_arena(known)
    back = [
        WaiverEntry(reason="released", amount=reserved, at=at, booking=booking, arena=arena),
        WaiverEntry(reason="returned", amount=used, at=at, booking=booking, arena=arena),
    ]
    return [entry for entry in back if entry.amount]


def outstanding(of_booking: Iterable[WaiverEntry]) -> int:
    """What a booking holds of the account, reserved or used."""
    known = [*of_booking]
    return _outstanding(known, "reserved", "released") + _outstanding(known, "used", "returned")


def waived(lines: Iterable[PriceLine]) -> int:
    """What the lines of a price take off by the waiver."""
    return -sum(line.amount for line in lines if line.code == _CODE)


def waiver_line(waived: int, vat_rate: str) -> PriceLine:
    """The line that takes the waived amount off the rent."""
    said = Text(
        "Fritak fra leie for godkjent dugnad", "Fritak frå leige for godkjend dugnad", "Rent waived for approved hours"
    )
    return PriceLine(
        code=_CODE,
        nb=said.nb,
        nn=said.nn,
        en=said.en,
        quantity="1",
        unit="waiver",
        unit_amount=-waived,
        amount=-waived,
        vat_rate=vat_rate,
    )


def _last_arena(of_booking: Sequence[WaiverEntry]) -> str | None:
    """Where a booking holds what it holds: it gives all back before it takes anything elsewhere."""
    return of_booking[-1].arena if of_booking else None


def _outstanding(entries: Iterable[WaiverEntry], out: EntryReason, back: EntryReason) -> int:
    return -sum(entry.amount for entry in entries if entry.reason in (out, back))
