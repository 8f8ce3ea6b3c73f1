"""Several decisions at a time. Each takes effect by itself: one that is refused holds up no other."""

from collections.abc import Sequence

from kernel import managers
from kernel.auth import Caller
from kernel.db import Transaction
from kernel.errors import DomainError
from kernel.versions import ANY_VERSION, Expected
from services.booking import metrics
from services.booking.model.bookings import Booking
from services.booking.model.desk import Decision, Outcome
from services.booking.store import duties
from services.booking.usecases.deciding import approve, decline


def decide(tx: Transaction, who: Caller, decisions: Sequence[Decision]) -> list[Outcome]:
    """Approves and declines, and tells what came of each, in the order given. They are locked in the order of their
    ids, so that two who decide on the same bookings wait for each other and never both."""
    outcomes: dict[int, Outcome] = {}
    for place in sorted(range(len(decisions)), key=lambda each: (decisions[each].booking, each)):
        outcomes[place] = _one(tx, who, decisions[place])
    return [outcomes[place] for place in range(len(decisions))]


def watch(tx: Transaction) -> None:
    """Tells operators how much waits for them, as no manager is left who may decide; forgets managers who are gone."""
    managers.forget_absent(tx)
    for state, count in duties.without_manager(tx).items():
        metrics.WITHOUT_MANAGER.labels(state).set(count)


def _one(tx: Transaction, who: Caller, decision: Decision) -> Outcome:
    try:
        with tx.savepoint():
            return Outcome(decision=decision, booking=_decided(tx, who, decision))
    except DomainError as refused:
        return Outcome(decision=decision, refused=refused)


def _decided(tx: Transaction, who: Caller, decision: Decision) -> Booking:
    expected = ANY_VERSION if decision.version is None else Expected(frozenset({decision.version}))
    if decision.verdict == "approve":
        return approve(tx, who, decision.booking, expected)
    return decline(tx, who, decision.booking, expected, why=decision.why or "")
