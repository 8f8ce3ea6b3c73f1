"""Organisations that somebody says they act for: what waits for whom, and what a manager decides."""

from dataclasses import replace

import pytest

from tests.recordings import recorded
from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import a_claim, an_id, refused

CLAIM = an_id("claim")
REFERENCE = f"{str(CLAIM)[-8:-4]}-{str(CLAIM)[-4:]}".upper()
NAMED = {"number": "971 526 920", "name": "Tofte teaterlag", "kind": "voluntary"}


@pytest.fixture
def mona(visitor: Visitor) -> Visitor:
    return visitor.sign_in("mona")


def test_who_names_an_organisation_reads_what_waits_for_whom(portal: Portal, kari: Visitor) -> None:
    portal.services.claims = [a_claim(named=True)]
    page = kari.go("/organisations").text
    assert "Venter på at en arena-ansvarlig på et innbyggertorg bekrefter" in page
    assert REFERENCE in page
    assert "Registrene nevner deg." in page
    assert "det du booker, regnes som ditt" in page


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("refused", "Ukjent for styret"),
        ("given_to_another", "En annen ble bekreftet"),
        ("given_up", "Trukket tilbake"),
    ],
)
def test_who_was_not_confirmed_reads_why(portal: Portal, kari: Visitor, state: str, said: str) -> None:
    portal.services.claims = [a_claim(state)]
    page = kari.go("/organisations").text
    assert said in page
    assert "Du kan ikke booke for den." in page
    assert "/withdraw" not in page


def test_who_named_an_organisation_takes_it_back(portal: Portal, kari: Visitor) -> None:
    portal.services.claims = [a_claim()]
    assert "Vil du trekke denne organisasjonen tilbake?" in kari.go("/organisations").text
    page = kari.submit(f"/{CLAIM}/withdraw")
    (call,) = portal.services.asked("POST", "booking")
    assert call.path == f"/actors/{CLAIM}/withdrawal"
    assert "Organisasjonen er trukket tilbake." in page.text


@pytest.mark.parametrize("code", ["claim_decided", "too_many_withdrawn"])
def test_what_can_not_be_taken_back_is_told(portal: Portal, kari: Visitor, code: str) -> None:
    portal.services.claims = [a_claim()]
    portal.services.refusals[f"POST booking /actors/{CLAIM}/withdrawal"] = refused(409, code, "Det går ikke.")
    kari.go("/organisations")
    assert "Det går ikke." in kari.submit(f"/{CLAIM}/withdraw").text


@pytest.mark.parametrize(("notice", "said"), [(True, "ikke bekreftet – pris som næringsliv"), (False, "Næringsliv")])
def test_an_organisation_nobody_confirmed_is_told_as_that_where_one_books(
    portal: Portal, kari: Visitor, notice: bool, said: str
) -> None:
    known = next(each for each in recorded()["GET booking /actors"] if each.scene == "nothing")
    me, band = known.body["items"]
    words = {"nb": "Ingen har bekreftet.", "nn": "Ingen har stadfesta.", "en": "Nobody has confirmed."}
    band = band | {"kind": "business", "notice": words if notice else None}
    portal.services.replayed["GET booking /actors"] = replace(known, body=known.body | {"items": [me, band]})
    page = kari.go("/book?space=borgen-storsal&begins_at=2026-12-05T17:00:00Z&minutes=60").text
    assert f"<small>{said}</small>" in page


def test_naming_an_organisation(portal: Portal, kari: Visitor) -> None:
    kari.go("/organisations")
    page = kari.submit("/organisations", **NAMED)
    (call,) = portal.services.asked("POST", "booking")
    assert (call.path, call.body["organisation_number"], call.body["kind"]) == ("/actors", "971 526 920", "voluntary")
    assert "Organisasjonen er meldt inn." in page.text


@pytest.mark.parametrize(
    ("code", "status"), [("organisation_known", 409), ("invalid_organisation_number", 422), ("too_many_claims", 409)]
)
def test_why_an_organisation_is_not_taken(portal: Portal, kari: Visitor, code: str, status: int) -> None:
    portal.services.refusals["POST booking /actors"] = refused(status, code, "Det går ikke.")
    kari.go("/organisations")
    page = kari.submit("/organisations", **NAMED)
    assert page.status_code == status
    assert "Det går ikke." in page.text
    assert 'value="Tofte teaterlag"' in page.text


