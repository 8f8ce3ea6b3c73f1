"""Can I have exactly this: every reason why not, the same that booking it is refused for, and what is nearest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kernel.errors import DomainError
from services.booking.model.resources import Equipment, Square
from services.booking.model.sharing import Sharing
from services.booking.queries.availability import alternatives
from services.booking.usecases.checking import check
from tests.callers import RESIDENT, STRANGER

MINUTE = timedelta(minutes=1)


@pytest.fixture
def fussy(counter: Any, town: Any) -> Any:
    """A library with a room of many rules, a lobby that is shared, two plain rooms, and chairs."""
    rules = replace(
        town.RULES,
        notice_minutes=180,
        horizon_days=7,
        min_minutes=45,
        max_minutes=90,
        purposes=("culture",),
        audiences=("everyone",),
    )
    room = replace(town.space("reading", capacity=20, rules=rules), noise="normal")
    buffered = replace(town.RULES, setup_minutes=30, clearing_minutes=15)
    lobby = replace(town.space("lobby", capacity=30), sharing=Sharing(groups=2, apart=(({"noise": "loud"}, {}),)))
    spaces = (room, lobby, town.space("stage", rules=buffered), town.space("attic", capacity=9))
    weekday = [each for each in town.ALWAYS if each.weekday < 6]
    things = (Equipment(id="chairs", name=town.name("Stoler"), pieces=40),)
    library = replace(town.arena("library", *spaces, opening=weekday), equipment=things)
    counter.publish(Square(id="tofte", name=town.name("Tofte"), arenas=(library,)))
    return counter


CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({"space": "reading", "begin": 4}, set()),
    ({"space": "reading", "begin": 3}, {"too_short_notice"}),
    ({"space": "reading", "begin": -9}, {"in_the_past"}),
    ({"space": "reading", "begin": 4, "quarters": 2}, {"too_short"}),
    ({"space": "reading", "begin": 4, "quarters": 7}, {"too_long"}),
    ({"space": "reading", "begin": 4, "purpose": "sport"}, {"purpose_not_permitted"}),
    ({"space": "reading", "begin": 4, "audience": "youth"}, {"audience_not_permitted"}),
    ({"space": "reading", "begin": 4, "participants": 20}, set()),
    ({"space": "reading", "begin": 4, "participants": 21}, {"too_many_participants"}),
    ({"space": "reading", "begin": 4, "noise": "loud"}, {"too_loud"}),
    ({"space": "reading", "begin": 4, "equipment": {"drums": 1}}, {"unknown_equipment"}),
    ({"space": "reading", "begin": 96 * 5}, {"outside_opening_hours"}),
    ({"space": "reading", "begin": 96 * 8}, {"beyond_horizon"}),
    (
        {"space": "reading", "begin": 96 * 12, "quarters": 1, "purpose": "sport", "participants": 99},
        {
            *("too_short", "beyond_horizon", "purpose_not_permitted", "too_many_participants"),
            "outside_opening_hours",
        },
    ),
    ({"space": "stage", "begin": 24}, set()),  # booked from 30 to 34: with both their buffers
    ({"space": "stage", "begin": 24, "quarters": 3}, set()),
    ({"space": "stage", "begin": 24, "quarters": 4}, {"slot_taken"}),
    ({"space": "stage", "begin": 36}, {"slot_taken"}),
    ({"space": "stage", "begin": 37}, set()),
    ({"space": "lobby", "begin": 30, "participants": 10}, set()),
    ({"space": "lobby", "begin": 30, "participants": 11}, {"no_room"}),
    ({"space": "lobby", "begin": 30, "participants": 1, "noise": "loud"}, {"no_room"}),
    ({"space": "attic", "begin": 30, "equipment": {"chairs": 10}}, set()),
    ({"space": "attic", "begin": 30, "equipment": {"chairs": 11}}, {"equipment_lent"}),
    ({"space": "attic", "begin": 40, "equipment": {"chairs": 41}}, {"equipment_lent"}),
    ({"space": "nowhere"}, {"unknown_space"}),
]


def test_the_reasons_are_those_that_booking_is_refused_for(fussy: Any) -> None:
    fussy.hold("stage", 30, 4, equipment={"chairs": 30})
    fussy.hold("lobby", 30, 4, participants=20)
    answers, refusals = [], []
    for asked, _ in CASES:
        wanted = fussy.wanted(**{"quarters": 3, **asked})
        answers.append((asked, codes(fussy, wanted)))
        refusals.append(refusal(fussy, lambda wanted=wanted: fussy.run(fussy.usecases.hold, RESIDENT, wanted)))

    assert answers == CASES
    for (_, reasons), refused in zip(answers, refusals, strict=True):
        assert (refused in reasons) if reasons else refused is None


def codes(counter: Any, wanted: Any, person: Any = RESIDENT.person) -> set[str]:
    with counter.database.reading() as tx:
        found = [each.code for each in check(tx, person, wanted).reasons]
    assert len(found) == len(set(found))
    return set(found)


def refusal(counter: Any, book: Callable[[], Any]) -> str | None:
    """The code that booking is refused with; what is booked is given up again."""
    try:
        counter.cancel(book())
    except DomainError as refused:
        return refused.code
    return None


def nearest(counter: Any, **asked: Any) -> Any:
    wanted = counter.wanted(**asked)
    with counter.database.reading() as tx:
        return alternatives(tx, wanted, check(tx, None, wanted).place)


def test_the_nearest_times_of_the_space_before_and_after(fussy: Any) -> None:
    fussy.hold("stage", 30, 4)

    found = nearest(fussy, space="stage", begin=31, quarters=4)

    assert [(each.begins_at, each.ends_at) for each in found.times] == [
        (fussy.quarter(23), fussy.quarter(27)),
        (fussy.quarter(37), fussy.quarter(41)),
    ]
    for each in found.times:
        asked = replace(fussy.wanted("stage"), begins_at=each.begins_at, ends_at=each.ends_at)
        assert codes(fussy, asked) == set()


def test_a_time_that_is_too_long_or_off_the_grid_has_one_near_that_is_not(fussy: Any) -> None:
    wanted = replace(fussy.wanted("reading", 8), begins_at=fussy.quarter(8) + 5 * MINUTE, ends_at=fussy.quarter(20))
    with fussy.database.reading() as tx:
        found = alternatives(tx, wanted, check(tx, None, wanted).place)

    assert codes(fussy, wanted) == {"off_grid", "too_long"}
    assert [(each.begins_at, each.ends_at) for each in found.times] == [
        (fussy.quarter(8), fussy.quarter(14)),
        (fussy.quarter(9), fussy.quarter(15)),
    ]


def test_other_spaces_of_the_arena_come_first_and_then_those_of_its_square_and_of_elsewhere(fussy: Any) -> None:
    fussy.hold("stage", 30, 4)

    found = nearest(fussy, space="stage", begin=31, quarters=4, participants=9, noise="loud")

    assert [each.id for each in found.spaces] == ["attic", "lobby", "room"]
    assert [each.id for each in nearest(fussy, space="room", begin=0, participants=10).spaces] == [
        *("third-1", "third-2", "third-3"),
    ]


def test_where_a_space_was_there_are_others_still(fussy: Any) -> None:
    found = nearest(fussy, space="nowhere", begin=30, participants=20, noise="quiet")

    assert (found.times, [each.id for each in found.spaces]) == ([], ["reading", "lobby", "stage"])


def test_who_is_known_hears_of_representation_too(fussy: Any) -> None:
    korps = fussy.organisation(RESIDENT.subject)
    wanted = fussy.wanted("stage", 40, tenant=korps)

    assert codes(fussy, wanted) == set()
    with pytest.raises(DomainError, match="not_representative"):
        codes(fussy, wanted, STRANGER.person)
    assert codes(fussy, wanted, None) == set()
