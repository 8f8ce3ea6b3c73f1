"""Samtidighet: who may be in a shared space at the same time. The sums are kept by the database (`crowded`), the same
for every way of writing; here is only what a manager sets and what a booking brings."""

from collections.abc import Mapping
from dataclasses import dataclass

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
