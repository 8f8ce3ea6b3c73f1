"""What the database itself keeps: room in shared spaces, equipment, joint spaces, and the time to set up and clear."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.pagination import PageRequest
from kernel.versions import ANY_VERSION
from services.booking.model.refusals import EquipmentLent, HoldExpired, NoRoom, SlotTaken
from services.booking.model.resources import Arena, Equipment, EquipmentInUse, JoinedOfNothing, Square
from services.booking.model.rules import BookingRules, TooLoud, UnknownEquipment
from services.booking.model.sharing import SharedButDivided, Sharing
from services.booking.queries.availability import Wanted, Window, free_times
from services.booking.queries.tightened import not_allowed
from services.booking.usecases import bookings as usecases
from tests.at_once import at_once
from tests.callers import RESIDENT

QUIET_APART_FROM_LOUD = ({"noise": "quiet"}, {"noise": "loud"})


@pytest.fixture
def house(counter: Any, town: Any) -> Any:
    """A house whose lobby is shared by three groups of thirty people in all, with a stage, two rooms that can be joined
    across it, and chairs."""
    lobby = replace(
        town.space("lobby", capacity=30), sharing=Sharing(groups=3, apart=(QUIET_APART_FROM_LOUD,)), noise="loud"
    )
    buffered = replace(town.RULES, setup_minutes=30, clearing_minutes=15)
    stage = town.space("stage", rules=buffered)
    east, west = town.space("east"), town.space("west", town.space("nook"), town.space("corner"))
    both = replace(town.space("both"), joins=("east", "nook"))
    whole = town.space("whole", lobby, stage, east, west)
    chairs = Equipment(id="chairs", name=town.name("Stoler"), pieces=40)
    place = Arena(id="culture", name=town.name("K"), hours=town.ALWAYS, spaces=(whole, both), equipment=(chairs,))

    def publish(**different: Any) -> Square:
        square = Square(id="asker", name=town.name("Asker"), arenas=(replace(place, **different),))
        counter.publish(square)
        return square

    publish()
    return publish


@pytest.mark.parametrize(("people", "fits"), [(14, True), (15, True), (16, False)])
def test_a_shared_space_takes_people_up_to_its_capacity(counter: Any, house: Any, people: int, fits: bool) -> None:
    counter.hold("lobby", 0, 4, participants=15)

    if fits:
        assert counter.hold("lobby", 3, 4, participants=people).shared
    else:
        with pytest.raises(NoRoom):
            counter.hold("lobby", 3, 4, participants=people)


def test_people_count_at_each_instant_and_not_in_all(counter: Any, house: Any) -> None:
    counter.hold("lobby", 0, 4, participants=20)
    counter.hold("lobby", 4, 4, participants=20)

    counter.hold("lobby", 0, 8, participants=10)
    with pytest.raises(NoRoom):
        counter.hold("lobby", 0, 8, participants=1)


def test_no_more_groups_than_are_allowed(counter: Any, house: Any) -> None:
    for _ in range(3):
        counter.hold("lobby", participants=1)

    with pytest.raises(NoRoom):
        counter.hold("lobby", participants=1)
    counter.hold("lobby", 4, participants=1)


@pytest.mark.parametrize(
    ("first", "second", "fits"), [("quiet", "loud", False), ("loud", "quiet", False), ("quiet", "normal", True)]
)
def test_those_who_do_not_go_together_do_not_meet(
    counter: Any, house: Any, first: str, second: str, fits: bool
) -> None:
    counter.hold("lobby", 0, 4, participants=1, noise=first)

    if fits:
        counter.hold("lobby", 3, 4, participants=1, noise=second)
    else:
        with pytest.raises(NoRoom):
            counter.hold("lobby", 3, 4, participants=1, noise=second)
        counter.hold("lobby", 4, 4, participants=1, noise=second)


def test_the_whole_house_is_for_one_and_its_lobby_shared_by_those_who_came_first(counter: Any, house: Any) -> None:
    counter.hold("lobby", 0, 4, participants=1)
    with pytest.raises(SlotTaken):
        counter.hold("whole", 3, 4)

    counter.hold("whole", 4, 4)
    with pytest.raises(SlotTaken):
        counter.hold("lobby", 7, 4, participants=1)


def test_who_leaves_a_shared_space_makes_room(counter: Any, house: Any) -> None:
    first = counter.hold("lobby", participants=30)
    counter.cancel(first)

    counter.hold("lobby", participants=30)


def test_the_last_places_go_to_exactly_as_many_as_there_are(counter: Any, house: Any) -> None:
    for number in range(25):
        counter.hold("lobby", number * 4, participants=18)

        def one(_: int, place: int = number * 4) -> bool:
            try:
                counter.hold("lobby", place, participants=6)
            except NoRoom:
                return False
            return True

        assert sum(at_once(one, range(6))) == 2


def test_a_joint_space_takes_the_parts_of_all_it_is_made_of(counter: Any, house: Any) -> None:
    both = counter.hold("both", 0, 4)

    assert counter.claimed(both) == 2
    for part in ("east", "nook", "west", "whole"):
        with pytest.raises(SlotTaken):
            counter.hold(part, 3, 4)
    counter.hold("corner", 3, 4)
    counter.hold("nook", 4, 4)
    with pytest.raises(SlotTaken):
        counter.hold("both", 4, 4)


@pytest.mark.parametrize(("begin", "fits"), [(6, False), (7, True), (8, True)])
def test_set_up_and_clearing_keep_others_out(counter: Any, house: Any, begin: int, fits: bool) -> None:
    counter.hold("stage", 0, 4)  # cleared a quarter after; the next is set up two quarters before

    if fits:
        counter.hold("stage", begin, 4)
    else:
        with pytest.raises(SlotTaken):
            counter.hold("stage", begin, 4)


@pytest.mark.parametrize(("begin", "fits"), [(4, False), (5, True)])
def test_another_space_without_buffers_waits_for_the_clearing(counter: Any, house: Any, begin: int, fits: bool) -> None:
    counter.hold("stage", 0, 4)

    if fits:
        counter.hold("whole", begin, 4)
    else:
        with pytest.raises(SlotTaken):
            counter.hold("whole", begin, 4)


@pytest.mark.parametrize(("pieces", "fits"), [(9, True), (10, True), (11, False)])
def test_no_more_is_lent_than_there_is(counter: Any, house: Any, pieces: int, fits: bool) -> None:
    counter.hold("east", 0, 4, equipment={"chairs": 30})

    if fits:
        counter.hold("corner", 3, 4, equipment={"chairs": pieces})
    else:
        with pytest.raises(EquipmentLent):
            counter.hold("corner", 3, 4, equipment={"chairs": pieces})
        counter.hold("corner", 4, 4, equipment={"chairs": pieces})


def test_more_than_there_is_can_never_be_lent(counter: Any, house: Any) -> None:
    counter.hold("east", 0, 4, equipment={"chairs": 40})
    with pytest.raises(EquipmentLent):
        counter.hold("east", 8, 4, equipment={"chairs": 41})
    with pytest.raises(UnknownEquipment):
        counter.hold("east", 8, 4, equipment={"tables": 1})


def test_what_was_lent_comes_back(counter: Any, house: Any) -> None:
    counter.cancel(counter.hold("east", equipment={"chairs": 40}))

    counter.hold("corner", equipment={"chairs": 40})


def test_the_last_pieces_go_to_exactly_as_many_as_there_are(counter: Any, house: Any) -> None:
    spaces = ["east", "nook", "corner", "stage"]
    for number in range(25):

        def one(space: str, place: int = number * 8) -> bool:
            try:
                counter.hold(space, place, equipment={"chairs": 15})
            except EquipmentLent:
                return False
            return True

        assert sum(at_once(one, spaces)) == 2


@pytest.mark.parametrize(("pieces", "told"), [(0, 1), (29, 1), (30, 0), (31, 0)])
def test_fewer_pieces_than_are_lent_are_told_of(counter: Any, house: Any, town: Any, pieces: int, told: int) -> None:
    counter.hold("east", equipment={"chairs": 30})

    house(equipment=(Equipment(id="chairs", name=town.name("Stoler"), pieces=pieces),))

    with counter.database.reading() as tx:
        assert not_allowed(tx, "asker", most=1).total == told


@pytest.mark.parametrize(("after", "refused"), [(-1, True), (0, False)])
def test_equipment_that_is_lent_is_not_taken_away(counter: Any, house: Any, after: int, refused: bool) -> None:
    lent = counter.confirmed("east", equipment={"chairs": 30})
    counter.clock.move(lent.ends_at - counter.clock.now() + timedelta(microseconds=after))

    if refused:
        with pytest.raises(EquipmentInUse):
            house(equipment=())
    else:
        house(equipment=())


def test_a_space_that_is_divided_or_joint_is_not_shared(counter: Any, town: Any) -> None:
    shared = Sharing(groups=2)
    divided = replace(town.space("a", town.space("b"), town.space("c")), sharing=shared)
    joint = replace(town.space("d"), joins=("b", "c"), sharing=shared)

    for spaces in ((divided,), (town.space("b"), town.space("c"), joint)):
        with pytest.raises(SharedButDivided):
            counter.publish(Square(id="x", name=town.name("X"), arenas=(town.arena("y", *spaces),)))


@pytest.mark.parametrize("joins", [("b",), ("b", "nowhere"), ("b", "e"), ("b", "d")])
def test_a_joint_space_is_made_of_two_or_more_that_are_there(counter: Any, town: Any, joins: tuple[str, ...]) -> None:
    joint = replace(town.space("d"), joins=joins)
    other = replace(town.space("e"), joins=("b", "c"))
    square = Square(
        id="x", name=town.name("X"), arenas=(town.arena("y", town.space("b"), town.space("c"), joint, other),)
    )

    with pytest.raises(JoinedOfNothing):
        counter.publish(square)


def test_a_quiet_space_is_not_for_the_loud(counter: Any, town: Any) -> None:
    reading = replace(town.space("reading"), noise="normal")
    counter.publish(Square(id="x", name=town.name("X"), arenas=(town.arena("y", reading),)))

    counter.hold("reading", noise="normal")
    with pytest.raises(TooLoud):
        counter.hold("reading", 4, noise="loud")


def test_buffers_set_later_leave_bookings_as_they_were(counter: Any, house: Any, town: Any) -> None:
    counter.hold("east", 0, 4)
    buffered: BookingRules = replace(town.RULES, setup_minutes=60)
    east = town.space("east", rules=buffered)
    counter.publish(Square(id="asker", name=town.name("Asker"), arenas=(town.arena("culture", east),)))

    with pytest.raises(SlotTaken):
        counter.hold("east", 7, 4)
    counter.hold("east", 8, 4)


@pytest.mark.parametrize(("capacity", "free_from"), [(10, 0), (11, 4)])
def test_a_shared_space_is_shown_free_for_as_many_as_there_is_room_for(
    counter: Any, house: Any, capacity: int, free_from: int
) -> None:
    counter.hold("lobby", 0, 4, participants=20)
    counter.clock.move(counter.quarter() - counter.clock.now())

    assert first_free(counter, "lobby", capacity=capacity) == counter.quarter(free_from)


def test_time_to_set_up_and_clear_is_not_shown_as_free(counter: Any, house: Any) -> None:
    counter.confirmed("stage", 0, 4)
    counter.clock.move(counter.quarter() - counter.clock.now())

    assert first_free(counter, "stage") == counter.quarter(4 + 1 + 2)
    assert first_free(counter, "whole") == counter.quarter(4 + 1)


def first_free(counter: Any, space: str, **asked: Any) -> datetime:
    """When a space can first be booked, as the search tells."""
    day = counter.clock.now().date()
    with counter.database.reading() as tx:
        found = free_times(tx, PageRequest(), Wanted(spaces=[space], **asked), Window(first=day, last=day))
    return datetime.fromisoformat(json.loads(found.items[0])["free"][0]["begins_at"])


def test_a_hold_whose_time_is_over_keeps_no_place_and_no_chairs(counter: Any, house: Any) -> None:
    old = [counter.hold("lobby", 4, participants=30), counter.hold("east", 4, equipment={"chairs": 40})]
    counter.clock.move(old[0].hold_expires_at - counter.clock.now())

    counter.hold("lobby", 4, participants=1)
    counter.hold("stage", 4, equipment={"chairs": 1})

    assert [counter.load(each).state for each in old] == ["expired", "expired"]


def test_a_booking_is_moved_to_where_a_hold_is_over(counter: Any, house: Any) -> None:
    mine, old = counter.confirmed("east", 12), counter.hold("east", 4)
    counter.clock.move(old.hold_expires_at - counter.clock.now())

    times = {"begins_at": old.begins_at, "ends_at": old.ends_at}
    moved = counter.run(usecases.reschedule, RESIDENT, mine.id, ANY_VERSION, **times)

    assert (moved.begins_at, counter.load(old).state) == (old.begins_at, "expired")


def test_a_hold_whose_time_is_over_is_not_moved(counter: Any, house: Any) -> None:
    old = counter.hold("east", 4)
    counter.clock.move(old.hold_expires_at - counter.clock.now())

    with pytest.raises(HoldExpired):
        counter.run(usecases.reschedule, RESIDENT, old.id, ANY_VERSION, participants=1)
