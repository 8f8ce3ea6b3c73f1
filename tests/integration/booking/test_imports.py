"""Moving in: files of another system looked at and imported, again and anew, and what they clash with."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kernel.auth import Forbidden
from kernel.versions import ANY_VERSION
from services.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingRescheduled,
    SeriesBooked,
    SeriesCancelled,
    SeriesChanged,
)
from services.booking.model.closures import ClosureRequest
from services.booking.model.import_refusals import ImportRefused
from services.booking.model.imports import Report
from services.booking.model.opening import hours
from services.booking.model.refusals import SlotTaken
from services.booking.model.resources import Equipment
from services.booking.model.sharing import Sharing
from services.booking.queries import bookings as queries
from services.booking.queries import series as series_queries
from services.booking.usecases import actors, closures
from services.booking.usecases import imports as usecases
from tests.at_once import at_once
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER
from tests.moving_in import Moving, at, line, outcomes


@pytest.mark.parametrize(
    ("name", "more", "added"),
    [
        ("outlook.ics", {"places": {"Storsalen, Borgen": "hall"}}, 5),
        ("google.ics", {"places": {"Storsalen": "hall", "": "third-3"}, "until": date(2026, 12, 8)}, 5),
        ("exchange.ics", {"places": {"Salen": "hall"}}, 3),
        ("excel.csv", {}, 2),
    ],
)
def test_a_dry_run_tells_what_the_import_then_does(moving: Moving, name: str, more: Any, added: int) -> None:
    wanted = moving.sample(name, public_titles=True, **more)
    if name == "excel.csv":
        wanted = replace(wanted, content=wanted.content.replace(b'"To\r\nlinjer"', b"To linjer"))
    before = moving.state()

    foreseen = moving.preview(wanted)
    assert moving.state() == before
    done = moving.run(wanted)

    assert outcomes(done) == outcomes(foreseen)
    assert done.counts["added"] == added
    told = moving.counter.told(BookingConfirmed)
    made = [each for each in done.results if each.outcome == "added"]
    assert [(event.data.booking, event.data.begins_at) for event in told] == [
        (each.booking, each.row.begins_at) for each in made
    ]
    assert {event.data.title for event in told} == {each.row.title for each in made}
    assert all(event.data.tenant.id == moving.band and event.sequence == 1 for event in told)
    standing = [moving.counter.booking(each.booking) for each in made]
    assert all(each.state == "confirmed" and moving.counter.claimed(each) for each in standing)
    moving.counter.deliver(moving.counter.priced(standing[0]))
    priced = moving.counter.load(standing[0])
    assert (priced.state, priced.price.total, priced.confirmed_at) == ("confirmed", 35000, moving.counter.clock.now())
    with moving.counter.database.reading() as tx:
        [step] = queries.history(tx, MANAGER, standing[0].id)
    assert (step.version, step.what, step.by) == (1, "imported", MANAGER.person)


def test_again_changes_nothing_and_anew_what_has_changed(moving: Moving) -> None:
    first = [line("1"), line("2", day=2), line("3", "hall", title="Fest hos Kari"), line("4", day=4)]
    moving.run(moving.file(*first))
    before = moving.state()
    assert moving.run(moving.file(*first)).counts["unchanged"] == 4
    assert moving.state() == before

    # 1 and 2 take each other's times, 3 gets more people, 4 is given up
    second = [
        line("1", day=2),
        line("2", day=1),
        line("3", "hall", participants="9"),
        line("4", day=4, status="avlyst"),
    ]
    report = moving.run(moving.file(*second))

    assert [outcome for _, outcome, _ in outcomes(report)] == ["moved", "moved", "moved", "cancelled"]
    states = [moving.counter.booking(each.booking) for each in report.results]
    assert [(each.begins_at, each.state, each.version) for each in states] == [
        (at(2, 18), "confirmed", 2),
        (at(1, 18), "confirmed", 2),
        (at(1, 18), "confirmed", 2),
        (at(4, 18), "cancelled", 2),
    ]
    assert states[2].participants == 9
    assert len(moving.counter.told(BookingRescheduled)) == 3
    [given_up] = moving.counter.told(BookingCancelled)
    assert given_up.data.cancelled_by == "house"
    assert b"Kari" not in b"".join(event.encode() for event in moving.counter.told())
    after = moving.state()
    assert moving.run(moving.file(*second)).counts["unchanged"] == 4
    assert moving.state() == after

    back = moving.run(moving.file(line("4", day=4)))
    assert outcomes(back) == [("4", "added", None)]
    assert back.results[0].booking != report.results[3].booking


def test_dates_that_an_event_has_no_more_are_given_up(moving: Moving) -> None:
    wanted = moving.sample("outlook.ics", places={"Storsalen, Borgen": "hall"})
    moving.run(wanted)
    fewer = wanted.content.replace(b":20261208T180000", b":20261208T180000,20261222T180000").replace(
        b"113000", b"120000"
    )

    report = moving.run(replace(wanted, content=fewer))

    assert sorted((each.row.recurrence, each.outcome) for each in report.results) == [
        ("", "moved"),
        ("", "unchanged"),
        ("2026-12-01", "unchanged"),
        ("2026-12-15", "unchanged"),
        ("2026-12-22", "cancelled"),
    ]
    assert moving.run(replace(wanted, content=fewer)).counts["unchanged"] == 4
    # the dates of an event that recurs are a series: one code, one notice, one line of history
    [booked], [changed] = (moving.counter.told(kind) for kind in (SeriesBooked, SeriesChanged))
    assert (booked.data.live, booked.data.rule, changed.data.live, changed.data.changed) == (
        3,
        "FREQ=WEEKLY;COUNT=4;BYDAY=TU",
        2,
        1,
    )
    dates = [each for each in report.results if each.row.recurrence]
    assert {moving.counter.booking(each.booking).series for each in dates} == {booked.data.series}
    with moving.counter.database.reading() as tx:
        shown = series_queries.one(tx, MANAGER, booked.data.series)
    assert [(step.version, step.what, step.bookings) for step in shown["history"]] == [
        (1, "imported", 3),
        (2, "imported", 1),
    ]
    assert [each.state for each in shown["occurrences"]] == ["confirmed", "confirmed", "cancelled"]
    # what has passed since is no news, and stays
    moving.counter.clock.move(timedelta(days=60))
    assert {*report.counts} == {*moving.run(wanted).counts}
    assert len(moving.counter.told(BookingCancelled)) == 1


def test_an_event_that_is_cancelled_and_comes_back_is_its_series_again(moving: Moving) -> None:
    wanted = moving.sample("outlook.ics", places={"Storsalen, Borgen": "hall"})
    first = moving.run(wanted)
    gone = wanted.content.replace(b"METHOD:PUBLISH", b"METHOD:CANCEL")

    assert moving.run(replace(wanted, content=gone)).counts["cancelled"] == 5
    [cancelled] = moving.counter.told(SeriesCancelled)
    assert (cancelled.data.live, cancelled.data.cancelled_by) == (0, "house")
    back = moving.run(wanted)

    assert back.counts["added"] == 5
    assert not {each.booking for each in back.results} & {each.booking for each in first.results}
    [again] = moving.counter.told(SeriesChanged)
    assert (again.subject, again.sequence, again.data.state, again.data.live) == (cancelled.subject, 3, "active", 3)


def test_every_clash_is_named_and_nothing_is_imported(moving: Moving, counter: Any, town: Any) -> None:
    shared = replace(town.space("lobby", capacity=10), sharing=Sharing(groups=3))
    day = tuple(hours(weekday, "08:00", "22:00") for weekday in range(1, 8))
    open_by_day = town.arena("club", town.space("club-room"), shared, opening=day)
    counter.publish(replace(town.BORGEN, arenas=(*town.BORGEN.arenas, open_by_day)))
    taken = counter.run(
        counter.usecases.hold, STRANGER, replace(counter.wanted("third-2"), begins_at=at(1, 19), ends_at=at(1, 20))
    )
    rows = [
        line("fits", "room"),
        line("taken", "hall"),
        line("twice", "room", hour=19),
        line("closed", "club-room", hour=21),
        line("crowd", "lobby", participants="11"),
        line("some", "lobby", participants="6"),
        line("more", "lobby", participants="6"),
        line("nowhere", "atlantis"),
        line("nobody", day=3, tenant="923609016"),
        line("backwards", day=3).replace("20:00", "17:00"),
        line("fits", day=5),
        line("past", day=1).replace("2026-12", "2026-10"),
        line("gone", day=6, status="cancelled"),
        line("perhaps", day=6, status="tentative"),
        "broken;room;i morgen;2026-12-01 18:00",
    ]
    before = moving.state()

    report = moving.preview(moving.file(*rows))

    found = dict(zip([row.split(";")[0] + str(number) for number, row in enumerate(rows)], report.results, strict=True))
    assert [(name, each.outcome, each.reason and each.reason.code) for name, each in found.items()] == [
        ("fits0", "added", None),
        ("taken1", "refused", "slot_taken"),
        ("twice2", "refused", "slot_taken"),
        ("closed3", "refused", "outside_opening_hours"),
        ("crowd4", "refused", "too_many_participants"),
        ("some5", *(("added", None) if found["some5"].outcome == "added" else ("refused", "no_room"))),
        ("more6", *(("added", None) if found["more6"].outcome == "added" else ("refused", "no_room"))),
        ("nowhere7", "refused", "unmapped_place"),
        ("nobody8", "refused", "unregistered_tenant"),
        ("backwards9", "refused", "ends_before_begin"),
        ("fits10", "refused", "twice_in_file"),
        ("past11", "skipped", "is_over"),
        ("gone12", "skipped", "never_imported"),
        ("perhaps13", "skipped", "tentative"),
        ("broken14", "refused", "unreadable_cell"),
    ]
    assert {found["some5"].outcome, found["more6"].outcome} == {"added", "refused"}
    assert [(each.holder, each.kind, each.line) for each in found["taken1"].clashes] == [(taken.id, "booking", None)]
    assert [(each.line, each.uid) for each in found["twice2"].clashes] == [(2, "fits")]
    assert moving.state() == before
    with pytest.raises(ImportRefused) as refused:
        moving.run(moving.file(*rows))
    told = {"refused": 10, "rows": 15, "line": 3, "reason": "slot_taken", "why": SlotTaken.text}
    assert refused.value.fields == told
    assert refused.value.said.nb.endswith("den første er på linje 3: Lokalet er opptatt i hele eller deler av tida.")
    assert moving.state() == before
    assert outcomes(moving.preview(moving.file(line("1"), tenant=None))) == [("1", "refused", "no_tenant")]


@pytest.mark.parametrize("people", [3, 4])
def test_groups_that_meet_in_a_shared_space(moving: Moving, counter: Any, town: Any, people: int) -> None:
    """At the limit all come in; above it, who is one too many is named, and only they."""
    shared = replace(town.space("lobby", capacity=9), sharing=Sharing(groups=3))
    counter.publish(replace(town.BORGEN, arenas=(*town.BORGEN.arenas, town.arena("club", shared))))
    groups = [line(str(each), "lobby", participants="3") for each in range(2)]
    content = moving.file(*groups, line("2", "lobby", participants=str(people)), line("3"))

    fits = people == 3
    last = ("2", "added", None) if fits else ("2", "refused", "no_room")
    assert outcomes(moving.preview(content)) == [("0", "added", None), ("1", "added", None), last, ("3", "added", None)]
    if fits:
        booked = [counter.booking(each.booking) for each in moving.run(content).results]
        assert all(counter.claimed(each) for each in booked)


def test_what_was_changed_here_since_is_respected(moving: Moving) -> None:
    report = moving.run(moving.file(line("1"), line("2", day=2), line("3", day=3)))
    first, *_ = (moving.counter.booking(each.booking) for each in report.results)
    moving.counter.cancel(first)
    before = moving.state()

    assert moving.run(moving.file(line("1"), line("2", day=2))).counts["unchanged"] == 2
    again = moving.run(moving.file(line("1", day=9)))
    assert outcomes(again) == [("1", "skipped", "not_live")]
    unknown = moving.preview(moving.file(line("2", day=2), tenant=OPERATOR.person))
    assert outcomes(unknown) == [("2", "refused", "unregistered_tenant")]
    cafe = {"kind": "business", "name": "Kafé", "organisation_number": "923609016"}
    moving.counter.run(actors.register, OPERATOR, **cafe)
    other = moving.preview(moving.file(line("2", day=2, tenant="923609016")))
    assert outcomes(other) == [("2", "refused", "other_tenant")]
    before = moving.state()
    assert moving.state() == before


def test_what_was_borrowed_since_comes_along_or_is_in_the_way(moving: Moving, counter: Any, town: Any) -> None:
    things = (Equipment(id="chairs", name=town.name("Stoler"), pieces=40),)
    house = replace(town.BORGEN.arenas[0], equipment=things)
    counter.publish(replace(town.BORGEN, arenas=(house,)))
    [first] = moving.run(moving.file(line("1"))).results
    chairs = {"equipment": {"chairs": 30}}
    counter.run(counter.usecases.reschedule, MANAGER, first.booking, ANY_VERSION, **chairs)
    lent = replace(counter.wanted("third-1", equipment={"chairs": 20}), begins_at=at(2, 18), ends_at=at(2, 19))
    counter.run(counter.usecases.hold, STRANGER, lent)
    closed = ClosureRequest(
        kind="maintenance", reason=town.name("Maling"), space="room", begins_at=at(4, 6), ends_at=at(5, 6)
    )
    closure = counter.run(closures.announce, MANAGER, closed, ())

    [chairs_gone] = moving.preview(moving.file(line("1", day=2))).results
    assert (chairs_gone.outcome, chairs_gone.reason and chairs_gone.reason.code) == ("refused", "equipment_lent")
    [shut] = moving.preview(moving.file(line("1", day=4))).results
    assert shut.reason is not None
    assert shut.reason.code == "space_closed"
    assert [(each.kind, each.holder) for each in shut.clashes] == [("closure", closure.id)]
    moving.run(moving.file(line("1", day=3)))
    moved = counter.booking(first.booking)
    assert (moved.begins_at, moved.equipment, moved.moved_by_house) == (at(3, 18), {"chairs": 30}, True)


def test_who_may(moving: Moving) -> None:
    moving.run(moving.file(line("1")), OPERATOR)
    for use_case in (usecases.preview, usecases.run):
        for rows in ([line("2", day=2)], [line("1", status="avlyst")]):
            with pytest.raises(Forbidden):
                moving.counter.run(use_case, OTHER_MANAGER, moving.file(*rows))


def test_a_thousand_rows_in_one_go(moving: Moving) -> None:
    start = datetime(2026, 12, 1, tzinfo=UTC)
    rows = []
    for number in range(1000):
        at_hour = start + timedelta(hours=number)
        rows.append(f"{number};room;{at_hour:%Y-%m-%dT%H:%M}+00:00;{at_hour:%Y-%m-%dT%H}:45+00:00")
    wanted = moving.file(*rows, source="many")

    assert moving.preview(wanted).counts["added"] == 1000
    assert moving.run(wanted).counts["added"] == 1000
    assert moving.run(wanted).counts["unchanged"] == 1000
    assert len(moving.counter.told(BookingConfirmed)) == 1000


@pytest.mark.parametrize("round", range(3))
def test_the_same_file_twice_at_once_is_imported_once(moving: Moving, round: int) -> None:
    wanted = moving.file(*(line(str(day), "hall", day=day) for day in range(1, 10)))

    results = at_once(moving.run, [wanted, wanted])

    assert sorted(each.counts["added"] for each in results) == [0, 9]
    assert sorted(each.counts["unchanged"] for each in results) == [0, 9]
    assert len(moving.counter.told(BookingConfirmed)) == 9


@pytest.mark.parametrize("round", range(5))
def test_an_import_and_a_booking_of_one_time(moving: Moving, counter: Any, round: int) -> None:
    wanted = moving.file(*(line(str(day), "hall", day=day) for day in range(1, 6)))
    rival = replace(counter.wanted("third-2"), begins_at=at(3, 19), ends_at=at(3, 20))

    def tried(attempt: Any) -> Any:
        try:
            return counter.run(*attempt)
        except (ImportRefused, SlotTaken) as lost:
            return lost

    imported, booked = at_once(tried, [(usecases.run, MANAGER, wanted), (counter.usecases.hold, RESIDENT, rival)])

    assert isinstance(imported, Report) != (not isinstance(booked, SlotTaken))
    assert len(counter.told(BookingConfirmed)) == (5 if isinstance(imported, Report) else 0)
