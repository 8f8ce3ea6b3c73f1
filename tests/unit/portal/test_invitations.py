"""The page that an invitation's mail links to: what it says, and where its secret is not."""

import pytest

from tests.recordings import body
from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import an_id, an_invitation, refused

PAGE = f"/invitations/{an_id('invitation')}"


def test_the_secret_leaves_the_address_and_outlives_the_sign_in(
    portal: Portal, visitor: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    visitor.go(f"{PAGE}?secret=sesam")
    first, *hops = visitor.page.history
    assert (first.status_code, first.headers["Location"]) == (303, PAGE)
    assert first.headers["Referrer-Policy"] == "no-referrer"
    cookie = first.headers["Set-Cookie"]
    assert "sesam" not in cookie
    assert f"Path={PAGE}" in cookie
    assert "HttpOnly" in cookie
    assert all("sesam" not in str(hop.url) for hop in [*hops, visitor.page])
    visitor.submit("/demo-issuer/authorize", persona="ola")
    assert visitor.path == PAGE
    assert "Booke for Borgen skolekorps?" in visitor.text
    assert "En eier av Borgen skolekorps inviterer deg" in visitor.text
    (read,) = portal.services.asked("POST", "booking")
    assert read.body == {"secret": "sesam"}
    assert "sesam" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("action", "path", "said"),
    [
        ("/accept", "acceptance", "Nå kan du booke på vegne av organisasjonen."),
        ("/decline", "refusal", "Du har takket nei til invitasjonen."),
    ],
)
def test_yes_or_no_to_it(portal: Portal, kari: Visitor, action: str, path: str, said: str) -> None:
    kari.go(f"{PAGE}?secret=sesam")
    page = kari.submit(action)
    assert said in page.text
    call = portal.services.asked("POST", "booking")[-1]
    assert (call.path, call.body) == (f"{PAGE}/{path}", {"secret": "sesam"})
    assert kari.go(PAGE).status_code == 404  # the cookie is gone with its use


def test_one_that_is_over_says_so(portal: Portal, kari: Visitor) -> None:
    portal.services.invitation = an_invitation(open=False, organisation="Borgen IL")
    page = kari.go(f"{PAGE}?secret=sesam")
    assert "Invitasjonen gjelder ikke lenger." in page.text
    assert "Ta imot" not in page.text


def test_one_that_was_accepted_says_so(portal: Portal, kari: Visitor) -> None:
    names = [each["name"] for each in body("GET booking /actors", "nothing")["items"]]
    portal.services.invitation = an_invitation(open=False, organisation=next(name for name in names if name))
    page = kari.go(f"{PAGE}?secret=sesam")
    assert "Du kan alt booke for" in page.text
    assert 'href="/bookings"' in page.text
    assert "Invitasjonen gjelder ikke lenger." not in page.text


def test_terms_are_told(portal: Portal, kari: Visitor) -> None:
    portal.services.invitation = an_invitation(role="owner", until="2027-06-30", by_house=True)
    page = kari.go(f"{PAGE}?secret=sesam")
    assert "Kommunen inviterer deg" in page.text
    assert "til og med onsdag 30. juni" in page.text
    assert "hvem andre" in page.text


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}?secret=feil", f"{PAGE}?secret={'x' * 500}"])
def test_without_the_secret_there_is_no_invitation(kari: Visitor, path: str) -> None:
    assert kari.go(path).status_code == 404


def test_the_secret_of_one_opens_no_other(kari: Visitor) -> None:
    kari.go(f"{PAGE}?secret=sesam")
    assert kari.go(f"/invitations/{an_id('another')}").status_code == 404


def test_who_may_already_is_told(portal: Portal, kari: Visitor) -> None:
    refusal = refused(409, "already_representative", "Du kan opptre for denne organisasjonen fra før.")
    portal.services.refusals[f"POST booking {PAGE}/acceptance"] = refusal
    kari.go(f"{PAGE}?secret=sesam")
    assert "Du kan opptre for denne organisasjonen fra før." in kari.submit("/accept").text
