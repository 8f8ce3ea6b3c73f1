"""Your data: everything the services hold of a person, as one file, or none; and having it deleted."""

import pytest

from services.portal.settings import SERVICES
from tests.recordings import recorded
from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import a_claim, a_price, an_id, answered, refused

LATE, IN_TIME = "2026-12-03T08:59:59Z", "2026-12-03T09:00:00Z"
"""Until when it was free of charge, just before and at the time it is."""


def test_the_page_leads_to_the_file(kari: Visitor) -> None:
    page = kari.go("/me")
    assert "Dine data" in page.text
    assert 'href="/me/data"' in page.text
    assert kari.go("/").text.count('href="/me"') == 1, "in the menu of every page"
    assert kari.go("/bookings").text.count('href="/me"') == 2


def test_all_services_are_in_one_file(portal: Portal, kari: Visitor) -> None:
    file = kari.go("/me/data")
    assert list(file.json()) == list(SERVICES)
    assert {service for service in SERVICES if portal.services.asked("GET", service)[-1].path == "/me/export"} == {
        *SERVICES
    }
    assert file.headers["Content-Disposition"].startswith('attachment; filename="torg-')
    assert (file.headers["Cache-Control"], file.headers["Content-Type"]) == (
        "no-store",
        "application/json; charset=utf-8",
    )


@pytest.mark.parametrize("service", SERVICES)
def test_there_is_no_half_of_a_file(portal: Portal, kari: Visitor, service: str) -> None:
    kari.go("/me")
    portal.services.silent.add(service)
    assert kari.go("/me/data").status_code == 503
    portal.services.silent.clear()
    portal.services.refusals[f"GET {service} /me/export"] = refused(403, "forbidden", "Nei")
    assert kari.go("/me/data").status_code == 403


def test_a_visitor_signs_in_first(visitor: Visitor) -> None:
    visitor.go("/me")
    assert visitor.path != "/me"


def test_the_consequence_comes_first_and_deletes_nothing(portal: Portal, kari: Visitor) -> None:
    page = kari.go("/me").text
    for said in ("Dette blir borte med en gang", "Dette blir værende, og hvorfor", "den eneste eieren"):
        assert said in page
    assert 'href="/me/erasure"' in page
    kari.go("/me/erasure")
    assert not portal.services.asked("POST", "booking")


@pytest.mark.parametrize(("free_until", "costs"), [(LATE, True), (IN_TIME, False)])
def test_each_booking_that_goes_is_shown_with_what_it_costs(
    portal: Portal, kari: Visitor, free_until: str, costs: bool
) -> None:
    portal.services.a_booking(state="confirmed", price=a_price(), free_until=free_until)
    page = kari.go("/me/erasure").text
    assert "Disse bookingene blir avbestilt" in page
    assert ("Full pris gjelder: 600" in page) is costs


def test_a_hold_costs_nothing_however_late(portal: Portal, kari: Visitor) -> None:
    portal.services.a_booking(state="held", price=a_price(), free_until=LATE)
    assert "Full pris gjelder" not in kari.go("/me/erasure").text


def test_what_is_an_organisation_s_goes_on_and_its_owner_is_told(portal: Portal, kari: Visitor) -> None:
    portal.services.a_booking(state="confirmed", tenant={"id": str(an_id("korps")), "kind": "voluntary", "name": "K"})
    page = kari.go("/me/erasure").text
    assert "Disse bookingene blir avbestilt" not in page
    assert "1 booking for en organisasjon fortsetter som før." in page
    assert "Du eier disse organisasjonene." in page
    assert 'name="cancel"' not in page


@pytest.mark.parametrize("state", ["waiting", "refused", "given_to_another"])
def test_what_is_booked_for_a_claim_goes_and_nobody_is_told_that_they_own_it(
    portal: Portal, kari: Visitor, state: str
) -> None:
    claim = a_claim(state, actor=str(an_id("korps")))
    portal.services.claims = [claim]
    portal.services.a_booking(state="confirmed", tenant={"id": str(an_id("korps")), "kind": "voluntary", "name": "K"})
    page = kari.go("/me/erasure").text
    assert "Disse bookingene blir avbestilt" in page
    assert "fortsetter som før" not in page
    assert "Du eier disse organisasjonene." not in page


def test_who_deletes_their_data_is_told_what_came_of_it_and_is_signed_out(portal: Portal, kari: Visitor) -> None:
    portal.services.a_booking(state="confirmed")
    kari.go("/me/erasure")
    kari.submit("/me/erasure", cancel="yes")
    [asked] = portal.services.asked("POST", "booking")
    assert (asked.path, asked.body) == ("/me/erasure", {"cancel_bookings": True})
    assert kari.path == "/"
    assert "Du er slettet fra bookingene." in kari.text
    assert "Du er logget ut." in kari.text
    assert "Logg inn" in kari.text
    assert kari.go("/me").url.path != "/me"


def test_bookings_that_are_to_stay_stand_against_it(portal: Portal, kari: Visitor) -> None:
    """Not ticked, or one that has come since the page was shown: nothing is done, and it can be ticked."""
    refusal = next(each for each in recorded()["POST booking /me/erasure"] if each.status == 409)
    portal.services.replayed["POST booking /me/erasure"] = refusal
    kari.go("/me/erasure")
    page = kari.submit("/me/erasure")
    assert page.status_code == 409
    assert portal.services.asked("POST", "booking")[-1].body == {"cancel_bookings": False}
    assert 'name="cancel"' in page.text
    assert "Du har bookinger som ikke er over." in page.text
    assert kari.go("/me").url.path == "/me", "they are signed in still"
    portal.services.replayed.clear()
    kari.go("/me/erasure")
    kari.submit("/me/erasure", cancel="yes")
    assert "Du er logget ut." in kari.text


def test_what_else_is_said_against_it_is_shown(portal: Portal, kari: Visitor) -> None:
    kari.go("/me/erasure")
    portal.services.refusals["POST booking /me/erasure"] = refused(403, "forbidden", "Ikke lov")
    assert kari.submit("/me/erasure").status_code == 403
    assert "Ikke lov" in kari.text
    kari.go("/me/erasure")
    portal.services.silent.add("booking")
    assert kari.submit("/me/erasure").status_code == 503


def test_a_booking_or_more_are_counted(portal: Portal, kari: Visitor) -> None:
    told = next(each for each in recorded()["POST booking /me/erasure"] if each.status == 200)
    for count, said in ((0, ""), (1, "1 booking ble avbestilt."), (2, "2 bookinger ble avbestilt.")):
        kari.sign_in("kari")
        body = told.body | {"cancelled": [str(an_id(f"{number}")) for number in range(count)]}
        portal.services.refusals["POST booking /me/erasure"] = answered(type(told)("erased", 200, body))
        kari.go("/me/erasure")
        kari.submit("/me/erasure", cancel="yes")
        assert said in kari.text
        assert ("ble avbestilt" in kari.text) is bool(count)
