"""House rules: published by those who oversee the square, accepted by persons, demanded of whoever books."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.errors import Text
from kernel.problems import NotFound
from services.booking import metrics
from services.booking.events import AcceptanceChannel, RuledScope
from services.booking.model import house_rules as model
from services.booking.model.house_rules import (
    SCOPES,
    Acceptance,
    HouseRule,
    HouseRules,
    HouseRulesSuperseded,
    RuleVersion,
    UnknownHouseRules,
)
from services.booking.model.places import Place
from services.booking.model.rules import InThePast
from services.booking.store import house_rules, places
from services.booking.store.house_rules import KnownVersion


def publish(
    tx: Transaction,
    who: Caller,
    scope: RuledScope,
    place: str,
    *,
    text: Text,
    rules: Sequence[HouseRule],
    effective_from: datetime | None,
) -> HouseRules:
    """Make a new version, in force at once unless told from when. Those announced keep their day. The same again is no
    new version."""
    square = _square(tx, who, scope, place)
    model.check(rules)
    places.queue(tx, f"house rules {scope} {place}")
    there = Place(scope, place)
    places.keep_still(tx, {there, *places.overlapping(tx, [there])})
    for before in house_rules.standing(tx, scope, place):
        if before.says(text, rules, effective_from, now=tx.now):
            return before
    if effective_from is not None and effective_from < tx.now:
        raise InThePast
    made = HouseRules(
        scope=scope,
        place=place,
        version=house_rules.last_version(tx, scope, place) + 1,
        square=square,
        text=text,
        rules=tuple(rules),
        effective_from=effective_from or tx.now,
        published_at=tx.now,
        published_by=who.person,
    )
    house_rules.add(tx, made)
    tx.emit(made.published(), subject=f"{scope}/{place}", sequence=made.version)
    return made


def accept(
    tx: Transaction, who: Caller, versions: Collection[RuleVersion], channel: AcceptanceChannel
) -> list[Acceptance]:
    """Records that the caller accepts these versions, each in force or to come; all of them or none. Once is enough:
    what was accepted before stands as it was."""
    known = house_rules.versions(tx, versions)
    for each in sorted(versions):
        _refuse_superseded(each, known)
    _record(tx, who.person, versions, channel)
    return sorted(house_rules.accepted(tx, who.person, versions), key=lambda each: each.rules)


def demand_accepted(
    tx: Transaction, person: UUID, lacking: Collection[RuleVersion], shown: Collection[RuleVersion] = ()
) -> None:
    """Refuses a booking by a person who has not accepted the house rules in force there. Every way of booking calls it.

    `lacking` is what the statement that locked the space found (`Bookable.unaccepted`); `shown` are versions the person
    accepts with the booking itself, and are recorded. Costs nothing when nothing is lacking.
    """
    if not lacking:
        return
    missing = [each for each in lacking if each not in shown]
    if missing:
        metrics.UNACCEPTED.inc()
    model.refuse_unaccepted(missing)
    _record(tx, person, lacking, "booking")


def _square(tx: Transaction, who: Caller, scope: RuledScope, place: str) -> str:
    """The square of a place that may have house rules, for one who oversees it."""
    of_place = Place(scope, place)
    found = places.squares_of(tx, [of_place]).get(of_place) if scope in SCOPES else None
    if found is None:
        raise NotFound
    [square] = found
    if not who.oversees(square):
        raise Forbidden
    return square


def _refuse_superseded(wanted: RuleVersion, known: Sequence[KnownVersion]) -> None:
    """Raise UnknownHouseRules, or HouseRulesSuperseded with what stands in the version's stead."""
    found = next((each for each in known if each.name == wanted), None)
    if found is None:
        raise UnknownHouseRules(place=wanted.place, version=wanted.version)
    if found.standing:
        return
    of_place = (each for each in known if (each.name.scope, each.name.place) == (wanted.scope, wanted.place))
    instead = next(each.name for each in of_place if each.standing and each.effective_from >= found.effective_from)
    raise HouseRulesSuperseded(place=wanted.place, version=instead.version)


def _record(tx: Transaction, person: UUID, versions: Collection[RuleVersion], channel: AcceptanceChannel) -> None:
    given = [
        Acceptance(person=person, rules=each, accepted_at=tx.now, channel=channel) for each in sorted(set(versions))
    ]
    for each in house_rules.accept(tx, given):
        tx.emit(each.happened(), subject=each.subject, sequence=each.rules.version)
        metrics.ACCEPTED.labels(channel).inc()
