"""House rules, and who accepted them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from kernel.contracts import Event

RuledScope = Literal["square", "arena", "space"]
AcceptanceChannel = Literal["portal", "booking", "door"]
"""Where a person accepted house rules: on their page in the portal, with a booking, or at the door."""


@dataclass(frozen=True, kw_only=True)
class HouseRuleTold:
    """One part of the house rules. What `number` counts, people or years, follows from the code."""

    code: str
    time: str | None = None
    """Wall time, such as "22:00"."""
    number: int | None = None


@dataclass(frozen=True, kw_only=True)
class HouseRulesPublished(Event):
    """House rules have a new version. In force is the one with the latest `effective_from` that has come, whichever was
    published first; of several for one moment that with the highest number. Subject: the scope and the place's id,
    "arena/borgen-innbyggertorg". Nobody listens yet; access will, before it opens a door."""

    TYPE: ClassVar[str] = "no.torg.booking.house_rules_published.v1"

    scope: RuledScope
    place: str
    square: str
    version: int
    effective_from: datetime
    rules: list[HouseRuleTold]


@dataclass(frozen=True, kw_only=True)
class HouseRulesAccepted(Event):
    """A person accepted a version of house rules. Subject: the person, the scope and the place. `person` is a
    pseudonym, as `booked_by`. Nobody listens yet; access will."""

    TYPE: ClassVar[str] = "no.torg.booking.house_rules_accepted.v1"

    person: str
    scope: RuledScope
    place: str
    version: int
    accepted_at: datetime
    channel: AcceptanceChannel
