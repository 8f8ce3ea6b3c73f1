"""However many bookings there are, and even if all of them are holds, what a booking asks of the database is found by
indexes: PostgreSQL itself tells how often it read a whole table."""

from typing import Any

import pytest
from sqlalchemy import text

from kernel.versions import ANY_VERSION
from services.booking.usecases import bookings
from tests.callers import RESIDENT

_MANY = text(
    """
    INSERT INTO bookings
    SELECT added.*
      FROM bookings, generate_series(1, 10000) AS number,
           jsonb_populate_record(bookings, jsonb_build_object('id', gen_random_uuid(), 'number', number)) AS added
    """
)
_READ_WHOLE = text(
    "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_xact_user_tables WHERE relname IN ('bookings', 'claims')"
)


@pytest.mark.parametrize("plans", ["force_generic_plan", "force_custom_plan"])
def test_a_booking_reads_no_whole_table(counter: Any, plans: str) -> None:
    for quarter in (0, 8):  # a statement is prepared when it comes a second time
        counter.hold("room", quarter)
    with counter.database.transaction() as tx:
        tx.execute(_MANY)
        tx.execute(text("ANALYZE bookings"))

    with counter.database.transaction() as tx:
        tx.execute(text(f"SET LOCAL plan_cache_mode = {plans}"))
        before = tx.execute(_READ_WHOLE).scalar_one()
        held = bookings.hold(tx, RESIDENT, counter.wanted("room", 16))
        bookings.cancel(tx, RESIDENT, held.id, ANY_VERSION)
        assert tx.execute(_READ_WHOLE).scalar_one() == before
