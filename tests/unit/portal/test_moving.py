"""Moving a booking: the form, what is asked of booking, and its no by the field that it is about."""

import re
from typing import Any

import pytest

from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import a_price, refused, some_house_rules


@pytest.fixture
def booking(portal: Portal) -> str:
    return portal.services.a_booking(state="confirmed")


def filled(**changed: str) -> dict[str, str]:
    return {"date": "2026-12-05", "from": "18:00", "to": "20:00", "participants": "40"} | changed


def test_the_form_says_how_it_is(kari: Visitor, booking: str) -> None:
    page = kari.go(f"/bookings/{booking}/move")
    for value in filled().values():
        assert f'value="{value}"' in page.text
    assert "Siste dag" not in page.text


@pytest.mark.parametrize("state", ["cancelled", "declined", "expired", "completed", "in_use"])
def test_what_can_be_moved_no_more_has_no_form(portal: Portal, kari: Visitor, state: str) -> None:
    booking = portal.services.a_booking(state=state)
    page = kari.go(f"/bookings/{booking}/move")
    assert kari.path == f"/bookings/{booking}"
    assert "Bookingen kan ikke flyttes lenger." in page.text


def test_what_was_given_up_in_another_tab_is_told_on_its_page(portal: Portal, kari: Visitor, booking: str) -> None:
    kari.go(f"/bookings/{booking}/move")
    portal.services.change(booking, state="cancelled")
    refusal = refused(409, "not_live", "Bookingen er allerede avsluttet.")
    portal.services.refusals[f"POST booking /bookings/{booking}/reschedule"] = refusal
    page = kari.submit("/move", **filled())
    assert (kari.path, page.status_code) == (f"/bookings/{booking}", 200)
    assert "Bookingen er allerede avsluttet." in page.text


@pytest.mark.parametrize(("people", "told"), [("0", True), ("1", False)])
def test_a_booking_is_for_somebody(portal: Portal, kari: Visitor, booking: str, people: str, *, told: bool) -> None:
    kari.go(f"/bookings/{booking}/move")
    page = kari.submit("/move", **filled(participants=people))
    assert ('<a href="#participants">Skriv et helt tall, for eksempel 12.</a>' in page.text) is told
    assert bool(portal.services.asked("POST", "booking")) is not told


def test_moves_the_version_that_was_seen(portal: Portal, kari: Visitor, booking: str) -> None:
    kari.go(f"/bookings/{booking}/move")
    page = kari.submit("/move", **filled(date="2026-12-12", to="19:30", participants="20", why="Færre kommer"))
    (call,) = portal.services.asked("POST", "booking")
    assert (call.path, call.headers["If-Match"]) == (f"/bookings/{booking}/reschedule", '"1"')
    assert call.body == {
        "begins_at": "2026-12-12T18:00:00+01:00",
        "ends_at": "2026-12-12T19:30:00+01:00",
        "participants": 20,
        "why": "Færre kommer",
    }
    assert "Bookingen er flyttet: lørdag 12. desember, 18:00–19:30." in page.text


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        ("22:00", "00:00", "2026-12-06T00:00:00+01:00"),
        ("22:00", "24:00", "2026-12-06T00:00:00+01:00"),
        ("24:00", "02:00", "2026-12-06T02:00:00+01:00"),
        ("22:00", "02:00", "2026-12-06T02:00:00+01:00"),
        ("18:00", "18:00", "2026-12-06T18:00:00+01:00"),
        ("18:00", "18:05", "2026-12-05T18:05:00+01:00"),
    ],
)
def test_what_ends_before_it_begins_ends_the_day_after(
    portal: Portal, kari: Visitor, booking: str, begins: str, ends: str, expected: str
) -> None:
    kari.go(f"/bookings/{booking}/move")
    kari.submit("/move", **filled(**{"from": begins, "to": ends}))
    assert portal.services.asked("POST", "booking")[0].body["ends_at"] == expected


@pytest.mark.parametrize(
    ("began", "ended", "changed", "expected"),
    [
        # 02:30 comes twice: left as it is, it stays the one it was
        ("2027-10-31T01:30:00Z", "2027-10-31T02:30:00Z", {}, ("02:30:00+01:00", "03:30:00+01:00")),
        ("2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z", {}, ("02:30:00+02:00", "02:30:00+01:00")),
        ("2027-10-31T00:45:00Z", "2027-10-31T01:15:00Z", {}, ("02:45:00+02:00", "02:15:00+01:00")),
        # entered, it is the first
        ("2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z", {"to": "02:45"}, ("02:30:00+02:00", "02:45:00+02:00")),
        ("2027-10-31T01:30:00Z", "2027-10-31T02:30:00Z", {"from": "02:15"}, ("02:15:00+02:00", "03:30:00+01:00")),
        # left out, it is as if the clock had not gone forward
        ("2027-03-28T00:30:00Z", "2027-03-28T03:30:00Z", {"from": "02:30"}, ("02:30:00+01:00", "05:30:00+02:00")),
    ],
)
def test_the_nights_when_the_clock_is_moved(
    portal: Portal, kari: Visitor, booking: str, began: str, ended: str, changed: dict[str, str], expected: Any
) -> None:
    portal.services.bookings[booking] |= {"begins_at": began, "ends_at": ended}
    page = kari.go(f"/bookings/{booking}/move")
    shown = {"date": began.partition("T")[0]}
    for name in ("from", "to"):
        [shown[name]] = re.findall(rf'name="{name}"[^>]* value="([^"]+)"', page.text)
    kari.submit("/move", **filled(**shown | changed))
    (call,) = portal.services.asked("POST", "booking")
    assert tuple(call.body[end].partition("T")[2] for end in ("begins_at", "ends_at")) == expected
    assert {call.body[end].partition("T")[0] for end in ("begins_at", "ends_at")} == {began.partition("T")[0]}


