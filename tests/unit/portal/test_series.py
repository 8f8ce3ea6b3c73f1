"""Fixed bookings: the list, all dates of one, and what is done to them as one."""

from typing import Any

import httpx
import pytest

from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import refused


def test_my_fixed_bookings(portal: Portal, kari: Visitor) -> None:
    assert "Du har ingen faste bookinger" in kari.go("/series").text
    series = portal.services.a_series()
    page = kari.go("/series")
    assert f'href="/series/{series}"' in page.text
    assert "tirsdag 8. desember – tirsdag 15. desember, 2 datoer" in page.text


def test_all_its_dates_with_what_was_skipped(portal: Portal, kari: Visitor) -> None:
    series = portal.services.a_series()
    page = kari.go(f"/series/{series}")
    assert page.text.count('href="/bookings/') == 2
    assert "Tatt av andre" in page.text
    assert "2 datoer er reservert for deg" in page.text
    assert "Å betale for alle: 1\xa0200\xa0kr." in page.text
    portal.services.series[series]["occurrences"][1]["price"] = None
    page = kari.go(f"/series/{series}")
    assert "Vi regner ut prisen." in page.text
    assert f'content="2; url=/series/{series}?looks=1"' in page.text
    assert "Bekreft alle datoene" not in page.text


def test_until_when_its_dates_are_held(portal: Portal, kari: Visitor) -> None:
    series = portal.services.a_series()
    first, second, _ = portal.services.series[series]["occurrences"]
    first["hold_expires_at"] = "2026-12-03T11:00:00Z"
    assert "Bekreft før torsdag 3. desember kl. 10:15." in kari.go(f"/series/{series}").text

    second["price"] = None

    for looks in (0, 20):
        page = kari.go(f"/series/{series}?looks={looks}")
        assert "den første av dem til torsdag 3. desember kl. 10:15." in page.text
        assert "Når den siste prisen er klar, står det her hvor lenge du kan bekrefte alle." in page.text
        assert ("Det tar lengre tid enn det skal." in page.text) == (looks == 20)


@pytest.mark.parametrize(
    ("limits", "late", "until"),
    [
        (("2026-12-03T08:59:59Z", "2026-12-14T17:00:00Z"), "1 dato kan ikke", "mandag 14. desember kl. 18:00"),
        (("2026-12-03T09:00:00Z", "2026-12-14T17:00:00Z"), "", "torsdag 3. desember kl. 10:00"),
        (("2026-12-03T08:00:00Z", "2026-12-03T08:59:59Z"), "2 datoer kan ikke", ""),
        ((None, None), "", ""),
    ],
)
def test_what_can_be_given_up_for_nothing_is_told_before_it_is_confirmed(
    portal: Portal, kari: Visitor, limits: tuple[str | None, ...], late: str, until: str
) -> None:
    series = portal.services.a_series()
    for each, limit in zip(portal.services.series[series]["occurrences"], limits, strict=False):
        each["free_until"] = limit
    page = kari.go(f"/series/{series}").text
    assert ("avbestilles gratis: fristen for det er ute." in page) is bool(late)
    assert late in page
    assert ("Den første fristen er" in page) is bool(until)
    assert until in page


def test_confirms_them_all_at_once(portal: Portal, kari: Visitor) -> None:
    series = portal.services.a_series()
    kari.go(f"/series/{series}")
    page = kari.submit("/confirm")
    (call,) = portal.services.asked("POST", "booking")
    assert (call.path, call.headers["If-Match"]) == (f"/series/{series}/confirm", '"1"')
    assert "Den faste bookingen er bekreftet." in page.text
    portal.services.refusals[call.method + f" booking {call.path}"] = refused(409, "not_priced", "Prisen er ikke klar.")
    assert "Prisen er ikke klar." in kari.submit("/confirm").text


@pytest.mark.parametrize("state", ["awaiting_approval", "awaiting_payment", "confirmed", "completed", "cancelled"])
def test_a_series_of_which_nothing_is_held_has_its_page(portal: Portal, kari: Visitor, state: str) -> None:
    series = portal.services.a_series((state, state))
    page = kari.go(f"/series/{series}")
    assert (page.status_code, "reservert for deg" in page.text) == (200, False)


def test_a_booking_leads_to_its_series(portal: Portal, kari: Visitor) -> None:
    series = portal.services.a_series()
    booking = portal.services.a_booking(state="confirmed", series=series)
    assert f'href="/series/{series}"' in kari.go(f"/bookings/{booking}").text


def test_what_giving_up_costs_is_told_for_each_choice(portal: Portal, kari: Visitor) -> None:
    series = portal.services.a_series()
    page = kari.go(f"/series/{series}/cancel")
    assert page.text.count('name="scope"') == 1
    assert "Full pris gjelder for 1 av dem: 600\xa0kr." in page.text
    second = portal.services.series[series]["occurrences"][1]["booking"]
    page = kari.go(f"/series/{series}/cancel?booking={second}")
    assert "Bare tirsdag 15. desember" in page.text
    assert "tirsdag 15. desember og alle etter den" in page.text
    page = kari.submit("/cancel", scope="following", why="Dirigenten er syk")
    (call,) = portal.services.asked("POST", "booking")
    assert (call.path, call.headers["If-Match"]) == (f"/series/{series}/cancel", '"1"')
    assert call.body == {"scope": "following", "booking": second, "why": "Dirigenten er syk"}
    assert "Datoene er avbestilt." in page.text


