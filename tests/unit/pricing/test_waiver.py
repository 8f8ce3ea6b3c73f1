"""Waivers: earned, reserved, used and given back; whatever the order, never below zero and never twice."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pricing.model.waiver import Account, WaiverEntry, free_in, give_back, grant, reserve, use, waiver_line

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
    assert amounts(reserve(account(10_000), rent, BOOKING, AT, arena="hus", free=10**6)) == reserved


def test_an_empty_account_reserves_nothing() -> None:
    assert reserve(account(0), 500, BOOKING, AT, arena="hus", free=10**6) == []


def test_an_account_is_never_below_zero() -> None:
    assert account(0).balance == 0
    with pytest.raises(ValueError, match="never below zero"):
        account(-1)


def test_what_is_reserved_is_used_once() -> None:
    reserved = reserve(account(700), 500, BOOKING, AT, arena="hus", free=10**6)
    used = use(reserved, BOOKING, AT)
    assert amounts(used) == [("released", 500), ("used", -500)]
    assert use([*reserved, *used], BOOKING, AT) == []


def test_a_reservation_comes_back_once() -> None:
    reserved = reserve(account(700), 500, BOOKING, AT, arena="hus", free=10**6)
    back = give_back(reserved, BOOKING, AT)
    assert amounts(back) == [("released", 500)]
    assert give_back([*reserved, *back], BOOKING, AT) == []
    assert use([*reserved, *back], BOOKING, AT) == []


def test_what_was_used_comes_back_once() -> None:
    reserved = reserve(account(700), 500, BOOKING, AT, arena="hus", free=10**6)
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
        return reserve(held, amount, booking, AT, arena="hus", free=10**6)
    return (use if what == "use" else give_back)(of_booking, booking, AT)


@pytest.mark.parametrize(
    ("granted", "taken", "free"),
    [
        ({}, {}, 0),
        ({("hus",): 500}, {}, 500),
        ({("hus",): 500}, {"hus": 200}, 300),
        ({("hus",): 500}, {"hus": 500}, 0),
        ({("kino",): 500}, {}, 0),
        ({("hus",): 500, ("kino",): 500}, {"kino": 500}, 500),
        ({("hus", "kino"): 500}, {"kino": 200}, 300),
        ({("hus", "kino"): 500, ("kino",): 300}, {"kino": 200}, 500),
        ({("hus", "kino"): 500, ("kino",): 300}, {"kino": 400}, 400),
        ({("hus", "kino"): 500, ("hus",): 100}, {"hus": 50, "kino": 500}, 50),
        ({("hus",): 500}, {"hus": 600}, 0),
    ],
)
def test_what_an_agreement_grants_counts_in_the_arenas_it_names(
    granted: dict[tuple[str, ...], int], taken: dict[str, int], free: int
) -> None:
    assert free_in("hus", {frozenset(named): amount for named, amount in granted.items()}, taken) == free


@pytest.mark.parametrize(("free", "covered"), [(0, []), (499, [-499]), (500, [-500]), (501, [-500])])
def test_no_more_is_set_aside_than_is_free_in_the_arena(free: int, covered: list[int]) -> None:
    entries = reserve(account(700), 500, BOOKING, AT, arena="hus", free=free)
    assert [each.amount for each in entries] == covered
    assert {each.arena for each in [*entries, *use(entries, BOOKING, AT)]} <= {"hus"}
