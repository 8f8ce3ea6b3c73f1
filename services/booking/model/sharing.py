"""Samtidighet: who may be in a shared space at the same time. The sums are kept by the database (`crowded`), the same
for every way of writing; here is only what a manager sets and what a booking brings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from kernel.errors import DomainError, Text

Trait = Mapping[str, str]
"""What marks some bookings out, such as {"noise": "loud"} or {"purpose": "meeting", "audience": "seniors"}."""

NOISES = ("quiet", "normal", "loud")
"""From the least to the most: what a booking makes, and what a space allows."""


class SharedButDivided(DomainError):
    """Only the smallest spaces can be shared; one that has parts, or is joined of others, is for one at a time."""

    code = "shared_but_divided"
    text = Text(
        nb="Lokalet {space} er delt i flere, og kan ikke deles av flere grupper samtidig.",
        nn="Lokalet {space} er delt i fleire, og kan ikkje delast av fleire grupper samstundes.",
        en="The space {space} is divided into others, so groups can't share it.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How many groups may be in a space at once, within its capacity, and which may not meet: pairs of traits."""

    groups: int
    apart: tuple[tuple[Trait, Trait], ...] = ()


def traits(*, purpose: str, audience: str, noise: str) -> Trait:
    """What a booking brings into a shared space."""
    return {"purpose": purpose, "audience": audience, "noise": noise}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is left of a shared space from an instant to another: places for people, and for groups."""

    begins_at: datetime
    ends_at: datetime
    people: int
    groups: int


def room_left(
    capacity: int, groups: int, there: Iterable[tuple[datetime, datetime, int]], begins_at: datetime, ends_at: datetime
) -> list[Room]:
    """What is left all through a time, of which `there` is taken: from when until when, and by how many. Stretches that
    are alike are one."""
    taken = [(max(since, begins_at), min(until, ends_at), people) for since, until, people in there]
    taken = [each for each in taken if each[0] < each[1]]
    edges = sorted({begins_at, ends_at, *(at for since, until, _ in taken for at in (since, until))})
    found: list[Room] = []
    for since, until in pairwise(edges):
        here = [people for first, last, people in taken if first <= since < last]
        room = Room(begins_at=since, ends_at=until, people=capacity - sum(here), groups=groups - len(here))
        if found and (found[-1].people, found[-1].groups) == (room.people, room.groups):
            room = replace(room, begins_at=found.pop().begins_at)
        found.append(room)
    return found
