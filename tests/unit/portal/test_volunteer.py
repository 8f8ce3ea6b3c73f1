"""Registering hours under an agreement."""

import re
from typing import Any

import pytest

from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import an_agreement, an_id, refused

AGREEMENT = an_agreement()["id"]
FORM = f"/volunteer/{AGREEMENT}/hours"


@pytest.fixture
def volunteer(portal: Portal, kari: Visitor) -> Visitor:
    portal.services.agreements = [an_agreement()]
    kari.go(FORM)
    return kari


def test_my_agreements_with_what_is_left_of_the_waiver(portal: Portal, volunteer: Visitor) -> None:
    portal.services.register(AGREEMENT, worked_on="2026-12-01", minutes=150, task="Malte nordveggen")
    page = volunteer.go("/volunteer")
    assert "Vedlikehold av Storsalen" in page.text
    assert "Borgen skolekorps" in page.text
    assert "450\xa0kr" in page.text
    assert "tirsdag 1. desember, 2 t 30 min" in page.text
    assert "Venter på godkjenning" in page.text


def test_no_agreement(kari: Visitor) -> None:
    assert "Du er ikke med i noen dugnadsavtale." in kari.go("/volunteer").text


@pytest.mark.parametrize(
    ("hours", "minutes", "sent"),
    [("2", "30", 150), ("2", "", 120), ("0", "45", 45), ("", "45", 45), ("1,5", "", 90), ("1.5", "0", 90)],
)
def test_hours_and_minutes_are_sent_as_minutes(
    portal: Portal, volunteer: Visitor, hours: str, minutes: str, sent: int
) -> None:
    volunteer.submit("/hours", worked_on="2026-12-01", hours=hours, minutes=minutes, task="Malte nordveggen")
    (call,) = portal.services.asked("POST", "pricing")
    assert call.path == f"/agreements/{AGREEMENT}/hours"
    assert call.body == {"worked_on": "2026-12-01", "minutes": sent, "task": "Malte nordveggen"}
    assert volunteer.path == "/volunteer"
    assert "Timene er registrert." in volunteer.text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"hours": "", "minutes": ""}, "hours"),
        ({"hours": "0", "minutes": "0"}, "hours"),
        ({"hours": "0", "minutes": ""}, "hours"),
        ({"hours": "", "minutes": "0"}, "hours"),
        ({"hours": "halvannen"}, "hours"),
        ({"hours": "1.30"}, "hours"),
        ({"minutes": "x"}, "minutes"),
        ({"worked_on": ""}, "worked_on"),
        ({"worked_on": "i går"}, "worked_on"),
        ({"task": " "}, "task"),
    ],
)
def test_what_can_not_be_read_is_told_and_kept(
    portal: Portal, volunteer: Visitor, wrong: dict[str, str], field: str
) -> None:
    typed = {"worked_on": "2026-12-01", "hours": "1", "minutes": "30", "task": "Malte"} | wrong
    page = volunteer.submit("/hours", **typed)
    assert page.status_code == 422
    assert re.findall(r'<a href="#(\w+)">', page.text) == [field]
    assert all(f'value="{value.strip()}"' in page.text for value in typed.values())
    assert not portal.services.asked("POST", "pricing")


@pytest.mark.parametrize("day", ["1.12.2026", "01.12.26", "2026-12-01"])
def test_a_day_as_norwegians_write_it(portal: Portal, volunteer: Visitor, day: str) -> None:
    volunteer.submit("/hours", worked_on=day, hours="2", task="Malte")
    assert portal.services.asked("POST", "pricing")[0].body["worked_on"] == "2026-12-01"


def test_pricings_fault_with_the_minutes_stands_at_the_hours(portal: Portal, volunteer: Visitor) -> None:
    fault = {"pointer": "#/minutes", "detail": "Kan være høyst 1440."}
    refusal = refused(422, "invalid_request", "Feil.", errors=[fault])
    portal.services.refusals[f"POST pricing /agreements/{AGREEMENT}/hours"] = refusal
    page = volunteer.submit("/hours", worked_on="2026-12-01", hours="23", minutes="", task="Malte")
    assert page.status_code == 422
    assert '<a href="#hours">Kan være høyst 1440.</a>' in page.text


