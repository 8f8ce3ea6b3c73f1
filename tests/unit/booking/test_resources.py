"""The tree of spaces: its parts, what makes it impossible, and what others are told of it."""

from dataclasses import replace

import pytest

from kernel.errors import Text
from services.booking.events import SpacePublished
from services.booking.model.opening import hours
from services.booking.model.resources import Arena, RepeatedId, Space, Square
from services.booking.model.rules import BookingRules, InvalidRules
from services.booking.model.sharing import Sharing

RULES = BookingRules(grid_minutes=15, min_minutes=30, max_minutes=240, notice_minutes=0, horizon_days=30)


def name(text: str) -> Text:
    return Text(nb=text, nn=f"{text} (nn)", en=f"{text} (en)")


def space(id: str, *spaces: Space) -> Space:
    return Space(id=id, name=name(id), premises="hall", capacity=10, area=50.5, rules=RULES, spaces=spaces)


def arena(id: str, *spaces: Space) -> Arena:
    return Arena(id=id, name=name(id), hours=[hours(1, "08:00", "22:00")], spaces=spaces)


HALL = space("hall", space("half", space("quarter-1"), space("quarter-2")), space("other-half"))
SQUARE = Square(id="borgen", name=name("Borgen"), arenas=[arena("house", HALL, space("room"))])


@pytest.mark.parametrize(
    ("of", "parts"),
    [
        (HALL, ["quarter-1", "quarter-2", "other-half"]),
        (HALL.spaces[0], ["quarter-1", "quarter-2"]),
        (HALL.spaces[1], ["other-half"]),
    ],
)
def test_the_parts_are_those_not_divided_further(of: Space, parts: list[str]) -> None:
    assert list(of.parts()) == parts


def test_spaces_are_placed_after_the_one_they_are_part_of() -> None:
    placed = [(each.space.id, each.parent) for each in SQUARE.placed()]

    assert placed == [
        ("hall", None),
        ("half", "hall"),
        ("quarter-1", "half"),
        ("quarter-2", "half"),
        ("other-half", "hall"),
        ("room", None),
    ]


def test_a_possible_tree() -> None:
    SQUARE.check()


@pytest.mark.parametrize(
    "arenas",
    [
        [arena("house", space("a")), arena("house", space("b"))],
        [arena("house", space("a")), arena("barn", space("a"))],
        [arena("house", space("a", space("b"), space("b")))],
        [arena("house", space("a", space("a")))],
    ],
)
def test_an_id_is_used_once(arenas: list[Arena]) -> None:
    with pytest.raises(RepeatedId):
        replace(SQUARE, arenas=arenas).check()


def test_rules_that_no_booking_could_keep_are_refused_however_deep() -> None:
    never = replace(space("never"), rules=replace(RULES, min_minutes=300))

    with pytest.raises(InvalidRules) as refused:
        replace(SQUARE, arenas=[arena("house", space("a", space("b", never)))]).check()

    assert refused.value.fields == {"space": "never"}


def test_others_are_told_of_a_space_in_bokmal() -> None:
    told = next(iter(SQUARE.placed())).published()

    assert told == SpacePublished(
        space="hall",
        space_name="hall",
        arena="house",
        arena_name="house",
        square="borgen",
        square_name="Borgen",
        premises="hall",
        capacity=10,
        area=50.5,
        parts=["other-half", "quarter-1", "quarter-2"],
    )


def test_others_are_told_which_parts_a_space_is_made_of_and_whether_it_is_shared() -> None:
    joint = replace(space("both"), joins=["room", "hall"])
    cafe = replace(space("cafe"), sharing=Sharing(groups=3))
    house = arena("house", space("hall", space("third-2"), space("third-1")), space("room"), joint, cafe)
    told = {each.space.id: each.published() for each in replace(SQUARE, arenas=[house]).placed()}

    assert told["hall"].parts == ["third-1", "third-2"]
    assert told["third-2"].parts == ["third-2"]
    assert told["both"].parts == ["room", "third-1", "third-2"]
    assert [each for each, space in told.items() if space.shared] == ["cafe"]
