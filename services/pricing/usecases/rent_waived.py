"""What a booking takes of its tenant's waiver: set aside when it is quoted, used when it is charged, given back when it
is moved or given up. `prices` and `bookings` call it."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from kernel.db import Transaction
from services.booking.events import BookingSnapshot
from services.pricing import metrics
from services.pricing.model import waiver
from services.pricing.model.quote import Quote
from services.pricing.model.waiver import Account, WaiverEntry
from services.pricing.store import quotes, spaces, waivers

log = structlog.get_logger(__name__)


def reserve(tx: Transaction, booking: BookingSnapshot, owed: int, currency: str, *, quote_version: int) -> int:
    """Sets aside what the tenant's waiver takes off in the arena of the booking, and tells how much that is; a person
    has none."""
    if booking.tenant.kind == "resident":
        return 0
    account = waivers.lock(tx, booking.tenant.id, currency)
    if account is None or not account.balance:
        return 0
    entries = _reserved(tx, account, owed, booking.booking, booking.arena)
    return account.balance - _enter(tx, account, entries, quote_version).balance


def missing(tx: Transaction, quote: Quote) -> int:
    """How much of what its price takes off by the waiver the booking does not hold."""
    account = _account_of(tx, quote)
    if account is None or quote.price is None:
        return 0
    return waiver.waived(quote.price.lines) - waiver.outstanding(waivers.of_booking(tx, account, quote.booking))


def take_again(tx: Transaction, quote: Quote, wanted: int) -> None:
    """Sets aside once more what was given back, as far as that is there still: the price stands."""
    if (account := _account_of(tx, quote)) is None:
        return
    arena = quote.priced and spaces.arena_of(tx, quote.priced.space)
    entries = _reserved(tx, account, wanted, quote.booking, arena) if arena else []
    if (short := wanted + sum(entry.amount for entry in entries)) > 0:
        log.warning("waiver_used_elsewhere", booking=str(quote.booking), short=short)
    _enter(tx, account, entries, quote.version)


def _reserved(tx: Transaction, account: Account, rent: int, booking: UUID, arena: str) -> list[WaiverEntry]:
    free = waivers.free_in(tx, account, arena)
    return waiver.reserve(account, rent, booking, tx.now, arena=arena, free=free)


def use(tx: Transaction, quote: Quote) -> None:
    """What was set aside is used."""
    if (account := _account_of(tx, quote)) is not None:
        known = waivers.of_booking(tx, account, quote.booking)
        _enter(tx, account, waiver.use(known, quote.booking, tx.now), quote.version)


def give_back(tx: Transaction, booking: UUID) -> bool:
    """What a booking has set aside or used is free again. Whether there was anything."""
    quote = quotes.of_booking(tx, booking)
    account = _account_of(tx, quote) if quote else None
    if quote is None or account is None:
        return False
    entries = waiver.give_back(waivers.of_booking(tx, account, booking), booking, tx.now)
    _enter(tx, account, entries, quote.version)
    return bool(entries)


def _account_of(tx: Transaction, quote: Quote) -> Account | None:
    return waivers.lock(tx, quote.parties.tenant, quote.price.currency) if quote.price else None


def _enter(tx: Transaction, account: Account, entries: Sequence[WaiverEntry], quote_version: int) -> Account:
    for entry in entries:
        metrics.WAIVED.labels(entry.reason).inc(abs(entry.amount))
    return waivers.add(tx, account, entries, quote_version=quote_version)
