"""Moving in: a file of another system's bookings, looked at or imported as a whole.

The dry run is the import itself, undone. One import of a system goes on at a time, so the same file twice at once is as
twice in a row. Lock order: the system, the series of its bookings by id, then as `placing` says.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.errors import DomainError
from kernel.ids import new_id
from services.booking import metrics
from services.booking.files import read
from services.booking.model import imports as model
from services.booking.model.actors import Actor
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.import_refusals import (
    IsOver,
    NeverImported,
    NoTenant,
    TwiceInFile,
    UnmappedPlace,
    UnregisteredTenant,
)
from services.booking.model.imports import File, ImportRequest, InTheWay, Known, Outcome, Report, Result, Row
from services.booking.model.refusals import NotLive
from services.booking.model.resources import UnknownSpace
from services.booking.model.rules import Bookable
from services.booking.model.series import Clash, Series
from services.booking.model.waiting import Left
from services.booking.store import bookings
from services.booking.store import imports as store
from services.booking.store import series as series_store
from services.booking.usecases import series
from services.booking.usecases.dates import queue_for_room
from services.booking.usecases.offers import awaited_of, offer_left
from services.booking.usecases.placing import make_way, place_for
from services.booking.usecases.recording import noted
from services.booking.usecases.telling import tell


class _Undone(Exception):
    """The dry run went as it did, and is taken back."""


@dataclass(slots=True, kw_only=True)
class _Plan:
    """What is to be done about each row, by its number, and with which bookings: `before` and `after`."""

    results: list[Result]
    before: dict[int, Booking] = field(default_factory=dict)
    after: dict[int, Booking] = field(default_factory=dict)
    said: dict[int, Known] = field(default_factory=dict)
    series: dict[tuple[str, UUID], UUID] = field(default_factory=dict)
    """New series, by the event's uid and who rents."""
    left: list[Left] = field(default_factory=list)
    """What others wait for, of what is cancelled or moved."""

    def of(self, outcome: Outcome) -> list[int]:
        return [number for number, each in enumerate(self.results) if each.outcome == outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is there already: spaces, organisations, and what was imported before, with the bookings that may change."""

    wanted: ImportRequest
    places: Mapping[str, Bookable]
    tenants: Mapping[str, Actor]
    tenant: Actor | None
    imported: Mapping[tuple[str, str], Known]
    bookings: Mapping[UUID, Booking]
    series: Mapping[UUID, Series]

    def series_of(self, uid: str, tenant: UUID) -> UUID | None:
        """The series that dates of an event are in already."""
        earlier = (self.bookings[each.booking] for each in self.imported.values() if each.uid == uid)
        return next((each.series for each in earlier if each.series and each.tenant.id == tenant), None)

    def has_dates_of(self, row: Row) -> bool:
        """Whether a row ends an event, dates of which were imported before."""
        ends = (row.void or row.cancelled) and not row.recurrence and row.key not in self.imported
        return bool(ends) and any(each.uid == row.uid for each in self.imported.values())

    def before(self, row: Row) -> tuple[Known | None, Booking | None]:
        """What the row was, if it was imported before."""
        earlier = self.imported.get(row.key)
        return earlier, self.bookings[earlier.booking] if earlier else None

    def tenant_of(self, row: Row) -> Actor:
        found = self.tenant if row.organisation is None else self.tenants.get(row.organisation)
        if found is None:
            raise NoTenant if row.organisation is None and self.wanted.tenant is None else UnregisteredTenant
        return found


def preview(tx: Transaction, who: Caller, wanted: ImportRequest) -> Report:
    """What would become of each row if the file were imported now, and what it clashes with. Writes nothing."""
    report: Report | None = None
    try:
        with tx.savepoint():
            *_, report = _written(tx, who, wanted)
            raise _Undone
    except _Undone:
        pass
    assert report is not None  # noqa: S101  # nothing else ends the part above
    # nothing was booked: there is nothing to find under these ids
    return replace(report, results=[_without_booking(each) for each in report.results])


def run(tx: Transaction, who: Caller, wanted: ImportRequest) -> Report:
    """Imports a file: all of it, or nothing. What was imported before is moved, cancelled or left alone, as the file
    says now."""
    known, plan, report = _written(tx, who, wanted)
    if report.counts["refused"]:
        metrics.CLASHES.inc()
    report.demand_nothing_refused()
    _told(tx, who, wanted, plan)
    _tell_series(tx, who, known, plan)
    offer_left(tx, plan.left)
    for outcome, count in report.counts.items():
        metrics.IMPORTED.labels(outcome).inc(count)
    return report


def _written(tx: Transaction, who: Caller, wanted: ImportRequest) -> tuple[_Known, _Plan, Report]:
    file = read(wanted, now=tx.now)
    store.queue(tx, wanted.source)
    known = _known(tx, who, wanted, file)
    plan = _planned(tx, who, known, file)
    lost = _taken(tx, plan, known)
    if lost:
        _explain(tx, plan, lost)
    return known, plan, Report(results=plan.results, over=len(file.over))


def _known(tx: Transaction, who: Caller, wanted: ImportRequest, file: File) -> _Known:
    imported = store.known(tx, wanted.source, {row.uid for row in file.rows} | file.whole)
    numbers = {row.organisation for row in file.rows if row.organisation is not None}
    tenants, tenant = store.tenants(tx, numbers, wanted.tenant)
    ids = [each.booking for each in imported.values()]
    together = _lock_series(tx, ids) if ids else {}
    locked = {booking.id: booking for booking in bookings.lock_many(tx, ids)} if ids else {}
    places = _places(tx, who, wanted, file)
    # the source's name is no secret: who knows it may not move what is others' to manage
    if not all(who.oversees(square) for square in {booking.square for booking in locked.values()}):
        raise Forbidden
    return _Known(
        wanted=wanted,
        places=places,
        tenants=tenants,
        tenant=tenant,
        imported=imported,
        bookings=locked,
        series=together,
    )


def _lock_series(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, Series]:
    found = (series_store.lock(tx, each) for each in store.series_of(tx, ids))
    return {each.id: each for each in found if each is not None}


def _places(tx: Transaction, who: Caller, wanted: ImportRequest, file: File) -> dict[str, Bookable]:
    """The spaces where something is to be booked, locked in the order of their ids, with their hours over all the
    file's time."""
    timed = [row for row in file.rows if row.takes_room(tx.now)]
    if not timed:
        return {}
    first = min(row.begins_at for row in timed if row.begins_at)
    until = max(row.ends_at for row in timed if row.ends_at)
    places = {}
    for space in sorted({wanted.space(row) for row in timed}):
        like = BookingRequest(
            space=space,
            begins_at=max(first, tx.now),
            ends_at=until,
            purpose=wanted.purpose,
            audience=wanted.audience,
            participants=1,
        )
        try:
            places[space], _ = place_for(tx, like, who.person, until=until)
        except UnknownSpace:
            continue
        if not who.oversees(places[space].square):
            raise Forbidden
    return places


def _planned(tx: Transaction, who: Caller, known: _Known, file: File) -> _Plan:
    plan = _Plan(results=[])
    seen: set[tuple[str, str]] = set()
    whole = []
    for row in file.rows:
        if known.has_dates_of(row):
            whole.append(row)
            continue
        number = len(plan.results)
        try:
            if row.fault is not None:
                raise row.fault
            if row.key in seen:
                raise TwiceInFile
            plan.results.append(_considered(tx, who, known, row, plan, number))
        except DomainError as error:
            plan.results.append(
                Result(row=row, outcome="refused", space=known.wanted.space(row), reason=Clash.of(error))
            )
        seen.add(row.key)
    _cancel_vanished(tx, known, file, seen, plan)
    _tell_of_whole(known, whole, plan)
    return plan


def _considered(tx: Transaction, who: Caller, known: _Known, row: Row, plan: _Plan, number: int) -> Result:
    """What is to become of a row. Raises why it is refused."""
    earlier, booking = known.before(row)
    if row.cancelled or row.void:
        return _given_up(tx, row, earlier, booking, plan, number, space=known.wanted.space(row))
    if _is_over(row, booking, tx.now):
        return _skipped(row, known.wanted.space(row), IsOver())
    tenant = known.tenant_of(row)
    asked = known.wanted.wanted(row, tenant.id)
    said = Known(uid=row.uid, recurrence=row.recurrence, booking=new_id(), digest=model.digest(asked))
    if earlier is not None and earlier.digest == said.digest:
        return Result(row=row, outcome="unchanged", space=asked.space, booking=earlier.booking)
    if earlier is not None and earlier.cancelled:
        booking = None
    if booking is not None and not booking.live:
        return _skipped(row, asked.space, NotLive())
    after = _after(tx, who, known, asked, tenant, booking, said.booking)
    if booking is None and row.recurring is not None:
        after = replace(after, series=_series(known, plan, row.uid, tenant.id))
    if booking is not None:
        plan.before[number] = booking
    plan.after[number] = after
    plan.said[number] = replace(said, booking=after.id)
    return Result(row=row, outcome="moved" if booking else "added", space=asked.space, booking=after.id)


def _series(known: _Known, plan: _Plan, uid: str, tenant: UUID) -> UUID:
    """The series of an event that recurs: one that was imported before, or a new one."""
    there = known.series_of(uid, tenant)
    if there is not None and there in known.series:
        return there
    return plan.series.setdefault((uid, tenant), new_id())


def _is_over(row: Row, booking: Booking | None, now: datetime) -> bool:
    """Whether a row is of what has passed, on both sides."""
    to_come = booking is not None and booking.changeable(now=now) and booking.begins_at >= now
    return row.begins_at is not None and row.begins_at < now and not to_come


def _after(
    tx: Transaction,
    who: Caller,
    known: _Known,
    asked: BookingRequest,
    tenant: Actor,
    booking: Booking | None,
    id: UUID,
) -> Booking:
    """The booking as the file has it. Raises why it can't be so."""
    place = known.places.get(asked.space)
    if place is None:
        raise UnmappedPlace
    if asked.begins_at < tx.now:
        raise IsOver
    if booking is not None:
        return model.moved(booking, place, asked, now=tx.now)
    model.check(place, asked)
    return model.confirmed(asked, place, tenant=tenant, booked_by=who.person, id=id, now=tx.now)


def _given_up(
    tx: Transaction, row: Row, earlier: Known | None, booking: Booking | None, plan: _Plan, number: int, *, space: str
) -> Result:
    if earlier is None or booking is None:
        return _skipped(row, space, row.void or NeverImported())
    reason = Clash.of(row.void) if row.void else None
    if earlier.cancelled:
        return Result(row=row, outcome="unchanged", space=space, booking=booking.id, reason=reason)
    if not booking.changeable(now=tx.now):
        return _skipped(row, space, NotLive())
    plan.before[number] = booking
    plan.after[number] = booking.cancelled(now=tx.now, by="house")
    plan.said[number] = replace(earlier, digest=b"")
    return Result(row=row, outcome="cancelled", space=space, booking=booking.id, reason=reason)


def _skipped(row: Row, space: str, why: DomainError) -> Result:
    return Result(row=row, outcome="skipped", space=space, reason=Clash.of(why))


def _cancel_vanished(
    tx: Transaction, known: _Known, file: File, seen: Collection[tuple[str, str]], plan: _Plan
) -> None:
    """Dates that were imported, and that their events do not have any more."""
    lines = {row.uid: row.line for row in reversed(file.rows)}
    void = {row.uid: row.void for row in file.rows if not row.recurrence}
    for key, earlier in sorted(known.imported.items()):
        booking = known.bookings[earlier.booking]
        if earlier.uid not in file.whole or key in seen or key in file.over or not booking.changeable(now=tx.now):
            continue
        row = Row(
            line=lines.get(earlier.uid, 1),
            uid=earlier.uid,
            recurrence=earlier.recurrence,
            begins_at=booking.begins_at,
            ends_at=booking.ends_at,
            cancelled=True,
            void=void.get(earlier.uid),
        )
        number = len(plan.results)
        plan.results.append(_given_up(tx, row, earlier, booking, plan, number, space=booking.space))


def _tell_of_whole(known: _Known, rows: Collection[Row], plan: _Plan) -> None:
    """Events that ended, of which no date was left to cancel: the dates themselves tell of the others."""
    told = {each.row.uid for each in plan.results}
    for row in rows:
        space = known.wanted.space(row)
        if row.uid not in told:
            plan.results.append(
                _skipped(row, space, row.void) if row.void else Result(row=row, outcome="unchanged", space=space)
            )


def _taken(tx: Transaction, plan: _Plan, known: _Known) -> dict[UUID, DomainError]:
    """Writes what is planned; which bookings can't have what they need, and why."""
    added, moved = ([plan.after[number] for number in plan.of(outcome)] for outcome in ("added", "moved"))
    places = [known.places[space] for space in sorted({each.space for each in (*added, *moved)})]
    make_way(tx, places, [*added, *moved])
    queue_for_room(tx, places)
    plan.left = awaited_of(tx, [plan.before[number] for number in (*plan.of("cancelled"), *plan.of("moved"))])
    for number in plan.of("cancelled"):
        bookings.save(tx, plan.after[number])
    if not places:
        return {}
    before = [plan.before[number] for number in plan.of("moved")]
    return bookings.place_all(tx, added, before, moved, parts={place.space: place.parts for place in places})


def _explain(tx: Transaction, plan: _Plan, lost: Mapping[UUID, DomainError]) -> None:
    rows = {after.id: plan.results[number].row for number, after in plan.after.items()}
    in_the_way = store.in_the_way(tx, lost)
    for number, after in plan.after.items():
        if after.id in lost and plan.results[number].outcome in ("added", "moved"):
            met = [_named(each, rows.get(each.holder)) for each in in_the_way.get(after.id, ())]
            reason = Clash.of(lost[after.id])
            plan.results[number] = replace(plan.results[number], outcome="refused", reason=reason, clashes=met)


def _named(each: InTheWay, row: Row | None) -> InTheWay:
    return each if row is None else replace(each, line=row.line, uid=row.uid)


def _told(tx: Transaction, who: Caller, wanted: ImportRequest, plan: _Plan) -> None:
    """Begins or goes on with the history of each booking, tells of it, and remembers what it is called elsewhere."""
    added = plan.of("added")
    bookings.record_imported(tx, [plan.after[number] for number in added], by=who.person)
    for number in added:
        tell(tx, plan.after[number])
    for number in [*plan.of("cancelled"), *plan.of("moved")]:
        noted(tx, plan.before[number], plan.after[number], by=who.person)
    store.remember(tx, wanted.source, plan.said.values())


def _tell_series(tx: Transaction, who: Caller, known: _Known, plan: _Plan) -> None:
    """One line of history and one event for each series, however many of its dates came, moved or went."""
    done = [each for each in plan.after.values() if each.series is not None]
    counted = Counter(each.series for each in done)
    for made in plan.series.values():
        dates = [(each, plan.results[number].row) for number, each in plan.after.items() if each.series == made]
        first, row = min(dates, key=lambda each: each[0].begins_at)
        if row.recurring is not None:
            new = model.series(made, first, row.recurring)
            series_store.add(tx, new)
            series.imported(tx, new, by=who.person, bookings=counted[made])
    for there, before in known.series.items():
        if counted[there]:
            series.imported(tx, before.changed(tx.now, state="active"), by=who.person, bookings=counted[there])


def _without_booking(result: Result) -> Result:
    return replace(result, booking=None) if result.outcome in ("added", "refused") else result
