"""What is under way when it is imported: the rest of it is booked and charged, and its room is not free."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.booking.events import BookingConfirmed
from services.booking.model.import_refusals import ImportRefused
from tests.calendar_files import event, ics
from tests.moving_in import Moving, outcomes

BUSY = "TRANSP:OPAQUE"


def wall(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def exhibition(moving: Moving, *more: str, begun: timedelta, left: timedelta, **how: Any) -> Any:
    now = moving.counter.clock.now().replace(second=0, microsecond=0)
    when = (f"DTSTART:{wall(now - begun)}", f"DTEND:{wall(now + left)}")
    return moving.file(kind="ics", content=ics(event(BUSY, *more, uid="show", when=when, place="third-1")), **how)


def test_the_rest_of_what_is_under_way_is_booked_and_charged(moving: Moving) -> None:
    now = moving.counter.clock.now()
    wanted = exhibition(moving, begun=timedelta(days=6), left=timedelta(days=14))

    assert outcomes(moving.preview(wanted)) == [("show", "added", None)]
    [result] = moving.run(wanted).results
    booking = moving.counter.booking(result.booking)
    assert now <= booking.begins_at < now + timedelta(minutes=1)
    assert result.row.begins_at == booking.begins_at
    assert moving.counter.claimed(booking)
    [told] = moving.counter.told(BookingConfirmed)
    assert (told.data.begins_at, told.data.ends_at) == (booking.begins_at, booking.ends_at)

    again = moving.run(wanted)
    assert outcomes(again) == [("show", "unchanged", None)]
    other = event(
        BUSY, uid="other", when=(f"DTSTART:{wall(now + timedelta(days=2))}", "DURATION:PT2H"), place="third-1"
    )
    with pytest.raises(ImportRefused):
        moving.run(moving.file(kind="ics", content=ics(other)))


def test_it_is_unchanged_later_too_and_goes_on_as_it_began(moving: Moving) -> None:
    wanted = exhibition(moving, begun=timedelta(days=1), left=timedelta(days=2))
    [result] = moving.run(wanted).results
    before = moving.counter.booking(result.booking)
    longer = exhibition(moving, begun=timedelta(days=1), left=timedelta(days=3))
    moving.counter.clock.move(timedelta(hours=5))

    assert outcomes(moving.run(wanted)) == [("show", "unchanged", None)]
    assert outcomes(moving.run(longer)) == [("show", "skipped", "is_over")]
    after = moving.counter.booking(result.booking)
    assert (after.begins_at, after.ends_at) == (before.begins_at, before.ends_at)


@pytest.mark.parametrize(("minutes", "outcome"), [(0, "skipped"), (1, "skipped"), (2, "added")])
def test_less_than_a_minute_is_over(moving: Moving, minutes: int, outcome: str) -> None:
    """At half past a minute, the rest begins at the next."""
    now = moving.counter.clock.now().replace(second=0, microsecond=0)
    moving.counter.clock.move(now + timedelta(seconds=30) - moving.counter.clock.now())
    wanted = exhibition(moving, begun=timedelta(hours=1), left=timedelta(minutes=minutes))
    assert [each for _, each, _ in outcomes(moving.run(wanted))] == [outcome]


def test_a_date_of_a_series_that_is_under_way(moving: Moving) -> None:
    report = moving.run(_weekly(moving))
    assert [each.outcome for each in report.results] == ["added", "added"]
    assert report.over == 1


def _weekly(moving: Moving) -> Any:
    now = moving.counter.clock.now().astimezone(UTC)
    starts = now - timedelta(days=7, hours=1)
    when = (f"DTSTART;TZID=Europe/Oslo:{_oslo(starts)}", f"DTEND;TZID=Europe/Oslo:{_oslo(starts + timedelta(hours=2))}")
    weekly = event(BUSY, "RRULE:FREQ=WEEKLY;COUNT=3", uid="weekly", when=when, place="third-1")
    return moving.file(kind="ics", content=ics(weekly))


def _oslo(at: datetime) -> str:
    return f"{(at + timedelta(hours=1)):%Y%m%dT%H%M}00"
