"""Nobody decides on what benefits them: own bookings, those of organisations they act for or did a moment ago; who
decides instead; and what operators see of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from werkzeug.test import TestResponse

from kernel import managers
from kernel.auth import Caller, Role
from kernel.settings import Settings
from services.booking.api import build
from services.booking.model.bookings import Booking
from services.booking.model.representatives import Terms
from services.booking.model.resources import Square
from services.booking.usecases import desk
from services.booking.usecases import representatives as representing
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, KnownCallers, bearer, caller

COLLEAGUE = caller("mari", Role.ARENA_MANAGER, squares=frozenset({"borgen"}))
ANOTHER_OPERATOR = caller("dag", Role.OPERATOR)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
LATELY = timedelta(days=Settings().own_interest_days)
SEEN = timedelta(days=Settings().manager_seen_days)
WEEK = 7 * 96

Ask = Callable[..., TestResponse]


@pytest.fixture
def client(counter: Any) -> FlaskClient:
    settings = Settings(rate_limit_per_minute=100_000)
    known = KnownCallers(COLLEAGUE, ANOTHER_OPERATOR)
    return build(settings, database=counter.database, verifier=known).test_client()


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    def ask(method: str, path: str, who: Caller, json: Any = None) -> TestResponse:
        headers = {**bearer(who.subject), "If-Match": "*"}
        return client.open(f"/api/booking{path}", method=method, headers=headers, json=json)

    return ask


@pytest.fixture(autouse=True)
def _studio(counter: Any, town: Any) -> None:
    """Where a manager decides, and another space."""
    rules = replace(town.RULES, approval=True)
    spaces = (town.space("studio", rules=rules), town.space("loft"))
    counter.publish(Square(id="borgen", name=town.name("borgen"), arenas=(town.arena("borgen-house", *spaces),)))


def approve(ask: Ask, booking: Booking, who: Caller = MANAGER) -> str:
    return came_of(ask("POST", f"/bookings/{booking.id}/approve", who))


def came_of(answer: TestResponse) -> str:
    """The code it was refused with, else "ok"."""
    return "ok" if answer.status_code < 300 else str(answer.json["code"])


def see(counter: Any, *seen: Caller) -> None:
    for each in seen:
        counter.run(managers.see, each)


def let(counter: Any, who: Caller, actor: UUID, **terms: Any) -> None:
    given = Terms(role="booker", **terms)
    counter.run(representing.appoint, OPERATOR, actor, given, subject=who.subject, issuer=None)


def end(counter: Any, who: Caller, actor: UUID) -> None:
    counter.run(representing.end, who, actor, who.person)


@pytest.fixture
def bands(counter: Any) -> Booking:
    """What Kari has booked for the band; it awaits approval."""
    return counter.confirmed("studio", WEEK, who=RESIDENT, tenant=counter.organisation("kari"))


@pytest.fixture
def own(counter: Any) -> Booking:
    """What the manager has booked for herself; it awaits approval."""
    booking: Booking = counter.confirmed("studio", 2 * WEEK, who=MANAGER)
    assert booking.state == "awaiting_approval"
    return booking


def test_a_manager_decides_not_on_their_own_booking(ask: Ask, own: Booking) -> None:
    path = f"/bookings/{own.id}"
    assert approve(ask, own) == "own_interest"
    assert came_of(ask("POST", f"{path}/decline", MANAGER, {"why": "Nei"})) == "own_interest"
    decision = {"booking": str(own.id), "verdict": "approve"}
    [outcome] = ask("POST", "/desk/decisions", MANAGER, {"decisions": [decision]}).json["items"]
    assert (outcome["done"], outcome["refused"]["code"]) == (False, "own_interest")
    # she sees it all the same, and so who decides
    assert ask("GET", path, MANAGER).json["state"] == "awaiting_approval"
    assert ask("GET", f"{path}/history", MANAGER).status_code == 200
    assert approve(ask, own, COLLEAGUE) == "ok"
    assert ask("GET", f"{path}/history", MANAGER).json["items"][-1]["by"] == str(COLLEAGUE.person)


def test_nor_on_one_they_booked_for_others(counter: Any, ask: Ask) -> None:
    band = counter.organisation("mona", "kari")
    booked = counter.confirmed("studio", who=MANAGER, tenant=band)
    end(counter, MANAGER, band)
    counter.clock.move(timedelta(minutes=1))
    assert approve(ask, booked) == "own_interest"


def test_nor_on_one_of_an_organisation_they_act_for(counter: Any, ask: Ask, bands: Booking) -> None:
    let(counter, MANAGER, bands.tenant.id)
    assert approve(ask, bands) == "own_interest"
    assert approve(ask, bands, OTHER_MANAGER) == "not_found"
    assert approve(ask, bands, COLLEAGUE) == "ok"


@pytest.mark.parametrize(
    ("later", "outcome"), [(MOMENT, "own_interest"), (LATELY - MOMENT, "own_interest"), (LATELY, "ok")]
)
def test_who_gave_the_right_up_decides_not_at_once(
    counter: Any, ask: Ask, bands: Booking, later: timedelta, outcome: str
) -> None:
    let(counter, MANAGER, bands.tenant.id)
    end(counter, MANAGER, bands.tenant.id)
    counter.clock.move(later)
    later_one = counter.confirmed("studio", 40 * 96, who=RESIDENT, tenant=bands.tenant.id)
    assert approve(ask, later_one) == outcome


@pytest.mark.parametrize(
    ("days", "outcome"), [(0, "own_interest"), (1, "own_interest"), (30, "own_interest"), (31, "ok")]
)
def test_nor_whose_right_ran_out(counter: Any, ask: Ask, bands: Booking, days: int, outcome: str) -> None:
    let(counter, MANAGER, bands.tenant.id, until=counter.clock.now().date())
    counter.clock.move(days * DAY)
    later_one = counter.confirmed("studio", 60 * 96, who=RESIDENT, tenant=bands.tenant.id)
    assert approve(ask, later_one) == outcome


def test_an_operator_decides_where_no_manager_is_left(counter: Any, ask: Ask, bands: Booking) -> None:
    see(counter, MANAGER, OTHER_MANAGER)
    assert approve(ask, bands, OPERATOR) == "managers_decide"
    let(counter, MANAGER, bands.tenant.id)
    assert approve(ask, bands, OPERATOR) == "ok"
    history = ask("GET", f"/bookings/{bands.id}/history", RESIDENT).json["items"]
    assert history[-1]["by"] == str(OPERATOR.person)


def test_an_operator_decides_not_on_their_own_either(counter: Any, ask: Ask, bands: Booking) -> None:
    counter.run(
        representing.appoint,
        ANOTHER_OPERATOR,
        bands.tenant.id,
        Terms(role="booker"),
        subject=OPERATOR.subject,
        issuer=None,
    )
    assert approve(ask, bands, OPERATOR) == "own_interest"
    assert approve(ask, bands, ANOTHER_OPERATOR) == "ok"


@pytest.mark.parametrize(("later", "outcome"), [(SEEN, "managers_decide"), (SEEN + DAY, "ok")])
def test_a_manager_who_has_not_come_for_a_while_is_left_no_longer(
    counter: Any, ask: Ask, later: timedelta, outcome: str
) -> None:
    see(counter, MANAGER)
    counter.clock.move(later)
    booking = counter.confirmed("studio", 30 * 96)
    assert approve(ask, booking, OPERATOR) == outcome


def test_nor_one_whose_squares_are_others_now(counter: Any, ask: Ask, bands: Booking) -> None:
    see(counter, MANAGER, replace(MANAGER, squares=frozenset({"tofte"})))
    assert approve(ask, bands, OPERATOR) == "ok"


def test_a_manager_is_seen_when_they_come(counter: Any, ask: Ask, bands: Booking) -> None:
    assert ask("GET", "/desk", OPERATOR).json["items"][0]["decider"] == "you"
    ask("GET", "/squares", MANAGER)
    assert ask("GET", "/desk", OPERATOR).json["items"][0]["decider"] == "manager"
    assert approve(ask, bands, OPERATOR) == "managers_decide"


def test_the_desk_tells_who_decides(counter: Any, ask: Ask, own: Booking, bands: Booking) -> None:
    def deciders(who: Caller, query: str = "") -> dict[str, str]:
        items = ask("GET", f"/desk{query}", who).json["items"]
        return {each["booking"]["id"]: each["decider"] for each in items}

    mine, theirs = str(own.id), str(bands.id)
    assert deciders(MANAGER) == {mine: "operator", theirs: "you"}
    assert deciders(OPERATOR) == {mine: "you", theirs: "manager"}
    assert deciders(OPERATOR, "?without_manager=true") == {mine: "you"}
    assert deciders(COLLEAGUE) == {mine: "you", theirs: "you"}
    assert deciders(MANAGER) == {mine: "manager", theirs: "you"}
    assert ask("GET", f"/bookings/{own.id}/decider", MANAGER).json == {"decider": "manager"}
    assert ask("GET", f"/bookings/{own.id}/decider", COLLEAGUE).json == {"decider": "you"}
    approve(ask, own, COLLEAGUE)
    assert ask("GET", f"/bookings/{own.id}/decider", MANAGER).json == {"decider": None}


def test_operators_are_alarmed_of_what_waits_for_them(counter: Any, ask: Ask, own: Booking, bands: Booking) -> None:
    def waiting() -> float | None:
        counter.run(desk.watch)
        return REGISTRY.get_sample_value("torg_booking_without_manager", {"state": "awaiting_approval"})

    see(counter, MANAGER)
    assert waiting() == 1
    see(counter, COLLEAGUE)
    assert waiting() == 0


@pytest.mark.parametrize("what", ["cancel", "reschedule"])
def test_who_gave_the_right_up_is_not_the_house_for_it(counter: Any, ask: Ask, what: str) -> None:
    """The house gives up free of charge, and moves without anybody's approval."""
    band = counter.organisation("mona", "kari")
    booked = counter.confirmed("loft", WEEK, who=RESIDENT, tenant=band)
    [series] = [counter.confirmed("loft", 2 * WEEK, who=MANAGER, tenant=band)]
    end(counter, MANAGER, band)
    counter.clock.move(timedelta(minutes=1))
    change = {"why": "Nei"} if what == "cancel" else {"participants": 9}
    for each in (booked, series):
        assert came_of(ask("POST", f"/bookings/{each.id}/{what}", MANAGER, change)) == "own_interest"
        assert came_of(ask("GET", f"/bookings/{each.id}", MANAGER)) == "ok"
        comment = ask("POST", f"/bookings/{each.id}/comments", MANAGER, {"text": "Hei"})
        assert comment.status_code == 201
        assert came_of(ask("POST", f"/bookings/{each.id}/{what}", COLLEAGUE, change)) == "ok"


