"""Bad input to the portal: whatever stands in an address, a form or a cookie, a person gets a page that says so."""

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from kernel.auth import Role
from tests.contract.pages import PAGES, TO_BOOK, Portal, request_to, somebody
from tests.contract.things import Owned
from tests.municipality import SQUARE, Municipality

ABSURD = [
    "",
    "\0",
    "å\ufffd\u202e",
    "x" * 5000,
    "1" + "0" * 5000,
    "-1",
    "1e400",
    "٣",
    "<script>alert(1)</script>",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59+00:00",
    "9999-12-31T23:30:00-14:00",
    "2026-12-05T12:00:00",
    "00000000-0000-0000-0000-000000000000",
    "//evil.example",
    "\r\nSet-Cookie: x=y",
]
ADDRESSES = {
    "GET /": ["surprise"],
    "GET /squares/{square}": ["date"],
    "GET /language/{code}": ["next"],
    "GET /search": ["square", "date", "minutes"],
    "GET /book": [*TO_BOOK],
    "GET /bookings": ["cursor"],
    "GET /bookings/{booking}": ["looks"],
    "GET /series": ["cursor"],
    "GET /series/{series}": ["looks"],
    "GET /series/{series}/cancel": ["booking"],
    "GET /series/{series}/move": ["booking"],
    "GET /invitations/{invitation}": ["secret"],
    "GET /manage/desk": ["kind", "cursor", "all"],
    "GET /manage/bookings": ["square", "standing", "cursor"],
    "GET /sign-in": ["next"],
    "GET /signed-in": ["code", "state", "iss", "error"],
    "GET /demo-issuer/authorize": ["client_id", "redirect_uri", "state", "code_challenge"],
}
"""What pages read from their addresses."""
FORMS = [route for route, page in PAGES.items() if page.form]
ODD_PATHS = ["/squares/%00", "/squares/%FF", "/language/xx", "/bookings/x", "/bookings/%00/cancel", "/static/../app.py"]


def manager(municipality: Municipality, person: str) -> Any:
    """Somebody who may do most things."""
    roles = (Role.RESIDENT, Role.ARENA_MANAGER)
    return somebody(municipality.token(person, *roles, squares=(SQUARE,)), *roles, squares=[SQUARE])


@pytest.mark.parametrize("value", ABSURD)
@pytest.mark.parametrize("route", ADDRESSES)
def test_an_absurd_address(
    portal: Portal, municipality: Municipality, owned: dict[str, Owned], route: str, value: str
) -> None:
    browser = portal.browser(manager(municipality, "kari"))
    asked = request_to(portal, route, owned["own"].things)
    path, _, query = asked.pop("path").partition("?")
    good = dict(pair.split("=", 1) for pair in query.split("&") if pair)
    for name in ADDRESSES[route]:
        answer = browser.open(path, **asked, query_string=good | {name: value})
        assert answer.status_code < 500, name
        assert "<script>" not in answer.text
        assert "evil" not in answer.headers.get("Location", "/").partition("?")[0]


@pytest.mark.parametrize("value", ABSURD)
@pytest.mark.parametrize("route", FORMS)
def test_an_absurd_form(
    portal: Portal, municipality: Municipality, owned: dict[str, Owned], route: str, value: str
) -> None:
    browser = portal.browser(manager(municipality, "rita" if "/manage/" in route else "kari"))
    asked = request_to(portal, route, owned["own"].things)
    good = asked.pop("data")
    for name in good:
        answer = browser.open(**asked, data=good | {name: value})
        assert answer.status_code < 500, name
        assert "<script>" not in answer.text


@pytest.mark.parametrize("route", FORMS)
def test_a_form_too_large_or_twice_over(
    portal: Portal, municipality: Municipality, owned: dict[str, Owned], route: str
) -> None:
    browser = portal.browser(manager(municipality, "kari"))
    asked = request_to(portal, route, owned["own"].things)
    good = asked.pop("data")
    assert browser.open(**asked, data=good | {"title": "x" * (1 << 20)}).status_code == 413
    twice = MultiDict([*good.items(), *good.items()])
    assert browser.open(**asked, data=twice).status_code < 500
    many = MultiDict([(str(number), "") for number in range(2000)])
    assert browser.open(**asked, data=many).status_code < 500


@pytest.mark.parametrize("path", ODD_PATHS)
def test_an_odd_path(portal: Portal, municipality: Municipality, path: str) -> None:
    browser = portal.browser(manager(municipality, "kari"))
    assert browser.get(path, base_url=portal.url).status_code in (400, 404)


@pytest.mark.parametrize("cookie", ["x", "a.b.c.d.e", "e30.e30.e30.e30.e30", "å", "x" * 5000, ""])
def test_a_cookie_that_is_not_ours(portal: Portal, cookie: str) -> None:
    browser = portal.app.test_client()
    answer = browser.get("/bookings", base_url=portal.url, headers={"Cookie": f"torg={cookie}"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in?next=/bookings")
