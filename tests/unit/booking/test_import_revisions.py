"""Which of two files is newer in what it says of an event and of its dates."""

from datetime import UTC, datetime, timedelta

import pytest

from services.booking.model.import_revisions import Revision, is_superseded, newly_known
from tests.calendar_files import NOW, event, ics, reading

EARLY, LATE, LATEST = (datetime(2026, month, 1, tzinfo=UTC) for month in (8, 9, 10))
EVENT, DATE = ("1", ""), ("1", "2026-12-08")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Revision(1), Revision(2)),
        (Revision(9), Revision(10)),
        (Revision(1, LATE, LATE), Revision(2, EARLY, EARLY)),
        (Revision(1, EARLY), Revision(1, EARLY + timedelta(seconds=1))),
        (Revision(1, EARLY, EARLY), Revision(1, EARLY, LATE)),
        (Revision(None, EARLY), Revision(7, LATE)),
        (Revision(7, None, EARLY), Revision(7, LATE, LATE)),
    ],
)
def test_the_older_of_two(one: Revision, other: Revision) -> None:
    assert one.older_than(other)
    assert not other.older_than(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Revision(), Revision()),
        (Revision(), Revision(1, EARLY, EARLY)),
        (Revision(1), Revision(None, EARLY)),
        (Revision(1), Revision(1)),
        (Revision(1, EARLY, LATE), Revision(1, EARLY, LATE)),
        (Revision(1, EARLY), Revision(1)),
    ],
)
def test_neither_is_older(one: Revision, other: Revision) -> None:
    """As new, or one lacks what they would be told apart by."""
    assert not one.older_than(other)
    assert not other.older_than(one)
    assert not one.changed_before(other)
    assert not other.changed_before(one)


def test_an_event_and_one_of_its_dates_count_apart() -> None:
    assert Revision(7, EARLY).changed_before(Revision(2, LATE))
    assert not Revision(2, LATE).changed_before(Revision(7, EARLY))
    assert Revision(1, EARLY).changed_before(Revision(2, EARLY))


@pytest.mark.parametrize(
    ("file", "known", "older"),
    [
        # the event alone
        ({EVENT: Revision(1)}, {EVENT: Revision(2)}, True),
        ({EVENT: Revision(2)}, {EVENT: Revision(2)}, False),
        ({EVENT: Revision(3)}, {EVENT: Revision(2)}, False),
        ({EVENT: Revision()}, {EVENT: Revision(2)}, False),
        ({EVENT: Revision(1)}, {}, False),
        ({}, {EVENT: Revision(2)}, False),
        # a date was changed alone since
        ({EVENT: Revision(0, LATE)}, {EVENT: Revision(0, LATE), DATE: Revision(0, LATEST)}, True),
        ({EVENT: Revision(0, LATE)}, {EVENT: Revision(0, LATE), DATE: Revision(0, LATE)}, False),
        ({EVENT: Revision(0, LATE)}, {EVENT: Revision(0, LATE), DATE: Revision(0, EARLY)}, False),
        ({EVENT: Revision(0, LATE)}, {EVENT: Revision(0, LATE), DATE: Revision()}, False),
        # both say something of the date
        ({EVENT: Revision(0), DATE: Revision(1)}, {EVENT: Revision(0), DATE: Revision(2)}, True),
        ({EVENT: Revision(0), DATE: Revision(2)}, {EVENT: Revision(0), DATE: Revision(2)}, False),
        ({EVENT: Revision(0), DATE: Revision()}, {EVENT: Revision(0), DATE: Revision(2)}, False),
        # the event was changed since, and this date of the older file before or after that
        ({EVENT: Revision(0, EARLY), DATE: Revision(0, EARLY)}, {EVENT: Revision(0, LATE)}, True),
        ({EVENT: Revision(0, EARLY), DATE: Revision(0, LATE)}, {EVENT: Revision(0, LATE)}, True),
        ({EVENT: Revision(0, EARLY), DATE: Revision(0, LATEST)}, {EVENT: Revision(0, LATE)}, False),
    ],
)
def test_a_date_of_a_file_is_superseded(
    file: dict[tuple[str, str], Revision], known: dict[tuple[str, str], Revision], older: bool
) -> None:
    key = DATE if DATE in file or DATE in known else EVENT
    assert is_superseded(key, file, known, stands=True) is older
    assert is_superseded(key, file, known, stands=False) is older


@pytest.mark.parametrize(
    ("own", "stands", "older"),
    [(EARLY, False, True), (EARLY, True, False), (LATE, False, False), (LATEST, False, False), (None, False, False)],
)
def test_a_date_without_its_event(own: datetime | None, stands: bool, older: bool) -> None:
    """The event was read before: if it had the date, both hold; if not, the newer does."""
    assert is_superseded(DATE, {DATE: Revision(0, own)}, {EVENT: Revision(0, LATE)}, stands=stands) is older


def test_what_is_remembered_of_a_file() -> None:
    known = {
        ("older", ""): Revision(2),
        ("same", ""): Revision(2),
        ("newer", ""): Revision(2),
        ("none", ""): Revision(2),
    }
    file = {
        ("older", ""): Revision(1),
        ("same", ""): Revision(2),
        ("newer", ""): Revision(3),
        ("none", ""): Revision(),
        ("new", ""): Revision(0),
        ("bare", ""): Revision(),
    }
    assert newly_known(file, known) == {("newer", ""): Revision(3), ("new", ""): Revision(0)}


def test_what_a_file_says_of_its_revisions() -> None:
    date = "RECURRENCE-ID;TZID=Europe/Oslo:20261208T180000"
    onwards = date.replace("ID;", "ID;RANGE=THISANDFUTURE;").replace("1208", "1215")
    stamped = ["DTSTAMP:20261001T000000Z", "LAST-MODIFIED:20260901T000000Z"]
    file = reading(
        ics(
            event("RRULE:FREQ=WEEKLY;COUNT=4", "SEQUENCE:3", *stamped),
            event(date, "SEQUENCE:1", "DTSTAMP:20261001T000000Z"),
            event(onwards, when=("DTSTART;TZID=Europe/Oslo:20261215T190000", "DURATION:PT1H")),
            event("SEQUENCE:2", uid="2"),
            event("SEQUENCE:1", uid="2"),
            event(uid="3"),
            event("SEQUENCE:-1", "LAST-MODIFIED:soon", uid="4"),
            event("SEQUENCE:2147483648", "LAST-MODIFIED:99991231T235959Z", uid="5"),
        )
    )
    assert file.revisions == {
        EVENT: Revision(3, LATE, LATEST),
        DATE: Revision(1, LATEST, LATEST),
        ("1", "2026-12-15"): Revision(),
        ("1", "2026-12-22"): Revision(),
        ("2", ""): Revision(2),
        ("3", ""): Revision(),
        ("4", ""): Revision(),
        ("5", ""): Revision(None, NOW),
    }


@pytest.mark.parametrize(("stamp", "changed"), [(EARLY, LATE), (LATEST, LATEST)])
def test_the_only_date_of_an_event_is_the_event(stamp: datetime, changed: datetime) -> None:
    first = "RECURRENCE-ID;TZID=Europe/Oslo:20261201T180000"
    own = event(first, f"LAST-MODIFIED:{stamp:%Y%m%dT%H%M%SZ}")
    file = reading(ics(event(f"LAST-MODIFIED:{LATE:%Y%m%dT%H%M%SZ}"), own))
    assert file.revisions == {EVENT: Revision(None, changed)}