@pytest.mark.parametrize("field", ["number", "name", "kind"])
def test_every_field_is_needed(portal: Portal, kari: Visitor, field: str) -> None:
    kari.go("/organisations")
    assert kari.submit("/organisations", **NAMED | {field: ""}).status_code == 422
    assert not portal.services.asked("POST", "booking")


@pytest.mark.parametrize(("number", "good"), [("97152692", False), ("971 526 920", True), ("9715269200", False)])
def test_a_number_has_nine_digits(portal: Portal, kari: Visitor, number: str, good: bool) -> None:
    kari.go("/organisations")
    page = kari.submit("/organisations", **NAMED | {"number": number})
    assert ("Et organisasjonsnummer har ni sifre." not in page.text) is good
    assert bool(portal.services.asked("POST", "booking")) is good


def test_a_manager_sees_who_waits_and_residents_do_not(portal: Portal, mona: Visitor) -> None:
    portal.services.claims = [a_claim(named=False)]
    page = mona.go("/manage/claims").text
    assert REFERENCE in page
    assert "Registrene nevner ikke denne personen." in page
    ola = Visitor(portal.url).sign_in("ola")
    assert ola.go("/manage/claims").status_code == 403
    ola.close()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("deleted", "Registrene sier at den er slettet."),
        ("bankrupt", "Registrene sier at den er konkurs."),
        ("unknown", "Registrene kjenner ikke nummeret som en hovedenhets."),
        (None, ""),
    ],
)
def test_what_is_no_more_or_never_was_is_told_to_both(
    portal: Portal, mona: Visitor, state: str | None, said: str
) -> None:
    answered_at = "2026-12-01T12:00:00Z" if state else None
    register = {"state": state, "name": None, "form": None, "voluntary": None, "answered_at": answered_at}
    portal.services.claims = [a_claim(register=register)]
    for page in ("/manage/claims", "/organisations"):
        text = mona.go(page).text
        assert said in text
        assert ("Registrene sier at" in text or "Registrene kjenner" in text) == bool(said)
        if page == "/manage/claims":
            assert ("Registrene har ikke oppgitt navnet." in text) == (not said)


@pytest.mark.parametrize(
    ("others", "said"), [(0, ""), (1, "1 annen har meldt inn det samme"), (2, "2 andre har meldt inn det samme")]
)
def test_a_manager_sees_how_many_claim_the_same_number(portal: Portal, mona: Visitor, others: int, said: str) -> None:
    portal.services.claims = [a_claim(actor=str(an_id(f"claim {each}"))) for each in range(others + 1)]
    portal.services.claims.append(a_claim(actor=str(an_id("another")), organisation_number="974760673"))
    page = mona.go("/manage/claims").text
    assert page.count("har meldt inn det samme") == (others + 1 if others else 0)
    assert said in page


def test_a_claim_of_ones_own_is_for_others(portal: Portal, mona: Visitor) -> None:
    portal.services.claims = [a_claim(own=True)]
    page = mona.go("/manage/claims").text
    assert "noen andre avgjør" in page
    assert '<form novalidate class="stack"' not in page


@pytest.mark.parametrize(("how", "route"), [("confirm", "verification"), ("refuse", "refusal")])
def test_a_manager_decides_with_a_sentence(portal: Portal, mona: Visitor, how: str, route: str) -> None:
    portal.services.claims = [a_claim()]
    mona.go("/manage/claims")
    page = mona.submit(f"/{CLAIM}/{how}", kind="voluntary", reason="")
    assert page.status_code == 422
    assert "Skriv i en setning hvorfor." in page.text
    mona.submit(f"/{CLAIM}/{how}", kind="voluntary", reason="Viste protokollen")
    (call,) = portal.services.asked("POST", "booking")
    assert (call.path, call.body["reason"]) == (f"/actors/{CLAIM}/{route}", "Viste protokollen")


def test_what_was_decided_meanwhile_is_told(portal: Portal, mona: Visitor) -> None:
    portal.services.claims = [a_claim()]
    no = refused(409, "claim_decided", "Dette er avgjort allerede.")
    portal.services.refusals[f"POST booking /actors/{CLAIM}/refusal"] = no
    mona.go("/manage/claims")
    assert "Dette er avgjort allerede." in mona.submit(f"/{CLAIM}/refuse", reason="Ukjent").text
