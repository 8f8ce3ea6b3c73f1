"""Charges: what a confirmed booking owes, and what is left of it when the booking is given up in time, or too late."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.pricing.model.charge import Charge, ChargeSettled, charge
from services.pricing.model.quote import Parties, Price, Quote, price
from services.pricing.model.rent import rent
from services.pricing.model.tariff import Letting
from services.pricing.model.waiver import waiver_line
from tests.tariffs import tariff

NESODDEN = tariff()
BEGINS_AT = datetime(2026, 6, 4, 16, 0, tzinfo=UTC)
LIMIT = BEGINS_AT - timedelta(hours=24)
TICK = timedelta(microseconds=1)
NOW = BEGINS_AT - timedelta(days=7)


def evening() -> Price:
    letting = Letting(
        premises="hall",
        begins_at=BEGINS_AT,
        ends_at=BEGINS_AT + timedelta(hours=2),
        purpose="culture",
        audience="adults",
        tenant_kind="voluntary",
        participants=20,
    )
    lines = rent(NESODDEN, letting, lambda _: False)
    return price(NESODDEN, [*lines, waiver_line(20_000, "0")], BEGINS_AT)


def charged() -> Charge:
    return charge(uuid4(), uuid4(), uuid4(), evening(), NOW)


def test_a_price_is_the_sum_of_its_lines() -> None:
    assert evening().total == 70_000 - 20_000
    assert evening().credit_until == LIMIT


def test_a_confirmed_booking_owes_its_price() -> None:
    made = charged()
    assert (made.state, made.version, made.total) == ("charged", 1, 50_000)
    assert [line.code for line in made.entries[0].lines] == ["rent", "waiver"]


@pytest.mark.parametrize(
    ("cancelled_at", "state", "owed"),
    [(LIMIT - TICK, "credited", 0), (LIMIT, "credited", 0), (LIMIT + TICK, "kept", 50_000)],
)
def test_giving_up_is_free_until_the_limit(cancelled_at: datetime, state: str, owed: int) -> None:
    settled = charged().cancelled(evening(), cancelled_at, NOW)
    assert (settled.state, settled.total, settled.version) == (state, owed, 2)


def test_a_credit_reverses_line_by_line_and_rewrites_nothing() -> None:
    made = charged()
    credited = made.credited(NOW)
    assert credited.entries[0] == made.entries[0]
    assert [(line.en.split(",")[0], line.amount) for line in credited.entries[1].lines] == [
        ("Credited: Sports hall", -70_000),
        ("Credited: Rent waived for approved hours", 20_000),
    ]


def test_a_late_cancellation_tells_the_limit() -> None:
    [line] = charged().cancelled(evening(), BEGINS_AT, NOW).entries[1].lines
    assert line.nb == "Avbestilt etter fristen 3.6. kl. 18:00: full pris gjelder"
    assert line.en == "Cancelled after the limit, 3 Jun at 18:00: the full price stands"
    assert line.amount == 0


def test_a_charge_is_settled_once() -> None:
    for settled in (charged().credited(NOW), charged().cancelled(evening(), BEGINS_AT, NOW)):
        with pytest.raises(ChargeSettled):
            settled.cancelled(evening(), BEGINS_AT, NOW)
        with pytest.raises(ChargeSettled):
            settled.credited(NOW)


def test_a_quote_has_a_price_or_the_reason_it_has_none() -> None:
    parties = Parties(tenant=uuid4(), booked_by="kari", square="borgen")
    known = {"id": uuid4(), "booking": uuid4(), "version": 1, "parties": parties, "quoted_at": NOW}
    assert Quote(**known, price=evening()).reason is None
    assert Quote(**known, price=None, reason="no_tariff").price is None
    with pytest.raises(ValueError, match="a price or the reason"):
        Quote(**known, price=None)


def test_a_credited_charge_that_is_reopened_owes_nothing_more() -> None:
    reopened = charged().credited(NOW).reopened(NOW)
    assert (reopened.state, reopened.total, reopened.version) == ("reversed", 0, 3)
    again = reopened.charged_again(evening(), NOW)
    assert (again.state, again.total) == ("charged", 50_000)
    assert [entry.amount for entry in again.entries] == [50_000, -50_000, 0, 50_000]


def test_a_kept_charge_that_is_reopened_is_reversed_line_by_line() -> None:
    kept = charged().charged_again(evening(), NOW).cancelled(evening(), LIMIT + TICK, NOW)
    reopened = kept.reopened(NOW)
    assert (kept.total, reopened.state, reopened.total) == (50_000, "reversed", 0)
    assert reopened.entries[: len(kept.entries)] == kept.entries
    assert [line.code for line in reopened.entries[-1].lines] == ["rent", "waiver"]
    assert reopened.credited(NOW).total == 0


def test_a_charge_that_is_open_is_not_reopened() -> None:
    for each in (charged(), charged().reversed(NOW)):
        with pytest.raises(ValueError, match="not settled"):
            each.reopened(NOW)
