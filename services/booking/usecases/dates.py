"""What becomes of the dates of a series where they are asked for: which fit, which clash and why, and where else those
could be. `usecases.series` books by it. All dates together cost a few statements, however many."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from kernel.db import Transaction
from kernel.errors import DomainError
from services.booking.model.actors import Actor
from services.booking.model.default_limits import Booker
from services.booking.model.house_rules import RuleVersion, refuse_unaccepted
from services.booking.model.quotas import Asked
from services.booking.model.recurrence import Occurrence
from services.booking.model.refusals import SlotTaken
from services.booking.model.rules import Bookable
from services.booking.model.series import (
    TAKEN,
    Clash,
    Considered,
    Preview,
    SeriesRequest,
    overlapping,
    refusal,
    request_for,
)
from services.booking.store import dates as store
from services.booking.usecases import house_rules, quotas
from services.booking.usecases.placing import make_way, place_for, tenant_of

ELSEWHERE = 8
"""In how many other spaces dates are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A series that is asked for: its dates as they were considered, the spaces they may be in, and who rents."""

    dates: Sequence[Considered]
    places: Mapping[str, Bookable]
    tenant: Actor

    def space_of(self, date: Considered, wanted: SeriesRequest) -> str | None:
        """Where a date is to be booked; None where it can't be."""
        if date.clash is None:
            return wanted.like.space
        return date.alternatives[0] if wanted.policy == "alternatives" and date.alternatives else None


def preview(tx: Transaction, person: UUID, wanted: SeriesRequest, dates: Sequence[Occurrence]) -> Preview:
    """Each date with what it clashes with and where else it could be, and why the whole would be refused. Writes
    nothing."""
    asking = consider(tx, person, wanted, dates, elsewhere=True)
    places = [asking.places[space] for space in {wanted.like.space, *_used(wanted, asking)}]
    try:
        refuse_unaccepted(unaccepted(places, wanted.like.accept_house_rules))
        asking = fair(tx, person, wanted, asking)
    except DomainError as error:
        return Preview(dates=asking.dates, refusal=Clash.of(error))
    return Preview(dates=asking.dates)


def demand_accepted(tx: Transaction, person: UUID, wanted: SeriesRequest, asking: Asking) -> None:
    """Refuses who has not accepted the house rules of the spaces where the dates are to be."""
    lacking = unaccepted([asking.places[space] for space in _used(wanted, asking)], ())
    house_rules.demand_accepted(tx, person, lacking, wanted.like.accept_house_rules)


def fair(tx: Transaction, person: UUID, wanted: SeriesRequest, asking: Asking) -> Asking:
    """With the dates that no limit has room for as clashes, the first dates first. Raises QuotaExceeded or
    TooManyBookings where all or nothing is asked for."""
    booker = Booker(tenant=asking.tenant, person=person)
    spaces = {number: asking.space_of(date, wanted) for number, date in enumerate(asking.dates)}
    there = {number: asking.places[space] for number, space in spaces.items() if space is not None}
    asked = [_asked(place, asking.dates[number].occurrence) for number, place in there.items()]
    if wanted.policy == "all_or_nothing":
        quotas.demand_room(tx, booker, asked)
        return asking
    beyond = quotas.beyond(tx, booker, asked) if asked else {}
    refused = {number: beyond[place] for place, number in enumerate(there) if place in beyond}
    dates = [
        Considered(occurrence=date.occurrence, clash=Clash.of(refused[number])) if number in refused else date
        for number, date in enumerate(asking.dates)
    ]
    return replace(asking, dates=dates)


def unaccepted(places: Iterable[Bookable], shown: Collection[RuleVersion]) -> list[RuleVersion]:
    """The house rules in force in these spaces that whoever books has not accepted."""
    return sorted({rules for place in places for rules in place.unaccepted} - {*shown})


