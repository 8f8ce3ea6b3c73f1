"""Series: asked for, booked, confirmed, changed and given up as one. What they do to each booking is a step like any
other; to the series it is one version, one line of history and one event."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.errors import DomainError
from kernel.ids import new_id
from kernel.problems import NotFound
from kernel.versions import Expected
from services.booking import metrics
from services.booking.events import GivenUpBy, SeriesBooked, SeriesCancelled, SeriesChanged, SeriesSnapshot
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.default_limits import Booker, TooManyBookings
from services.booking.model.quotas import Asked, QuotaExceeded
from services.booking.model.recurrence import Occurrence
from services.booking.model.refusals import EquipmentLent, NoRoom, NotHeld, SlotTaken
from services.booking.model.rules import Bookable
from services.booking.model.series import (
    TAKEN,
    Clash,
    NotSkipped,
    Preview,
    Scope,
    Series,
    SeriesRequest,
    Shift,
    SkippedDate,
    meant,
    near,
    request_for,
)
from services.booking.model.series import since as since_of
from services.booking.model.shrinking import takes_no_more
from services.booking.recurrence import dates_of
from services.booking.store import bookings, leaving
from services.booking.store import series as store
from services.booking.usecases import dates, house_rules, quotas, skipped
from services.booking.usecases.bookings import lost as lost_one
from services.booking.usecases.dates import Asking
from services.booking.usecases.offers import making_way
from services.booking.usecases.placing import begin_hold, demand, make_way, place_for, tenant_of
from services.booking.usecases.recording import noted, saved
from services.booking.usecases.series_refusals import naming, refuse
from services.booking.usecases.standing import changing_side_of
from services.booking.usecases.steps import step
from services.booking.usecases.telling import tell

_ATTEMPTS = 4


class _Overtaken(Exception):
    """Others took dates that were free when they were looked at. Looked at again, these may be had elsewhere, or what
    a quota allows may be had on other dates."""


_RACED = (NoRoom, EquipmentLent, _Overtaken)
"""What is raised when others have the last place in a shared space, the last chair, or a date first."""


def preview(tx: Transaction, who: Caller, wanted: SeriesRequest) -> Preview:
    """What would become of each date if the series were booked now. Writes nothing."""
    return dates.preview(tx, who.person, wanted, dates_of(wanted.recurrence))


def book(tx: Transaction, who: Caller, wanted: SeriesRequest) -> Series:
    """Books the dates of a series: all of them or none, those that fit, or those with others elsewhere."""
    asked = dates_of(wanted.recurrence)
    for _ in range(_ATTEMPTS - 1):
        try:
            # undone, nothing of it is taken: who takes more while holding some would come to a deadlock with others
            with tx.savepoint():
                return _book(tx, who, wanted, asked)
        except _RACED:
            continue
    return _book(tx, who, wanted, asked, last_attempt=True)


def confirm(tx: Transaction, who: Caller, id: UUID, expected: Expected) -> Series:
    """Takes all bookings of a series that are held, each at the price it has; for those who booked it."""
    series, _ = locked(tx, who, id)
    expected.check(series.version)
    held = [each for each in bookings.lock_many(tx, store.bookings_of(tx, id)) if each.state == "held"]
    if not held:
        raise NotHeld
    for before in held:
        with naming(before.begins_at):
            step(tx, before, before.accepted(now=tx.now), by=who.person)
    return _done(tx, series.changed(tx.now), "confirmed", by=who.person, bookings=len(held))


def cancel(
    tx: Transaction,
    who: Caller,
    id: UUID,
    expected: Expected,
    *,
    scope: Scope = "all",
    booking: UUID | None = None,
    why: str | None = None,
) -> Series:
    """Gives up a booking of a series, that and those after it, or all; those that are over, in use or given up already
    stay as they are."""
    series, by = locked(tx, who, id, managers=True)
    expected.check(series.version)
    chosen, since = _meant(tx, who, series, by, scope, booking)
    with making_way(tx, chosen):
        if scope != "this":
            leaving.leave_dates(tx, id, since=since)
        for before in chosen:
            with naming(before.begins_at):
                cancelled = before.cancelled(now=tx.now, by=by)
            saved(tx, before, cancelled, by=who.person, why=why)
    return _cancelled(tx, series.changed(tx.now), len(chosen), by=by, person=who.person, why=why)


def reschedule(
    tx: Transaction, who: Caller, id: UUID, expected: Expected, *, scope: Scope, booking: UUID | None, shift: Shift
) -> Series:
    """Moves a booking of a series, that and those after it, or all: all of them that are meant, or none. They may take
    each other's earlier times."""
    series, by = locked(tx, who, id, managers=True)
    expected.check(series.version)
    chosen, since = _meant(tx, who, series, by, scope, booking)
    wanted = [shift.of(each) for each in chosen]
    places = _places(tx, who, wanted, by)
    after = _rescheduled(tx, chosen, wanted, places, by)
    more = [moved for before, moved in zip(chosen, after, strict=True) if not takes_no_more(before, moved)]
    make_way(tx, places.values(), more)
    if by == "tenant" and more:
        _demand(tx, who.person, more, places, instead_of=chosen)
    dates.queue_for_room(tx, places.values())
    with making_way(tx, chosen):
        _move(tx, chosen, after, {space: place.parts for space, place in places.items()})
        for before, moved in zip(chosen, after, strict=True):
            noted(tx, before, moved, by=who.person, why=shift.why)
        if scope != "this":
            skipped.move(tx, replace(series, **_now_is(shift, places)), shift, since=since)
    changed = series.changed(tx.now, **_now_is(shift, places) if scope == "all" else {})
    return _done(tx, changed, "rescheduled", by=who.person, bookings=len(chosen), why=shift.why)


