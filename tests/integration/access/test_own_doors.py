"""What a manager orders of a door where they have booked, or act for who has: it is done, and marked."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from kernel.auth import Caller
from kernel.ids import new_id
from kernel.pagination import PageRequest
from kernel.settings import Settings
from services.access import doors, queries
from services.access.interest import AROUND
from services.booking.events import RepresentationChanged
from tests.bookings import BEGINS_AT, BOOKED_AT, ENDS_AT, TENANT, Told, envelope, published
from tests.callers import MANAGER, OPERATOR

TICK = timedelta(microseconds=1)
MARGIN = timedelta(minutes=15)
LATELY = timedelta(days=Settings().own_interest_days)
OPENING = ("open_once", "work", "own_time_without_news")
BEFORE = BEGINS_AT - timedelta(hours=2)
MINE = replace(TENANT, id=MANAGER.person)


@pytest.fixture
def booked(square: Any) -> Told:
    """The band has the hall."""
    square.deliver(published(), published("borgen-moterom"))
    told = Told()
    square.deliver(told.confirmed())
    square.settle()
    return told


def acts(square: Any, role: str | None = "booker", *, at: datetime = BOOKED_AT, sequence: int = 1, **more: Any) -> None:
    right = RepresentationChanged(actor=TENANT.id, person=str(MANAGER.person), role=role, **{"until": None} | more)
    subject = f"{TENANT.id}/{MANAGER.person}"
    square.deliver(replace(envelope(right, subject, sequence), time=at))


def own(square: Any, order: Any = "open_once", at: datetime = BEFORE, who: Caller = MANAGER, space: str = "") -> bool:
    """Whether an order is marked; it is done in any case, and those who look at it see the same."""
    square.at(at)
    lock = square.lock(space or "borgen-storsal")
    with square.database.transaction() as tx:
        ordered = doors.order(tx, who, lock, order=order, why="Rigging")
    with square.database.reading() as tx:
        newest = queries.orders_for(tx, OPERATOR, PageRequest()).items[0]
    assert (newest.id, newest.own_interest) == (ordered.id, ordered.own_interest)
    return ordered.own_interest


def shown(square: Any, who: Caller = MANAGER) -> dict[str, bool]:
    with square.database.reading() as tx:
        return {each["space"]: each["own_interest"] for each in queries.locks_for(tx, who, PageRequest()).items}


@pytest.mark.parametrize("order", OPENING)
def test_who_acts_for_who_has_booked_opens_it_in_their_own_interest(square: Any, booked: Told, order: str) -> None:
    assert not own(square, order)
    acts(square)
    assert own(square, order)
    assert shown(square) == {"borgen-moterom": False, "borgen-storsal": True}


def test_it_is_counted_and_so_alarmed(square: Any, booked: Told) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("torg_access_own_orders_total", {"order": "open_once"}) or 0

    before = counted()
    own(square)
    assert counted() == before
    acts(square)
    own(square)
    assert counted() == before + 1


@pytest.mark.parametrize("order", ["shut", "nothing_without_news"])
def test_to_shut_a_door_is_nobodys_own_interest(square: Any, booked: Told, order: str) -> None:
    acts(square)
    assert not own(square, order)


def test_nor_is_a_door_elsewhere(square: Any, booked: Told) -> None:
    acts(square)
    assert not own(square, space="borgen-moterom")


def test_a_door_of_a_space_with_a_part_in_common_is(square: Any, booked: Told) -> None:
    whole = replace(published("borgen-hele").data, parts=["borgen-storsal", "borgen-scene"], shared=False)
    square.deliver(envelope(whole, "borgen-hele", 1))
    acts(square)
    assert own(square, space="borgen-hele")


def test_what_somebody_booked_for_themself_is_theirs(square: Any) -> None:
    square.deliver(published(), Told(tenant=MINE, booked_by=str(MANAGER.person)).confirmed())
    assert own(square)


def test_who_booked_for_others_and_does_not_act_for_them_has_none(square: Any) -> None:
    square.deliver(published(), Told(booked_by=str(MANAGER.person)).confirmed())
    assert not own(square)


@pytest.mark.parametrize("order", OPENING)
@pytest.mark.parametrize(
    ("at", "marked"),
    [
        (BEGINS_AT - MARGIN - AROUND - TICK, False),
        (BEGINS_AT - MARGIN - AROUND, True),
        (ENDS_AT + MARGIN + AROUND - TICK, True),
        (ENDS_AT + MARGIN + AROUND, False),
    ],
)
def test_only_around_the_booking(square: Any, booked: Told, order: str, at: datetime, marked: bool) -> None:
    acts(square)
    assert own(square, order, at) is marked


@pytest.mark.parametrize(
    ("at", "marked"),
    [
        (BEGINS_AT - MARGIN - TICK, True),
        (BEGINS_AT - MARGIN, False),
        (ENDS_AT + MARGIN - TICK, False),
        (ENDS_AT + MARGIN, True),
    ],
)
def test_opening_gives_nothing_while_ones_key_opens(square: Any, booked: Told, at: datetime, marked: bool) -> None:
    acts(square)
    assert own(square, at=at) is marked


@pytest.mark.parametrize("order", ["shut", "nothing_without_news"])
def test_it_does_where_the_key_opens_no_longer(square: Any, booked: Told, order: str) -> None:
    acts(square)
    own(square, order, BEGINS_AT)
    assert own(square, at=BEGINS_AT) is (order == "shut")


@pytest.mark.parametrize("told", ["cancelled", "rescheduled"])
def test_so_it_does_when_the_booking_was_given_up_or_is_not_decided(square: Any, booked: Told, told: str) -> None:
    acts(square)
    square.deliver(booked.cancelled(5) if told == "cancelled" else booked.rescheduled(5, state="awaiting_approval"))
    square.settle()
    assert own(square, at=BEGINS_AT)


@pytest.mark.parametrize(("later", "marked"), [(LATELY - TICK, True), (LATELY, False)])
def test_a_right_given_up_a_short_time_ago_counts(square: Any, booked: Told, later: timedelta, marked: bool) -> None:
    ended = BEFORE - later
    acts(square, at=ended - MARGIN)
    acts(square, None, at=ended, sequence=2)
    assert own(square) is marked
    acts(square, None, at=BEFORE, sequence=3)  # told again
    assert own(square) is marked


@pytest.mark.parametrize(("days", "marked"), [(0, True), (LATELY.days, True), (LATELY.days + 1, False)])
def test_so_does_one_that_has_run_out(square: Any, booked: Told, days: int, marked: bool) -> None:
    acts(square, until=(BEFORE - timedelta(days=days)).date().isoformat())
    assert own(square) is marked


def test_a_key_one_may_use_no_longer_is_no_excuse(square: Any, booked: Told) -> None:
    acts(square)
    acts(square, None, sequence=2)
    assert own(square, at=BEGINS_AT)


def test_operators_have_interests_too(square: Any) -> None:
    square.deliver(published(), Told(booking=new_id(), tenant=replace(TENANT, id=OPERATOR.person)).confirmed())
    assert own(square, who=OPERATOR)
    assert not own(square)
