"""Fair use: groups and quotas as those write them who oversee the squares; quotas, and the limits that hold without
any (`model.default_limits`), demanded of whoever books."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from kernel.auth import Caller, Forbidden, Role
from kernel.db import Transaction
from kernel.errors import DomainError
from kernel.versions import Expected, StaleVersion
from services.booking import metrics
from services.booking.model import quotas as model
from services.booking.model.default_limits import Booker, Limits, Room, TooManyBookings
from services.booking.model.places import Place, UnknownPlace
from services.booking.model.quotas import (
    LOOK_AHEAD,
    Asked,
    Quota,
    QuotaExceeded,
    Shortfall,
    SpaceGroup,
    UnknownGroup,
    UnknownOrganisation,
    UsedUpBySeries,
)
from services.booking.model.room_again import Bound, room_again
from services.booking.model.rules import Bookable
from services.booking.model.tallies import Tally
from services.booking.store import actors, duties, open_bookings, places, quotas

_QUEUE = "fair use"
"""Groups and quotas are changed by one at a time."""


def put_group(tx: Transaction, who: Caller, expected: Expected, wanted: SpaceGroup) -> SpaceGroup:
    """Makes a group of spaces what this says. One that is not there yet has version 0."""
    places.queue(tx, _QUEUE)
    before = quotas.group(tx, wanted.id)
    concerned = {*wanted.places, *(before.places if before else ())}
    _demand_right(tx, who, wanted.places, concerned)
    places.keep_still(tx, {*concerned, *places.overlapping(tx, concerned)})
    version = _expect(expected, before) + 1
    group = replace(wanted, version=version)
    quotas.save_group(tx, group, who.person)
    return group


def put_quota(tx: Transaction, who: Caller, expected: Expected, id: str, *, group: str, **wanted: Any) -> Quota:
    """Makes a quota what this says. One that is not there yet has version 0. Nobody writes that of an organisation they
    may act for: raises OwnInterest."""
    places.queue(tx, _QUEUE)
    before = next(iter(quotas.these(tx, [id])), None)
    of = quotas.group(tx, group)
    if of is None:
        raise UnknownGroup(group=group)
    concerned = {*of.places, *(before.group.places if before else ())}
    _demand_right(tx, who, of.places, concerned)
    places.keep_still(tx, {*concerned, *places.overlapping(tx, concerned)})
    version = _expect(expected, before) + 1
    quota = Quota(id=id, version=version, group=of, **wanted)
    quota.check()
    if quota.actor is not None and actors.find(tx, quota.actor) is None:
        raise UnknownOrganisation
    for actor in {each.actor for each in (quota, before) if each is not None and each.actor is not None}:
        duties.demand_no_interest(tx, who, actor)
    quotas.save(tx, quota, who.person)
    return quota


def demand_room(tx: Transaction, booker: Booker, asked: Sequence[Asked], *, instead_of: Collection[UUID] = ()) -> None:
    """Refuses bookings that would pass a quota of the tenant's, or what they may have without any. Every way of booking
    calls it, once for all that it books in the transaction, before the first claim is written; `instead_of` are
    bookings given up or moved for it.

    Bookings that the same person or organisation answers for are counted one after the other, and those of one tenant
    in one quota, from the bookings themselves, so that the limit holds however many ask at once. Where no quota binds
    (`Bookable.quotas`) that costs one count; a move costs none, as it adds nothing.
    """
    adds = len(asked) > len(instead_of)
    binding = _queue(tx, booker, [each.place for each in asked], adds=adds)
    short = _short(tx, booker.tenant.id, binding, asked, instead_of)
    if short is not None:
        metrics.OVER_QUOTA.labels(short.kind).inc()
        raise _refusal(tx, booker.tenant.id, short, asked, instead_of)
    if adds and (too_many := _too_many(tx, booker, asked)) is not None:
        metrics.OVER_QUOTA.labels(too_many.fields["limited"]).inc()
        raise too_many


def have_room(tx: Transaction, booker: Booker, asked: Sequence[Asked]) -> bool:
    """Whether there is room for what nobody asks for at this moment: the same, and nobody is refused."""
    binding = queue(tx, booker, [each.place for each in asked])
    return _short(tx, booker.tenant.id, binding, asked, ()) is None and _too_many(tx, booker, asked) is None


def refusals(tx: Transaction, booker: Booker, asked: Asked) -> list[DomainError]:
    """What somebody would be told who books this; for one who only wants to know, and so waits for nobody."""
    short = _short(tx, booker.tenant.id, asked.place.quotas, [asked], ())
    over = None if short is None else _refusal(tx, booker.tenant.id, short, [asked], ())
    return [each for each in (over, _too_many(tx, booker, [asked])) if each is not None]


def _short(
    tx: Transaction, tenant: UUID, binding: Sequence[str], asked: Sequence[Asked], instead_of: Collection[UUID]
) -> Shortfall | None:
    if not binding:
        return None
    for standing in model.standing_for(tenant, quotas.these(tx, binding)):
        spans = [each.span for each in asked if standing.quota.id in each.place.quotas]
        weeks = model.whole_weeks(spans)
        booked = quotas.booked(tx, standing.quota, tenant, during=weeks, at=tx.now, instead_of=instead_of)
        short = model.shortfall(standing, booked, spans, now=tx.now)
        if short is not None:
            return short
    return None


def _too_many(tx: Transaction, booker: Booker, asked: Sequence[Asked]) -> TooManyBookings | None:
    return _room(tx, booker, asked).refusal(asked)


def _room(tx: Transaction, booker: Booker, asked: Sequence[Asked]) -> Room:
    """What is left without any quota. What was imported takes none of it; that is looked up only where it matters."""
    series = any(each.series for each in asked)
    limits = Limits(
        single=tx.settings.person_open_bookings,
        dates=tx.settings.person_series_dates,
        organisation=tx.settings.organisation_open_bookings,
    )
    has = open_bookings.of(tx, booker)
    found = limits.room(booker, has, series=series)
    if found.refusal(asked) is None:
        return found
    return limits.room(booker, has.without(open_bookings.imported_of(tx, booker)), series=series)


def beyond(tx: Transaction, booker: Booker, asked: Sequence[Asked]) -> dict[int, UsedUpBySeries | TooManyBookings]:
    """Of the dates of a series, in their order, the numbers of those for which there is no room when those before them
    have theirs, and why. The same rules and the same queue as `demand_room`."""
    binding = queue(tx, booker, [each.place for each in asked])
    tallies = _tallies(tx, booker.tenant.id, binding, asked)
    room = _room(tx, booker, asked)
    found: dict[int, UsedUpBySeries | TooManyBookings] = {}
    for number, each in enumerate(asked):
        there = [tallies[quota] for quota in sorted(each.place.quotas)]
        short = next(filter(None, (tally.short(each.span) for tally in there)), None)
        too_many = room.refusal([each])
        if short is not None:
            metrics.OVER_QUOTA.labels(short.kind).inc()
            found[number] = short.of_date()
        elif too_many is not None:
            metrics.OVER_QUOTA.labels(room.limited).inc()
            found[number] = too_many
        else:
            room = room.less(1)
            for tally in there:
                tally.add(each.span)
    return found


def _tallies(tx: Transaction, tenant: UUID, binding: Sequence[str], asked: Sequence[Asked]) -> dict[str, Tally]:
    if not binding:
        return {}
    weeks = model.whole_weeks([each.span for each in asked])
    return {
        standing.quota.id: Tally(
            standing, quotas.booked(tx, standing.quota, tenant, during=weeks, at=tx.now), now=tx.now
        )
        for standing in model.standing_for(tenant, quotas.these(tx, binding))
    }


def queue(tx: Transaction, booker: Booker, places: Iterable[Bookable]) -> list[str]:
    """Waits until nobody else books for whoever answers for this, nor for this tenant in the quotas that may bind in
    these places; their ids."""
    return _queue(tx, booker, places, adds=True)


def _queue(tx: Transaction, booker: Booker, places: Iterable[Bookable], *, adds: bool) -> list[str]:
    binding = sorted({quota for place in places for quota in place.quotas})
    quotas.lock(tx, booker.tenant.id, binding, answers=booker.answers if adds else None)
    return binding


def _refusal(
    tx: Transaction, tenant: UUID, short: Shortfall, asked: Sequence[Asked], instead_of: Collection[UUID]
) -> QuotaExceeded:
    """What the caller is told, with when all quotas would allow it: for that, the weeks to come are read, too."""
    week = short.week or model.week_of(short.first)
    begins = min(model.whole_weeks([each.span for each in asked])[0], model.span_of_week(week)[0])
    ahead = (begins, model.span_of_week(week)[0] + LOOK_AHEAD)
    binding = {quota for each in asked for quota in each.place.quotas}
    bounds = [
        Bound(
            standing=standing,
            booked=quotas.booked(tx, standing.quota, tenant, during=ahead, at=tx.now, instead_of=instead_of),
            asked=[each.span for each in asked if standing.quota.id in each.place.quotas],
        )
        for standing in model.standing_for(tenant, quotas.these(tx, binding))
    ]
    return short.error(room_again(bounds, week, now=tx.now))


def _expect(expected: Expected, before: SpaceGroup | Quota | None) -> int:
    """The version there is, if it is as expected: 0 when there is none. "Any" is any there is (RFC 9110, 13.1.1)."""
    version = before.version if before else 0
    expected.check(version)
    if before is None and expected.versions is None:
        raise StaleVersion
    return version


def _demand_right(tx: Transaction, who: Caller, wanted: Iterable[Place], concerned: Collection[Place]) -> None:
    """Operators may for all places there are; managers for places in their squares, before and after."""
    squares = places.squares_of(tx, concerned)
    if who.has(Role.OPERATOR):
        if unknown := sorted(set(wanted) - squares.keys()):
            raise UnknownPlace(place=unknown[0].id)
        return
    for place in sorted(concerned):
        # a class of premises is the whole municipality's, whichever squares have some of it today
        if place.scope == "premises" or not all(map(who.manages, squares.get(place, {""}))):
            raise Forbidden
