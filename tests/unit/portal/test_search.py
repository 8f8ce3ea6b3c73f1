"""Finding a free time: what is asked of booking, and which beginnings are offered."""

import re
from datetime import UTC, date, timedelta

import pytest

from services.portal.forms import midnight
from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import refused


def beginnings(page: str) -> list[str]:
    of_the_hall = page.partition("Storsalen, del A")[0]
    return re.findall(r"<option value=\"[^\"]+T[^\"]+\"(?: selected)?>([^<]+)</option>", of_the_hall)


def test_asks_booking_for_a_day_and_its_night(portal: Portal, visitor: Visitor) -> None:
    visitor.go("/search?square=borgen&date=2026-12-05&minutes=120")
    (call,) = (each for each in portal.services.calls if each.path == "/availability")
    assert call.query["square"] == "borgen"
    assert (call.query["from"], call.query["to"], call.query["minutes"]) == ("2026-12-05", "2026-12-06", "120")
    assert call.headers["Accept-Language"] == "nb"
    assert "Authorization" not in call.headers


def test_a_beginning_is_offered_as_long_as_the_length_fits(portal: Portal, visitor: Visitor) -> None:
    portal.services.free = [("2026-12-05T17:00:00Z", "2026-12-05T19:30:00Z")]
    visitor.go("/search?square=borgen&date=2026-12-05&minutes=120")
    assert beginnings(visitor.text) == ["18:00", "18:30"]
    visitor.go("/search?square=borgen&date=2026-12-05&minutes=150")
    assert beginnings(visitor.text) == ["18:00"]
    visitor.go("/search?square=borgen&date=2026-12-05&minutes=180")
    assert "Ingenting så langt er ledig da" in visitor.text


@pytest.mark.parametrize(
    ("begin", "end", "likeliest"),
    [
        ("2026-12-04T23:00:00Z", "2026-12-05T22:00:00Z", "08:00"),
        ("2026-12-05T09:00:00Z", "2026-12-05T22:00:00Z", "10:00"),
        ("2026-12-04T23:00:00Z", "2026-12-05T05:00:00Z", "00:00"),
    ],
)
def test_nobody_is_offered_the_night_first(
    portal: Portal, visitor: Visitor, begin: str, end: str, likeliest: str
) -> None:
    portal.services.free = [(begin, end)]
    page = visitor.go("/search?square=borgen&date=2026-12-05&minutes=60")
    assert f"selected>{likeliest}</option>" in page.text


def test_of_today_the_next_is_offered_first(portal: Portal, visitor: Visitor) -> None:
    portal.clock.move(timedelta(hours=-6))
    portal.services.free = [("2026-12-02T23:00:00Z", "2026-12-03T22:00:00Z")]
    assert "selected>04:00</option>" in visitor.go("/search?square=borgen&date=2026-12-03&minutes=60").text


def test_beginnings_are_on_the_grid(portal: Portal, visitor: Visitor) -> None:
    portal.services.free = [("2026-12-05T17:10:00Z", "2026-12-05T19:00:00Z")]
    visitor.go("/search?square=borgen&date=2026-12-05&minutes=60")
    assert beginnings(visitor.text) == ["18:30", "19:00"]


def test_beginnings_that_have_passed_are_not_offered(portal: Portal, visitor: Visitor) -> None:
    portal.services.free = [("2026-12-03T08:00:00Z", "2026-12-03T11:00:00Z")]
    visitor.go("/search?square=borgen&date=2026-12-03&minutes=60")
    assert beginnings(visitor.text) == ["10:00", "10:30", "11:00"]
    portal.clock.move(timedelta(seconds=1))
    visitor.go("/search?square=borgen&date=2026-12-03&minutes=60")
    assert beginnings(visitor.text) == ["10:30", "11:00"]


@pytest.mark.parametrize(("minutes", "offered"), [(29, False), (30, True), (45, False), (480, True), (510, False)])
def test_only_lengths_the_space_is_let_for(portal: Portal, visitor: Visitor, minutes: int, offered: bool) -> None:
    portal.services.free = [("2026-12-05T06:00:00Z", "2026-12-05T22:00:00Z")]
    visitor.go(f"/search?square=borgen&date=2026-12-05&minutes={minutes}")
    assert bool(beginnings(visitor.text)) == offered


