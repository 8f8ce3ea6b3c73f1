"""What can be seen of prices, charges, agreements and waivers, and by whom. Read only.

What a caller may not see answers NotFound, as what does not exist does.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, literal, or_, select

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.duties import Decider, Duty
from kernel.own_data import Held
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.pricing.model.agreement import Agreement, Hours
from services.pricing.model.charge import Charge
from services.pricing.model.payment import Account
from services.pricing.model.quote import Quote
from services.pricing.model.tariff import CURRENCY, Tariff
from services.pricing.model.waiver import WaiverEntry
from services.pricing.store import agreements as stored_agreements
from services.pricing.store import charges, duties, payments, quotes, representations, tariffs, waivers
from services.pricing.store import own_data as stored_own_data
from services.pricing.store.tables import agreements, hours, participants, waiver_accounts, waiver_entries


@dataclass(frozen=True, slots=True)
class AgreementView:
    """An agreement, and what its tenant has free to use now."""

    agreement: Agreement
    balance: int
    left: int | None


@dataclass(frozen=True, slots=True)
class HoursView:
    """Registered hours, and who is to decide on them; None once that is done."""

    hours: Hours
    decider: Decider | None


@dataclass(frozen=True, slots=True)
class WaiverView:
    """A tenant's waiver account: the balance, and a page of its entries, newest first."""

    tenant: UUID
    currency: str
    balance: int
    entries: Page[WaiverEntry]


def tariff(tx: Transaction, id: str) -> Tariff:
    """The newest version of a tariff, for everyone."""
    found = tariffs.current(tx, id)
    if found is None:
        raise NotFound
    return found


def all_tariffs(tx: Transaction, page: PageRequest) -> Page[Tariff]:
    """The newest version of every tariff, by id, for everyone."""
    after = page.after(str)
    found = tariffs.all_current(tx, after=after[0] if after else None, most=page.fetch)
    return page.cut(found, lambda each: (each.id,))


def quote(tx: Transaction, caller: Caller, booking: UUID) -> Quote:
    """What a booking costs, for its tenant, who may act for it, and those who oversee its square."""
    found = quotes.of_booking(tx, booking)
    if found is None or not representations.may_see(tx, caller, found.parties):
        raise NotFound
    return found


def own_data(tx: Transaction, caller: Caller) -> Held:
    """All that is held of the caller."""
    return stored_own_data.held(tx, caller)


def charge(tx: Transaction, caller: Caller, booking: UUID) -> Charge:
    """What is owed for a booking, for those who may see its quote."""
    quote(tx, caller, booking)
    found = charges.of_booking(tx, booking)
    if found is None:
        raise NotFound
    return found


def account(tx: Transaction, caller: Caller, booking: UUID) -> Account:
    """What was paid for a booking, and what is still to be paid, for those who may see its quote. Before it is charged,
    only one that waits to be paid owes its price."""
    found = quote(tx, caller, booking)
    made = charges.of_booking(tx, booking)
    price = found.price.total if found.price and found.awaits_payment else 0
    currency = found.price.currency if found.price else CURRENCY
    owed = made.total if made and made.state != "reversed" else price
    return Account(booking=booking, currency=currency, owed=owed, payments=payments.of_booking(tx, booking))


def agreement(tx: Transaction, found: Agreement) -> AgreementView:
    """An agreement with its tenant's balance."""
    left = found.left(stored_agreements.granted(tx, found.id))
    return AgreementView(found, waivers.balance(tx, found.tenant, found.currency), left)


