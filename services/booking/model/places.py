"""Parts of the municipality that rules are given for: a space, an arena, a square, or all premises of a class."""

from dataclasses import dataclass
from typing import Literal

from kernel.errors import DomainError, Text

Scope = Literal["square", "arena", "space", "premises"]


class UnknownPlace(DomainError):
    """There is no square, arena, space or class of premises of this id."""

    code = "unknown_place"
    text = Text(
        nb="Stedet {place} finnes ikke.",
        nn="Staden {place} finst ikkje.",
        en="There is no place {place}.",
    )


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One of them: the id of a square, an arena or a space, or the class of premises."""

    scope: Scope
    id: str
