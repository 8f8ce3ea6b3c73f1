"""The squares with their arenas and spaces, as booking publishes them; kept for a moment, as most pages name one."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app

from services.portal.backend import Json, everything
from services.portal.language import named
from services.portal.settings import PortalSettings

Names = Mapping[str, str]


@dataclass(frozen=True)
class Space:
    """What can be booked, where it is, and the steps it is booked in. Lengths are minutes, `area` square metres."""

    id: str
    name: Names
    arena: Names
    square: str
    capacity: int
    area: float
    grid: int
    shortest: int
    longest: int
    approval: bool = False
    prepay: bool = False

    def lets(self, minutes: int) -> bool:
        """Whether it is let for that long."""
        return self.shortest <= minutes <= self.longest and minutes % self.grid == 0


@dataclass(frozen=True)
class Square:
    """One of the municipality's squares."""

    id: str
    name: Names
    arenas: list[Names]


@dataclass(frozen=True)
class Places:
    """All squares and spaces, by id, in the order they were published."""

    squares: dict[str, Square]
    spaces: dict[str, Space]
    arenas: dict[str, Names] = field(default_factory=dict)

    def name_of(self, scope: str, place: str) -> str:
        """What people call a square, an arena or a space."""
        if scope == "arena":
            return named(self.arenas[place]) if place in self.arenas else place
        return self.square_name(place) if scope == "square" else self.space_name(place)

    def space_name(self, space: str) -> str:
        """What people call the space; its id when it is no longer published."""
        found = self.spaces.get(space)
        return named(found.name) if found else space

    def asks_approval(self, space: str) -> bool:
        """Whether an arena manager decides who has the space."""
        found = self.spaces.get(space)
        return found is not None and found.approval

    def asks_payment(self, space: str) -> bool:
        """Whether the space is booked only once it is paid."""
        found = self.spaces.get(space)
        return found is not None and found.prepay

    def arena_name(self, space: str) -> str:
        """What people call the building the space is in."""
        found = self.spaces.get(space)
        return named(found.arena) if found else ""

    def square_name(self, square: str) -> str:
        """What people call the square."""
        found = self.squares.get(square)
        return named(found.name) if found else square


class Atlas:
    """Keeps the places and asks for them anew when they are older than `seconds`. Threads may ask at the same time."""

    def __init__(
        self, seconds: float, fetch: Callable[[], list[Json]], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._fetch = fetch
        self._monotonic = monotonic
        self._kept = (float("-inf"), Places({}, {}))

    def places(self) -> Places:
        """The places, at most `seconds` old. Raises what fetching raises."""
        fetched_at, known = self._kept
        if self._monotonic() - fetched_at < self._seconds:
            return known
        known = read(self._fetch())
        self._kept = (self._monotonic(), known)
        return known


def register(app: Flask, settings: PortalSettings) -> None:
    """Gives the app its places."""
    app.extensions["torg-atlas"] = Atlas(settings.places_seconds, lambda: everything("booking", "/squares"))


def places() -> Places:
    """All squares and spaces. Raises Silent."""
    atlas: Atlas = current_app.extensions["torg-atlas"]
    return atlas.places()


def read(squares: list[Json]) -> Places:
    """The places in what booking answers."""
    found = Places({}, {})
    for square in squares:
        arenas = [arena["name"] for arena in square["arenas"]]
        found.squares[square["id"]] = Square(square["id"], square["name"], arenas)
        for arena in square["arenas"]:
            found.arenas[arena["id"]] = arena["name"]
            for space in _flat(arena["spaces"]):
                found.spaces[space["id"]] = _space(space, arena["name"], square["id"])
    return found


def _flat(spaces: list[Json]) -> Iterator[Json]:
    """Every space, each before the ones it is divided into."""
    for space in spaces:
        yield space
        yield from _flat(space.get("spaces", []))


def _space(space: Json, arena: Any, square: str) -> Space:
    return Space(
        id=space["id"],
        name=space["name"],
        arena=arena,
        square=square,
        capacity=space["capacity"],
        area=space["area"],
        grid=space["grid_minutes"],
        shortest=space["min_minutes"],
        longest=space["max_minutes"],
        approval=space.get("approval", False),
        prepay=space.get("prepay", False),
    )
