"""Maintenance agreements: made by managers, hours registered by their participants, decided on by managers.

Whoever registers or decides holds the agreement's row, so that a day's minutes and the agreement's limit add up right.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.errors import Text
from kernel.ids import new_id
from kernel.problems import NotFound
from kernel.versions import Expected
from services.pricing import metrics
from services.pricing.events import HoursRegistered, HoursRejected, WaiverGranted
from services.pricing.model import waiver
from services.pricing.model.agreement import Agreement, Hours
from services.pricing.model.rent import OSLO
from services.pricing.store import agreements, waivers


def make_agreement(
    tx: Transaction,
    caller: Caller,
    *,
    tenant: UUID,
    square: str,
    arena: str,
    title: str,
    task: Text,
    hour_value: int,
    max_amount: int | None,
    currency: str,
    valid_from: date,
    valid_until: date,
    participants: Collection[str],
) -> Agreement:
    """Makes an agreement with an organisation. Participants are subjects, as the caller's own issuer knows them."""
    if not caller.oversees(square):
        raise Forbidden
    agreement = Agreement(
        id=new_id(),
        tenant=tenant,
        square=square,
        arena=arena,
        title=title,
        task=task,
        hour_value=hour_value,
        max_amount=max_amount,
        currency=currency,
        valid_from=valid_from,
        valid_until=valid_until,
        participants=frozenset(replace(caller, subject=subject).person for subject in participants),
        created_at=tx.now,
    )
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
    before = agreements.minutes_on(tx, found.id, caller.person, worked_on)
    registered = found.register(worked, today=tx.now.astimezone(OSLO).date(), before=before)
    agreements.add_hours(tx, registered)
    _tell_registered(tx, found, registered)
    return registered


def approve_hours(tx: Transaction, caller: Caller, id: UUID, expected: Expected) -> Hours:
    """Approves hours: their worth is granted to the agreement's tenant."""
    agreement, registered = _locked(tx, caller, id, expected)
    worth = agreement.worth(registered.minutes, granted=agreements.granted(tx, agreement.id))
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
    told = HoursRejected(registration=rejected.id, agreement=agreement.id, tenant=agreement.tenant, reason=reason)
    tx.emit(told, subject=str(rejected.id), sequence=rejected.version)
    return rejected


def _locked(tx: Transaction, caller: Caller, id: UUID, expected: Expected) -> tuple[Agreement, Hours]:
    """The hours as they are while their agreement is locked, for a manager of its square."""
    known = agreements.find_hours(tx, id)
    agreement = agreements.lock(tx, known.agreement) if known else None
    registered = agreements.find_hours(tx, id) if agreement else None
    if agreement is None or registered is None or not caller.manages(agreement.square):
        raise NotFound
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