def consider(
    tx: Transaction,
    person: UUID,
    wanted: SeriesRequest,
    dates: Sequence[Occurrence],
    *,
    elsewhere: bool,
    clearing: bool = False,
) -> Asking:
    """What becomes of each date, as things stand. The spaces stay as they are until the transaction ends; what they are
    taken for may change until the dates are booked, but for room in shared ones. `clearing`: holds in the way whose
    time is over are cleared away."""
    places, tenant = _places(tx, person, wanted, dates, elsewhere=elsewhere)
    if clearing:
        like = wanted.like.equipment
        make_way(
            tx,
            places.values(),
            [store.Asked(space, date.taken(place.rules), like) for space, place in places.items() for date in dates],
        )
    quotas.queue(tx, Booker(tenant=tenant, person=person), places.values())
    queue_for_room(tx, places.values())
    place = places.pop(wanted.like.space)
    clashes = _clashes(tx, wanted, place, dates)
    found = _alternatives(tx, wanted, places.values(), {number: dates[number] for number in clashes})
    considered = [
        Considered(occurrence=date, clash=clashes.get(number), alternatives=found.get(number, ()))
        for number, date in enumerate(dates)
    ]
    return Asking(dates=considered, places={place.space: place, **places}, tenant=tenant)


def queue_for_room(tx: Transaction, places: Iterable[Bookable]) -> None:
    """Waits for others who are being let into the shared ones of these spaces; after the tenant's quotas, and before
    the first claim, as those do who book single dates."""
    if shared := [place.space for place in places if place.shared]:
        store.queue_for_room(tx, shared)


def _places(
    tx: Transaction, person: UUID, wanted: SeriesRequest, dates: Sequence[Occurrence], *, elsewhere: bool
) -> tuple[dict[str, Bookable], Actor]:
    """The spaces, locked in the order of their ids, with their hours from the first date to the last; and who rents.
    Where nobody has named other spaces, those are left out whose house rules are still to be read and accepted."""
    like, others = wanted.like, wanted.elsewhere
    if elsewhere and not others:
        others = store.like(tx, like.space, like.participants, most=ELSEWHERE)
    until = max(each.ends_at for each in dates)
    found = {
        space: place_for(tx, request_for(like, dates[0], space), person, until=until)
        for space in sorted({like.space, *(others if elsewhere else ())})
    }
    tenant = tenant_of(like, found[like.space][1], person)
    places = {space: found[space][0] for space in (like.space, *others) if space in found}
    if not wanted.elsewhere:
        unread = {space for space in others if space in found and unaccepted([places[space]], like.accept_house_rules)}
        places = {space: place for space, place in places.items() if space not in unread}
    return places, tenant


def _used(wanted: SeriesRequest, asking: Asking) -> set[str]:
    """The spaces in which dates would be booked."""
    return {space for date in asking.dates if (space := asking.space_of(date, wanted)) is not None}


def _clashes(tx: Transaction, wanted: SeriesRequest, place: Bookable, dates: Sequence[Occurrence]) -> dict[int, Clash]:
    broken = {number: refusal(place, wanted.like, date, now=tx.now) for number, date in enumerate(dates)}
    clashes = {number: clash for number, clash in broken.items() if clash is not None}
    for number in overlapping(dates, place.rules) - clashes.keys():
        clashes[number] = TAKEN[SlotTaken.code]
    asked = [(number, date, place) for number, date in enumerate(dates) if number not in clashes]
    taken = store.clashes(tx, wanted.like, asked)
    return clashes | {number: TAKEN[code] for (number, _), code in taken.items()}


def _alternatives(
    tx: Transaction, wanted: SeriesRequest, places: Collection[Bookable], dates: Mapping[int, Occurrence]
) -> dict[int, list[str]]:
    """Where else each of these dates can be."""
    asked = [
        (number, date, place)
        for number, date in dates.items()
        for place in places
        if refusal(place, wanted.like, date, now=tx.now) is None
    ]
    taken = store.clashes(tx, wanted.like, asked)
    found: dict[int, list[str]] = {}
    for number, _, place in asked:
        if (number, place.space) not in taken:
            found.setdefault(number, []).append(place.space)
    return found


def _asked(place: Bookable, date: Occurrence) -> Asked:
    return Asked(place=place, begins_at=date.begins_at, ends_at=date.ends_at, series=True)
