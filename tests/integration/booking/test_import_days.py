"""Whole days that recur over a change of the clock are imported whole, are a series, and are the same when they come
again."""

from datetime import timedelta

from sqlalchemy import text

from services.booking.model.imports import ImportRequest
from tests.calendar_files import event, ics
from tests.moving_in import Moving, outcomes


def days(moving: Moving) -> ImportRequest:
    when = ("DTSTART;VALUE=DATE:20270326", "DTEND;VALUE=DATE:20270327", "RRULE:FREQ=DAILY;COUNT=4")
    return moving.file(kind="ics", content=ics(event("TRANSP:OPAQUE", uid="days", when=when, place="third-1")))


def test_whole_days_over_a_change_of_the_clock(moving: Moving) -> None:
    """The day of 23 hours was taken for 24, and so its own file's next day was taken."""
    wanted = days(moving)
    foreseen = moving.preview(wanted)
    done = moving.run(wanted)

    assert outcomes(foreseen) == outcomes(done) == [("days", "added", None)] * 4
    made = [moving.counter.booking(each.booking) for each in done.results if each.booking]
    assert [each.ends_at - each.begins_at for each in made] == [timedelta(hours=each) for each in (24, 24, 23, 24)]
    assert [each.ends_at for each in made[:3]] == [each.begins_at for each in made[1:]]
    assert moving.run(wanted).counts["unchanged"] == 4
    with moving.counter.database.reading() as tx:
        assert tx.execute(text("SELECT minutes FROM series")).scalars().all() == [24 * 60]
