"""The tree of squares, and how long it is kept."""

from typing import Any

import pytest

from services.portal.backend import Silent
from services.portal.places import Atlas, read
from tests.unit.portal.services import SQUARES


class Booking:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.silent = False

    def squares(self) -> list[dict[str, Any]]:
        self.asked += 1
        if self.silent:
            raise Silent("booking")
        return SQUARES


def test_every_space_is_found_however_deep() -> None:
    places = read(SQUARES)
    assert list(places.spaces) == ["borgen-storsal", "borgen-storsal-a"]
    assert places.spaces["borgen-storsal-a"].square == "borgen"
    assert places.arena_name("borgen-storsal-a") == "Borgen innbyggertorg"


def test_a_place_that_is_no_longer_published_goes_by_its_id() -> None:
    places = read(SQUARES)
    assert (places.space_name("old-hall"), places.square_name("old"), places.arena_name("old-hall")) == (
        "old-hall",
        "old",
        "",
    )


def test_places_are_kept_for_their_time() -> None:
    booking, seconds = Booking(), [0.0]
    atlas = Atlas(30.0, booking.squares, lambda: seconds[0])
    for now, asked in ((0.0, 1), (29.9, 1), (30.0, 2), (30.1, 2)):
        seconds[0] = now
        assert atlas.places().squares
        assert booking.asked == asked


def test_a_booking_that_was_silent_is_asked_again() -> None:
    booking = Booking()
    atlas = Atlas(30.0, booking.squares, lambda: 0.0)
    booking.silent = True
    with pytest.raises(Silent):
        atlas.places()
    booking.silent = False
    assert atlas.places().squares
