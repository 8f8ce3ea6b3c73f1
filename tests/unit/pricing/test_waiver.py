"""Waivers: earned, reserved, used and given back; whatever the order, never below zero and never twice."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pricing.model.waiver import Account, WaiverEntry, give_back, grant, reserve, use, waiver_line

AT = datetime(2026, 6, 4, 12, 0, tzinfo=UTC)
BOOKING, HOURS = uuid4(), uuid4()


def account(balance: int) -> Account:
    return Account(tenant=uuid4(), currency="NOK", balance=balance)


def amounts(entries: list[WaiverEntry]) -> list[tuple[str, int]]:
    return [(entry.reason, entry.amount) for entry in entries]


@pytest.mark.parametrize(
    ("rent", "reserved"),
    [(0, []), (9_999, [("reserved", -9_999)]), (10_000, [("reserved", -10_000)]), (10_001, [("reserved", -10_000)])],
)
def test_as_much_as_the_balance_covers_is_reserved(rent: int, reserved: list[tuple[str, int]]) -> None:
    assert amounts(reserve(account(10_000), rent, BOOKING, AT)) == reserved


def test_an_empty_account_reserves_nothing() -> None:
    assert reserve(account(0), 500, BOOKING, AT) == []


def test_an_account_is_never_below_zero() -> None:
    assert account(0).balance == 0
    with pytest.raises(ValueError, match="never below zero"):
        account(-1)


def test_what_is_reserved_is_used_once() -> None:
    reserved = reserve(account(700), 500, BOOKING, AT)
    used = use(reserved, BOOKING, AT)
    assert amounts(used) == [("released", 500), ("used", -500)]
    assert use([*reserved, *used], BOOKING, AT) == []


def test_a_reservation_comes_back_once() -> None:
    reserved = reserve(account(700), 500, BOOKING, AT)
    back = give_back(reserved, BOOKING, AT)
    assert amounts(back) == [("released", 500)]
    assert give_back([*reserved, *back], BOOKING, AT) == []
    assert use([*reserved, *back], BOOKING, AT) == []


def test_what_was_used_comes_back_once() -> None:
    reserved = reserve(account(700), 500, BOOKING, AT)
    known = [*reserved, *use(reserved, BOOKING, AT)]
    back = give_back(known, BOOKING, AT)
    assert amounts(back) == [("returned", 500)]
    assert give_back([*known, *back], BOOKING, AT) == []


def test_a_grant_of_nothing_is_not_entered() -> None:
    assert grant(0, HOURS, AT) == []
    assert amounts(grant(1, HOURS, AT)) == [("granted", 1)]


def test_the_line_takes_the_waiver_off() -> None:
    line = waiver_line(12_345, "0")
    assert (line.code, line.quantity, line.unit_amount, line.amount) == ("waiver", "1", -12_345, -12_345)


STEPS = st.lists(
    st.tuples(st.sampled_from(["grant", "reserve", "use", "give_back"]), st.integers(0, 1000), st.integers(0, 2))
)


@given(STEPS)
def test_in_any_order_nothing_is_lost_made_or_overdrawn(steps: list[tuple[str, int, int]]) -> None:
    bookings = [uuid4() for _ in range(3)]
    held = account(0)
    entries: list[WaiverEntry] = []
    for what, amount, index in steps:
        made = step(what, amount, bookings[index], held, entries)
        held, entries = held.after(made), [*entries, *made]
    granted = sum(entry.amount for entry in entries if entry.reason == "granted")
    outstanding = -sum(entry.amount for entry in entries if entry.reason != "granted")
    assert held.balance == sum(entry.amount for entry in entries) == granted - outstanding
    assert 0 <= outstanding <= granted


def step(what: str, amount: int, booking: UUID, held: Account, entries: list[WaiverEntry]) -> list[WaiverEntry]:
    of_booking = [entry for entry in entries if entry.booking == booking]
    if what == "grant":
        return grant(amount, uuid4(), AT)
    if what == "reserve":
        return reserve(held, amount, booking, AT)
    return (use if what == "use" else give_back)(of_booking, booking, AT)