def book_skipped(
    tx: Transaction, who: Caller, id: UUID, expected: Expected, *, begins_at: datetime, space: str | None = None
) -> Series:
    """Books a date that the series did not get at first."""
    series, _ = locked(tx, who, id)
    expected.check(series.version)
    date = store.lock_skipped(tx, id, begins_at)
    if date is None or skipped.stands(tx, date):
        raise NotSkipped
    wanted = series.request(Occurrence(date.begins_at, date.ends_at), space or date.space)
    wanted = replace(wanted, participants=date.participants or wanted.participants)
    place, organisation = place_for(tx, wanted, who.person)
    tenant = tenant_of(wanted, organisation, who.person)
    new = replace(begin_hold(tx, wanted, place, tenant=tenant, person=who.person), series=id)
    leaving.leave_dates(tx, id, since=begins_at, until=begins_at)  # or it would be in its own way
    make_way(tx, [place], [new])
    demand(tx, who.person, new, place, wanted)
    if not bookings.add(tx, new, parts=place.parts):
        raise lost_one(tx, new)
    tell(tx, new)
    store.booked_after_all(tx, id, begins_at, new.id)
    return _done(tx, series.changed(tx.now, state="active"), "date_booked", by=who.person, bookings=1)


def imported(tx: Transaction, series: Series, *, by: UUID, bookings: int) -> None:
    """Bookings of a series have come, moved or gone with a file: one line of its history, one event."""
    if store.figures(tx, series).live:
        _done(tx, series, "imported", by=by, bookings=bookings)
    else:
        _cancelled(tx, series, bookings, by="house", person=by, why=None)


def locked(tx: Transaction, who: Caller, id: UUID, *, managers: bool = False) -> tuple[Series, GivenUpBy]:
    """The series, for one who may change it, and for whom they do. To strangers it is not there; overseers see it, and
    may not."""
    series = store.lock(tx, id)
    if series is None:
        raise NotFound
    return series, changing_side_of(tx, who, series, managers=managers)


