"""Says again how bookings stand, and what is told only once, so that whoever lost an event can repair what it knows."""

from datetime import timedelta

from kernel import outbox
from kernel.db import Transaction
from kernel.ids import new_id
from kernel.topology import emitted_by
from services.booking import metrics
from services.booking.events import Heartbeat, LastSent, PersonErased, RepresentationChanged
from services.booking.model.telling import restated
from services.booking.store import bookings, representatives, restatement, trees
from services.booking.store.restatement import Sweep

EVERY = timedelta(hours=1)
"""A sweep through all bookings that are live, or changed lately, begins this long after the one before."""
BATCH = 200
RESTORED_BATCH = 500
"""As many a second after a restore, when doors wait for what is told; none while as many are not sent yet, so that news
never waits long behind what is only said again."""
AGAIN_EVERY = timedelta(hours=6)
AGAIN_FOR = timedelta(days=3)
"""How often, and for how long, it is said again who was erased and who may act for whom."""


def restate(tx: Transaction, *, most: int = BATCH) -> None:
    """Tells the next bookings, at most so many, of the sweep under way; begins the next sweep when it is time."""
    sweep = restatement.take(tx)
    if sweep is None or (sweep.done and tx.now < sweep.begun_at + EVERY):
        return
    _tell_next(tx, restatement.new_sweep(tx.now) if sweep.done else sweep, most=most)


def restate_restored(tx: Transaction, *, most: int = RESTORED_BATCH) -> None:
    """Tells the next bookings of a complete sweep, if one is under way."""
    seen = restatement.last(tx)
    _watch(seen)
    if not seen.under_way or outbox.backlog(tx)[0] >= most:
        return
    sweep = restatement.take(tx)
    if sweep is not None and sweep.under_way:
        _tell_next(tx, sweep, most=most)


def is_restated(tx: Transaction) -> bool:
    """Return True if no complete sweep is under way."""
    return not restatement.last(tx).under_way


def begin_anew(tx: Transaction) -> int:
    """Begins to tell all bookings again, as booking or who listens to it was restored; how many they are. Rights and
    spaces are told at once. What is known of keys may be undone, and is told anew by access."""
    sweep = restatement.complete_sweep(tx)
    restatement.save(tx, sweep)
    bookings.forget_keys(tx)
    for each in representatives.everyone(tx):
        tx.emit(each.happened(), subject=f"{each.actor}/{each.person}", sequence=each.version)
    for space, known in trees.all_published(tx).items():
        tx.emit(known.told, subject=space, sequence=known.version)
    outbox.tell_again(tx, PersonErased, every=timedelta(0), within=timedelta(days=tx.settings.keep_days))
    return sweep.expected


def heartbeat(tx: Transaction) -> None:
    """Tells how far what happened has been told. Nothing while all is told again after a restore: who has taken what
    was sent last does not know yet how bookings stand."""
    sweep = restatement.last(tx)
    if sweep.under_way:
        return
    heard = [kind for kind in emitted_by(tx.service) if {*kind.LISTENERS} & {*Heartbeat.LISTENERS}]
    last = outbox.last_sent(tx, [kind for kind in heard if kind is not Heartbeat])
    named = [LastSent(type=kind, event=event, sent_at=sent_at) for kind, event, sent_at in last]
    restated_since = sweep.begun_at if sweep.done else None
    tx.emit(Heartbeat(sent_at=tx.now, last=named, restated_since=restated_since), subject=str(new_id()), sequence=1)


def tell_again(tx: Transaction) -> None:
    """Says again who was erased and who may act for whom: those have no state here to be told of, or none for long."""
    metrics.RESTATED.inc(
        outbox.tell_again(tx, PersonErased, RepresentationChanged, every=AGAIN_EVERY, within=AGAIN_FOR)
    )


def _tell_next(tx: Transaction, sweep: Sweep, *, most: int) -> None:
    batch = restatement.next_batch(tx, sweep, most=most)
    for booking in batch:
        tx.emit(restated(booking), subject=str(booking.id), sequence=booking.version)
    metrics.RESTATED.inc(len(batch))
    restatement.save(tx, sweep.after(batch, most=most))


def _watch(sweep: Sweep) -> None:
    metrics.RESTATING.labels("told").set(sweep.told if sweep.under_way else 0)
    metrics.RESTATING.labels("expected").set(sweep.expected if sweep.under_way else 0)
