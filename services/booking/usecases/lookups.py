"""Asking the registers, in transactions of its own before and after the call: a number is taken, and what came of it
recorded. Nobody waits for a register: a request only lets it be asked (`store.lookups.enqueue`)."""

from collections.abc import Collection
from dataclasses import replace

import structlog

from kernel.db import Transaction
from services.booking import metrics
from services.booking.events import TenantKind
from services.booking.model.actors import Decision, Organisation
from services.booking.model.registers import LEASE, Answer, Person, kind_of, pause_after, wait_after
from services.booking.store import actors, lookups
from services.booking.store.lookups import Lookup, Outage
from services.booking.usecases.actors import confirm, named_among, save

log = structlog.get_logger(__name__)


def take(tx: Transaction) -> Lookup | None:
    """The next number to ask about, which nobody else takes for a while; None when there is none, and while the
    registers are left alone because they did not answer."""
    if tx.now < lookups.outage(tx).resume_at:
        return None
    due = lookups.lock_due(tx)
    if due is None:
        return None
    taken = replace(due, asked_at=tx.now, next_at=tx.now + LEASE)
    lookups.save(tx, taken)
    return taken


def is_claimed(tx: Transaction, taken: Lookup) -> bool:
    """Whether somebody claims the number whom the registers may name."""
    return any(each.waits and each.digest for each in actors.of_number(tx, taken.number))


def record(
    tx: Transaction, taken: Lookup, answer: Answer, ours: Collection[str], holders: Collection[Person] | None = ()
) -> None:
    """Keeps what the registers said, and lets it decide what the organisation is, if nobody of the municipality has.
    Whom they name among those who claim the number acts for it: the first to have come is given it. `holders` is None
    when only that made no sense: it is asked for again, ever later, and at last with the next answer."""
    _answering(tx)
    before = _mine(tx, taken)
    if before is None:
        return
    attempts = before.attempts + 1 if holders is None else 0
    again = tx.now + ((wait_after(attempts) if attempts else None) or answer.fresh_for())
    known = replace(before, answer=answer, answered_at=tx.now, attempts=attempts, next_at=again, asked_at=None)
    lookups.save(tx, known)
    metrics.LOOKUPS.labels(answer.unit.state).inc()
    kind = kind_of(taken.number, answer, ours)
    there = actors.lock_numbered(tx, taken.number)
    owner = next((each for each in there if each.owns_number), None)
    if owner is not None:
        save(tx, owner, owner.told_by_registers(kind, now=tx.now))
    elif holders is not None:
        _decide_claims(tx, there, kind, holders)


def _decide_claims(
    tx: Transaction, there: Collection[Organisation], kind: TenantKind | None, holders: Collection[Person]
) -> None:
    """Notes which of those who claim a number the registers name, and confirms the first of them where it is certain
    what the organisation is; else somebody of the municipality decides."""
    named = [each for each in there if each.waits and named_among(tx, each, holders)]
    for each in there:
        if each.waits and each.digest and (known := each.told_of_claimant(named=each in named)) is not each:
            actors.save(tx, known)
    if named and kind is not None:
        first = named[0].told_of_claimant(named=True)
        confirm(tx, first, Decision(kind=kind, by="registers", at=tx.now), there)


def made_no_sense(tx: Transaction, taken: Lookup) -> None:
    """The answer could not be used. What was known stays so; it is asked again, ever later, and at last no more."""
    _answering(tx)
    before = _mine(tx, taken)
    if before is None:
        return
    attempts = before.attempts + 1
    wait = wait_after(attempts)
    if wait is None:
        log.warning("lookup_given_up", attempts=attempts)
    lookups.save(tx, replace(before, attempts=attempts, next_at=tx.now + wait if wait else None, asked_at=None))
    metrics.LOOKUPS.labels("put_off" if wait else "given_up").inc()


def no_answer(tx: Transaction, taken: Lookup) -> None:
    """The registers are down: nobody asks them for a while, and this number is none the worse for it."""
    failures = lookups.outage(tx).failures + 1
    lookups.save_outage(tx, Outage(failures, tx.now + pause_after(failures)))
    metrics.LOOKUPS.labels("no_answer").inc()
    if (before := _mine(tx, taken)) is not None:
        lookups.save(tx, replace(before, next_at=tx.now, asked_at=None))


def _answering(tx: Transaction) -> None:
    if lookups.outage(tx).failures:
        lookups.save_outage(tx, Outage(0, tx.now))


def _mine(tx: Transaction, taken: Lookup) -> Lookup | None:
    """The lookup, locked; None when what came of this asking is recorded already, or somebody else has asked since."""
    before = lookups.lock(tx, taken.number)
    return before if before is not None and before.asked_at == taken.asked_at else None
