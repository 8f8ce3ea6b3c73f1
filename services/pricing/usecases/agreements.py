"""Maintenance agreements: made by managers, hours registered by their participants, decided on by managers.

Whoever decides holds the agreement's row, so that its limit adds up right; whoever registers holds the person's day.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.duties import OwnInterest
from kernel.ids import new_id
from kernel.problems import NotFound
from kernel.versions import Expected
from services.pricing import metrics
from services.pricing.events import HoursRegistered, HoursRejected, WaiverGranted
from services.pricing.model import waiver
from services.pricing.model.agreement import Agreement, ArenaNotOfSquare, Hours, OwnHours
from services.pricing.model.rent import OSLO
from services.pricing.store import agreements, duties, spaces, waivers


def make_agreement(
    tx: Transaction, caller: Caller, *, max_amount: int | None, participants: Collection[str], **terms: Any
) -> Agreement:
    """Makes an agreement with an organisation, within the municipality's ceilings; one without a `max_amount` gives the
    most that is allowed. Participants are subjects, as the caller's own issuer knows them. Nobody makes one with an
    organisation they may act for: raises OwnInterest."""
    if not caller.oversees(terms["square"]):
        raise Forbidden
    most = tx.settings.most_agreement_amount
    agreement = Agreement(
        id=new_id(),
        max_amount=most if max_amount is None else max_amount,
        participants=frozenset(replace(caller, subject=subject).person for subject in participants),
        created_at=tx.now,
        made_by=caller.person,
        **terms,
    )
    agreement.demand_within(most_hour_value=tx.settings.most_hour_value, most_amount=most)
    there = spaces.arenas_of(tx, agreement.square)
    if elsewhere := [arena for arena in agreement.arenas if arena not in there]:
        raise ArenaNotOfSquare(arena=elsewhere[0])
    if duties.represents(tx, agreement.tenant, caller.person):
        raise OwnInterest
    agreements.add(tx, agreement)
    return agreement


def register_hours(
    tx: Transaction, caller: Caller, agreement: UUID, *, worked_on: date, minutes: int, task: str
) -> Hours:
    """Registers hours the caller worked. Whoever takes no part in the agreement is not told that it exists."""
    found = agreements.lock(tx, agreement)
    if found is None or not (caller.person in found.participants or caller.oversees(found.square)):
        raise NotFound
    if caller.person not in found.participants:
        raise Forbidden
    worked = Hours(
        id=new_id(),
        agreement=found.id,
        registered_by=caller.person,
        worked_on=worked_on,
        minutes=minutes,
        task=task,
        registered_at=tx.now,
    )
    agreements.lock_day(tx, caller.person, worked_on)
    before = agreements.minutes_on(tx, caller.person, worked_on)
    registered = found.register(worked, today=tx.now.astimezone(OSLO).date(), before=before)
    agreements.add_hours(tx, registered)
    _tell_registered(tx, found, registered)
    return registered


def approve_hours(tx: Transaction, caller: Caller, id: UUID, expected: Expected, *, amount: int | None = None) -> Hours:
    """Approves hours: their worth, or less if whoever approves says so, is granted to the agreement's tenant."""
    agreement, registered = _locked(tx, caller, id, expected)
    worth = agreement.worth(registered.minutes, granted=agreements.granted(tx, agreement.id), amount=amount)
    approved = registered.approved(worth, caller.person, tx.now)
    agreements.save_decision(tx, approved)
    account = waivers.open_and_lock(tx, agreement.tenant, agreement.currency)
    account = waivers.add(tx, account, waiver.grant(worth, approved.id, tx.now))
    metrics.WAIVED.labels("granted").inc(worth)
    _tell_granted(tx, agreement, approved, account.balance)
    return approved


def reject_hours(tx: Transaction, caller: Caller, id: UUID, expected: Expected, reason: str) -> Hours:
    """Rejects hours, and says why."""
    agreement, registered = _locked(tx, caller, id, expected)
    rejected = registered.rejected(reason, caller.person, tx.now)
    agreements.save_decision(tx, rejected)
    told = HoursRejected(
        registration=rejected.id, agreement=agreement.id, tenant=agreement.tenant, reason=rejected.reason or ""
    )
    tx.emit(told, subject=str(rejected.id), sequence=rejected.version)
    return rejected


def _locked(tx: Transaction, caller: Caller, id: UUID, expected: Expected) -> tuple[Agreement, Hours]:
    """The hours as they are while their agreement is locked, for one who may decide on them: a manager of its square
    with no interest of their own, else an operator. Raises OwnHours, OwnInterest, ManagersDecide."""
    known = agreements.find_hours(tx, id)
    agreement = agreements.lock(tx, known.agreement) if known else None
    registered = agreements.lock_hours(tx, id) if agreement else None
    if agreement is None or registered is None or not caller.oversees(agreement.square):
        raise NotFound
    involved = {registered.registered_by, *agreement.participants}
    if caller.person in involved:
        raise OwnHours
    square = agreement.square
    duties.duty(tx, caller, square=square, tenant=agreement.tenant, persons=involved).demand(caller, square)
    expected.check(registered.version)
    return agreement, registered


def _tell_registered(tx: Transaction, agreement: Agreement, registered: Hours) -> None:
    told = HoursRegistered(
        registration=registered.id,
        agreement=agreement.id,
        tenant=agreement.tenant,
        square=agreement.square,
        minutes=registered.minutes,
        worked_on=registered.worked_on.isoformat(),
    )
    tx.emit(told, subject=str(registered.id), sequence=registered.version)


def _tell_granted(tx: Transaction, agreement: Agreement, approved: Hours, balance: int) -> None:
    told = WaiverGranted(
        registration=approved.id,
        agreement=agreement.id,
        tenant=agreement.tenant,
        amount=approved.amount or 0,
        balance=balance,
        granted_at=tx.now,
        currency=agreement.currency,
    )
    tx.emit(told, subject=str(approved.id), sequence=approved.version)