def test_what_lasts_for_days_keeps_its_last_day(portal: Portal, kari: Visitor, booking: str) -> None:
    portal.services.bookings[booking]["ends_at"] = "2026-12-07T19:00:00Z"
    page = kari.go(f"/bookings/{booking}/move")
    assert "Siste dag" in page.text
    kari.submit("/move", **filled(last="2026-12-08"))
    assert portal.services.asked("POST", "booking")[0].body["ends_at"] == "2026-12-08T20:00:00+01:00"


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [("12.12.2026", "18.00", "19.30"), ("12.12.26", "kl 18", "1930"), ("2026-12-12", "18", "19:30")],
)
def test_days_and_times_as_norwegians_write_them(
    portal: Portal, kari: Visitor, booking: str, day: str, begins: str, ends: str
) -> None:
    kari.go(f"/bookings/{booking}/move")
    kari.submit("/move", **filled(date=day, to=ends, **{"from": begins}))
    (call,) = portal.services.asked("POST", "booking")
    assert call.body["begins_at"] == "2026-12-12T18:00:00+01:00"
    assert call.body["ends_at"] == "2026-12-12T19:30:00+01:00"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("date", "i morgen", "Skriv en dato"),
        ("date", "1999-12-31", "Skriv en dato"),
        ("from", "25:00", "Skriv et klokkeslett"),
        ("to", "atten", "Skriv et klokkeslett"),
        ("participants", "mange", "Skriv et helt tall"),
    ],
)
def test_what_is_no_time_is_not_sent(
    portal: Portal, kari: Visitor, booking: str, field: str, value: str, said: str
) -> None:
    kari.go(f"/bookings/{booking}/move")
    page = kari.submit("/move", **filled(**{field: value}))
    assert (page.status_code, f'<a href="#{field}">{said}' in page.text) == (422, True)
    assert not portal.services.asked("POST", "booking")


@pytest.mark.parametrize(
    ("status", "code", "field"),
    [
        (409, "slot_taken", "from"),
        (422, "too_short_notice", "date"),
        (422, "too_long", "to"),
        (409, "too_late_to_move", ""),
    ],
)
def test_a_no_stands_by_its_field_and_the_old_time_stays(
    portal: Portal, kari: Visitor, booking: str, status: int, code: str, field: str
) -> None:
    portal.services.refusals[f"POST booking /bookings/{booking}/reschedule"] = refused(status, code, "Det går ikke.")
    kari.go(f"/bookings/{booking}/move")
    page = kari.submit("/move", **filled(date="2026-12-13"))
    assert page.status_code == status
    assert (f'<a href="#{field}">Det går ikke.</a>' if field else "<p>Det går ikke.</p>") in page.text
    assert 'value="2026-12-13"' in page.text
    assert "lørdag 5. desember, <span" in page.text


def test_new_house_rules_are_shown_where_they_are_asked_for(portal: Portal, kari: Visitor, booking: str) -> None:
    portal.services.house_rules = [some_house_rules()]
    assert "Rydd etter dere." not in kari.go(f"/bookings/{booking}/move").text
    refusal = refused(409, "house_rules_not_accepted", "Les først.", fields={"missing": []})
    portal.services.refusals[f"POST booking /bookings/{booking}/reschedule"] = refusal
    assert "Rydd etter dere." in kari.submit("/move", **filled()).text


def test_a_form_that_was_overtaken_is_renewed(portal: Portal, kari: Visitor, booking: str) -> None:
    kari.go(f"/bookings/{booking}/move")
    portal.services.change(booking, begins_at="2026-12-06T17:00:00Z", ends_at="2026-12-06T19:00:00Z")
    path = f"POST booking /bookings/{booking}/reschedule"
    portal.services.refusals[path] = refused(412, "stale_version", "Noen har endret.")
    page = kari.submit("/move", **filled(date="2026-12-12"))
    assert page.status_code == 412
    assert "Nå er den søndag 6. desember, 18:00–20:00. Send på nytt for å flytte den." in page.text
    assert 'value="2026-12-12"' in page.text
    del portal.services.refusals[path]
    kari.submit("/move", **filled(date="2026-12-12"))
    assert portal.services.asked("POST", "booking")[-1].headers["If-Match"] == '"2"'


def test_what_a_move_means_for_the_price_is_told_before(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed", price=a_price())
    page = kari.go(f"/bookings/{booking}/move").text
    assert "kan bli høyere eller lavere. Den er bindende så snart du flytter." in page
    assert "går en bekreftet booking du leier, tilbake dit den var" in page