def _book(
    tx: Transaction, who: Caller, wanted: SeriesRequest, asked: Sequence[Occurrence], *, last_attempt: bool = False
) -> Series:
    elsewhere = wanted.policy == "alternatives"
    seen = dates.consider(tx, who.person, wanted, asked, elsewhere=elsewhere, clearing=True)
    if wanted.policy == "all_or_nothing":
        _refuse_clashes(seen)
    dates.demand_accepted(tx, who.person, wanted, seen)
    asking = dates.fair(tx, who.person, wanted, seen)
    series = _series(tx, who, wanted, asking)
    held = [
        _held(tx, series, asking, request_for(wanted.like, date.occurrence, space), who.person)
        for date in asking.dates
        if (space := asking.space_of(date, wanted)) is not None
    ]
    if not held:
        _refuse_clashes(asking)
    lost = bookings.add_all(tx, held, parts={space: place.parts for space, place in asking.places.items()})
    _refuse_lost(wanted, asking, held, lost, last_attempt=last_attempt)
    won = [each for each in held if each.id not in lost]
    store.add(tx, series)
    lost_dates = _skipped(asking, won)
    store.skip(tx, series.id, lost_dates)
    if wanted.wait:
        skipped.wait(tx, series, skipped.taken(lost_dates))
    for each in won:
        tell(tx, each)
    return _done(tx, series, "booked", by=who.person, bookings=len(won))


def _refuse_lost(
    wanted: SeriesRequest, asking: Asking, held: Sequence[Booking], lost: set[UUID], *, last_attempt: bool
) -> None:
    """What is to be done when others came first: refuse, look again, or go on without those dates."""
    if not lost:
        return
    if wanted.policy == "all_or_nothing" or (len(lost) == len(held) and last_attempt):
        metrics.CLASHES.inc()
        refuse([(each.begins_at, TAKEN[SlotTaken.code]) for each in held if each.id in lost], len(asking.dates))
    limited = (QuotaExceeded.code, TooManyBookings.code)
    beyond = any(each.clash is not None and each.clash.code in limited for each in asking.dates)
    worth_it = wanted.policy == "alternatives" or beyond or len(lost) == len(held)
    if worth_it and not last_attempt:
        raise _Overtaken


def _series(tx: Transaction, who: Caller, wanted: SeriesRequest, asking: Asking) -> Series:
    like, when, place = wanted.like, wanted.recurrence, asking.places[wanted.like.space]
    return Series(
        id=new_id(),
        version=1,
        state="active",
        space=place.space,
        arena=place.arena,
        square=place.square,
        tenant=asking.tenant,
        booked_by=who.person,
        purpose=like.purpose,
        audience=like.audience,
        participants=like.participants,
        title=like.title,
        confirm=like.confirm,
        noise=like.noise,
        equipment=like.equipment,
        policy=wanted.policy,
        starts=when.starts,
        minutes=when.minutes,
        rule=when.rule,
        dates=when.dates,
        excepted=when.excepted,
        created_at=tx.now,
        changed_at=tx.now,
    )


def _held(tx: Transaction, series: Series, asking: Asking, wanted: BookingRequest, person: UUID) -> Booking:
    place = near(asking.places[wanted.space], wanted)
    return replace(begin_hold(tx, wanted, place, tenant=asking.tenant, person=person), series=series.id)


def _skipped(asking: Asking, won: Sequence[Booking]) -> list[SkippedDate]:
    booked = {each.begins_at for each in won}
    return [
        SkippedDate(
            begins_at=date.occurrence.begins_at,
            ends_at=date.occurrence.ends_at,
            reason=date.clash.code if date.clash else SlotTaken.code,
        )
        for date in asking.dates
        if date.occurrence.begins_at not in booked
    ]


def _refuse_clashes(asking: Asking) -> None:
    if clashes := [(each.occurrence.begins_at, each.clash) for each in asking.dates if each.clash is not None]:
        metrics.CLASHES.inc()
        refuse(clashes, len(asking.dates))


def _move(tx: Transaction, before: Sequence[Booking], after: Sequence[Booking], parts: dict[str, int]) -> None:
    """Takes what these need now instead of what they took. Raises SeriesClashes, which names the first date that others
    are in the way of, and why: for that they are tried once more, one by one."""
    try:
        with tx.savepoint():
            if bookings.move_all(tx, before, after, parts=parts):
                raise _Overtaken
    except _RACED:
        metrics.CLASHES.inc()
        lost = bookings.place_all(tx, (), before, after, parts=parts)
        if clashes := [(each.begins_at, Clash.of(lost[each.id])) for each in after if each.id in lost]:
            refuse(clashes, len(after))


