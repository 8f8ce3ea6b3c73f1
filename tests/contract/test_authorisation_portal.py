"""The authorisation matrix of the portal: every page and form × whose thing × who is at the browser.

The portal decides nothing itself. What the table says here is what the services say, as the person sees it.
"""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kernel.auth import InvalidToken
from services.portal.session import Person
from tests.contract.authorisation import AS, ROLES, TABLE, rows, token
from tests.contract.pages import PAGES, Portal, request_to, somebody
from tests.contract.routes import routes_of
from tests.contract.things import Owned, Things
from tests.municipality import Municipality


def outcome(answer: TestResponse, browser: FlaskClient, url: str, lists: str, known: Things) -> str:
    """What came of it, in the table's words."""
    if answer.status_code == 503 and InvalidToken.text.nb in answer.text:
        return "untrusted"
    if answer.status_code in (403, 404):
        return {403: "forbidden", 404: "hidden"}[answer.status_code]
    if answer.status_code >= 400:
        return f"{answer.status_code}: {answer.text}"
    if answer.headers.get("Location", "").startswith("/sign-in"):
        return "sign-in"
    with browser.session_transaction(base_url=url) as held:
        if any(category == "refused" for category, _ in held.get("_flashes", [])):
            return "forbidden"
    if not lists:
        return "ok"
    return "listed" if known[lists] in answer.text else "unlisted"


def person(municipality: Municipality, role: str, asks: Owned, untrusted: str) -> Person | None:
    if role == "nobody":
        return None
    bearer = token(municipality, role, asks, untrusted)
    assert bearer
    roles, squares = AS[role]
    return somebody(bearer, *roles, squares=squares, expired=role == "expired")


def test_the_table_and_the_pages_are_the_same(portal: Portal) -> None:
    there = set(routes_of(portal.app))
    assert set(TABLE["portal"]) == there
    assert set(PAGES) == there


@pytest.mark.parametrize(("route", "owner", "outcomes"), rows("portal"))
def test_everyone_sees_what_the_table_says(
    portal: Portal,
    municipality: Municipality,
    owned: dict[str, Owned],
    untrusted: str,
    route: str,
    owner: str,
    outcomes: list[str],
) -> None:
    asks = owned["strangers" if owner == "anyones" else owner]
    found = {}
    for role in ROLES:
        browser = portal.browser(person(municipality, role, asks, untrusted))
        answer = browser.open(**request_to(portal, route, asks.things))
        found[role] = outcome(answer, browser, portal.url, PAGES[route].lists, asks.things)
    assert found == dict(zip(ROLES, outcomes, strict=True))


FORMS = [route for route in PAGES if route.startswith("POST") and "demo-issuer" not in route]


@pytest.mark.parametrize("route", FORMS)
def test_a_form_that_is_not_of_ours_does_nothing(
    portal: Portal, municipality: Municipality, owned: dict[str, Owned], route: str
) -> None:
    kari = portal.browser(somebody(municipality.token("kari")))
    forged: dict[str, Any] = request_to(portal, route, owned["own"].things)
    del forged["data"]["csrf_token"]
    answer = kari.open(**forged)
    assert (answer.status_code, "Skjemaet var for gammelt" in answer.text) == (400, True)


def test_nobody_waits_for_a_key_that_is_another_s(
    portal: Portal, municipality: Municipality, owned: dict[str, Owned]
) -> None:
    """Rita may see what Kari booked for the band, but not the key, which is Kari's: so Rita's page awaits none. Kari's
    tells of it."""
    rita = portal.browser(somebody(municipality.token("rita")))
    page = rita.open(**request_to(portal, "GET /bookings/{booking}", owned["represented"].things))
    assert "data-awaited" not in page.text
    kari = portal.browser(somebody(municipality.token("kari")))
    page = kari.open(**request_to(portal, "GET /bookings/{booking}", owned["represented"].things))
    assert "Koden er på døra" in page.text
