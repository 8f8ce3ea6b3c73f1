"""A room's calendar of ten years is imported: its past is skipped, what nobody has decided yet waits."""

from datetime import date, timedelta
from typing import Any

from services.booking.model.imports import ImportRequest
from services.booking.model.opening import AHEAD
from services.booking.store.tables import arenas
from tests.calendar_files import event, ics
from tests.moving_in import Moving, at, line, outcomes

WEEKLY = "RRULE:FREQ=WEEKLY"


def file(moving: Moving, *events: str, **more: Any) -> ImportRequest:
    return moving.file(kind="ics", content=ics(*events), **more)


def on(day: date) -> tuple[str, str]:
    return (f"DTSTART;TZID=Europe/Oslo:{day:%Y%m%d}T180000", "DURATION:PT2H")


def test_ten_years_of_a_room_move_in(moving: Moving) -> None:
    old = on(date(2016, 1, 5))
    broken = ("DTSTART;TZID=Atlantis:20180101T180000", "DURATION:PT1H")
    events = [
        event("RRULE:FREQ=WEEKLY;UNTIL=20261222T170000Z", uid="weekly", when=old),
        event("RRULE:FREQ=DAILY;COUNT=900", uid="daily", when=old, place="hall"),
        event("RRULE:FREQ=HOURLY;COUNT=9", uid="hourly", when=old),
        event(uid="zone", when=broken),
        event(uid="nowhere", when=old, place="atlantis"),
        *(event(uid=f"single-{number}", when=old) for number in range(2100)),
    ]
    report = moving.run(file(moving, *events))
    assert {name: count for name, count in report.counts.items() if count} == {"added": 5, "skipped": 2103}
    assert {each.reason.code for each in report.results if each.reason} == {"is_over"}


def test_an_event_without_dates_left_gives_up_what_it_had(moving: Moving) -> None:
    moving.run(file(moving, event(f"{WEEKLY};COUNT=3")))
    none_left = "EXDATE;TZID=Europe/Oslo:20261201T180000,20261208T180000,20261215T180000"
    assert outcomes(moving.run(file(moving, event(f"{WEEKLY};COUNT=3", none_left)))) == [("1", "cancelled", None)] * 3
    assert moving.run(file(moving, event(f"{WEEKLY};COUNT=3", none_left))).results == []


def test_what_is_over_in_a_table_is_skipped_whatever_is_wrong(moving: Moving) -> None:
    rows = [
        line("1", tenant="974760674"),
        line("2", "atlantis"),
        line("3", tenant="923609016"),
        line("4", purpose="dans"),
        line("5"),
        line("5", "hall"),
    ]
    past = [each.replace("2026-12", "2019-12") for each in rows]
    report = moving.run(moving.file(*past, line("6")))
    assert outcomes(report) == [(uid, "skipped", "is_over") for uid in "123455"] + [("6", "added", None)]
    # what was imported and is to come is not over, whatever its row says now
    wrong = line("6", purpose="dans").replace("2026-12", "2019-12")
    assert outcomes(moving.preview(moving.file(wrong))) == [("6", "refused", "unreadable_cell")]


def test_what_nobody_has_decided_yet_waits(moving: Moving, counter: Any) -> None:
    """It is not closed there: the days are reckoned so far, and no further."""
    last = counter.clock.now().date() + AHEAD
    when = [last, last + timedelta(days=1), last + timedelta(days=3000)]
    wanted = file(moving, *(event(uid=str(each), when=on(day)) for each, day in enumerate(when)))

    assert outcomes(moving.preview(wanted)) == [
        ("0", "skipped", "not_decided_yet"),
        ("1", "skipped", "not_decided_yet"),
        ("2", "skipped", "not_decided_yet"),
    ]
    near = on(last - timedelta(days=1))
    assert outcomes(moving.run(file(moving, event(uid="0", when=near)))) == [("0", "added", None)]
    assert outcomes(moving.run(wanted))[0] == ("0", "cancelled", "not_decided_yet")
    counter.clock.move(timedelta(days=2))
    assert [outcome for _, outcome, _ in outcomes(moving.run(wanted))] == ["added", "skipped", "skipped"]


def test_a_worker_that_rests_closes_nothing(moving: Moving, counter: Any) -> None:
    with counter.database.transaction() as tx:
        tx.execute(arenas.update().values(reckoned_until=date(2026, 12, 7)))
    rows = [line("1", day=7), line("2", day=8), line("3", "atlantis", day=8)]
    assert outcomes(moving.preview(moving.file(*rows))) == [
        ("1", "added", None),
        ("2", "skipped", "not_decided_yet"),
        ("3", "refused", "unmapped_place"),
    ]
    assert at(7, 18) in [each.row.begins_at for each in moving.preview(moving.file(*rows)).results]


def test_a_series_reaches_as_far_as_is_decided(moving: Moving, counter: Any) -> None:
    report = moving.run(file(moving, event(f"{WEEKLY};UNTIL=20351201T170000Z")))
    decided = counter.clock.now() + AHEAD
    assert report.counts["added"] == sum(each.row.ends_at <= decided for each in report.results) == 114
    assert {each.reason.code for each in report.results if each.reason} == {"not_decided_yet"}