def _rescheduled(
    tx: Transaction,
    meant: Sequence[Booking],
    wanted: Sequence[BookingRequest],
    places: dict[str, Bookable],
    by: GivenUpBy,
) -> list[Booking]:
    after, clashes = [], []
    for before, asked in zip(meant, wanted, strict=True):
        try:
            after.append(before.rescheduled(near(places[asked.space], asked), asked, now=tx.now, by=by))
        except DomainError as error:
            if len(meant) == 1:
                with naming(asked.begins_at):
                    raise
            clashes.append((asked.begins_at, Clash.of(error)))
    if clashes:
        refuse(clashes, len(meant))
    return after


def _places(tx: Transaction, who: Caller, wanted: Sequence[BookingRequest], by: GivenUpBy) -> dict[str, Bookable]:
    """The spaces where bookings are wanted, locked in the order of their ids, with their hours over all that time."""
    first = min(each.begins_at for each in wanted)
    until = max(each.ends_at for each in wanted)
    places = {}
    for space, like in sorted({each.space: each for each in wanted}.items()):
        places[space], _ = place_for(tx, replace(like, begins_at=first), who.person, until=until)
        if by == "house" and not who.manages(places[space].square):
            raise Forbidden
    return places


def _demand(
    tx: Transaction,
    person: UUID,
    after: Sequence[Booking],
    places: dict[str, Bookable],
    *,
    instead_of: Sequence[Booking],
) -> None:
    house_rules.demand_accepted(tx, person, dates.unaccepted(places.values(), ()))
    asked = [
        Asked(place=places[each.space], begins_at=each.begins_at, ends_at=each.ends_at, series=True) for each in after
    ]
    if asked:
        booker = Booker(tenant=after[0].tenant, person=person)
        quotas.demand_room(tx, booker, asked, instead_of=[each.id for each in instead_of])


def _meant(
    tx: Transaction, who: Caller, series: Series, by: GivenUpBy, scope: Scope, booking: UUID | None
) -> tuple[list[Booking], datetime | None]:
    """The bookings that a change is for, locked; and from when on it is for skipped dates, too."""
    everyone = bookings.lock_many(tx, store.bookings_of(tx, series.id))
    found = meant(everyone, scope, booking, now=tx.now)
    if by == "house" and not all(who.manages(each.square) for each in found):
        raise Forbidden
    return found, since_of(everyone, scope, booking)


def _now_is(shift: Shift, places: dict[str, Bookable]) -> dict[str, Any]:
    """What a series says of all its dates once they are moved."""
    people = {} if shift.participants is None else {"participants": shift.participants}
    if shift.space is None:
        return people
    place = places[shift.space]
    return people | {"space": place.space, "arena": place.arena, "square": place.square}


def _cancelled(tx: Transaction, series: Series, count: int, *, by: GivenUpBy, person: UUID, why: str | None) -> Series:
    figures = store.figures(tx, series)
    if figures.live:
        return _done(tx, series, "cancelled_in_part", by=person, bookings=count, why=why)
    series = replace(series, state="cancelled")
    store.save(tx, series)
    store.record(tx, series, "cancelled", by=person, why=why, bookings=count)
    _emit(tx, series, series.tells(SeriesCancelled, figures, cancelled_at=tx.now, cancelled_by=by))
    return series


def _done(tx: Transaction, series: Series, what: str, *, by: UUID, bookings: int, why: str | None = None) -> Series:
    """Saved, one line of history, one event."""
    store.save(tx, series)
    store.record(tx, series, what, by=by, why=why, bookings=bookings)
    figures = store.figures(tx, series)
    told = (
        series.tells(SeriesBooked, figures)
        if series.version == 1
        else series.tells(SeriesChanged, figures, changed=bookings)
    )
    _emit(tx, series, told)
    return series


def _emit(tx: Transaction, series: Series, told: SeriesSnapshot) -> None:
    tx.emit(told, subject=str(series.id), sequence=series.version)
    metrics.SERIES.labels(told.TYPE.split(".")[-2]).inc()