@pytest.mark.parametrize(
    "changed", [{"bookings": 3}, {"fee": 60000, "charged": 1}, {"begins_at": "2026-12-14T17:00:00Z"}]
)
def test_nothing_else_is_given_up_than_what_was_shown(portal: Portal, kari: Visitor, changed: dict[str, Any]) -> None:
    """A date was booked or moved by itself, or a limit passed, since the page was opened: no version tells of it."""
    series = portal.services.a_series(("confirmed", "confirmed", "confirmed"))
    second = portal.services.series[series]["occurrences"][1]
    asked = f"/series/{series}/cancel?booking={second['booking']}"
    kari.go(asked)
    second |= {name: value for name, value in changed.items() if name == "begins_at"}
    now_is = {"bookings": 2, "fee": 0, "charged": 0, "currency": "NOK"} | changed
    now_is.pop("begins_at", None)
    portal.services.refusals[f"GET booking /series/{series}/cancellation"] = httpx.Response(200, json=now_is)
    page = kari.submit("/cancel", scope="following", why="Ferie")
    assert "Dette er endret etter at du åpnet sida." in page.text
    assert (kari.path, page.url.params["booking"]) == (f"/series/{series}/cancel", second["booking"])
    assert not portal.services.asked("POST", "booking")
    kari.submit("/cancel", scope="following")
    assert len(portal.services.asked("POST", "booking")) == 1


@pytest.mark.parametrize("scope", ["", "most"])
def test_who_names_no_dates_gives_none_up(portal: Portal, kari: Visitor, scope: str) -> None:
    series = portal.services.a_series()
    kari.go(f"/series/{series}/cancel")
    assert kari.submit("/cancel", scope=scope).status_code == 400
    assert not portal.services.asked("POST", "booking")


def test_a_series_that_can_not_be_cancelled_says_so(portal: Portal, kari: Visitor) -> None:
    series = portal.services.a_series()
    refusal = refused(409, "nothing_to_change", "Ingen av bookingene kan endres.")
    portal.services.refusals[f"GET booking /series/{series}/cancellation"] = refusal
    page = kari.go(f"/series/{series}/cancel")
    assert (kari.path, "Ingen av bookingene kan endres." in page.text) == (f"/series/{series}", True)


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (("confirmed", "confirmed", None), "Det var alt gjort."),
        (("expired", "expired", None), "tida er ikke lenger reservert for deg"),
        (("held", "confirmed", None), "Dette er endret etter at du åpnet sida."),
    ],
)
def test_what_became_of_its_dates_meanwhile_is_told(
    portal: Portal, kari: Visitor, states: tuple[str | None, ...], said: str
) -> None:
    series = portal.services.a_series()
    kari.go(f"/series/{series}")
    for date, state in zip(portal.services.series[series]["occurrences"], states, strict=True):
        date["state"] = state
    portal.services.refusals[f"POST booking /series/{series}/confirm"] = refused(412, "stale_version", "Endret.")
    assert said in kari.submit("/confirm").text


def test_a_cancellation_of_dates_that_changed_is_not_said_to_be_done(portal: Portal, kari: Visitor) -> None:
    series = portal.services.a_series(("confirmed", "cancelled"))
    kari.go(f"/series/{series}/cancel")
    portal.services.refusals[f"POST booking /series/{series}/cancel"] = refused(412, "stale_version", "Endret.")
    assert "Dette er endret etter at du åpnet sida." in kari.submit("/cancel", scope="all").text


@pytest.mark.parametrize(("state", "shown"), [("confirmed", 1), ("cancelled", 0), ("declined", 0)])
def test_a_date_that_is_given_up_shows_no_price(portal: Portal, kari: Visitor, state: str, shown: int) -> None:
    series = portal.services.a_series((state,))
    assert kari.go(f"/series/{series}").text.count("600\xa0kr") == shown


def test_dates_that_were_moved_show_no_old_price_and_the_page_waits(portal: Portal, kari: Visitor) -> None:
    series = portal.services.a_series(("confirmed", "confirmed"))
    portal.services.series[series]["occurrences"][0]["awaits_price"] = True
    page = kari.go(f"/series/{series}").text
    assert 'data-awaited="new price"' in page
    assert (page.count("Prisen regnes ut"), page.count("600\xa0kr")) == (1, 1)
    portal.services.series[series]["occurrences"][0]["awaits_price"] = False
    page = kari.go(f"/series/{series}").text
    assert "data-awaited" not in page
    assert page.count("600\xa0kr") == 2
