"""The sealed cookie."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from itsdangerous import BadSignature

from kernel.clock import FixedClock
from services.portal.app import build
from services.portal.session import LONGEST_COOKIE, Seal
from tests.unit.portal.conftest import Portal, Visitor, settings_for
from tests.unit.portal.services import NOW

NOBODY = {"name": "Kari", "roles": [], "squares": [], "token": "t", "id_token": ""}
SECRET = "a secret of the tests, long enough"


def test_what_is_sealed_is_read_again() -> None:
    held = {"person": {"name": "Kåre", "token": "abc"}}
    assert Seal(SECRET).loads(Seal(SECRET).dumps(held)) == held


def test_nothing_of_it_can_be_read_from_the_outside() -> None:
    sealed = Seal(SECRET).dumps({"token": "eyJ-the-token"})
    assert "eyJ-the-token" not in sealed
    assert Seal(SECRET).dumps({}) != Seal(SECRET).dumps({})


@pytest.mark.parametrize("cookie", ["", "abc", "a.b.c.d.e", "{}", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0....", "é"])
def test_what_is_not_ours_is_refused(cookie: str) -> None:
    with pytest.raises(BadSignature):
        Seal(SECRET).loads(cookie)


def test_anothers_seal_and_a_broken_one_are_refused() -> None:
    sealed = Seal(SECRET).dumps({"a": 1})
    with pytest.raises(BadSignature):
        Seal("another secret, which is as long as it must be").loads(sealed)
    head, middle, tail = sealed.rsplit(".", 2)
    with pytest.raises(BadSignature):
        Seal(SECRET).loads(f"{head}.{'A' if middle[0] != 'A' else 'B'}{middle[1:]}.{tail}")


def test_the_cookie_is_for_us_alone_and_small_enough(portal: Portal, visitor: Visitor) -> None:
    visitor.go("/sign-in")
    visitor.submit("/demo-issuer/authorize", persona="mona")
    header = next(
        each for answer in visitor.page.history for each in answer.headers.get_list("Set-Cookie") if "Expires" in each
    )
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Secure" not in header
    assert "Expires=Thu, 03 Dec 2026 17:00:00 GMT" in header
    assert len(header) < LONGEST_COOKIE
    assert "Mona" not in header


def test_a_page_unseals_each_cookie_once(portal: Portal, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.sign_in("mona")
    portal.clock.move(timedelta(minutes=2))
    visitor.go("/")
    read: list[str] = []

    def loads(seal: Seal, cookie: str, **_: object) -> object:
        read.append(cookie)
        return unsealed(seal, cookie)

    unsealed = Seal.loads
    monkeypatch.setattr(Seal, "loads", loads)
    visitor.go("/manage/desk")
    assert len(read) == len(set(read)) == 2


def test_a_stolen_session_of_another_portal_is_nobody(portal: Portal, visitor: Visitor) -> None:
    held = {"person": {**NOBODY, "expires_at": 4e9}, "since": 4e9}
    visitor.cookies.set("torg", Seal("another secret, which is as long as it must be").dumps(held))
    page = visitor.go("/")
    assert page.status_code == 200
    assert "Kari" not in page.text
    assert json.dumps(held) not in page.text


def test_a_session_of_an_earlier_release_beside_a_newer_mark_is_nobody(portal: Portal, kari: Visitor) -> None:
    """As while releases change: the older portal signed them in anew, and knows nothing of the mark."""
    portal.clock.move(timedelta(minutes=1))
    kari.go("/")
    assert "torg-seen" in kari.cookies
    held = {"person": {**NOBODY, "expires_at": 4e9}}
    kari.cookies.set("torg", Seal(SECRET).dumps(held), domain="127.0.0.1", path="/")
    page = kari.go("/")
    assert (page.status_code, "Logg inn" in page.text) == (200, True)


def test_by_https_browsers_take_the_cookies_from_this_host_alone(tmp_path: Path) -> None:
    at = "https://torg.example.no"
    clock = FixedClock(NOW)
    app = build(settings_for(at, tmp_path / "key.pem", demo_issuer=False), clock=clock)
    client = app.test_client()
    with client.session_transaction(base_url=at) as held:
        held["person"] = {**NOBODY, "expires_at": NOW.timestamp() + 3600}
        held["since"] = NOW.timestamp()
    clock.move(timedelta(minutes=1))
    said = client.get("/signed-in", base_url=at).headers.getlist("Set-Cookie")
    assert sorted(each.partition("=")[0] for each in said) == ["__Host-torg-seen"]
    session = client.get_cookie("__Host-torg", "torg.example.no")
    assert session
    assert (session.secure, session.path, session.origin_only) == (True, "/", True)
    assert all("Secure" in each and "Path=/" in each and "Domain" not in each for each in said)