def test_who_gave_the_right_up_verifies_not_what_the_organisation_is(counter: Any, ask: Ask, bands: Booking) -> None:
    let(counter, MANAGER, bands.tenant.id)
    end(counter, MANAGER, bands.tenant.id)
    counter.clock.move(timedelta(minutes=1))
    verdict = {"kind": "voluntary", "reason": "Vedtektene"}
    path = f"/actors/{bands.tenant.id}/verification"
    assert came_of(ask("POST", path, MANAGER, verdict)) == "own_interest"
    assert came_of(ask("POST", path, COLLEAGUE, verdict)) == "ok"


def test_an_operator_gives_themself_no_right(counter: Any, ask: Ask, bands: Booking) -> None:
    actor = f"/actors/{bands.tenant.id}"
    mine = {"subject": OPERATOR.subject, "role": "owner"}
    assert came_of(ask("POST", f"{actor}/representatives", OPERATOR, mine)) == "own_interest"
    assert came_of(ask("POST", f"{actor}/representatives", ANOTHER_OPERATOR, mine | {"role": "booker"})) == "ok"
    person = f"{actor}/representatives/{OPERATOR.person}"
    assert came_of(ask("PUT", person, OPERATOR, {"role": "owner"})) == "own_interest"
    assert came_of(ask("PUT", person, ANOTHER_OPERATOR, {"role": "owner"})) == "ok"
    assert came_of(ask("PUT", person, OPERATOR, {"role": "owner", "known_as": "Drift"})) == "ok"


