"""A square's tree: told once, changed with care for the bookings that are in it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from kernel.pagination import PageRequest
from services.booking.events import SpacePublished
from services.booking.model.opening import hours
from services.booking.model.refusals import SlotTaken
from services.booking.model.resources import (
    DivisionClashes,
    Equipment,
    IdElsewhere,
    RepeatedId,
    SpaceInUse,
    Square,
    UnknownSpace,
)
from services.booking.model.rules import OutsideOpeningHours, TooManyParticipants
from services.booking.queries import resources
from services.booking.store.tables import spaces
from services.booking.usecases import resources as usecases
from tests.at_once import at_once
from tests.callers import STRANGER


def told(counter: Any) -> list[tuple[str, int]]:
    return [(event.subject, event.sequence) for event in counter.told(SpacePublished)]


def shown(counter: Any) -> list[Square]:
    with counter.database.reading() as tx:
        return list(resources.all_squares(tx, PageRequest()).items)


def square_of(town: Any, *arenas: Any) -> Square:
    return replace(town.BORGEN, arenas=list(arenas))


def test_every_space_is_told_once_however_deep(counter: Any) -> None:
    assert told(counter) == [(space, 1) for space in ("hall", "third-1", "third-2", "third-3", "room")]

    counter.publish()

    assert len(told(counter)) == 5


def test_the_tree_is_shown_as_it_was_published(counter: Any, town: Any) -> None:
    assert shown(counter) == [town.BORGEN]


def test_what_others_know_is_told_again_when_it_changes(counter: Any, town: Any) -> None:
    bigger = replace(town.HALL, capacity=151)

    counter.publish(square_of(town, town.arena("house", bigger, town.space("room", capacity=10))))

    assert told(counter)[5:] == [("hall", 2)]


def test_a_new_name_of_the_square_is_news_of_all_its_spaces(counter: Any, town: Any) -> None:
    counter.publish(replace(town.BORGEN, name=town.name("Borgen torg")))

    assert told(counter)[5:] == [(space, 2) for space in ("hall", "third-1", "third-2", "third-3", "room")]
    assert {event.data.square_name for event in counter.told(SpacePublished)[5:]} == {"Borgen torg"}


def test_a_space_is_told_with_its_parts_and_told_anew_when_they_are_others(counter: Any, town: Any) -> None:
    assert {event.subject: event.data.parts for event in counter.told(SpacePublished)} == {
        "hall": ["third-1", "third-2", "third-3"],
        **{each: [each] for each in ("third-1", "third-2", "third-3", "room")},
    }
    fewer = replace(town.HALL, spaces=town.HALL.spaces[:2])

    counter.publish(square_of(town, town.arena("house", fewer, town.space("room", capacity=10))))

    assert [(event.subject, event.data.parts) for event in counter.told(SpacePublished)[5:]] == [
        ("hall", ["third-1", "third-2"])
    ]


def test_what_an_earlier_release_told_is_told_anew_once(counter: Any) -> None:
    with counter.database.transaction() as tx:
        tx.execute(update(spaces).where(spaces.c.id.in_(["hall", "room"])).values(told_edition=0))

    for _ in range(3):
        with counter.database.transaction() as tx:
            usecases.tell_anew(tx, most=1)

    assert told(counter)[5:] == [("hall", 2), ("room", 2)]
    assert counter.told(SpacePublished)[5].data.parts == ["third-1", "third-2", "third-3"]
    counter.publish()
    assert len(told(counter)) == 7


def test_written_again_first_it_is_told_anew_by_that(counter: Any) -> None:
    with counter.database.transaction() as tx:
        tx.execute(update(spaces).where(spaces.c.id == "hall").values(told_edition=0))
    counter.publish()
    with counter.database.transaction() as tx:
        usecases.tell_anew(tx)

    assert told(counter)[5:] == [("hall", 2)]


def test_rules_and_hours_are_booking_s_own_and_count_at_once(counter: Any, town: Any) -> None:
    early = [hours(weekday, "06:00", "08:00") for weekday in range(1, 8)]
    small = town.space("room", capacity=7)

    counter.publish(square_of(town, town.arena("house", town.HALL, small, opening=early)))

    assert told(counter)[5:] == [("room", 2)]
    with pytest.raises(TooManyParticipants):
        counter.hold("room")
    with pytest.raises(OutsideOpeningHours):
        counter.hold("hall")


def test_what_is_left_out_is_booked_no_more_and_comes_back_as_news(counter: Any, town: Any) -> None:
    counter.publish(square_of(town, town.arena("house", town.HALL)))
    with pytest.raises(UnknownSpace):
        counter.hold("room")
    assert [each.id for each in shown(counter)[0].arenas[0].spaces] == ["hall"]

    counter.publish()

    assert told(counter)[5:] == [("room", 2)]
    assert counter.hold("room").live


@pytest.mark.parametrize(("moved", "refused"), [(timedelta(hours=2), True), (timedelta(hours=3), False)])
def test_a_space_is_left_out_once_its_bookings_are_over(counter: Any, town: Any, moved: Any, refused: bool) -> None:
    booked = counter.confirmed("room")  # from 14:00 to 15:00, and it is 12:00
    counter.clock.move(moved)
    without = square_of(town, town.arena("house", town.HALL))

    if refused:
        with pytest.raises(SpaceInUse) as error:
            counter.publish(without)
        assert error.value.fields == {"space": "room", "bookings": [str(booked.id)]}
        assert counter.hold("room", 8).live
    else:
        counter.publish(without)


def test_a_space_that_is_divided_keeps_its_bookings_on_its_parts(counter: Any, town: Any) -> None:
    booking = counter.confirmed("room")
    divided = town.space("room", town.space("room-a"), town.space("room-b"), capacity=10)

    counter.publish(square_of(town, town.arena("house", town.HALL, divided)))

    assert counter.claimed(booking) == 2
    for part in ("room-a", "room-b"):
        with pytest.raises(SlotTaken):
            counter.hold(part, who=STRANGER)


def test_a_space_that_is_whole_again_keeps_its_bookings(counter: Any, town: Any) -> None:
    booking = counter.confirmed("hall")

    counter.publish(square_of(town, town.arena("house", town.space("hall", capacity=150), town.space("room"))))

    assert counter.claimed(booking) == 1
    with pytest.raises(SlotTaken):
        counter.hold("hall", who=STRANGER)


def test_a_division_by_which_bookings_would_overlap_is_refused(counter: Any, town: Any) -> None:
    counter.hold("hall")
    counter.hold("room")
    within = replace(town.HALL, spaces=[*town.HALL.spaces, town.space("room", capacity=10)])

    with pytest.raises(DivisionClashes):
        counter.publish(square_of(town, town.arena("house", within)))

    assert shown(counter) == [town.BORGEN]
    assert len(told(counter)) == 5


@pytest.mark.parametrize(
    "arena",
    [
        lambda town: town.arena("house", town.space("elsewhere")),
        lambda town: town.arena("barn", town.space("room")),
    ],
)
def test_ids_of_another_square_are_not_taken_over(counter: Any, town: Any, arena: Any) -> None:
    with pytest.raises(IdElsewhere):
        counter.publish(Square(id="tofte", name=town.name("Tofte"), arenas=[arena(town)]))

    assert shown(counter) == [town.BORGEN]


def test_a_space_does_not_move_to_another_arena(counter: Any, town: Any) -> None:
    with pytest.raises(IdElsewhere):
        counter.publish(square_of(town, town.arena("house", town.HALL), town.arena("barn", town.space("room"))))


def with_chairs(town: Any, id: str, *spaces: Any, pieces: int = 4) -> Any:
    """An arena that lends chairs."""
    chairs = Equipment(id="chairs", name=town.name("Stoler"), pieces=pieces)
    return replace(town.arena(id, *spaces), equipment=(chairs,))


@pytest.mark.parametrize("there", [True, False])
def test_equipment_of_another_square_is_not_taken_over(counter: Any, town: Any, there: bool) -> None:
    """Whether the other square still lends it or has withdrawn it."""
    counter.publish(square_of(town, with_chairs(town, "house", town.HALL)))
    if not there:
        counter.publish(square_of(town, town.arena("house", town.HALL)))
    before = shown(counter)

    with pytest.raises(IdElsewhere) as error:
        counter.publish(Square(id="tofte", name=town.name("Tofte"), arenas=[with_chairs(town, "barn", pieces=40)]))

    assert error.value.fields == {"id": "chairs"}
    assert shown(counter) == before


def test_who_has_borrowed_equipment_moves_after_another_square_wanted_its_id(counter: Any, town: Any) -> None:
    counter.publish(square_of(town, with_chairs(town, "house", town.HALL)))
    booking = counter.confirmed("hall", equipment={"chairs": 4})

    with pytest.raises(IdElsewhere):
        counter.publish(Square(id="tofte", name=town.name("Tofte"), arenas=[with_chairs(town, "barn")]))

    assert counter.hold("hall", 8, equipment={"chairs": 4}).live
    assert counter.load(booking).equipment == {"chairs": 4}


def test_equipment_does_not_move_to_another_arena(counter: Any, town: Any) -> None:
    counter.publish(square_of(town, with_chairs(town, "house", town.HALL)))
    barn = with_chairs(town, "barn", town.space("loft"))

    with pytest.raises(IdElsewhere) as error:
        counter.publish(square_of(town, town.arena("house", town.HALL), barn))

    assert error.value.fields == {"id": "chairs"}


def test_equipment_that_was_withdrawn_comes_back_where_it_was(counter: Any, town: Any) -> None:
    counter.publish(square_of(town, with_chairs(town, "house", town.HALL)))
    counter.publish(square_of(town, town.arena("house", town.HALL)))

    counter.publish(square_of(town, with_chairs(town, "house", town.HALL, pieces=7)))

    assert [each.pieces for each in shown(counter)[0].arenas[0].equipment] == [7]


def test_of_two_squares_that_want_one_new_id_at_once_one_gets_it(counter: Any, town: Any) -> None:
    def publish(square: str) -> str | None:
        tree = Square(id=square, name=town.name(square), arenas=[with_chairs(town, f"{square}-house")])
        try:
            counter.publish(tree)
        except IdElsewhere:
            return None
        return square

    won = at_once(publish, ["holmen", "tofte", "spikkestad", "heggedal"])

    assert len([each for each in won if each]) == 1


def test_an_arena_without_spaces_is_shown_no_more(counter: Any, town: Any) -> None:
    room = town.arena("house", town.HALL, town.space("room", capacity=10))
    counter.publish(square_of(town, room, town.arena("barn", town.space("loft"))))
    assert [each.id for each in shown(counter)[0].arenas] == ["house", "barn"]

    counter.publish()

    assert [each.id for each in shown(counter)[0].arenas] == ["house"]


def test_an_impossible_tree_changes_nothing(counter: Any, town: Any) -> None:
    with pytest.raises(RepeatedId):
        counter.publish(square_of(town, town.arena("house", town.space("hall"), town.space("hall"))))

    assert shown(counter) == [town.BORGEN]


def test_two_who_publish_at_once_wait_for_each_other(counter: Any, town: Any) -> None:
    sizes = [100, 200, 300, 400]

    def publish(capacity: int) -> None:
        hall = replace(town.HALL, capacity=capacity)
        counter.publish(square_of(town, town.arena("house", hall, town.space("room", capacity=10))))

    at_once(publish, sizes)

    with counter.database.reading() as tx:
        row = tx.execute(select(spaces.c.capacity, spaces.c.version).where(spaces.c.id == "hall")).one()
    events = [event for event in counter.told(SpacePublished) if event.subject == "hall"]
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert (events[-1].data.capacity, events[-1].sequence) == tuple(row)


def test_a_booking_under_way_is_not_lost_to_a_division(counter: Any, town: Any) -> None:
    """Whoever comes first, the other waits: a booking and a new division never use different parts."""
    divided = town.space("room", town.space("room-a"), town.space("room-b"), capacity=10)
    tree = square_of(town, town.arena("house", town.HALL, divided))

    results = at_once(lambda work: work(), [lambda: counter.hold("room"), lambda: counter.publish(tree)])

    assert counter.claimed(results[0]) == 2


def test_a_square_without_anything_yet(counter: Any, town: Any) -> None:
    counter.publish(square_of(town))

    assert [each.arenas for each in shown(counter)] == [()]
