"""Every route by which staff decide, adopt or publish something: each keeps who made it, or is told to keep nothing.

A route that arena managers or operators may write by, and that is in neither table, fails.
"""

import re

import pytest
from sqlalchemy import text
from werkzeug.routing import Rule

from kernel.auth import Role
from tests.contract.authorisation import token
from tests.contract.routes import OWN, request_for
from tests.contract.things import Owned
from tests.municipality import Municipality

KEEPS = {
    "booking": {
        "PUT /squares/{square}": ("squares", "changed_by"),
        "PUT /arenas/{arena}/opening": ("opening_plans", "changed_by"),
        "PUT /school-years/{year}": ("school_years", "changed_by"),
        "POST /closures": ("closures", "announced_by"),
        "POST /closures/{closure}/lift": ("closures", "lifted_by"),
        "POST /bookings/{booking}/approve": ("booking_steps", "by"),
        "POST /bookings/{booking}/decline": ("booking_steps", "by"),
        "POST /desk/decisions": ("booking_steps", "by"),
        "POST /bookings/{booking}/cancel": ("booking_steps", "by"),
        "POST /bookings/{booking}/reschedule": ("booking_steps", "by"),
        "POST /bookings/{booking}/end": ("booking_steps", "by"),
        "POST /series/{series}/cancel": ("series_steps", "by"),
        "POST /series/{series}/reschedule": ("series_steps", "by"),
        "POST /imports": ("booking_steps", "by"),
        "POST /actors": ("actors", "registered_by"),
        "POST /actors/{actor}/verification": ("actors", "verified_person"),
        "POST /actors/{actor}/representatives": ("representatives", "changed_by"),
        "PUT /actors/{actor}/representatives/{person}": ("representatives", "changed_by"),
        "DELETE /actors/{actor}/representatives/{person}": ("representatives", "changed_by"),
        "POST /actors/{actor}/invitations": ("invitations", "invited_by"),
        "PUT /house-rules/{scope}/{place}": ("house_rules", "published_by"),
        "PUT /space-groups/{group}": ("space_groups", "changed_by"),
        "PUT /quotas/{quota}": ("quotas", "changed_by"),
    },
    "pricing": {
        "PUT /tariffs/{tariff}": ("tariff_versions", "adopted_by"),
        "POST /agreements": ("agreements", "made_by"),
        "POST /hours/{hours}/approve": ("hours", "decided_by"),
        "POST /hours/{hours}/reject": ("hours", "decided_by"),
        "POST /bookings/{booking}/payments": ("payments", "registered_by"),
    },
}
"""The column that has who decided."""
DECIDES_NOTHING = {
    "booking": {"POST /imports/preview", "POST /actors/{actor}/lookup", "POST /persons/{person}/erasure"},
}
"""Nothing is written, the registers decide, or who it was is what is to be forgotten."""


@pytest.mark.parametrize("service", ["booking", "pricing", "programming"])
def test_every_route_by_which_staff_alone_write_is_listed(municipality: Municipality, service: str) -> None:
    app = municipality.apis[service]
    rules = app.extensions["torg"].rules
    staff = {
        route
        for rule in app.url_map.iter_rules()
        if (roles := rules.get(rule.endpoint)) and not roles & {Role.RESIDENT, Role.DEVICE}
        for route in routes_of_rule(rule, service)
    }
    assert staff <= KEEPS.get(service, {}).keys() | DECIDES_NOTHING.get(service, set())


def routes_of_rule(rule: Rule, service: str) -> set[str]:
    """The writing routes of a rule, as the tables name them."""
    path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule).removeprefix(f"/api/{service}")
    return {f"{method} {path}" for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}}


@pytest.mark.parametrize(("service", "route"), [(name, route) for name, routes in KEEPS.items() for route in routes])
def test_there_is_a_column_for_who_decided(municipality: Municipality, service: str, route: str) -> None:
    table, column = KEEPS[service][route]
    assert route in OWN[service]
    with municipality.databases[service].reading() as tx:
        named = text("SELECT 1 FROM information_schema.columns WHERE table_name = :table AND column_name = :column")
        assert tx.execute(named, {"table": table, "column": column}).first()


PUBLISHED = [
    ("booking", "PUT /squares/{square}", "operator"),
    ("booking", "PUT /arenas/{arena}/opening", "manager"),
    ("booking", "PUT /school-years/{year}", "operator"),
    ("booking", "PUT /space-groups/{group}", "manager"),
    ("booking", "PUT /quotas/{quota}", "manager"),
    ("booking", "POST /actors/{actor}/representatives", "operator"),
    ("pricing", "POST /agreements", "manager"),
]


@pytest.mark.parametrize(("service", "route", "role"), PUBLISHED)
def test_who_did_it_is_kept(
    municipality: Municipality,
    owned: dict[str, Owned],
    untrusted: str,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    route: str,
    role: str,
) -> None:
    """By somebody who is seen nowhere else, in the database as it is while the request is answered."""
    asks = owned["strangers"]
    table, column = KEEPS[service][route]
    sent = request_for(service, route, asks.things)
    bearer = token(municipality, role, asks, untrusted)
    headers = sent.headers | {"Authorization": f"Bearer {bearer}"}
    written: list[str] = []
    database = municipality.rehearsed[service]
    query = text(f"SELECT {column} FROM {table}")
    monkeypatch.setattr(database, "looks", (lambda tx: written.extend(map(str, tx.execute(query).scalars())),))
    client = municipality.rehearsals[service].test_client()
    answer = client.open(sent.path, method=sent.method, json=sent.body, headers=headers)
    assert answer.status_code < 300, answer.text
    assert str(municipality.person(asks.person)) in written
