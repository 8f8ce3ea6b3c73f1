"""Brings the journal of erasures after. An erasure waits for no disk: it is done in the database, and written here."""

import structlog

from kernel import journal
from kernel.db import Transaction
from services.booking import metrics
from services.booking.store import erasures

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 100


def write(tx: Transaction, *, most: int = MOST_AT_ONCE) -> None:
    """Writes the erasures that the journal does not have. If it can't be written they wait, and operators are told. One
    that is written twice, as the process died in between, is read as one."""
    if folder := tx.settings.erasure_journal:
        try:
            if waiting := erasures.take(tx, most=most):
                journal.append(folder, waiting)
            for each in waiting:
                erasures.remove(tx, each)
        except OSError as fault:
            log.warning("erasure_journal_not_written", reason=type(fault).__name__)
    count, oldest = erasures.behind(tx)
    metrics.UNJOURNALED.set(count)
    metrics.UNJOURNALED_AGE.set(max((tx.now - oldest).total_seconds(), 0) if oldest else 0)
