"""What booking holds of a person, all of it."""

from typing import Any

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.own_data import own_data
from services.booking.store import privacy


def export(tx: Transaction, who: Caller) -> dict[str, Any]:
    """Everything under the caller's pseudonym, by the table it stands in."""
    return own_data(tx, who, privacy.held(tx, who.person))