def test_what_begins_in_the_evening_may_end_past_midnight(portal: Portal, visitor: Visitor) -> None:
    portal.services.free = [
        ("2026-12-05T21:30:00Z", "2026-12-06T01:00:00Z"),
        ("2026-12-06T08:00:00Z", "2026-12-06T10:00:00Z"),
    ]
    visitor.go("/search?square=borgen&date=2026-12-05&minutes=120")
    assert beginnings(visitor.text) == ["22:30", "23:00", "23:30"]
    assert "22:30–24:00" in visitor.text
    assert "09:00" not in visitor.text


def test_what_began_the_day_before_is_of_that_day(portal: Portal, visitor: Visitor) -> None:
    portal.services.free = [("2026-12-04T21:00:00Z", "2026-12-05T01:00:00Z")]
    visitor.go("/search?square=borgen&date=2026-12-05&minutes=60")
    assert beginnings(visitor.text) == ["00:00", "00:30", "01:00"]
    assert "00:00–02:00" in visitor.text


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        ("2027-03-28", ["00:00", "01:00", "03:00", "04:00"]),  # the clock goes forward: no two o'clock
        ("2026-10-25", ["00:00", "01:00", "02:00 (sommertid)", "02:00 (vintertid)"]),  # it goes back
    ],
)
def test_the_nights_when_the_clock_is_moved(portal: Portal, visitor: Visitor, day: str, shown: list[str]) -> None:
    portal.clock.move(timedelta(days=-60))
    begin = midnight(date.fromisoformat(day)).astimezone(UTC)
    portal.services.free = [(begin.isoformat(), (begin + timedelta(hours=4)).isoformat())]
    visitor.go(f"/search?square=borgen&date={day}&minutes=60")
    assert beginnings(visitor.text)[::2][:4] == shown


def test_summer_time_is_the_walls(portal: Portal, visitor: Visitor) -> None:
    portal.services.free = [("2027-06-05T16:00:00Z", "2027-06-05T17:00:00Z")]
    visitor.go("/search?square=borgen&date=2027-06-05&minutes=60")
    assert beginnings(visitor.text) == ["18:00"]


@pytest.mark.parametrize(("day", "over"), [("2026-12-02", True), ("2026-12-03", False)])
def test_a_day_that_is_over_is_said_to_be(portal: Portal, visitor: Visitor, day: str, *, over: bool) -> None:
    page = visitor.go(f"/search?date={day}&minutes=60")
    assert ('<a href="#date">Dagen er over. Velg en som kommer.</a>' in page.text) is over
    assert f'value="{day}"' in page.text
    assert "Ledig i 1 time, torsdag 3. desember" in page.text
    (asked,) = (each for each in portal.services.asked("GET", "booking") if each.path == "/availability")
    assert asked.query["from"] == "2026-12-03"


@pytest.mark.parametrize(
    "query",
    [
        "date=yesterday&minutes=60",
        "date=2100-01-01",
        "date=1999-12-31",
        "date=9999-12-31",
        "date=2026-12-05&minutes=many",
        "minutes=0",
        "date=",
        "",
    ],
)
def test_an_odd_address_is_read_as_today_and_an_hour(visitor: Visitor, query: str) -> None:
    page = visitor.go(f"/search?{query}")
    assert page.status_code == 200
    assert "Ledig i 1 time" in page.text
    said = "Skriv en dato, for eksempel 24.12.2026." in page.text
    assert said is ("date" in query and "2026-12-05" not in query)


@pytest.mark.parametrize("day", ["5.12.2026", "05.12.26"])
def test_a_day_as_norwegians_write_it(portal: Portal, visitor: Visitor, day: str) -> None:
    assert "lørdag 5. desember" in visitor.go(f"/search?square=borgen&date={day}&minutes=60").text


def test_what_booking_says_of_a_search_is_told(portal: Portal, visitor: Visitor) -> None:
    portal.services.refusals["GET booking /availability"] = refused(422, "invalid_request", "Datoen er for langt fram.")
    page = visitor.go("/search?date=2099-12-31")
    assert page.status_code == 422
    assert "Datoen er for langt fram." in page.text
