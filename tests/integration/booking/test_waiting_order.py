"""Waiting lists: who can have what has become free, until when, and what becomes of the rest."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from kernel.errors import Text
from kernel.versions import ANY_VERSION, Expected
from services.access.events import KeyUnused
from services.booking.events import WaitingOffered
from services.booking.model.house_rules import HouseRulesNotAccepted, RuleVersion
from services.booking.model.opening import hours
from services.booking.model.places import Place
from services.booking.model.quotas import SpaceGroup
from services.booking.model.recurrence import Recurrence
from services.booking.model.resources import Equipment
from services.booking.model.series import SeriesRequest
from services.booking.model.sharing import Sharing
from services.booking.model.waiting import NoTimeFits
from services.booking.usecases import house_rules, privacy, quotas, series
from tests.bookings import envelope
from tests.callers import OPERATOR, RESIDENT, STRANGER
from tests.waiting_line import MINUTE, NINA, PER, Line, rebuilt


def passed_over() -> float:
    """How often somebody was looked at who could not have what was free."""
    return REGISTRY.get_sample_value("torg_booking_waitings_total", {"what": "passed_over"}) or 0


RULES = Text(nb="Rydd etter dere.", nn="Rydd etter dykk.", en="Tidy up after you.")


# Who fits


def test_any_time_that_fits_and_one_freed_while_for_several(counter: Any, line: Line) -> None:
    before, taken, later = (counter.confirmed("room", *at) for at in ((-8, 8), (0, 12), (12, 4)))
    any_hour = line.join(STRANGER, "room", -4, 20, minutes=60)
    too_long = line.join(NINA, "room", 0, 24, minutes=195)
    two_hours = line.join(PER, "room", 2, 14, minutes=120)

    counter.cancel(taken)

    assert line.states(any_hour, too_long, two_hours) == ["offered", "waiting", "offered"]
    assert line.offer(any_hour).begins_at == counter.quarter(0)
    assert line.offer(two_hours).begins_at == counter.quarter(4)
    assert [counter.load(each).live for each in (before, later)] == [True, True]


def test_set_up_and_clearing_count(counter: Any, line: Line, town: Any) -> None:
    rules = replace(town.RULES, setup_minutes=15, clearing_minutes=30)
    counter.publish(rebuilt(town, town.space("room", rules=rules)))
    taken = counter.confirmed("room", 0, 4)
    counter.confirmed("room", 14, 4)
    too_long, fits = line.join(STRANGER, "room", 0, 12), line.join(NINA, "room", 0, 11)

    counter.cancel(taken)

    assert line.states(too_long, fits) == ["waiting", "offered"]


@pytest.mark.parametrize(
    ("buffer", "quarters", "fits"), [(0, 2, False), (0, 3, True), (0, 4, True), (15, 4, False), (15, 5, True)]
)
def test_a_gap_while_it_is_closed_is_none(
    counter: Any, line: Line, town: Any, buffer: int, quarters: int, fits: bool
) -> None:
    """It is not looked at either: in most houses there is such a gap every night, for everybody in line."""
    rules = replace(town.RULES, setup_minutes=buffer, clearing_minutes=buffer)
    evening = tuple(hours(weekday, "15:00", "17:00") for weekday in range(1, 8))
    counter.publish(rebuilt(town, town.space("room", rules=rules), hours=evening))
    between = buffer // 15 * 2
    counter.confirmed("room", 0, 8 - quarters, who=STRANGER)
    taken = counter.confirmed("room", 8 - quarters + between, quarters - between)
    waits = line.join(NINA, "room", 0, 24, minutes=45)
    before = passed_over()

    counter.cancel(taken)
    line.offer_again()

    assert line.states(waits) == ["offered" if fits else "waiting"]
    assert passed_over() == before


def test_a_group_that_is_too_big_for_what_is_left_is_passed_over(counter: Any, line: Line, town: Any) -> None:
    lobby = replace(town.space("lobby", capacity=20), sharing=Sharing(groups=3))
    counter.publish(rebuilt(town, lobby))
    gone, stays = counter.hold("lobby", participants=8), counter.hold("lobby", participants=12)
    big, small, third = (line.join(who, "lobby", participants=n) for who, n in ((STRANGER, 9), (NINA, 5), (PER, 3)))

    counter.cancel(gone)

    assert line.states(big, small, third) == ["waiting", "offered", "offered"]
    counter.cancel(stays)
    assert line.states(big) == ["offered"]


def test_equipment_that_is_brought_back_is_offered_in_other_spaces(counter: Any, line: Line, town: Any) -> None:
    chairs = Equipment(id="chairs", name=town.name("chairs"), pieces=6)
    counter.publish(rebuilt(town, town.space("room"), town.space("attic"), equipment=(chairs,)))
    borrower = counter.hold("room", equipment={"chairs": 4})
    more, few = (line.join(who, "attic", equipment={"chairs": n}) for who, n in ((STRANGER, 6), (NINA, 3)))

    counter.run(counter.usecases.reschedule, RESIDENT, borrower.id, ANY_VERSION, equipment={"chairs": 2})
    assert line.states(more, few) == ["waiting", "offered"]
    counter.cancel(borrower)
    line.leave(NINA, few)

    assert line.states(more, few) == ["offered", "passed"]


def test_who_has_not_accepted_newer_house_rules_is_passed_over_until_they_do(counter: Any, line: Line) -> None:
    said = {"text": RULES, "rules": [], "effective_from": None}
    counter.run(house_rules.publish, OPERATOR, "space", "room", **said)
    taken = counter.hold("third-1", 4)
    accepted = (RuleVersion("space", "room", 1),)
    room = counter.hold("room", accept_house_rules=accepted)
    with pytest.raises(HouseRulesNotAccepted):
        line.join(STRANGER, "room")
    first = line.join(STRANGER, "room", accept_house_rules=accepted)
    counter.run(house_rules.publish, OPERATOR, "space", "room", **{**said, "text": Text(nb="d", nn="e", en="f")})
    newer = (RuleVersion("space", "room", 2),)
    second = line.join(NINA, "room", accept_house_rules=newer)

    counter.cancel(room)
    assert line.states(first, second) == ["waiting", "offered"]
    counter.cancel(line.offer(second), NINA)
    line.offer_again()
    assert line.states(first) == ["waiting"]
    counter.run(house_rules.accept, STRANGER, newer, "portal")
    line.offer_again()

    assert line.states(first) == ["offered"]
    assert counter.load(taken).live


def test_who_has_used_up_their_quota_is_passed_over_and_stays(counter: Any, line: Line, town: Any) -> None:
    group = SpaceGroup(id="rooms", version=0, name=town.name("rooms"), prime=(), places=(Place("space", "room"),))
    counter.run(quotas.put_group, OPERATOR, Expected(frozenset({0})), group)
    limit = {"category": "resident", "actor": None, "week_minutes": 60, "prime_week_minutes": None}
    limit |= {"open_bookings": None, "valid_from": date(2026, 1, 1), "valid_until": None}
    counter.run(
        quotas.put_quota, OPERATOR, Expected(frozenset({0})), "hours", name=town.name("q"), group="rooms", **limit
    )
    used_up = counter.hold("room", 8, who=STRANGER)
    taken = counter.hold("room")
    first, second = line.join(STRANGER, "room"), line.join(NINA, "room")

    counter.cancel(taken)
    assert line.states(first, second) == ["waiting", "offered"]
    line.leave(NINA, second)
    assert line.states(first, second) == ["waiting", "passed"]
    counter.cancel(used_up, STRANGER)
    line.offer_again()

    assert line.states(first) == ["offered"]


# Deadlines


def test_an_offer_that_runs_out_goes_to_the_next(counter: Any, line: Line) -> None:
    taken = counter.confirmed("room", 60)
    first, second = line.join(STRANGER, "room", 60), line.join(NINA, "room", 60)
    counter.cancel(taken)
    offered = line.offer(first)
    assert offered.hold_expires_at == counter.clock.now() + timedelta(hours=2)

    counter.clock.move(timedelta(hours=2) - MINUTE)
    counter.expire_holds()
    assert line.states(first, second) == ["offered", "waiting"]
    counter.clock.move(MINUTE)
    counter.expire_holds()
    assert line.states(first, second) == ["passed", "offered"]
    line.offer_again()
    line.offer_again()

    assert line.states(first, second) == ["passed", "offered"]
    assert len(counter.told(WaitingOffered)) == 2


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"space": "third-1"}, 15 * MINUTE),
        ({"begins_at": 64, "ends_at": 68}, 15 * MINUTE),
        ({"ends_at": 62}, timedelta(hours=2)),
        ({"participants": 2}, timedelta(hours=2)),
    ],
)
def test_an_offer_that_is_moved_elsewhere_is_held_as_any_other(
    counter: Any, line: Line, changes: dict[str, Any], kept: timedelta
) -> None:
    """Two hours are for what somebody waited for, or some of it."""
    taken = counter.confirmed("room", 60)
    waits = line.join(STRANGER, "room", 60)
    counter.cancel(taken)
    to = {name: counter.quarter(value) if name.endswith("_at") else value for name, value in changes.items()}
    moved = counter.run(counter.usecases.reschedule, STRANGER, line.offer(waits).id, ANY_VERSION, **to)

    told = counter.priced(moved)
    counter.deliver(replace(told, data=replace(told.data, priced_sequence=moved.version)))

    assert counter.load(moved).hold_expires_at == counter.clock.now() + kept


@pytest.mark.parametrize(("notice", "minutes"), [(0, 105), (60, 45), (100, 15)])
def test_an_offer_ends_when_others_could_not_book_it_any_more(
    counter: Any, line: Line, town: Any, notice: int, minutes: int
) -> None:
    counter.publish(rebuilt(town, town.space("room", rules=replace(town.RULES, notice_minutes=notice))))
    taken = counter.hold("room")
    first = line.join(STRANGER, "room")
    counter.clock.move(counter.quarter() - 105 * MINUTE - counter.clock.now())

    counter.run(counter.usecases.cancel, RESIDENT, taken.id, ANY_VERSION)

    offered = line.offer(first)
    assert offered.hold_expires_at == counter.clock.now() + 105 * MINUTE
    counter.deliver(counter.priced(offered))
    assert line.offer(first).hold_expires_at == counter.clock.now() + minutes * MINUTE
    [told] = counter.told(WaitingOffered)
    assert told.data.offered_until == counter.clock.now() + minutes * MINUTE


@pytest.mark.parametrize(("before", "state"), [(16, "waiting"), (15, "waiting"), (14, "over")])
def test_what_nobody_was_offered_in_time_is_over(counter: Any, line: Line, before: int, state: str) -> None:
    counter.confirmed("room", 0, 8)
    exact, any_hour = line.join(STRANGER, "room"), line.join(NINA, "room", 0, 8, minutes=60)
    counter.clock.move(counter.quarter() - before * MINUTE - counter.clock.now())
    line.offer_again()
    assert line.states(exact, any_hour) == [state, "waiting"]
    counter.clock.move(counter.quarter(4) - before * MINUTE - counter.clock.now())
    line.offer_again()

    assert line.states(exact, any_hour) == ["over", state]


def test_after_a_release_the_next_time_in_the_wish_is_offered_for_long_enough(
    counter: Any, line: Line, town: Any
) -> None:
    counter.publish(rebuilt(town, town.space("room", rules=replace(town.RULES, release_minutes=15))))
    booking = counter.confirmed("room", 0, 8)
    waits = line.join(STRANGER, "room", 0, 8, minutes=60)
    counter.clock.move(booking.release_at - counter.clock.now())

    told = KeyUnused(key=UUID(int=1), booking=booking.id, release_at=booking.release_at)
    counter.deliver(envelope(told, str(UUID(int=1)), 1))

    offer = line.offer(waits)
    assert offer.begins_at == counter.quarter(2)
    assert offer.hold_expires_at == counter.clock.now() + 15 * MINUTE


def test_nobody_joins_for_what_begins_too_soon_to_be_offered(counter: Any, line: Line) -> None:
    counter.confirmed("room")
    counter.clock.move(counter.quarter() - 15 * MINUTE - counter.clock.now())

    with pytest.raises(NoTimeFits):
        line.join(STRANGER, "room")


# Series and privacy


def a_series(counter: Any, **different: Any) -> Any:
    when = Recurrence(starts=datetime(2026, 11, 24, 18, 0), minutes=60, rule="FREQ=DAILY;COUNT=3")  # noqa: DTZ001
    wanted = SeriesRequest(like=counter.wanted("room"), recurrence=when, policy="skip", **different)
    return counter.run(series.book, STRANGER, wanted)


def test_a_series_waits_for_the_dates_it_did_not_get(counter: Any, line: Line) -> None:
    begin = (24 + 3) * 4
    taken, other = counter.confirmed("room", begin - 4 * 0, 4), counter.confirmed("room", begin + 96, 4)
    booked = a_series(counter)
    dates = line.listed(STRANGER, mine=True)
    assert len(dates) == 2

    counter.cancel(taken)

    with counter.database.reading() as tx:
        standing = {each.begins_at: each for each in series.store.dates(tx, booked.id)}
    assert (standing[taken.begins_at].state, standing[other.begins_at].skipped) == ("held", "slot_taken")
    [told] = counter.told(WaitingOffered)
    assert told.data.series == booked.id
    counter.run(series.cancel, STRANGER, booked.id, ANY_VERSION)
    counter.cancel(other)
    assert len(counter.told(WaitingOffered)) == 1
    assert line.listed(STRANGER, state="left") == dates[1:]


def test_a_series_waits_for_nothing_when_told_so_or_booked_by_hand(counter: Any, line: Line) -> None:
    begin = (24 + 3) * 4
    taken = counter.confirmed("room", begin, 4)
    a_series(counter, wait=False)
    assert line.listed(STRANGER) == []
    counter.cancel(taken)
    assert counter.told(WaitingOffered) == []


def test_who_is_forgotten_waits_no_more_and_is_offered_nothing_of_their_own(counter: Any, line: Line) -> None:
    counter.confirmed("room", who=RESIDENT)
    counter.confirmed("third-1", who=NINA)
    line.join(RESIDENT, "third-1")
    waited = line.join(STRANGER, "room")

    counter.run(privacy.erase_me, RESIDENT, cancel_bookings=True)

    assert line.states(waited) == ["offered"]
    assert line.listed(OPERATOR) == [waited.id]
    with counter.database.reading() as tx:
        held = privacy.privacy.held(tx, STRANGER.person)
    assert [each["id"] for each in held["waitings"]] == [str(waited.id)]
