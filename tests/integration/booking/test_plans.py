"""However many bookings there are, and even if all of them are holds, what a booking asks of the database is found by
indexes: PostgreSQL itself tells how often it read a whole table, and how many rows it fetched."""

from typing import Any

import pytest
from sqlalchemy import text

from kernel.versions import ANY_VERSION
from services.booking.usecases import bookings
from tests.callers import RESIDENT
from tests.templates import as_owner

_MANY = text(
    """
    INSERT INTO bookings
    SELECT added.*
      FROM bookings, generate_series(1, 10000) AS number, gen_random_uuid() AS somebody,
           jsonb_populate_record(
               bookings,
               jsonb_build_object(
                   'id', gen_random_uuid(), 'number', number, 'tenant', somebody, 'booked_by', somebody
               )
           ) AS added
    """
)
_READ_WHOLE = text(
    "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_xact_user_tables WHERE relname IN ('bookings', 'claims')"
)

_MANY_AT_ONCE = text(
    """
    INSERT INTO claims (holder, part, during, share)
    SELECT taken.holder, number, claims.during, taken.holder
      FROM claims, generate_series(1000, 3000) AS number, LATERAL (SELECT md5(number::text)::uuid AS holder) AS taken
     WHERE claims.holder = :like
     LIMIT 2000
    """
)
_CLAIMS_FETCHED = text("SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'claims'")


@pytest.mark.parametrize("plans", ["force_generic_plan", "force_custom_plan"])
def test_a_booking_reads_no_whole_table(counter: Any, plans: str) -> None:
    for quarter in (0, 8):  # a statement is prepared when it comes a second time
        counter.hold("room", quarter)
    with counter.database.transaction() as tx:
        tx.execute(_MANY)
    as_owner(counter.database, "ANALYZE bookings")

    with counter.database.transaction() as tx:
        tx.execute(text(f"SET LOCAL plan_cache_mode = {plans}"))
        before = tx.execute(_READ_WHOLE).scalar_one()
        held = bookings.hold(tx, RESIDENT, counter.wanted("room", 16))
        bookings.cancel(tx, RESIDENT, held.id, ANY_VERSION)
        assert tx.execute(_READ_WHOLE).scalar_one() == before


def test_a_booking_meets_the_claims_of_its_own_parts_only(counter: Any) -> None:
    """With a plan made while there were hardly any, as that of a connection opened in the morning is."""
    first = counter.hold("room", 16)
    with counter.database.transaction() as tx:
        tx.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        bookings.hold(tx, RESIDENT, counter.wanted("room", 0))
        bookings.hold(tx, RESIDENT, counter.wanted("room", 8))
        tx.execute(_MANY_AT_ONCE, {"like": first.id})
        bookings.cancel(tx, RESIDENT, first.id, ANY_VERSION)

        before = tx.execute(_CLAIMS_FETCHED).scalar_one()
        bookings.hold(tx, RESIDENT, counter.wanted("room", 16))
        assert tx.execute(_CLAIMS_FETCHED).scalar_one() - before < 10
