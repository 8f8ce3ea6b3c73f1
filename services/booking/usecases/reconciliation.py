"""Says again how bookings stand, and what is told only once, so that whoever lost an event can repair what it knows."""

from datetime import timedelta

from kernel import outbox
from kernel.db import Transaction
from services.booking import metrics
from services.booking.events import PersonErased, RepresentationChanged
from services.booking.model.telling import restated
from services.booking.store import restatement

EVERY = timedelta(hours=1)
"""A sweep through all bookings that are live, or changed lately, begins this long after the one before."""
BATCH = 200
AGAIN_EVERY = timedelta(hours=6)
AGAIN_FOR = timedelta(days=3)
"""How often, and for how long, it is said again who was erased and who may act for whom."""


def restate(tx: Transaction, *, most: int = BATCH) -> None:
    """Tells the next bookings, at most so many, of the sweep under way; begins the next sweep when it is time."""
    sweep = restatement.take(tx)
    if sweep is None or (sweep.done and tx.now < sweep.begun_at + EVERY):
        return
    if sweep.done:
        sweep = restatement.new_sweep(tx.now)
    batch = restatement.next_batch(tx, sweep, most=most)
    for booking in batch:
        tx.emit(restated(booking), subject=str(booking.id), sequence=booking.version)
    metrics.RESTATED.inc(len(batch))
    restatement.save(tx, sweep.after(batch, most=most))


def tell_again(tx: Transaction) -> None:
    """Says again who was erased and who may act for whom: those have no state here to be told of, or none for long."""
    metrics.RESTATED.inc(
        outbox.tell_again(tx, PersonErased, RepresentationChanged, every=AGAIN_EVERY, within=AGAIN_FOR)
    )
