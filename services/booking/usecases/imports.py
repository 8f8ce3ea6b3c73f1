"""Moving in: a file of another system's bookings, looked at or imported as a whole.

The dry run is the import itself, undone. One import of a system goes on at a time, so the same file twice at once is as
twice in a row. Lock order: the system, the series of its bookings by id, then as `placing` says.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.errors import DomainError
from services.booking import metrics
from services.booking.files import read
from services.booking.model import imports as model
from services.booking.model.actors import Actor
from services.booking.model.bookings import BookingRequest
from services.booking.model.imports import File, ImportRequest, InTheWay, Report, Result, Row
from services.booking.model.resources import UnknownSpace
from services.booking.model.rules import Bookable
from services.booking.model.series import Clash, Series
from services.booking.store import bookings, duties, opening
from services.booking.store import imports as store
from services.booking.store import series as series_store
from services.booking.usecases import series
from services.booking.usecases.dates import queue_for_room
from services.booking.usecases.import_plan import Plan, Standing, planned
from services.booking.usecases.offers import awaited_of, offer_left
from services.booking.usecases.placing import make_way, place_for
from services.booking.usecases.recording import noted
from services.booking.usecases.telling import tell


class _Undone(Exception):
    """The dry run went as it did, and is taken back."""


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


def _written(tx: Transaction, who: Caller, wanted: ImportRequest) -> tuple[Standing, Plan, Report]:
    file = read(wanted, now=tx.now)
    store.queue(tx, wanted.source)
    known = _known(tx, who, wanted, file)
    plan = planned(tx, who, known, file)
    lost = _taken(tx, plan, known)
    if lost:
        _explain(tx, plan, lost)
    return known, plan, Report(results=plan.results, over=len(file.over), ignored=file.ignored)


def _known(tx: Transaction, who: Caller, wanted: ImportRequest, file: File) -> Standing:
    imported = store.known(tx, wanted.source, file.uids)
    numbers = {row.organisation for row in file.rows if row.organisation is not None}
    tenants, tenant = store.tenants(tx, numbers, wanted.tenant)
    ids = [each.booking for each in imported.values()]
    together = _lock_series(tx, ids) if ids else {}
    locked = {booking.id: booking for booking in bookings.lock_many(tx, ids)} if ids else {}
    places = _places(tx, who, wanted, file)
    # the source's name is no secret: who knows it may not move what is others' to manage
    if not all(who.oversees(square) for square in {booking.square for booking in locked.values()}):
        raise Forbidden
    return Standing(
        wanted=wanted,
        places=places,
        reckoned=opening.reached(tx, {place.arena for place in places.values()}),
        tenants=tenants,
        tenant=tenant,
        imported=imported,
        revisions=store.known_revisions(tx, wanted.source, file.uids),
        bookings=locked,
        series=together,
        own=duties.represented_among(tx, _ids(*tenants.values(), tenant), who.person),
    )


def _ids(*tenants: Actor | None) -> set[UUID]:
    return {each.id for each in tenants if each is not None}


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


def _taken(tx: Transaction, plan: Plan, known: Standing) -> dict[UUID, DomainError]:
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


def _explain(tx: Transaction, plan: Plan, lost: Mapping[UUID, DomainError]) -> None:
    rows = {after.id: plan.results[number].row for number, after in plan.after.items()}
    in_the_way = store.in_the_way(tx, lost)
    for number, after in plan.after.items():
        if after.id in lost and plan.results[number].outcome in ("added", "moved"):
            met = [_named(each, rows.get(each.holder)) for each in in_the_way.get(after.id, ())]
            reason = Clash.of(lost[after.id])
            plan.results[number] = replace(plan.results[number], outcome="refused", reason=reason, clashes=met)


def _named(each: InTheWay, row: Row | None) -> InTheWay:
    return each if row is None else replace(each, line=row.line, uid=row.uid)


def _told(tx: Transaction, who: Caller, wanted: ImportRequest, plan: Plan) -> None:
    """Begins or goes on with the history of each booking, tells of it, and remembers what it is called elsewhere."""
    added = plan.of("added")
    bookings.record_imported(tx, [plan.after[number] for number in added], by=who.person)
    for number in added:
        tell(tx, plan.after[number])
    for number in [*plan.of("cancelled"), *plan.of("moved")]:
        noted(tx, plan.before[number], plan.after[number], by=who.person)
    store.remember(tx, wanted.source, plan.said.values())
    store.remember_revisions(tx, wanted.source, plan.revisions)


def _tell_series(tx: Transaction, who: Caller, known: Standing, plan: Plan) -> None:
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
