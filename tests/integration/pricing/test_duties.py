"""Nobody decides on what benefits them: hours they registered or take part in, payments of their own bookings, and
whatever is of an organisation they act for or did a moment ago; who decides instead; and what operators see of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from sqlalchemy import select
from werkzeug.test import TestResponse

from kernel import managers
from kernel.auth import Caller, Role
from kernel.settings import Settings
from services.booking.events import Tenant
from services.pricing.api import build
from services.pricing.store.tables import agreements, hours, payments, tariff_versions
from tests.bookings import BOOKED_AT, TENANT, published, represents
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, KnownCallers, bearer, caller
from tests.office import Booking, Office
from tests.tariffs import document

COLLEAGUE = caller("mari", Role.ARENA_MANAGER, squares=frozenset({"borgen"}))
ANOTHER_OPERATOR = caller("dag", Role.OPERATOR)
MONA = str(MANAGER.person)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
LATELY = timedelta(days=Settings().own_interest_days)
SEEN = timedelta(days=Settings().manager_seen_days)

Ask = Callable[..., TestResponse]


@pytest.fixture
def ask(office: Office) -> Ask:
    verifier = KnownCallers(COLLEAGUE, ANOTHER_OPERATOR)
    client: FlaskClient = build(Settings(), database=office.database, verifier=verifier).test_client()

    def ask(method: str, path: str, who: Caller, json: Any = None) -> TestResponse:
        headers = {**bearer(who.subject), "If-Match": "*"}
        return client.open(f"/api/pricing{path}", method=method, headers=headers, json=json)

    return ask


def came_of(answer: TestResponse) -> str:
    """The code it was refused with, else "ok"."""
    return "ok" if answer.status_code < 300 else str(answer.json["code"])


def see(office: Office, *seen: Caller) -> None:
    for each in seen:
        with office.database.transaction() as tx:
            managers.see(tx, each)


def told(office: Office, *rights: Any) -> None:
    """What booking tells now of who may act for the band."""
    office.deliver(*(replace(each, time=office.clock.now()) for each in rights))


def wish(**different: Any) -> dict[str, Any]:
    given = {
        "tenant": str(TENANT.id),
        "square": "borgen",
        "arena": "borgen-innbyggertorg",
        "title": "Maling",
        "task": "Male",
        "hour_value": 20_000,
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "participants": ["kari"],
    }
    return given | different


@pytest.fixture
def path(office: Office) -> str:
    """Of hours that wait for an answer."""
    return f"/hours/{office.register(office.agreement(by=COLLEAGUE)).id}"


@pytest.fixture
def paying(office: Office) -> Callable[..., str]:
    def paying(**different: Any) -> str:
        """A booking that waits to be paid."""
        booking = Booking(**different)
        office.deliver(booking.held(), booking.awaiting_payment(3))
        return f"/bookings/{booking.id}/payments"

    return paying


DECISIONS = {"approve": None, "reject": {"reason": "Nei"}}


@pytest.mark.parametrize("decision", DECISIONS)
def test_who_takes_part_decides_not_on_hours_of_others_there(office: Office, ask: Ask, decision: str) -> None:
    under = office.agreement(by=COLLEAGUE, participants=[RESIDENT.subject, MANAGER.subject])
    path = f"/hours/{office.register(under).id}/{decision}"
    assert came_of(ask("POST", path, MANAGER, DECISIONS[decision])) == "own_hours"
    assert came_of(ask("POST", path, COLLEAGUE, DECISIONS[decision])) == "ok"


@pytest.mark.parametrize("decision", DECISIONS)
def test_nor_who_acts_for_the_tenant(office: Office, ask: Ask, path: str, decision: str) -> None:
    told(office, represents(MONA, 1))
    assert came_of(ask("POST", f"{path}/{decision}", MANAGER, DECISIONS[decision])) == "own_interest"
    # they see them all the same
    assert [each["decider"] for each in ask("GET", "/hours", MANAGER).json["items"]] == ["operator"]
    assert came_of(ask("POST", f"{path}/{decision}", COLLEAGUE, DECISIONS[decision])) == "ok"
    with office.database.reading() as tx:
        assert tx.execute(select(hours.c.decided_by)).scalar_one() == COLLEAGUE.person


@pytest.mark.parametrize(
    ("later", "outcome"), [(MOMENT, "own_interest"), (LATELY - MOMENT, "own_interest"), (LATELY, "ok")]
)
def test_who_gave_the_right_up_decides_not_at_once(
    office: Office, ask: Ask, path: str, later: timedelta, outcome: str
) -> None:
    told(office, represents(MONA, 1), represents(MONA, 2, role=None))
    office.clock.move(later)
    assert came_of(ask("POST", f"{path}/approve", MANAGER)) == outcome


@pytest.mark.parametrize(
    ("days", "outcome"), [(0, "own_interest"), (1, "own_interest"), (30, "own_interest"), (31, "ok")]
)
def test_nor_whose_right_ran_out(office: Office, ask: Ask, path: str, days: int, outcome: str) -> None:
    told(office, represents(MONA, 1, until=BOOKED_AT.date().isoformat()))
    office.clock.move(days * DAY)
    assert came_of(ask("POST", f"{path}/approve", MANAGER)) == outcome


def test_rights_told_out_of_order_and_twice_count_as_they_are(office: Office, ask: Ask, path: str) -> None:
    told(office, represents(MONA, 2), represents(MONA, 1, role=None), represents(MONA, 2))
    assert came_of(ask("POST", f"{path}/approve", MANAGER)) == "own_interest"


def test_an_operator_decides_where_no_manager_is_left(office: Office, ask: Ask, path: str) -> None:
    see(office, MANAGER, OTHER_MANAGER)
    assert came_of(ask("POST", f"{path}/approve", OPERATOR)) == "managers_decide"
    told(office, represents(MONA, 1))
    assert [each["decider"] for each in ask("GET", "/hours", OPERATOR).json["items"]] == ["you"]
    told(office, represents(str(OPERATOR.person), 1))
    assert came_of(ask("POST", f"{path}/approve", OPERATOR)) == "own_interest"
    assert came_of(ask("POST", f"{path}/approve", ANOTHER_OPERATOR)) == "ok"


@pytest.mark.parametrize(("later", "outcome"), [(SEEN, "managers_decide"), (SEEN + DAY, "ok")])
def test_a_manager_who_has_not_come_for_a_while_is_left_no_longer(
    office: Office, ask: Ask, path: str, later: timedelta, outcome: str
) -> None:
    see(office, MANAGER)
    office.clock.move(later)
    assert came_of(ask("POST", f"{path}/approve", OPERATOR)) == outcome


def test_nobody_registers_the_payment_of_their_own_booking(ask: Ask, paying: Any) -> None:
    path = paying(tenant=Tenant(id=MANAGER.person, kind="resident"), booked_by=MONA)
    amount = ask("GET", path, MANAGER).json["due"]
    assert came_of(ask("POST", path, MANAGER, {"amount": amount})) == "own_interest"
    assert came_of(ask("POST", path, COLLEAGUE, {"amount": amount})) == "ok"


def test_nor_of_one_of_an_organisation_they_act_for(office: Office, ask: Ask, paying: Any) -> None:
    path = paying()
    told(office, represents(MONA, 1))
    assert came_of(ask("POST", path, MANAGER, {"amount": 70_000})) == "own_interest"
    assert came_of(ask("POST", path, OTHER_MANAGER, {"amount": 70_000})) == "not_found"
    assert came_of(ask("POST", path, OPERATOR, {"amount": 70_000})) == "ok"
    with office.database.reading() as tx:
        assert tx.execute(select(payments.c.registered_by)).scalar_one() == str(OPERATOR.person)


@pytest.mark.parametrize("who", [MANAGER, OPERATOR], ids=lambda each: each.subject)
def test_nobody_makes_an_agreement_with_an_organisation_of_theirs(office: Office, ask: Ask, who: Caller) -> None:
    told(office, represents(str(who.person), 1))
    assert came_of(ask("POST", "/agreements", who, wish())) == "own_interest"
    told(office, represents(str(who.person), 2, role=None))
    office.clock.move(MOMENT)
    assert came_of(ask("POST", "/agreements", who, wish())) == "own_interest"
    assert came_of(ask("POST", "/agreements", COLLEAGUE, wish())) == "ok"
    with office.database.reading() as tx:
        assert tx.execute(select(agreements.c.made_by)).scalar_one() == COLLEAGUE.person


@pytest.mark.parametrize(
    ("different", "code"),
    [
        ({"arena": "tofte-innbyggertorg"}, "arena_not_of_square"),
        ({"arena": "ukjent"}, "arena_not_of_square"),
        ({"arenas": ["tofte-innbyggertorg"]}, "arena_not_of_square"),
        ({"arenas": ["borgen-innbyggertorg"]}, "ok"),
        ({"square": "tofte", "arena": "tofte-innbyggertorg"}, "forbidden"),
        ({"hour_value": Settings().most_hour_value}, "ok"),
        ({"hour_value": Settings().most_hour_value + 1}, "hour_value_too_high"),
        ({"max_amount": Settings().most_agreement_amount}, "ok"),
        ({"max_amount": Settings().most_agreement_amount + 1}, "agreement_amount_too_high"),
    ],
)
def test_an_agreement_names_arenas_of_its_square_and_stays_within_the_ceilings(
    ask: Ask, different: dict[str, Any], code: str
) -> None:
    assert came_of(ask("POST", "/agreements", MANAGER, wish(**different))) == code


def test_an_agreement_tells_its_arenas_and_what_is_left(office: Office, ask: Ask) -> None:
    made = ask("POST", "/agreements", MANAGER, wish(max_amount=50_000)).json
    assert (made["arena"], made["arenas"]) == ("borgen-innbyggertorg", ["borgen-innbyggertorg"])
    worked = {"worked_on": str(BOOKED_AT.date()), "minutes": 120, "task": "Malte"}
    first, second = (ask("POST", f"/agreements/{made['id']}/hours", RESIDENT, worked).json["id"] for _ in range(2))
    assert came_of(ask("POST", f"/hours/{first}/approve", MANAGER)) == "ok"
    [shown] = ask("GET", "/agreements", RESIDENT).json["items"]
    assert shown["left"] == 10_000
    refused = ask("POST", f"/hours/{second}/approve", MANAGER)
    assert (came_of(refused), refused.json["fields"]["left"]) == ("more_than_left", 10_000)
    approved = ask("POST", f"/hours/{second}/approve", MANAGER, {"amount": 10_000}).json
    assert (approved["amount"], approved["state"], approved["decider"]) == (10_000, "approved", None)


def test_the_limit_of_a_day_is_for_the_person(office: Office, ask: Ask) -> None:
    one, other = office.agreement(), office.agreement()
    office.register(one, 700)
    worked = {"worked_on": str(BOOKED_AT.date()), "minutes": 21, "task": "Malte"}
    refused = ask("POST", f"/agreements/{other.id}/hours", RESIDENT, worked)
    assert (came_of(refused), refused.json["fields"]["left"]) == ("too_many_minutes", 20)
    assert came_of(ask("POST", f"/agreements/{other.id}/hours", RESIDENT, worked | {"minutes": 20})) == "ok"


def test_what_was_decided_before_a_right_was_heard_of_is_told_to_operators(
    office: Office, ask: Ask, path: str, paying: Any
) -> None:
    """The right was given a moment before the decision, and comes after it."""

    def counted() -> float:
        return REGISTRY.get_sample_value("torg_pricing_own_interest_total") or 0

    before, given = counted(), replace(represents(MONA, 1), time=office.clock.now())
    office.clock.move(timedelta(seconds=1))
    assert came_of(ask("POST", f"{path}/approve", MANAGER)) == "ok"
    assert came_of(ask("POST", paying(), MANAGER, {"amount": 50_000})) == "ok"
    assert came_of(ask("POST", "/agreements", MANAGER, wish())) == "ok"
    office.deliver(given, given)
    assert counted() == before + 3
    later = replace(represents(str(COLLEAGUE.person), 1), time=office.clock.now() + DAY)
    office.deliver(later)
    assert counted() == before + 3


def test_operators_are_alarmed_of_what_waits_for_them(office: Office, path: str, paying: Any) -> None:
    def waiting() -> list[float | None]:
        office.reconciled()
        name = "torg_pricing_without_manager"
        return [REGISTRY.get_sample_value(name, {"what": what}) for what in ("hours", "payment")]

    paying()
    assert waiting() == [1, 1]
    see(office, MANAGER)
    assert waiting() == [0, 0]
    told(office, represents(MONA, 1))
    assert waiting() == [1, 1]


def test_an_adopted_tariff_keeps_who_adopted_it(office: Office, ask: Ask) -> None:
    assert came_of(ask("PUT", "/tariffs/nesodden-2017", OPERATOR, document(counting="started"))) == "ok"
    with office.database.reading() as tx:
        newest = select(tariff_versions.c.adopted_by).where(tariff_versions.c.replaced_at.is_(None))
        assert tx.execute(newest).scalar_one() == OPERATOR.person


def test_a_waiver_counts_in_the_arenas_its_agreement_names(office: Office) -> None:
    office.deliver(published("kino-sal", arena="borgen-kino"), published("verksted", arena="borgen-verksted"))
    office.approve(office.register(office.agreement(), 120))
    both = office.agreement(arenas=("borgen-innbyggertorg", "borgen-kino"))
    office.approve(office.register(both, 60))
    elsewhere, kino, here = (
        Booking(space=space, arena=arena)
        for space, arena in (
            ("verksted", "borgen-verksted"),
            ("kino-sal", "borgen-kino"),
            ("borgen-storsal", "borgen-innbyggertorg"),
        )
    )
    for each, waived in ((elsewhere, 0), (kino, 20_000), (here, 40_000)):
        office.deliver(each.held(), each.confirmed(), each.confirmed())
        assert 70_000 - office.total(each) == waived
    assert office.balance() == 0
    office.deliver(kino.given_up())
    assert office.balance() == 20_000
    again = Booking(space="verksted", arena="borgen-verksted")
    office.deliver(again.held())
    assert office.total(again) == 70_000
