"""Bookings as iCalendar writes them, read back by two readers of other people: `icalendar` and `vobject`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import OSLO
from kernel.text import allowed
from services.booking.model.actors import Actor
from services.booking.model.bookings import Booking
from services.booking.model.calendars import Feed, Place, calendar, digest, over_at, uid

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BOOKING = Booking(
    id=UUID(int=1),
    version=3,
    state="confirmed",
    space="hall",
    arena="house",
    square="borgen",
    premises="hall",
    begins_at=NOW,
    ends_at=NOW + timedelta(hours=2),
    purpose="culture",
    audience="everyone",
    participants=12,
    title="Korpsøving",
    tenant=Actor(id=UUID(int=2), kind="voluntary", name="Borgen skolekorps", organisation_number="974760673"),
    booked_by=UUID(int=3),
    confirm="by_me",
    created_at=NOW - timedelta(days=2),
    changed_at=NOW - timedelta(days=1),
    hold_expires_at=NOW,
)
PUBLIC = Feed(
    id=UUID(int=4),
    digest=digest("secret"),
    made_by=UUID(int=3),
    created_at=NOW,
    language="nb",
    detail="public",
    square="borgen",
)
FULL = replace(PUBLIC, detail="full")
PLACE = Place(space="Storsalen", arena="Borgen innbyggertorg", square="Borgen")


def written(*bookings: Booking, feed: Feed = PUBLIC, name: str = "Borgen", portal: str = "https://torg.test") -> str:
    return calendar(feed, name, [(each, PLACE) for each in bookings], portal=portal)


def events_by_icalendar(text: str) -> list[dict[str, Any]]:
    found = icalendar.Calendar.from_ical(text)
    return [
        {
            "uid": str(each["UID"]),
            "sequence": int(each["SEQUENCE"]),
            "status": str(each["STATUS"]),
            "summary": str(each["SUMMARY"]),
            "location": str(each["LOCATION"]),
            "begins_at": each["DTSTART"].dt.astimezone(UTC),
            "ends_at": each["DTEND"].dt.astimezone(UTC),
            "stamp": each["DTSTAMP"].dt.astimezone(UTC),
            "modified": each["LAST-MODIFIED"].dt.astimezone(UTC),
        }
        for each in found.walk("VEVENT")
    ]


def events_by_vobject(text: str) -> list[dict[str, Any]]:
    found = vobject.readOne(text)
    return [
        {
            "uid": each.uid.value,
            "sequence": int(each.sequence.value),
            "status": each.status.value,
            "summary": each.summary.value,
            "location": each.location.value,
            "begins_at": each.dtstart.value.astimezone(UTC),
            "ends_at": each.dtend.value.astimezone(UTC),
            "stamp": each.dtstamp.value.astimezone(UTC),
            "modified": each.last_modified.value.astimezone(UTC),
        }
        for each in getattr(found, "vevent_list", [])
    ]


READERS = [events_by_icalendar, events_by_vobject]


@pytest.mark.parametrize("read", READERS)
def test_a_booking_is_read_back_as_it_is(read: Any) -> None:
    assert read(written(BOOKING)) == [
        {
            "uid": uid(BOOKING.id),
            "sequence": 3,
            "status": "CONFIRMED",
            "summary": "Korpsøving",
            "location": "Storsalen, Borgen innbyggertorg",
            "begins_at": BOOKING.begins_at,
            "ends_at": BOOKING.ends_at,
            "stamp": BOOKING.changed_at,
            "modified": BOOKING.changed_at,
        }
    ]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "title",
    [
        "Kl.\u00a018",
        "kultur\u00adhus",
        "👩\u200d👩\u200d👧 på tur",
        "❤\ufe0f",
        "می\u200cخواهم",
        "\U0001fae9",
        "to\nlinjer",
    ],
    ids=ascii,
)
def test_a_title_is_what_people_typed(read: Any, title: str) -> None:
    [event] = read(written(replace(BOOKING, title=title)))
    assert event["summary"] == title


def test_a_title_shows_nothing_in_another_order_and_is_no_line_of_its_own() -> None:
    [event] = events_by_icalendar(written(replace(BOOKING, title="Fest\u202e\u2028\x85\x07 her")))
    assert event["summary"] == "Fest\n\n her"


@pytest.mark.parametrize("read", READERS)
@given(title=st.text(min_size=1, max_size=200), seconds=st.integers(0, 12 * 365 * 86_400))
def test_any_title_at_any_time_is_read_back(read: Any, title: str, seconds: int) -> None:
    shown = allowed(title)
    at = NOW + timedelta(seconds=seconds)
    booking = replace(BOOKING, title=title, begins_at=at, ends_at=at + timedelta(hours=1))

    (found,) = read(written(booking))

    assert found["summary"] == shown
    assert found["begins_at"] == at


@given(name=st.text(max_size=300), title=st.text(min_size=1, max_size=200))
def test_no_line_is_longer_than_readers_take_and_none_is_broken_in_a_character(name: str, title: str) -> None:
    lines = written(replace(BOOKING, title=title), name=name).encode().split(b"\r\n")

    assert lines.pop() == b""
    assert max(map(len, lines)) <= 75
    assert all(line.decode() and b"\n" not in line and b"\r" not in line for line in lines)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("awaiting_approval", "TENTATIVE"),
        ("awaiting_payment", "TENTATIVE"),
        ("confirmed", "CONFIRMED"),
        ("in_use", "CONFIRMED"),
        ("completed", "CONFIRMED"),
        ("cancelled", "CANCELLED"),
        ("declined", "CANCELLED"),
        ("expired", "CANCELLED"),
        ("released", "CANCELLED"),
    ],
)
def test_how_a_booking_stands(state: Any, status: str) -> None:
    (found,) = events_by_icalendar(written(replace(BOOKING, state=state)))
    assert found["status"] == status


@pytest.mark.parametrize(("language", "busy"), [("nb", "Opptatt"), ("nn", "Oppteke"), ("en", "Busy")])
def test_what_is_not_public_is_only_busy(language: Any, busy: str) -> None:
    text = written(replace(BOOKING, title=None), feed=replace(PUBLIC, language=language))

    assert events_by_icalendar(text)[0]["summary"] == busy
    for secret in ("skolekorps", "culture", "12 ", str(BOOKING.booked_by), str(BOOKING.tenant.id), "bookings/"):
        assert secret not in text


def test_a_full_feed_tells_who_rents_and_leads_to_the_booking() -> None:
    text = written(BOOKING, feed=FULL)

    assert events_by_vobject(text)[0]["summary"] == "Korpsøving (Borgen skolekorps)"
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert event["DESCRIPTION"] == "Kultur · 12 deltakere · Bekreftet"
    assert event["URL"] == f"https://torg.test/bookings/{BOOKING.id}"
    assert event["CLASS"] == "PRIVATE"


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("language", "summary", "about"),
    [
        ("nb", "Møte (Borgen skolekorps)", "Møte · 1 deltaker · Venter på godkjenning"),
        ("nn", "Møte (Borgen skolekorps)", "Møte · 1 deltakar · Ventar på godkjenning"),
        ("en", "Meeting (Borgen skolekorps)", "Meeting · 1 person · Waiting for approval"),
    ],
)
def test_a_full_feed_has_words_for_codes(read: Any, language: Any, summary: str, about: str) -> None:
    booking = replace(BOOKING, title=None, purpose="meeting", participants=1, state="awaiting_approval")

    text = written(booking, feed=replace(FULL, language=language))

    assert [each["summary"] for each in read(text)] == [summary]
    assert f"DESCRIPTION:{about}" in text.replace("\r\n ", "")


def test_a_person_in_a_full_feed_is_nameless() -> None:
    booking = replace(BOOKING, title=None, tenant=Actor(id=UUID(int=3), kind="resident"))
    assert events_by_icalendar(written(booking, feed=FULL))[0]["summary"] == "Kultur"


def test_what_calendars_are_told_of_the_whole() -> None:
    found = icalendar.Calendar.from_ical(written(portal="", name="Borgen, Asker"))

    assert found["VERSION"] == "2.0"
    assert found["PRODID"]
    # of properties that this reader does not know it keeps the text as it stands
    assert [found[each].to_ical() for each in ("NAME", "X-WR-CALNAME")] == [b"Borgen\\, Asker"] * 2
    assert found["REFRESH-INTERVAL"].dt == timedelta(minutes=15)
    (zone,) = found.walk("VTIMEZONE")
    assert zone["TZID"] == "Europe/Oslo"


@pytest.mark.parametrize("year", range(2024, 2037))
def test_summer_time_is_told_as_it_is(year: int) -> None:
    """Readers that know no zones reckon by the rules in the calendar."""
    (zone,) = icalendar.Calendar.from_ical(written()).walk("VTIMEZONE")
    told = zone.to_tz(lookup_tzid=False)
    for month in range(1, 13):
        for day in (1, 15, 24, 25, 26, 27, 28):
            at = datetime(year, month, day, 12, 0, tzinfo=OSLO)
            assert at.replace(tzinfo=told).utcoffset() == at.utcoffset(), at


def test_the_same_bookings_are_the_same_text() -> None:
    assert written(BOOKING, BOOKING) == written(BOOKING, BOOKING)


def test_a_feed_opens_with_its_secret_until_it_ends() -> None:
    assert FULL.opens_with("secret")
    assert not FULL.opens_with("secre")
    ending = replace(FULL, expires_at=NOW)
    assert ending.open(NOW - timedelta(microseconds=1))
    assert not ending.open(NOW)
    assert FULL.open(NOW + timedelta(days=9999))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("state", ["completed", "released", "cancelled"])
@pytest.mark.parametrize(
    ("seconds", "minutes", "status"),
    [
        (-1, 120, "CANCELLED"),
        (0, 120, "CANCELLED"),
        (1, 1, None),
        (3600, 60, None),
        (3601, 61, None),
        (7199, 120, None),
    ],
)
def test_what_ended_early_ends_then_and_never_before_it_begins(
    read: Any, state: Any, seconds: int, minutes: int, status: str | None
) -> None:
    ended = replace(BOOKING, state=state, ended_at=BOOKING.begins_at + timedelta(seconds=seconds))

    [found] = read(written(ended))

    assert found["ends_at"] == BOOKING.begins_at + timedelta(minutes=minutes)
    assert found["status"] == (status or ("CONFIRMED" if state == "completed" else "CANCELLED"))
    assert ("TRANSP:TRANSPARENT" in written(ended)) == (found["status"] == "CANCELLED")


@pytest.mark.parametrize(
    ("ended_at", "expected"),
    [
        (None, BOOKING.ends_at),
        (BOOKING.begins_at - timedelta(seconds=1), BOOKING.begins_at),  # its door was opened before it began
        (BOOKING.begins_at, BOOKING.begins_at),
        (BOOKING.begins_at + timedelta(microseconds=1), BOOKING.begins_at + timedelta(minutes=1)),
        (BOOKING.begins_at + timedelta(minutes=10), BOOKING.begins_at + timedelta(minutes=10)),
        (BOOKING.begins_at + timedelta(minutes=10, microseconds=1), BOOKING.begins_at + timedelta(minutes=11)),
        (BOOKING.ends_at - timedelta(seconds=1), BOOKING.ends_at),
    ],
)
def test_what_ended_early_takes_its_time_to_the_minute_begun(ended_at: datetime | None, expected: datetime) -> None:
    assert over_at(replace(BOOKING, ended_at=ended_at)) == expected