def test_nor_by_an_invitation_of_their_own(counter: Any, ask: Ask, bands: Booking) -> None:
    invite = {"role": "owner", "email": "drift@example.no"}
    made = ask("POST", f"/actors/{bands.tenant.id}/invitations", OPERATOR, invite).json
    path, secret = f"/invitations/{made['invitation']['id']}/acceptance", {"secret": made["secret"]}
    assert came_of(ask("POST", path, OPERATOR, secret)) == "own_interest"
    assert came_of(ask("POST", path, ANOTHER_OPERATOR, secret)) == "ok"


def test_nobody_writes_a_quota_of_an_organisation_of_theirs(counter: Any, ask: Ask, bands: Booking) -> None:
    name = {"nb": "Korpset", "nn": "Korpset", "en": "The band"}
    group = {"name": name, "places": [{"scope": "square", "id": "borgen"}]}
    quota = {"name": name, "group": "borgens", "actor": str(bands.tenant.id), "open_bookings": 400}
    quota |= {"valid_from": "2026-01-01", "valid_until": "2027-06-30"}
    zero = {"If-Match": '"0"'}

    def put(who: Caller) -> str:
        headers = {**bearer(who.subject), "If-Match": "*" if written else '"0"'}
        return came_of(client.put("/api/booking/quotas/bands", headers=headers, json=quota))

    client = build(Settings(), database=counter.database, verifier=KnownCallers(COLLEAGUE)).test_client()
    made = client.put("/api/booking/space-groups/borgens", headers={**bearer("mari"), **zero}, json=group)
    assert made.status_code == 200, made.text
    written = False
    let(counter, MANAGER, bands.tenant.id)
    assert put(MANAGER) == "own_interest"
    assert put(COLLEAGUE) == "ok"


def test_a_decision_keeps_who_made_it(counter: Any, ask: Ask, bands: Booking) -> None:
    assert approve(ask, bands) == "ok"
    step = ask("GET", f"/bookings/{bands.id}/history", OPERATOR).json["items"][-1]
    assert (step["what"], step["by"]) == ("confirmed", str(MANAGER.person))
