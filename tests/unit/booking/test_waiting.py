"""Waiting lists: which times are possible, until when an offer stands, and what a place in line can become."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.model import waiting
from services.booking.model.actors import resident
from services.booking.model.bookings import BookingRequest
from services.booking.model.holding import hold
from services.booking.model.prices import Price
from services.booking.model.rules import Bookable, BookingRules, EndsBeforeBegin, TooManyParticipants
from services.booking.model.waiting import (
    LONGEST_WHILE,
    AlreadyYours,
    LetGo,
    NoTimeFits,
    NotWaiting,
    Own,
    WaitingRequest,
    WhileTooLong,
    others_than,
    refuse_own,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHO = UUID(int=7)
PRICE = Price(quote=UUID(int=8), tariff="nesodden-2017", total=35000, currency="NOK", lines=())
RULES = BookingRules(grid_minutes=15, min_minutes=30, max_minutes=480, notice_minutes=0, horizon_days=30)
ROOM = Bookable(
    space="room",
    arena="house",
    square="borgen",
    premises="hall",
    capacity=10,
    parts=1,
    rules=RULES,
    open=((NOW - timedelta(days=1), NOW + timedelta(hours=5)),),
)


def wanted(begin: int, end: int, minutes: int | None = None, **different: Any) -> WaitingRequest:
    """Between so many minutes from now."""
    use: Any = {"purpose": "culture", "audience": "everyone", "participants": 8} | different
    times = {"begins_at": NOW + begin * MINUTE, "ends_at": NOW + end * MINUTE}
    return WaitingRequest(like=BookingRequest(space="room", **times, **use), minutes=minutes)


def joined(*when: Any, place: Bookable = ROOM, **different: Any) -> waiting.Waiting:
    who = resident(WHO)
    return waiting.join(wanted(*when, **different), place, tenant=who, person=WHO, id=UUID(int=1), now=NOW)


def begins(found: Iterable[BookingRequest]) -> list[int]:
    return [(each.begins_at - NOW) // MINUTE for each in found]


@pytest.mark.parametrize(
    ("when", "refusal"),
    [
        ((60, 60), EndsBeforeBegin),
        ((60, 120, 61), NoTimeFits),
        ((0, LONGEST_WHILE // MINUTE + 1, 60), WhileTooLong),
    ],
)
def test_what_can_not_be_waited_for(when: Any, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        wanted(*when).check()


@pytest.mark.parametrize("when", [(60, 61), (60, 120, 60), (0, LONGEST_WHILE // MINUTE, 60), (0, 15 * 24 * 60)])
def test_what_can_be_waited_for(when: Any) -> None:
    wanted(*when).check()


def test_the_possible_times_are_on_the_grid_after_the_notice_and_while_it_is_open() -> None:
    assert begins(joined(60, 120).possible(ROOM, now=NOW)) == [60]
    assert begins(joined(50, 125, 60).possible(ROOM, now=NOW)) == [60]
    assert begins(joined(-60, 70, 45).possible(ROOM, now=NOW)) == [0, 15]
    assert begins(joined(240, 400, 45).possible(ROOM, now=NOW)) == [240, 255]
    notice = replace(ROOM, rules=replace(RULES, notice_minutes=40))
    assert begins(joined(0, 105, 45).possible(notice, now=NOW)) == [45, 60]
    assert begins(joined(0, 105, 45).possible(notice, now=NOW + 5 * MINUTE)) == [45, 60]
    assert begins(joined(0, 105, 45).possible(notice, now=NOW + 6 * MINUTE)) == [60]


def test_a_group_that_is_too_big_for_the_space_waits_for_nothing() -> None:
    with pytest.raises(TooManyParticipants):
        joined(0, 120, 60, participants=11).possible(ROOM, now=NOW)


@pytest.mark.parametrize(
    ("begin", "notice", "minutes"),
    [
        (600, 0, 120),
        (120, 0, 120),
        (119, 0, 119),
        (600, 480, 120),
        (600, 481, 119),
        (600, 585, 15),
        (600, 590, 15),
        (16, 0, 16),
        (15, 0, 15),
    ],
)
def test_until_when_an_offer_stands(begin: int, notice: int, minutes: int) -> None:
    free = replace(RULES, grid_minutes=1, notice_minutes=notice)
    place = replace(ROOM, rules=free, open=((NOW, NOW + timedelta(days=2)),))
    in_line = joined(begin, begin + 60, place=place)
    request = in_line.request(in_line.earliest)
    held = hold(request, place, tenant=in_line.tenant, booked_by=WHO, id=UUID(int=2), now=NOW)

    offered = waiting.offer(held, place, in_line)

    assert in_line.offered(offered, now=NOW).told(offered).offered_until == NOW + minutes * MINUTE
    assert offered.hold_expires_at == NOW + min(begin, 120) * MINUTE
    assert offered.priced(PRICE, now=NOW).hold_expires_at == NOW + minutes * MINUTE


@pytest.mark.parametrize(("begin", "offered"), [(14, []), (15, [15]), (16, [16])])
def test_what_begins_too_soon_to_be_answered_is_not_offered(begin: int, offered: list[int]) -> None:
    place = replace(ROOM, rules=replace(RULES, grid_minutes=1))

    assert begins(joined(begin, begin + 60, place=place).offerable(place, now=NOW)) == offered


@pytest.mark.parametrize(("passed", "first"), [(0, 15), (1, 30), (15, 30), (16, 45)])
def test_of_a_while_the_next_time_is_offered(passed: int, first: int) -> None:
    assert begins(joined(0, 180, 60).offerable(ROOM, now=NOW + passed * MINUTE))[0] == first


def test_a_place_in_line_is_offered_once() -> None:
    in_line = joined(60, 120)
    held = hold(in_line.request(in_line.earliest), ROOM, tenant=in_line.tenant, booked_by=WHO, id=UUID(int=2), now=NOW)
    offered = in_line.offered(held, now=NOW)

    assert offered.version == 2
    with pytest.raises(NotWaiting):
        offered.offered(held, now=NOW)


@pytest.mark.parametrize(
    ("since", "until", "live", "refusal"),
    [
        (0, 60, True, None),
        (0, 61, True, AlreadyYours),
        (119, 200, True, AlreadyYours),
        (120, 200, True, None),
        (0, 61, False, LetGo),
    ],
)
def test_what_is_ones_own_is_not_waited_for(
    since: int, until: int, live: bool, refusal: type[Exception] | None
) -> None:
    in_line = joined(60, 120)
    own = [Own(since=NOW + since * MINUTE, until=NOW + until * MINUTE, live=live)]
    possible = [*in_line.possible(ROOM, now=NOW)]

    if refusal is None:
        refuse_own(possible, own)
        assert [*others_than(own, possible)] == possible
    else:
        with pytest.raises(refusal):
            refuse_own(possible, own)
        assert [*others_than(own, possible)] == []


def test_any_time_in_a_while_is_waited_for_but_ones_own() -> None:
    own = [Own(since=NOW + 75 * MINUTE, until=NOW + 90 * MINUTE, live=False)]
    possible = [*joined(0, 180, 60).possible(ROOM, now=NOW)]

    assert begins(possible) == [0, 15, 30, 45, 60, 75, 90, 105, 120]
    assert begins(others_than(own, possible)) == [0, 15, 90, 105, 120]
    refuse_own(possible, own)


def test_of_a_long_while_no_more_is_looked_at_than_is_asked_for() -> None:
    looked_at = []

    class Watched(Bookable):
        def check(self, wanted: Any, begins_at: datetime, *more: Any, **how: Any) -> None:
            looked_at.append(begins_at)
            super().check(wanted, begins_at, *more, **how)

    place = Watched(**{each.name: getattr(ROOM, each.name) for each in fields(ROOM)})
    waits = joined(60, 60 + 14 * 24 * 60, 60)
    times = waits.offerable(place, now=NOW)

    assert begins([next(times), next(times)]) == [60, 75]
    refuse_own(waits.possible(place, now=NOW), own=[])
    assert len(looked_at) == 3
