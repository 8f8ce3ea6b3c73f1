"""Booking a fixed time: every date is seen before anything is booked."""

import re
from html import unescape

import pytest

from kernel.errors import DomainError
from services.booking.api.bookings import NOT_THERE
from services.portal.words import CLASHES
from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import an_id, look_ahead, refused, some_house_rules, three

BOOK = "/book?space=borgen-storsal&begins_at=2026-12-05T17:00:00%2B00:00&minutes=120"
FILLED = {"purpose": "culture", "audience": "everyone", "participants": "40", "every": "week", "until": "2026-12-19"}
MACHINES = three("Kvoten moterom-innbygger tillater 150; 150 er brukt.")


def test_every_date_is_shown_and_nothing_is_booked(portal: Portal, kari: Visitor) -> None:
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED)
    skipping, elsewhere = portal.services.asked("POST", "booking")
    assert (skipping.path, elsewhere.path) == ("/series/preview", "/series/preview")
    assert elsewhere.body == skipping.body | {"policy": "alternatives"}
    assert skipping.body == {
        "policy": "skip",
        "space": "borgen-storsal",
        "starts": "2026-12-05T18:00",
        "minutes": 120,
        "rule": "FREQ=WEEKLY;UNTIL=20261219",
        "purpose": "culture",
        "audience": "everyone",
        "participants": 40,
    }
    assert "1 dato kan du ikke få. Ingenting er booket ennå." in page.text
    assert "Ledig i stedet: Storsalen, del A" in page.text
    assert page.text.count("Ikke ledig") == 1


def test_what_was_seen_is_booked_as_one(portal: Portal, kari: Visitor) -> None:
    kari.go(BOOK)
    kari.submit("/book", **FILLED | {"every": "fortnight"}, title="Korpsøving", tenant=str(an_id("korps")))
    kari.submit("/series", policy="alternatives")
    call = portal.services.asked("POST", "booking")[-1]
    assert call.path == "/series"
    assert call.body == portal.services.asked("POST", "booking")[-2].body
    assert call.body["policy"] == "alternatives"
    assert call.body["rule"] == "FREQ=WEEKLY;INTERVAL=2;UNTIL=20261219"
    assert kari.path == f"/series/{an_id('series 0')}"


def test_where_all_is_free_it_is_all_or_nothing(portal: Portal, kari: Visitor) -> None:
    portal.services.ahead = look_ahead(None, None)
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED)
    assert "Alle datoene er ledige." in page.text
    kari.submit("/series")
    assert portal.services.asked("POST", "booking")[-1].body["policy"] == "all_or_nothing"


def test_what_a_quota_allows_can_be_booked_without_the_rest(portal: Portal, kari: Visitor) -> None:
    portal.services.ahead = look_ahead(None, "quota_exceeded")
    portal.services.ahead["dates"][1] |= {"alternatives": [], "clash": {"code": "quota_exceeded", "text": MACHINES}}
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED)
    assert "Det rettferdig bruk gir rom for, går til de første datoene." in page.text
    assert "Mer enn rettferdig bruk tillater" in page.text
    assert "150" not in page.text
    assert "Hopp over dem</span>" not in page.text
    assert "Hopp over dem (1 dato)" in " ".join(page.text.split())
    kari.submit("/series", policy="skip")
    assert portal.services.asked("POST", "booking")[-1].body["policy"] == "skip"


@pytest.mark.parametrize(("dates", "left"), [((None, "too_many_bookings"), 1), (("too_many_bookings",) * 2, 0)])
def test_the_limit_its_use_and_the_way_out_are_told_before(
    portal: Portal, kari: Visitor, dates: tuple[str | None, ...], left: int
) -> None:
    portal.services.ahead = look_ahead(*dates)
    limit = three("Du kan ha 60 datoer; 60 er brukt. Det blir plass når en er over eller avbestilt.")
    for each in portal.services.ahead["dates"]:
        if each["clash"]:
            each |= {"alternatives": [], "clash": {"code": "too_many_bookings", "text": limit}}
    kari.go(BOOK)
    page = " ".join(kari.submit("/book", **FILLED).text.split())
    assert "Ingenting er booket ennå. Du kan ha 60 datoer; 60 er brukt. Det blir plass når" in page
    assert "Det rettferdig bruk gir rom for" not in page
    assert ("Hopp over dem (1 dato)" in page) is bool(left)


