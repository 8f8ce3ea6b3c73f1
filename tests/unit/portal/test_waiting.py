"""Waiting lists: into the line from the form that was refused, one's place, what is offered, and out of it."""

from typing import Any

import pytest

from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import an_id, refused

BOOK = "/book?space=borgen-storsal&begins_at=2026-12-05T17:00:00%2B00:00&minutes=120"
FILLED = {"purpose": "culture", "audience": "everyone", "participants": "40"}
TIMES = {"begins_at": "2026-12-05T17:00:00Z", "ends_at": "2026-12-05T19:00:00Z"}


@pytest.mark.parametrize(
    ("code", "worth"),
    [("slot_taken", True), ("no_room", True), ("equipment_lent", True), ("space_closed", False), ("too_long", False)],
)
def test_what_others_have_can_be_waited_for(portal: Portal, kari: Visitor, code: str, worth: bool) -> None:
    kari.go(BOOK)
    assert "Sett meg på venteliste" not in kari.text
    portal.services.refusals["POST booking /bookings"] = refused(422 if code == "too_long" else 409, code, "Nei.")
    page = kari.submit("/book", **FILLED)
    assert ("Sett meg på venteliste" in page.text) is worth


def test_gets_in_line_with_what_was_filled_in(portal: Portal, kari: Visitor) -> None:
    portal.services.refusals["POST booking /bookings"] = refused(409, "slot_taken", "Lokalet er opptatt.")
    kari.go(BOOK)
    kari.submit("/book", **FILLED)
    page = kari.submit("/book", instead="/waiting", **FILLED, title="Korpsøving")
    call = portal.services.asked("POST", "booking")[-1]
    assert call.path == "/waiting"
    assert call.body == {
        "space": "borgen-storsal",
        "begins_at": "2026-12-05T18:00:00+01:00",
        "ends_at": "2026-12-05T20:00:00+01:00",
        "purpose": "culture",
        "audience": "everyone",
        "participants": 40,
        "title": "Korpsøving",
    }
    assert kari.path == "/waiting"
    assert "Nummer 2 i køen" in page.text


def test_a_no_to_waiting_is_told_on_the_form(portal: Portal, kari: Visitor) -> None:
    portal.services.refusals["POST booking /waiting"] = refused(409, "free_now", "Tida er ledig nå.")
    kari.go(BOOK)
    page = kari.submit("/book", instead="/waiting", **FILLED)
    assert (page.status_code, "Tida er ledig nå." in page.text) == (409, True)
    assert kari.submit("/book", instead="/waiting", **FILLED | {"participants": "mange"}).status_code == 422


def offered(portal: Portal, **changed: Any) -> None:
    """An offer to Kari that is kept until Thursday at noon."""
    until = {"booking": str(an_id("held")), "offered_until": "2026-12-03T11:00:00Z"}
    held = {"space": "borgen-storsal", **TIMES}
    portal.services.wait(**held, **{"state": "offered", "place": None, "offer": held, **until, **changed})


@pytest.mark.parametrize("path", ["/waiting", "/"])
def test_what_is_offered_is_told_as_it_is_held_now(portal: Portal, kari: Visitor, path: str) -> None:
    """It may be an hour of a longer while, or have moved since."""
    held = {"begins_at": "2026-12-06T16:00:00Z", "ends_at": "2026-12-06T17:00:00Z"}
    offered(portal, offer={"space": "borgen-storsal-a", **held})
    page = kari.go(path)
    assert "Storsalen, del A" in page.text
    assert "søndag 6. desember" in page.text
    assert "17:00–18:00" in page.text
    assert "lørdag 5. desember" not in page.text


def test_what_is_offered_is_shown_first_with_its_limit(portal: Portal, kari: Visitor) -> None:
    offered(portal)
    portal.services.wait(space="borgen-storsal-a", **TIMES, place=1, minutes=60)
    page = kari.go("/waiting")
    assert "Svar innen torsdag 3. desember kl. 12:00" in page.text
    assert f'href="/bookings/{an_id("held")}"' in page.text
    assert "Du er neste" in page.text
    assert "(1 time)" in page.text


def test_an_offer_without_a_price_says_how_long_it_is_kept(portal: Portal, kari: Visitor) -> None:
    offered(portal, awaits_price=True)
    page = kari.go("/waiting")
    assert "Prisen er på vei. Holdes av for deg til torsdag 3. desember kl. 12:00" in page.text
    assert "Når prisen kommer, har du opptil to timer på å svare." in page.text
    assert "Svar innen" not in page.text


def test_leaves_the_line(portal: Portal, kari: Visitor) -> None:
    waiting = portal.services.wait(space="borgen-storsal", title="Korpsøving", **TIMES)["id"]
    kari.go("/waiting")
    portal.services.refusals[f"POST booking /waiting/{waiting}/leave"] = refused(409, "not_waiting", "Ikke i kø.")
    assert "Ikke i kø." in kari.submit("/leave").text
    portal.services.refusals.clear()
    page = kari.submit("/leave")
    assert "Du står ikke i køen lenger." in page.text
    assert "Du står ikke i noen kø." in page.text
