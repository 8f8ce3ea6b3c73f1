"""The authorisation matrix of the services: every route × whose thing × who asks, against `authorisation.yaml`.

A route that is not in the table fails, and so does a row without a route. Who asks is told by real tokens of a real
issuer; what is asked for was made by the routes themselves (`tests.contract.things`).
"""

import pytest
from werkzeug.test import TestResponse

from tests.contract.authorisation import ROLES, TABLE, rows, token
from tests.contract.routes import EVERY_SERVICE, OWN, Good, plain, request_for, routes_of
from tests.contract.things import Owned, Things
from tests.municipality import Municipality

WITHOUT_TOKEN = {"missing_token": "sign-in", "expired_token": "expired", "invalid_token": "untrusted"}
EVERYWHERE = "every service"


def outcome(answer: TestResponse, good: Good, known: Things) -> str:
    """What came of it, in the table's words."""
    if answer.status_code == 401:
        return WITHOUT_TOKEN[answer.get_json()["code"]]
    if answer.status_code in (403, 404):
        return {403: "forbidden", 404: "hidden"}[answer.status_code]
    if not 200 <= answer.status_code < 300:
        return f"{answer.status_code}: {answer.text}"
    if not good.lists:
        return "ok"
    return "listed" if known[good.lists] in answer.text else "unlisted"


@pytest.mark.parametrize("service", OWN)
def test_the_table_and_the_routes_are_the_same(municipality: Municipality, service: str) -> None:
    there = set(routes_of(municipality.apis[service], root=f"/api/{service}"))
    assert {plain(route) for route in TABLE[service] | TABLE[EVERYWHERE]} == there
    assert {plain(route) for route in OWN[service] | EVERY_SERVICE} == there


def test_the_table_has_no_other_sections() -> None:
    assert set(TABLE) == {"who asks", *OWN, EVERYWHERE, "portal"}


SERVICES_ROWS = [
    pytest.param(service, *row.values, id=f"{service}: {row.id}")
    for service in OWN
    for row in (*rows(service), *rows(EVERYWHERE))
]


@pytest.mark.parametrize(("service", "route", "owner", "outcomes"), SERVICES_ROWS)
def test_everyone_gets_what_the_table_says(
    municipality: Municipality,
    owned: dict[str, Owned],
    untrusted: str,
    service: str,
    route: str,
    owner: str,
    outcomes: list[str],
) -> None:
    asks = owned["strangers" if owner == "anyones" else owner]
    good = (OWN[service] | EVERY_SERVICE)[route]
    sent = request_for(service, route, asks.things)
    client = municipality.rehearsals[service].test_client()
    found = {}
    for role in ROLES:
        bearer = token(municipality, role, asks, untrusted)
        headers = sent.headers | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        answer = client.open(sent.path, method=sent.method, json=sent.body, headers=headers)
        found[role] = outcome(answer, good, asks.things)
    assert found == dict(zip(ROLES, outcomes, strict=True))
