"""What takes no more than before, at, below and above each limit; and what stays of a booking that is made smaller."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.model.actors import resident
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.holding import hold
from services.booking.model.refusals import NotLive
from services.booking.model.rules import (
    Bookable,
    BookingRules,
    EndsBeforeBegin,
    OffGrid,
    TooLong,
    TooManyParticipants,
    TooShort,
)
from services.booking.model.shrinking import takes_no_more

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BEGINS, ENDS = NOW + 60 * MINUTE, NOW + 180 * MINUTE
PERSON = UUID(int=1)
RULES = BookingRules(
    grid_minutes=15,
    min_minutes=30,
    max_minutes=480,
    notice_minutes=0,
    horizon_days=9,
    setup_minutes=15,
    release_minutes=20,
)
PLACE = Bookable(
    space="hall",
    arena="house",
    square="borgen",
    premises="hall",
    capacity=20,
    parts=1,
    rules=RULES,
    open=((NOW, NOW + timedelta(days=1)),),
    equipment={"chairs": 40},
)
REQUEST = BookingRequest(
    space="hall",
    begins_at=BEGINS,
    ends_at=ENDS,
    purpose="culture",
    audience="youth",
    participants=10,
    equipment={"chairs": 20},
)


def booked(**different: Any) -> Booking:
    held = hold(REQUEST, PLACE, tenant=resident(PERSON), booked_by=PERSON, id=UUID(int=2), now=NOW)
    return replace(held, **{"state": "confirmed", **different})


@pytest.mark.parametrize(
    ("changes", "no_more"),
    [
        ({}, True),
        ({"begins_at": BEGINS + MINUTE}, True),
        ({"begins_at": BEGINS - MINUTE}, False),
        ({"ends_at": ENDS - MINUTE}, True),
        ({"ends_at": ENDS + MINUTE}, False),
        ({"begins_at": ENDS}, False),
        ({"participants": 9}, True),
        ({"participants": 11}, False),
        ({"equipment": {"chairs": 19}}, True),
        ({"equipment": {}}, True),
        ({"equipment": {"chairs": 21}}, False),
        ({"equipment": {"tables": 1}}, False),
        ({"space": "third"}, False),
        ({"noise": "quiet"}, True),
        ({"noise": "loud"}, False),
        ({"purpose": "sport"}, False),
        ({"audience": "adults"}, False),
    ],
)
def test_what_takes_no_more_than_before(changes: dict[str, Any], no_more: bool) -> None:
    assert takes_no_more(booked(), replace(REQUEST, **changes)) is no_more


@pytest.mark.parametrize("noise", ["quiet", "loud"])
def test_in_a_shared_space_another_noise_is_another_matter(noise: str) -> None:
    assert not takes_no_more(booked(shared=True), replace(REQUEST, noise=noise))


def tightened(**different: Any) -> Bookable:
    rules = {name: different.pop(name) for name in tuple(different) if hasattr(RULES, name)}
    return replace(PLACE, rules=replace(RULES, **rules), **different)


@pytest.mark.parametrize(
    ("place", "changes", "error"),
    [
        (tightened(capacity=9), {}, None),
        (tightened(capacity=11), {"participants": 11}, None),
        (tightened(capacity=10), {"participants": 11}, TooManyParticipants),
        (tightened(max_minutes=60), {"ends_at": ENDS - 15 * MINUTE}, None),
        (tightened(max_minutes=60), {"ends_at": ENDS + 15 * MINUTE}, TooLong),
        (tightened(min_minutes=135), {"ends_at": ENDS - 15 * MINUTE}, None),
        (tightened(min_minutes=120), {"ends_at": ENDS - 15 * MINUTE}, TooShort),
        (tightened(), {"ends_at": BEGINS + 30 * MINUTE}, None),
        (tightened(), {"ends_at": BEGINS + 15 * MINUTE}, TooShort),
        (tightened(), {"ends_at": ENDS - MINUTE}, OffGrid),
        (tightened(), {"ends_at": BEGINS}, EndsBeforeBegin),
        (tightened(equipment={}), {}, None),
        (tightened(noise="quiet"), {}, None),
        (tightened(purposes=("sport",)), {}, None),
        (tightened(audiences=("adults",)), {}, None),
    ],
)
def test_made_smaller_it_breaks_no_rule_that_it_kept(place: Bookable, changes: dict[str, Any], error: Any) -> None:
    def move() -> Booking:
        return booked().rescheduled(place, replace(REQUEST, **changes), now=NOW, by="tenant")

    if error is None:
        assert move().state == "confirmed"
    else:
        with pytest.raises(error):
            move()


def test_it_keeps_the_terms_it_was_booked_on() -> None:
    place = tightened(approval=True, prepay=True, setup_minutes=60, clearing_minutes=60, release_minutes=5, shared=True)
    before = booked()

    after = before.rescheduled(place, replace(REQUEST, begins_at=BEGINS + 30 * MINUTE), now=NOW, by="tenant")

    assert (after.state, after.needs_approval, after.needs_payment, after.shared) == ("confirmed", False, False, False)
    assert (after.setup_minutes, after.clearing_minutes) == (15, 0)
    assert after.release_at == BEGINS + 50 * MINUTE
    assert (after.version, after.timed_version, after.moved_by_house) == (2, 2, False)


def test_what_is_given_up_is_not_made_smaller() -> None:
    with pytest.raises(NotLive):
        booked(state="cancelled").rescheduled(PLACE, replace(REQUEST, participants=1), now=NOW, by="tenant")
