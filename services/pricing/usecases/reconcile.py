"""Pricing's own promise: what a charge or an account says is the sum of its entries. Checked time and again."""

import structlog

from kernel import managers, telemetry
from kernel.db import Transaction
from services.pricing import metrics
from services.pricing.store import charges, duties, spaces, waivers

log = structlog.get_logger(__name__)


def reconcile(tx: Transaction) -> None:
    """Sets right what drifted from the entries, which are the truth; counts each repair; tells what has no price, and
    what waits for an operator as no manager is left who may decide."""
    for promise, repaired in (("charge", charges.repair_totals(tx)), ("waiver", waivers.repair_balances(tx))):
        telemetry.REPAIRS.labels("pricing", promise).inc(repaired)
        if repaired:
            log.error("ledger_repaired", promise=promise, repaired=repaired)
    managers.forget_absent(tx)
    for what, count in duties.without_manager(tx).items():
        metrics.WITHOUT_MANAGER.labels(what).set(count)
    metrics.UNPRICED_SPACES.set(spaces.count_unpriced(tx))