@pytest.mark.parametrize(("minutes", "told"), [("0", False), ("1", True)])
def test_a_day_has_so_many_hours(portal: Portal, volunteer: Visitor, minutes: str, *, told: bool) -> None:
    page = volunteer.submit("/hours", worked_on="2026-12-01", hours="24", minutes=minutes, task="Malte")
    assert ('<a href="#hours">Et døgn har 24 timer.</a>' in page.text) == told
    assert bool(portal.services.asked("POST", "pricing")) == (not told)


@pytest.mark.parametrize(
    ("code", "fields", "said"),
    [
        ("too_few_minutes", {"least": 15}, '<li>Timer: <a href="#hours">Registrer minst 15 min.</a>'),
        ("too_many_minutes", {"most": 720, "left": 30}, '<li>Timer: <a href="#hours">Du kan registrere høyst 12 timer'),
        ("worked_in_future", {}, '<li>Dato: <a href="#worked_on">'),
        (
            "worked_outside_agreement",
            {"valid_from": "2026-01-01", "valid_until": "2030-12-31"},
            "Avtalen gjelder fra torsdag 1. januar 2026 til og med tirsdag 31. desember 2030.</a>",
        ),
        (
            "worked_outside_agreement",
            {"valid_from": "2026-01-01", "valid_until": "2026-11-30"},
            "Avtalen gjelder fra torsdag 1. januar til og med mandag 30. november.",
        ),
    ],
)
def test_pricings_no_stands_at_its_field(
    portal: Portal, volunteer: Visitor, code: str, fields: dict[str, Any], said: str
) -> None:
    refusal = refused(422, code, "Nei.", **({"fields": fields} if fields else {}))
    portal.services.refusals[f"POST pricing /agreements/{AGREEMENT}/hours"] = refusal
    assert said in volunteer.submit("/hours", worked_on="2026-12-01", hours="2", task="Malte").text


def test_what_was_done_is_named_where_it_is_missing(volunteer: Visitor) -> None:
    page = volunteer.submit("/hours", worked_on="2026-12-01", hours="2", task=" ")
    assert '<li>Arbeidet: <a href="#task">Skriv noe her.</a>' in page.text


WORKED = {"worked_on": "2026-12-01", "minutes": 120, "task": "Malte"}
TYPED = {"worked_on": "2026-12-01", "hours": "2", "minutes": "", "task": "Malte"}


def test_the_same_hours_after_going_back_are_asked_about(portal: Portal, volunteer: Visitor) -> None:
    """They stood there twice, to be approved twice."""
    portal.services.register(AGREEMENT, **WORKED)
    volunteer.go(FORM)

    page = volunteer.submit("/hours", **TYPED)

    assert page.status_code == 409
    assert "Dette er alt registrert" in page.text
    assert not portal.services.asked("POST", "pricing")
    volunteer.submit("/hours", **TYPED, again="1")
    (call,) = portal.services.asked("POST", "pricing")
    assert call.body == WORKED


@pytest.mark.parametrize(
    "different", [{"worked_on": "2026-11-30"}, {"hours": "3"}, {"minutes": "1", "hours": "2"}, {"task": "Malte igjen"}]
)
def test_other_hours_are_not_asked_about(portal: Portal, volunteer: Visitor, different: dict[str, str]) -> None:
    portal.services.register(AGREEMENT, **WORKED)
    volunteer.go(FORM)
    volunteer.submit("/hours", **TYPED | different)
    assert len(portal.services.asked("POST", "pricing")) == 1


@pytest.mark.parametrize(
    "before",
    [
        {
            "state": "rejected",
            "reason": "Nei",
            "version": 2,
            "decided_at": "2026-12-01T13:00:00Z",
            "decider": None,
        },
        {"registered_at": "2199-01-01T00:00:00Z"},
        {"agreement": str(an_id("another"))},
    ],
    ids=["rejected", "by the same form", "under another agreement"],
)
def test_what_was_rejected_or_sent_by_two_clicks_is_not_asked_about(
    portal: Portal, volunteer: Visitor, before: dict[str, str | int | None]
) -> None:
    """The form's key makes two clicks one."""
    registered = portal.services.register(AGREEMENT, **WORKED)
    portal.services.hours[registered["id"]] |= before
    volunteer.go(FORM)
    volunteer.submit("/hours", **TYPED)
    assert len(portal.services.asked("POST", "pricing")) == 1


def test_someone_elses_agreement_is_not_there(volunteer: Visitor) -> None:
    assert volunteer.go(f"/volunteer/{an_id('another')}/hours").status_code == 404
