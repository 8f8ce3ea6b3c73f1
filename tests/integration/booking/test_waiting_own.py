"""Nobody waits for what they or their organisation hold, are offered, or let go: every way round it that was found."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from kernel.versions import ANY_VERSION
from services.booking.model.bookings import Booking
from services.booking.model.recurrence import Recurrence
from services.booking.model.resources import Equipment
from services.booking.model.series import SeriesRequest, Shift
from services.booking.model.sharing import Sharing
from services.booking.model.waiting import AlreadyYours, FreeNow, LetGo
from services.booking.usecases import series
from tests.callers import MANAGER, RESIDENT, STRANGER
from tests.waiting_line import MINUTE, NINA, PER, Line, rebuilt


def test_a_slot_is_not_held_for_ever_by_waiting_for_what_one_holds(counter: Any, line: Line) -> None:
    """Hold, join, cancel, be offered, join again, leave, and so on."""
    held = counter.hold("room")
    with pytest.raises(AlreadyYours):
        line.join(RESIDENT, "room")
    waits = line.join(STRANGER, "room")
    counter.cancel(held)
    with pytest.raises(AlreadyYours):
        line.join(STRANGER, "room", 1)

    line.leave(STRANGER, waits)

    assert counter.hold("room", who=PER).live


@pytest.mark.parametrize(("begin", "refused"), [(-4, False), (-3, True), (3, True), (4, False)])
def test_nor_at_a_time_that_overlaps(counter: Any, line: Line, begin: int, refused: bool) -> None:
    counter.hold("room", -4, 4, who=NINA)
    counter.hold("room", 0, 4)
    counter.hold("room", 4, 4, who=NINA)

    if refused:
        with pytest.raises(AlreadyYours):
            line.join(RESIDENT, "room", begin)
    else:
        line.join(RESIDENT, "room", begin)


@pytest.mark.parametrize(("begin", "refused"), [(5, True), (6, False)])
def test_nor_at_one_that_set_up_and_clearing_of_ones_own_keep_others_out_of(
    counter: Any, line: Line, town: Any, begin: int, refused: bool
) -> None:
    rules = replace(town.RULES, setup_minutes=15, clearing_minutes=15)
    counter.publish(rebuilt(town, town.space("room", rules=rules)))
    counter.hold("room", 0, 4)
    counter.hold("room", 8, 4, who=NINA)

    if refused:
        with pytest.raises(AlreadyYours):
            line.join(RESIDENT, "room", begin)
    else:
        line.join(RESIDENT, "room", begin)


@pytest.mark.parametrize(("held", "waited"), [("third-1", "hall"), ("hall", "third-1"), ("both", "third-1")])
def test_nor_for_a_parent_a_part_or_a_joint_space(counter: Any, line: Line, town: Any, held: str, waited: str) -> None:
    both = replace(town.space("both"), joins=("third-1", "room"))
    counter.publish(rebuilt(town, town.HALL, town.space("room", capacity=10), both))
    counter.hold(held)

    with pytest.raises(AlreadyYours):
        line.join(RESIDENT, waited)


def test_nor_for_another_place_in_a_shared_space_while_one_is_not_confirmed(
    counter: Any, line: Line, town: Any
) -> None:
    lobby = replace(town.space("lobby", capacity=20), sharing=Sharing(groups=1))
    counter.publish(rebuilt(town, lobby))
    held = counter.hold("lobby", participants=5)
    with pytest.raises(AlreadyYours):
        line.join(RESIDENT, "lobby", participants=5)
    counter.deliver(counter.priced(held))
    counter.confirm(held)

    assert line.join(RESIDENT, "lobby", participants=5).state == "waiting"


def test_nor_for_equipment_that_one_has_borrowed_elsewhere(counter: Any, line: Line, town: Any) -> None:
    chairs = Equipment(id="chairs", name=town.name("chairs"), pieces=6)
    counter.publish(rebuilt(town, town.space("room"), town.space("attic"), equipment=(chairs,)))
    counter.hold("room", equipment={"chairs": 6})

    with pytest.raises(AlreadyYours):
        line.join(RESIDENT, "attic", equipment={"chairs": 1})


def test_nor_by_way_of_an_organisation_and_those_who_act_for_it(counter: Any, line: Line) -> None:
    band = counter.organisation("kari", "ola")
    counter.hold("room", tenant=band)
    counter.hold("third-1")
    counter.hold("third-2", who=NINA)

    for who, space, tenant in (
        (RESIDENT, "room", band),
        (STRANGER, "room", band),
        (RESIDENT, "room", None),
        (STRANGER, "room", None),
        (RESIDENT, "third-1", band),
        (STRANGER, "third-1", band),
    ):
        with pytest.raises(AlreadyYours):
            line.join(who, space, tenant=tenant)
    assert line.join(STRANGER, "third-1").state == "waiting"
    assert line.join(STRANGER, "third-2", tenant=band).state == "waiting"
    assert line.join(PER, "room").state == "waiting"


def test_what_is_confirmed_is_not_waited_for_by_its_tenant_and_may_be_by_others(counter: Any, line: Line) -> None:
    band = counter.organisation("kari")
    counter.confirmed("room", tenant=band)

    with pytest.raises(AlreadyYours):
        line.join(RESIDENT, "room", tenant=band)
    assert line.join(RESIDENT, "room").state == "waiting"


def test_nor_while_ones_hold_has_run_out_and_is_not_cleared_away(counter: Any, line: Line) -> None:
    counter.hold("room", 60)
    counter.clock.move(120 * MINUTE)

    with pytest.raises(AlreadyYours):
        line.join(RESIDENT, "room", 60)


def let_go(counter: Any, mine: Booking, how: str) -> None:
    """What is held from quarter 60 to 64 of `room` is not had any more, all of it or its last half."""
    if how == "expire":
        counter.clock.move(120 * MINUTE)
        counter.expire_holds()
    elif how == "cancel":
        counter.cancel(mine)
    else:
        to = {
            "elsewhere": {"space": "third-1"},
            "later": {"begins_at": counter.quarter(62), "ends_at": counter.quarter(66)},
            "shorter": {"begins_at": counter.quarter(62)},
        }[how]
        counter.run(counter.usecases.reschedule, RESIDENT, mine.id, ANY_VERSION, **to)


@pytest.mark.parametrize("how", ["expire", "cancel", "elsewhere"])
def test_what_was_let_go_is_waited_for_again_once_somebody_has_confirmed_it(counter: Any, line: Line, how: str) -> None:
    """Else two who are not related could pass it to and fro."""
    mine = counter.hold("room", 60)
    let_go(counter, mine, how)
    with pytest.raises(FreeNow):
        line.join(RESIDENT, "room", 60)
    others = counter.hold("room", 60, who=STRANGER)
    with pytest.raises(LetGo):
        line.join(RESIDENT, "room", 60)
    counter.deliver(counter.priced(others))
    counter.clock.move(MINUTE)
    counter.confirm(others, STRANGER)

    assert line.join(RESIDENT, "room", 60).state == "waiting"


@pytest.mark.parametrize("how", ["later", "shorter"])
@pytest.mark.parametrize(("begin", "refused"), [(58, False), (59, True), (60, True)])
def test_nor_what_a_hold_had_before_it_was_moved_or_made_smaller(
    counter: Any, line: Line, how: str, begin: int, refused: bool
) -> None:
    mine = counter.hold("room", 60)
    let_go(counter, mine, how)
    counter.hold("room", 56, 6, who=STRANGER)

    if refused:
        with pytest.raises(LetGo):
            line.join(RESIDENT, "room", begin, 2)
    else:
        line.join(RESIDENT, "room", begin, 2)


def test_a_slot_is_not_passed_to_and_fro_by_moving_what_one_was_offered(counter: Any, line: Line) -> None:
    mine = counter.hold("room", 60)
    waits = line.join(STRANGER, "room", 60)
    counter.run(counter.usecases.reschedule, RESIDENT, mine.id, ANY_VERSION, space="third-1")
    assert line.states(waits) == ["offered"]
    with pytest.raises(LetGo):
        line.join(RESIDENT, "room", 60)
    last = line.join(NINA, "room", 60)

    offer = line.offer(waits)
    counter.run(counter.usecases.reschedule, STRANGER, offer.id, ANY_VERSION, space="third-2")

    assert line.states(last) == ["offered"]
    with pytest.raises(LetGo):
        line.join(STRANGER, "room", 60)


def test_nor_by_moving_a_series(counter: Any, line: Line) -> None:
    when = Recurrence(starts=datetime(2026, 11, 25, 18, 0), minutes=60, rule="FREQ=DAILY;COUNT=3")  # noqa: DTZ001
    booked = counter.run(series.book, RESIDENT, SeriesRequest(like=counter.wanted("room"), recurrence=when))
    begin = (2 * 24 + 3) * 4
    counter.run(
        series.reschedule, RESIDENT, booked.id, ANY_VERSION, scope="all", booking=None, shift=Shift(space="third-1")
    )
    counter.hold("room", begin, who=STRANGER)

    with pytest.raises(LetGo):
        line.join(RESIDENT, "room", begin)


def test_what_was_confirmed_before_it_was_moved_is_waited_for(counter: Any, line: Line) -> None:
    mine = counter.confirmed("room", 60)
    counter.run(counter.usecases.reschedule, RESIDENT, mine.id, ANY_VERSION, space="third-1")
    counter.hold("room", 60, who=STRANGER)

    assert line.join(RESIDENT, "room", 60).state == "waiting"


def test_what_the_house_moved_a_hold_away_from_is_waited_for(counter: Any, line: Line) -> None:
    mine = counter.hold("room", 60)
    counter.run(counter.usecases.reschedule, MANAGER, mine.id, ANY_VERSION, space="third-1")
    counter.hold("room", 60, who=STRANGER)

    assert line.join(RESIDENT, "room", 60).state == "waiting"


def test_what_the_house_took_is_waited_for(counter: Any, line: Line) -> None:
    held = counter.hold("room")
    counter.cancel(held, MANAGER)
    counter.hold("room", who=STRANGER)

    assert line.join(RESIDENT, "room").state == "waiting"


def test_who_waits_first_and_holds_later_is_not_offered_it(counter: Any, line: Line) -> None:
    third = counter.confirmed("third-1", who=NINA)
    hall = line.join(RESIDENT, "hall")
    fallback = counter.hold("third-2")
    counter.cancel(third, NINA)

    counter.cancel(fallback)
    line.offer_again()

    assert line.states(hall) == ["waiting"]
    counter.clock.move(MINUTE)
    again = counter.confirmed("third-3", who=PER)
    counter.clock.move(MINUTE)
    counter.cancel(again, PER)
    assert line.states(hall) == ["offered"]


def test_places_in_several_lines_are_not_offered_one_after_another(counter: Any, line: Line) -> None:
    taken = counter.confirmed("hall", who=NINA)
    band = counter.organisation("kari")
    hall, third = line.join(RESIDENT, "hall"), line.join(RESIDENT, "third-1")
    bands = line.join(RESIDENT, "hall", tenant=band)
    counter.cancel(taken, NINA)

    line.leave(RESIDENT, hall)
    line.offer_again()

    assert line.states(hall, third, bands) == ["passed", "waiting", "waiting"]


def test_any_time_in_a_while_is_one_that_is_not_held(counter: Any, line: Line) -> None:
    mine = counter.hold("room", 0, 4)
    others = counter.confirmed("room", 4, 8, who=NINA)
    waits = line.join(RESIDENT, "room", 0, 12, minutes=60)

    counter.cancel(mine)
    line.offer_again()
    assert line.states(waits) == ["waiting"]
    counter.cancel(others, NINA)

    assert line.offer(waits).begins_at == counter.quarter(4)


def test_a_series_does_not_wait_for_dates_that_its_tenant_holds(counter: Any, line: Line) -> None:
    begin = (24 + 3) * 4
    mine = counter.hold("room", begin, 4)
    counter.hold("room", begin + 96, 4, who=NINA)
    when = Recurrence(starts=datetime(2026, 11, 24, 18, 0), minutes=60, rule="FREQ=DAILY;COUNT=3")  # noqa: DTZ001
    wanted = SeriesRequest(like=counter.wanted("room"), recurrence=when, policy="skip")
    counter.run(series.book, RESIDENT, wanted)

    [waits] = line.listed(RESIDENT)
    counter.cancel(mine)
    line.offer_again()

    assert line.listed(RESIDENT, state="waiting") == [waits]
