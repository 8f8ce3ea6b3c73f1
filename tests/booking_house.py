"""The house of the stateful tests of booking: its spaces and what they ask for, and what may be wished for there."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NOISES = ("quiet", "normal", "loud")
OWNED = {"chairs": 6, "microphones": 2}
"""The equipment of the house, and how many pieces of each there are."""


@dataclass(frozen=True)
class Place:
    """A space: its smallest parts, and its rules."""

    parts: frozenset[str]
    capacity: int = 50
    groups: int = 0
    apart: tuple[tuple[Mapping[str, str], Mapping[str, str]], ...] = ()
    setup: int = 0
    clearing: int = 0
    approval: bool = False
    prepay: bool = False
    release: int | None = None
    notice: int = 0
    noise: str = "loud"
    longest: int = 480

    @property
    def shared(self) -> bool:
        """Whether several may be there at once."""
        return self.groups > 0


def _place(*parts: str, **rules: object) -> Place:
    return Place(frozenset(parts), **rules)  # type: ignore[arg-type]


APART = (({"noise": "quiet"}, {"noise": "loud"}), ({"purpose": "youth"}, {"purpose": "commercial"}))
HOUSE: Mapping[str, Place] = {
    "whole": _place("lobby", "third-1", "third-2", "third-3", "stage", "studio", capacity=150),
    "lobby": _place("lobby", capacity=30, groups=3, apart=APART),
    "big": _place("third-1", "third-2", "third-3", capacity=90, notice=30),
    "third-1": _place("third-1"),
    "two-thirds": _place("third-2", "third-3", setup=15),
    "third-2": _place("third-2"),
    "third-3": _place("third-3", noise="normal"),
    "stage": _place("stage", setup=30, clearing=15, approval=True, release=30),
    "studio": _place("studio", clearing=30, prepay=True, longest=90),
    "joint": _place("third-3", "studio", approval=True, prepay=True, release=15),
}
"""`two-thirds` lies in `big`, and `joint` is made of spaces in two branches of the tree."""


@dataclass(frozen=True)
class Wish:
    """What somebody asks for."""

    space: str
    begin: int
    end: int
    people: int = 8
    noise: str = "normal"
    purpose: str = "culture"
    equipment: Mapping[str, int] = field(default_factory=dict)
    at_once: bool = False

    @property
    def place(self) -> Place:
        """The space it is for."""
        return HOUSE[self.space]
