"""The sealed cookie."""

import json

import pytest
from itsdangerous import BadSignature

from services.portal.session import LONGEST_COOKIE, Seal
from tests.unit.portal.conftest import Portal, Visitor

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


def test_a_stolen_session_of_another_portal_is_nobody(portal: Portal, visitor: Visitor) -> None:
    held = {"person": {"name": "Kari", "roles": [], "squares": [], "token": "t", "id_token": "", "expires_at": 4e9}}
    visitor.cookies.set("torg", Seal("another secret, which is as long as it must be").dumps(held))
    page = visitor.go("/")
    assert page.status_code == 200
    assert "Kari" not in page.text
    assert json.dumps(held) not in page.text