def all_agreements(tx: Transaction, caller: Caller, page: PageRequest) -> Page[AgreementView]:
    """The agreements the caller takes part in or oversees, newest first."""
    wanted = select(agreements, waiver_accounts.c.balance, stored_agreements.GRANTED.label("granted")).outerjoin(
        waiver_accounts,
        (waiver_accounts.c.tenant == agreements.c.tenant) & (waiver_accounts.c.currency == agreements.c.currency),
    )
    wanted = wanted.where(_agreements_of(caller)).order_by(agreements.c.id.desc()).limit(page.fetch)
    if (after := page.after(UUID)) is not None:
        wanted = wanted.where(agreements.c.id < after[0])
    rows = tx.execute(wanted).all()
    found = stored_agreements.with_participants(tx, rows)
    views = [
        AgreementView(each, row.balance or 0, each.left(row.granted)) for each, row in zip(found, rows, strict=True)
    ]
    return page.cut(views, lambda view: (view.agreement.id,))


def one_hours(tx: Transaction, caller: Caller, found: Hours) -> HoursView:
    """Registered hours as the caller sees them."""
    return _hours_view(caller, tx.execute(_hours(tx, caller).where(hours.c.id == found.id)).one())


def all_hours(tx: Transaction, caller: Caller, page: PageRequest, state: str | None) -> Page[HoursView]:
    """The hours the caller registered or oversees, newest first; only those in `state` when it is given."""
    wanted = _hours(tx, caller)
    wanted = wanted.where(or_(hours.c.registered_by == caller.person, _overseen(caller)))
    if state is not None:
        wanted = wanted.where(hours.c.state == state)
    if (after := page.after(UUID)) is not None:
        wanted = wanted.where(hours.c.id < after[0])
    rows = tx.execute(wanted.order_by(hours.c.id.desc()).limit(page.fetch)).all()
    return page.cut([_hours_view(caller, row) for row in rows], lambda view: (view.hours.id,))


def _hours(tx: Transaction, caller: Caller) -> Select[Any]:
    own, others = duties.of_hours(tx, caller)
    wanted = select(hours, agreements.c.square, own.label("own"), others.label("others"))
    return wanted.join(agreements, hours.c.agreement == agreements.c.id)


def _hours_view(caller: Caller, row: Row[Any]) -> HoursView:
    found = stored_agreements.hours_of(row)
    duty = Duty(own=row.own, others=row.others)
    return HoursView(found, duty.decider(caller, row.square) if found.state == "registered" else None)


def waiver(tx: Transaction, caller: Caller, tenant: UUID, page: PageRequest) -> WaiverView:
    """A tenant's waiver account, for those who may act for it, participants in its agreements, and those who oversee
    one of them."""
    if not (representations.may_act(tx, tenant, caller.person) or _knows_agreement(tx, caller, tenant)):
        raise NotFound
    of_tenant = (waiver_entries.c.tenant == tenant, waiver_entries.c.currency == CURRENCY)
    wanted = select(waiver_entries).where(*of_tenant).order_by(waiver_entries.c.position.desc()).limit(page.fetch)
    if (after := page.after(int)) is not None:
        wanted = wanted.where(waiver_entries.c.position < after[0])
    rows = page.cut(tx.execute(wanted).all(), lambda row: (row.position,))
    entries = Page([waivers.entry(row) for row in rows.items], rows.next_cursor)
    return WaiverView(tenant, CURRENCY, waivers.balance(tx, tenant, CURRENCY), entries)


def _knows_agreement(tx: Transaction, caller: Caller, tenant: UUID) -> bool:
    known = select(agreements.c.id).where(agreements.c.tenant == tenant, _agreements_of(caller)).limit(1)
    return tx.execute(known).first() is not None


def _agreements_of(caller: Caller) -> ColumnElement[bool]:
    mine = select(participants.c.agreement).where(participants.c.person == caller.person)
    return or_(agreements.c.id.in_(mine), _overseen(caller))


def _overseen(caller: Caller) -> ColumnElement[bool]:
    """Whether the caller oversees the agreement's square: all of them, or those a manager manages."""
    squares = caller.squares if caller.has(Role.ARENA_MANAGER) else frozenset()
    return or_(literal(caller.has(Role.OPERATOR)), agreements.c.square.in_(squares))
