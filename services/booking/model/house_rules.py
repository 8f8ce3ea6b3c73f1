"""House rules: what whoever uses a square, an arena or a space keeps to, in plain words and in parts machines know.

Each publication is a version of its own, and none is ever rewritten: what somebody accepted can be shown as they saw
it. In force is the version with the latest `effective_from` that has come; announced ones keep their day, whatever is
published after them; of several for one moment the last published holds. A booking asks for those of its space, its
arena and its square that are in force when it is made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.events import (
    AcceptanceChannel,
    HouseRulesAccepted,
    HouseRulesPublished,
    HouseRuleTold,
    RuledScope,
)

SCOPES: tuple[RuledScope, ...] = get_args(RuledScope)

Parameter = Literal["nothing", "time", "number"]
CODES: Mapping[str, Parameter] = {
    "no_alcohol": "nothing",
    "no_smoking": "nothing",
    "no_animals": "nothing",
    "no_outdoor_shoes": "nothing",
    "no_private_parties": "nothing",
    "no_subletting": "nothing",
    "clean_after": "nothing",
    "lock_after": "nothing",
    "quiet_after": "time",
    "leave_by": "time",
    "max_people": "number",
    "min_age": "number",
    "adult_with_under": "number",
}
"""The parts there are, and what each is given with: a wall time, a number of people or of years, or nothing."""


class InvalidHouseRule(DomainError):
    """A part of the house rules lacks its time or number, has one that it does not take, or is there twice."""

    code = "invalid_house_rule"
    text = Text(
        nb="Husregelen {rule} må stå én gang, og med det den gjelder: {takes}.",
        nn="Husregelen {rule} må stå éin gong, og med det han gjeld: {takes}.",
        en="The house rule {rule} must be there once, and with what it takes: {takes}.",
    )


class HouseRulesNotAccepted(DomainError):
    """There are house rules in force here that the person has not accepted. `rules` names each with its version."""

    code = "house_rules_not_accepted"
    status = 409
    text = Text(
        nb="Les og godta husreglene først: {rules}.",
        nn="Les og godta husreglane først: {rules}.",
        en="Read and accept the house rules first: {rules}.",
    )


class HouseRulesSuperseded(DomainError):
    """Another version has taken its place; that is the one to read and accept."""

    code = "house_rules_superseded"
    status = 409
    text = Text(
        nb="Husreglene for {place} er endret. Les og godta versjon {version}.",
        nn="Husreglane for {place} er endra. Les og godta versjon {version}.",
        en="The house rules of {place} have changed. Read and accept version {version}.",
    )


class UnknownHouseRules(DomainError):
    """There is no such version of house rules for this place."""

    code = "unknown_house_rules"
    text = Text(
        nb="Det finnes ingen versjon {version} av husreglene for {place}.",
        nn="Det finst ingen versjon {version} av husreglane for {place}.",
        en="There is no version {version} of the house rules of {place}.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRule:
    """One part. `time` is wall time, "22:00"; `number` is people or years, as the code says."""

    code: str
    text: Text
    time: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class RuleVersion:
    """Names one version of the house rules of a place."""

    scope: RuledScope
    place: str
    version: int

    def __str__(self) -> str:
        return f"{self.scope} {self.place}, {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRules:
    """A version, as it was published. `square` is the one the place belongs to."""

    scope: RuledScope
    place: str
    version: int
    square: str
    text: Text
    rules: Sequence[HouseRule]
    effective_from: datetime
    published_at: datetime
    published_by: UUID

    @property
    def name(self) -> RuleVersion:
        """What people accept it by."""
        return RuleVersion(self.scope, self.place, self.version)

    def says(self, text: Text, rules: Sequence[HouseRule], effective_from: datetime | None, *, now: datetime) -> bool:
        """Return True if it says this, from then on; None: if it does already."""
        same_time = self.effective_from <= now if effective_from is None else effective_from == self.effective_from
        return same_time and self.text == text and tuple(self.rules) == tuple(rules)

    def published(self) -> HouseRulesPublished:
        """The event that tells of it."""
        return HouseRulesPublished(
            scope=self.scope,
            place=self.place,
            square=self.square,
            version=self.version,
            effective_from=self.effective_from,
            rules=[HouseRuleTold(code=each.code, time=each.time, number=each.number) for each in self.rules],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """That a person accepted a version: when, and where they did."""

    person: UUID
    rules: RuleVersion
    accepted_at: datetime
    channel: AcceptanceChannel

    def happened(self) -> HouseRulesAccepted:
        """The event that tells of it."""
        return HouseRulesAccepted(
            person=str(self.person),
            scope=self.rules.scope,
            place=self.rules.place,
            version=self.rules.version,
            accepted_at=self.accepted_at,
            channel=self.channel,
        )

    @property
    def subject(self) -> str:
        """A person's acceptances of one place's rules are one story; the version is its sequence."""
        return f"{self.person}/{self.rules.scope}/{self.rules.place}"


def check(rules: Sequence[HouseRule]) -> None:
    """Raises InvalidHouseRule for the first part that is not as its code takes it, or that is there before."""
    seen: set[str] = set()
    for each in rules:
        takes = CODES[each.code]
        given = {"time": each.time is not None, "number": each.number is not None}
        if each.code in seen or given != {"time": takes == "time", "number": takes == "number"}:
            raise InvalidHouseRule(rule=each.code, takes=takes)
        seen.add(each.code)


def refuse_unaccepted(lacking: Iterable[RuleVersion]) -> None:
    """Raises HouseRulesNotAccepted when there are any."""
    refused = refusal(lacking)
    if refused is not None:
        raise refused


def refusal(lacking: Iterable[RuleVersion]) -> HouseRulesNotAccepted | None:
    """What somebody is told who lacks these; None when there are none."""
    missing = sorted(lacking)
    if not missing:
        return None
    return HouseRulesNotAccepted(rules="; ".join(map(str, missing)), missing=[_told(each) for each in missing])


def _told(each: RuleVersion) -> dict[str, object]:
    return {"scope": each.scope, "id": each.place, "version": each.version}