def test_house_rules_are_asked_for_before_the_dates_are_shown(portal: Portal, kari: Visitor) -> None:
    portal.services.house_rules = [some_house_rules()]
    refusal = {"code": "house_rules_not_accepted", "text": three("Les husreglene: space/borgen-storsal/1.")}
    portal.services.ahead = look_ahead(None, None, refusal=refusal)
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED)
    assert '<a href="#accept">Les husreglene og godta dem først.</a>' in page.text
    assert "Les husreglene: space" not in page.text


@pytest.mark.parametrize("kind", NOT_THERE, ids=lambda kind: kind.code)
def test_every_reason_for_a_date_has_words(kind: type[DomainError]) -> None:
    assert kind.code in CLASHES


@pytest.mark.parametrize(
    ("changed", "status", "fault"),
    [({"until": ""}, 422, "#until"), ({"until": "jul"}, 422, "#until"), ({"every": ""}, 200, None)],
)
def test_a_last_day_is_needed(
    portal: Portal, kari: Visitor, changed: dict[str, str], status: int, fault: str | None
) -> None:
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED | changed)
    assert page.status_code == status
    assert fault is None or f'<a href="{fault}">Skriv en dato' in page.text
    assert bool(portal.services.asked("POST", "booking")) is (fault is None)


def test_no_dates_are_told_by_the_last_day(portal: Portal, kari: Visitor) -> None:
    fault = {"pointer": "#/rule", "detail": "Ingen datoer."}
    portal.services.refusals["POST booking /series/preview"] = refused(422, "invalid_request", "Feil.", errors=[fault])
    kari.go(BOOK)
    assert '<a href="#until">Ingen datoer.</a>' in kari.submit("/book", **FILLED).text


@pytest.mark.parametrize(("until", "fault"), [("2026-12-04", True), ("2026-12-05", False)])
def test_the_last_day_is_no_earlier_than_the_first(portal: Portal, kari: Visitor, until: str, *, fault: bool) -> None:
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED | {"until": until})
    assert ('<a href="#until">Siste dag kan ikke være før den første, lørdag 5. desember.</a>' in page.text) is fault
    assert bool(portal.services.asked("POST", "booking")) is not fault


def test_the_way_back_from_the_dates_keeps_what_was_filled_in(portal: Portal, kari: Visitor) -> None:
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED, title="Øving & konsert", tenant=str(an_id("korps")))
    link = re.search(r'<a href="([^"]*)">Tilbake til bookingen</a>', page.text)
    assert link
    page = kari.go(unescape(link[1]))
    assert page.status_code == 200
    assert "Noe må rettes" not in page.text
    for option in ("culture", "everyone", "week"):
        assert f'<option value="{option}" selected>' in page.text
    for value in ("40", "Øving &amp; konsert", "2026-12-19"):
        assert f'value="{value}"' in page.text
    assert f'value="{an_id("korps")}" checked' in page.text


def test_dates_that_others_took_meanwhile_are_looked_at_anew(portal: Portal, kari: Visitor) -> None:
    kari.go(BOOK)
    kari.submit("/book", **FILLED)
    portal.services.refusals["POST booking /series"] = refused(409, "series_clashes", "2 av 3 datoer kan ikke bookes.")
    page = kari.submit("/series", policy="skip")
    assert page.status_code == 409
    assert "2 av 3 datoer kan ikke bookes." in page.text
    assert "Reserver datoene" in page.text
