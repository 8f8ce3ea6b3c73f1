"""Every route by which staff decide, adopt or publish something: each keeps who made it, or is told to keep nothing.

What staff decide is what the authorisation table lets a manager or an operator write of somebody else's, and a resident
not. A route of that kind that is in neither table here fails; and so does one that does not keep who came by it.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from tests.contract.authorisation import ROLES, TABLE, token
from tests.contract.routes import OWN, request_for
from tests.contract.things import Owned, Things
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
        "POST /actors/{actor}/refusal": ("actors", "claim_ended_by"),
        "POST /actors/{actor}/representatives": ("representatives", "changed_by"),
        "PUT /actors/{actor}/representatives/{person}": ("representatives", "changed_by"),
        "DELETE /actors/{actor}/representatives/{person}": ("representatives", "changed_by"),
        "POST /actors/{actor}/invitations": ("invitations", "invited_by"),
        "DELETE /actors/{actor}/invitations/{invitation}": ("invitations", "withdrawn_by"),
        "POST /bookings/{booking}/comments": ("booking_comments", "author"),
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
    "access": {
        "POST /locks/{lock}/orders": ("door_orders", "ordered_by"),
    },
}
"""The column that has who decided."""
DECIDES_NOTHING = {
    "booking": {
        "POST /imports/preview",  # nothing is written
        "PUT /bookings/{booking}/comments/seen",  # nothing is decided
        "POST /actors/{actor}/lookup",  # the registers decide
        "POST /persons/{person}/erasure",  # it would name who is to be forgotten
        "DELETE /calendars/{calendar}",  # all of a feed is deleted, and the log has who
    },
}
ANYBODYS = {("booking", "POST /actors", "manager"), ("booking", "POST /actors", "operator")}
"""What residents may, too; who it was is kept all the same."""


STAFF = ("manager", "operator")
DECIDED_ON = ("strangers", "anyones")
"""Whose it is that somebody decides on, to them."""


def deciding() -> Iterator[tuple[str, str, str]]:
    """The service, route and role of all that staff may do and residents may not."""
    for service in OWN:
        for route, by_owner in TABLE[service].items():
            outcomes = [dict(zip(ROLES, by_owner[each], strict=True)) for each in DECIDED_ON if each in by_owner]
            for role in STAFF if not route.startswith("GET ") else ():
                if any(each[role] == "ok" != each["resident"] for each in outcomes):
                    yield service, route, role


@pytest.mark.parametrize("service", OWN)
def test_all_that_staff_decide_is_listed_and_nothing_else(service: str) -> None:
    theirs = {route for name, route, _ in deciding() if name == service}
    known = KEEPS.get(service, {}).keys() | DECIDES_NOTHING.get(service, set())
    assert theirs == known - {route for name, route, _ in ANYBODYS if name == service}


def kept() -> Iterator[tuple[str, str, str]]:
    """All that is to be kept. An operator's decisions at the desk are refused one by one, while there are managers."""
    for service, route, role in [*deciding(), *sorted(ANYBODYS)]:
        if route not in DECIDES_NOTHING.get(service, ()) and (route, role) != ("POST /desk/decisions", "operator"):
            yield service, route, role


def something_new(route: str, known: Things) -> dict[str, Any]:
    """What makes a request new where the good one is of what is there already: the same again is nobody's decision."""
    match route:
        case "POST /closures":
            return {"begins_at": "2027-02-03T06:00:00Z", "ends_at": "2027-02-04T06:00:00Z", "decisions": []}
        case "PUT /house-rules/{scope}/{place}":
            return {"effective_from": "2027-02-01T00:00:00+01:00"}
        case "PUT /tariffs/{tariff}":
            return {"source": "Nesodden kommune 2017, rettet"}
        case "POST /desk/decisions":
            return {"decisions": [{"booking": known["awaiting"], "verdict": "decline", "why": "Nei", "version": 3}]}
        case _:
            return {}


@pytest.mark.parametrize(("service", "route", "role"), [*kept()])
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
    with municipality.databases[service].reading() as tx:
        assert str(municipality.person(asks.person)) not in map(str, tx.execute(query).scalars())
    monkeypatch.setattr(database, "looks", (lambda tx: written.extend(map(str, tx.execute(query).scalars())),))
    client = municipality.rehearsals[service].test_client()
    body = (sent.body or {}) | something_new(route, asks.things)
    answer = client.open(sent.path, method=sent.method, json=body or None, headers=headers)
    assert answer.status_code < 300, answer.text
    assert str(municipality.person(asks.person)) in written
