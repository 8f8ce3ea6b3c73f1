"""Pricing over HTTP: tariffs, prices, agreements, hours and waivers; who may see and change what."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import openapi_spec_validator
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kernel.auth import Role
from kernel.ids import new_id
from kernel.settings import Settings
from services.pricing.api import build
from services.pricing.events import HoursRegistered, HoursRejected, WaiverGranted
from tests.bookings import BOOKED_AT, TENANT
from tests.callers import RESIDENT, STRANGER, KnownCallers, bearer, caller
from tests.office import LIMIT, Booking, Office
from tests.tariffs import document

TODAY = BOOKED_AT.date()
DAY = timedelta(days=1)
BOTH = caller("brita", Role.RESIDENT, Role.ARENA_MANAGER, squares=frozenset({"borgen"}))


class Http:
    """Calls pricing's routes as someone, by name."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def get(self, path: str, who: str | None = None, **query: Any) -> TestResponse:
        return self._client.get(f"/api/pricing{path}", query_string=query, headers=bearer(who) if who else {})

    def put(self, path: str, who: str, body: Any) -> TestResponse:
        return self._client.put(f"/api/pricing{path}", json=body, headers=bearer(who))

    def post(self, path: str, who: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.post(f"/api/pricing{path}", json=body, headers={**bearer(who), **named})


@pytest.fixture
def http(office: Office) -> Http:
    app = build(Settings(), database=office.database, verifier=KnownCallers(BOTH))
    return Http(app.test_client())


def codes(*answers: TestResponse) -> list[tuple[int, str | None]]:
    return [(answer.status_code, (answer.get_json() or {}).get("code")) for answer in answers]


def wish(**different: Any) -> dict[str, Any]:
    given = {
        "tenant": str(TENANT.id),
        "square": "borgen",
        "arena": "borgen-innbyggertorg",
        "title": "Maling av storsalen",
        "task": "Male storsalen",
        "hour_value": 20_000,
        "valid_from": str(TODAY - DAY),
        "valid_until": str(TODAY + DAY),
        "participants": ["kari", "brita"],
    }
    return {name: value for name, value in (given | different).items() if value is not None}


def agreed(http: Http, **different: Any) -> str:
    made = http.post("/agreements", "mona", wish(**different))
    assert made.status_code == 201
    return str(made.get_json()["id"])


def registered(http: Http, agreement: str, who: str = "kari", minutes: int = 60) -> dict[str, Any]:
    worked = {"worked_on": str(TODAY), "minutes": minutes, "task": "Malte nordveggen"}
    made = http.post(f"/agreements/{agreement}/hours", who, worked)
    assert made.status_code == 201
    return dict(made.get_json())


def test_the_description_is_good_openapi(http: Http) -> None:
    described = http.get("/openapi.json").get_json()
    openapi_spec_validator.validate(described)
    assert len(described["paths"]) == 12


# Tariffs


def test_a_tariff_is_shown_to_everyone_as_it_was_put(http: Http) -> None:
    shown = http.get("/tariffs/nesodden-2017")
    assert (shown.status_code, shown.headers["ETag"]) == (200, '"1"')
    assert shown.get_json()["premises"]["hall"]["prices"]["others"] == [550, 830]
    assert http.put("/tariffs/nesodden-2017", "odd", shown.get_json()).headers["ETag"] == '"1"'
    [listed] = http.get("/tariffs").get_json()["items"]
    assert (listed["id"], listed["version"], listed["valid_until"]) == ("nesodden-2017", 1, None)


def test_a_changed_tariff_is_a_new_version(http: Http) -> None:
    put = http.put("/tariffs/nesodden-2017", "odd", document(counting="started"))
    assert (put.status_code, put.headers["ETag"], put.get_json()["counting"]) == (200, '"2"', "started")
    assert http.get("/tariffs/nesodden-2017").get_json()["counting"] == "started"


def test_tariffs_take_turns(http: Http) -> None:
    newer = document(id="nesodden-2027", valid_from="2027-01-01")
    assert codes(http.put("/tariffs/nesodden-2027", "odd", newer)) == [(409, "tariffs_overlap")]
    ended = document(valid_until="2026-12-31")
    assert codes(http.put("/tariffs/nesodden-2017", "odd", ended)) == [(200, None)]
    assert codes(http.put("/tariffs/nesodden-2027", "odd", newer)) == [(200, None)]
    assert codes(http.put("/tariffs/nesodden-2017", "odd", document())) == [(409, "tariffs_overlap")]


def test_tariffs_come_a_page_at_a_time(http: Http) -> None:
    for number in range(2):
        row = {f"stage-{number}": {"name": document()["name"], "prices": document()["premises"]["hall"]["prices"]}}
        assert http.put(f"/tariffs/s-{number}", "odd", document(id=f"s-{number}", premises=row)).status_code == 200
    first = http.get("/tariffs", limit=2).get_json()
    rest = http.get("/tariffs", limit=2, cursor=first["next_cursor"]).get_json()
    assert [each["id"] for each in first["items"] + rest["items"]] == ["nesodden-2017", "s-0", "s-1"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("who", ["kari", "mona"])
def test_only_an_operator_adopts_tariffs(http: Http, who: str) -> None:
    assert codes(http.put("/tariffs/nesodden-2017", who, document(counting="started"))) == [(403, "forbidden")]
    assert http.get("/tariffs/nesodden-2017").get_json()["counting"] == "pro_rata"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"discount": 10}, "#/discount"),
        ({"id": "another"}, "#/id"),
        ({"valid_until": "2016-12-31"}, "#/valid_until"),
        ({"premises": {"hall": {"name": {"nb": "a", "nn": "a", "en": "a"}, "prices": {}}}}, "#/premises"),
    ],
)
def test_a_wrong_tariff_is_refused_with_the_place_and_stored_not_at_all(
    http: Http, changed: dict[str, Any], pointer: str
) -> None:
    refused = http.put("/tariffs/nesodden-2017", "odd", document(**changed))
    assert codes(refused) == [(422, "invalid_request")]
    assert pointer in [fault["pointer"] for fault in refused.get_json()["errors"]]
    assert http.get("/tariffs/nesodden-2017").headers["ETag"] == '"1"'


def test_a_tariff_that_is_not_there(http: Http) -> None:
    assert codes(http.get("/tariffs/nowhere-2020")) == [(404, "not_found")]


# Quotes and charges


@pytest.fixture
def charged(office: Office) -> Booking:
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    return booking


def test_a_quote_is_explained_line_by_line(http: Http, charged: Booking) -> None:
    quote = http.get("/quotes", "kari", booking=charged.id).get_json()
    assert quote == quote | {"booking": str(charged.id), "total": 70_000, "currency": "NOK", "tariff": "nesodden-2017"}
    assert quote["credit_until"] == LIMIT.isoformat().replace("+00:00", "Z")
    [line] = quote["lines"]
    assert line["text"]["nn"] == "Hall, lag og foreiningar over 19 år, kvardag (18:00–20:00)"
    assert (line["quantity"], line["unit"], line["unit_amount"], line["amount"]) == ("2", "hour", 35_000, 70_000)
    assert line["vat_rate"] == "0"


def test_a_booking_without_a_price_says_why(http: Http, office: Office) -> None:
    booking = Booking(premises="stage")
    office.deliver(booking.held())
    quote = http.get("/quotes", "kari", booking=booking.id).get_json()
    assert quote["reason"] == "no_tariff"
    assert "total" not in quote


def test_a_charge_tells_how_it_came_to_be(http: Http, office: Office, charged: Booking) -> None:
    office.deliver(charged.given_up())
    charge = http.get("/charges", "kari", booking=charged.id).get_json()
    assert (charge["state"], charge["total"], charge["currency"]) == ("credited", 0, "NOK")
    assert [(entry["reason"], entry["amount"]) for entry in charge["entries"]] == [
        ("confirmed", 70_000),
        ("credited", -70_000),
    ]


@pytest.mark.parametrize("path", ["/quotes", "/charges"])
@pytest.mark.parametrize(
    ("who", "status"), [("kari", 200), ("mona", 200), ("odd", 200), ("ola", 404), ("noor", 404), ("lock-1", 403)]
)
def test_prices_are_seen_by_those_they_concern(http: Http, charged: Booking, path: str, who: str, status: int) -> None:
    assert http.get(path, who, booking=charged.id).status_code == status


def test_a_tenant_who_had_another_book_sees_the_price(http: Http, office: Office) -> None:
    booking = Booking(tenant=type(TENANT)(id=STRANGER.person, kind="resident"))
    office.deliver(booking.held())
    assert http.get("/quotes", "ola", booking=booking.id).status_code == 200


def test_what_is_not_priced_or_charged_is_not_there(http: Http, office: Office) -> None:
    booking = Booking()
    assert codes(http.get("/quotes", "kari", booking=booking.id)) == [(404, "not_found")]
    office.deliver(booking.held())
    assert codes(http.get("/charges", "kari", booking=booking.id)) == [(404, "not_found")]
    assert (
        codes(http.get("/quotes", "kari"), http.get("/quotes", "kari", booking="x")) == [(422, "invalid_request")] * 2
    )


# Agreements


@pytest.mark.parametrize(("who", "status"), [("mona", 201), ("odd", 201), ("noor", 403), ("kari", 403)])
def test_those_who_oversee_a_square_make_agreements(http: Http, who: str, status: int) -> None:
    assert http.post("/agreements", who, wish()).status_code == status


def test_an_agreement_is_shown_with_the_tenant_s_balance(http: Http, office: Office) -> None:
    office.grant(minutes=60)
    made = http.post("/agreements", "mona", wish(task={"nb": "Male", "nn": "Måle", "en": "Paint"}, max_amount=500_000))
    assert made.headers["ETag"] == '"1"'
    shown = made.get_json()
    assert shown["task"] == {"nb": "Male", "nn": "Måle", "en": "Paint"}
    assert (shown["hour_value"], shown["max_amount"], shown["balance"]) == (20_000, 500_000, 20_000)
    assert http.get("/agreements", "kari", limit=1).get_json()["items"] == [shown]


def test_one_text_is_a_task_in_every_language(http: Http) -> None:
    made = http.post("/agreements", "mona", wish()).get_json()
    assert made["task"] == dict.fromkeys(("nb", "nn", "en"), "Male storsalen")
    most = Settings().most_agreement_amount
    assert (made["max_amount"], made["left"], made["balance"]) == (most, most, 0)


@pytest.mark.parametrize(
    ("different", "code"),
    [
        ({"tenant": str(RESIDENT.person)}, "agreement_with_person"),
        ({"valid_until": str(TODAY - 2 * DAY)}, "agreement_ends_before_it_begins"),
        ({"hour_value": 0}, "invalid_request"),
        ({"hour_value": 200.5}, "invalid_request"),
        ({"max_amount": 0}, "invalid_request"),
        ({"participants": []}, "invalid_request"),
        ({"square": "Borgen!"}, "invalid_request"),
        ({"title": None}, "invalid_request"),
        ({"currency": "SEK"}, "invalid_request"),
        ({"task": 7}, "invalid_request"),
    ],
)
def test_a_wrong_agreement_is_refused(http: Http, different: dict[str, Any], code: str) -> None:
    assert codes(http.post("/agreements", "mona", wish(**different))) == [(422, code)]
    assert http.get("/agreements", "mona").get_json()["items"] == []


@pytest.mark.parametrize(("who", "seen"), [("kari", 2), ("ola", 1), ("mona", 2), ("noor", 1), ("odd", 3)])
def test_agreements_are_seen_by_participants_and_overseers(http: Http, who: str, seen: int) -> None:
    agreed(http)
    agreed(http, participants=["ola", "kari"])
    assert (
        http.post(
            "/agreements", "noor", wish(square="tofte", arena="tofte-innbyggertorg", participants=["brita"])
        ).status_code
        == 201
    )
    listed = http.get("/agreements", who).get_json()["items"]
    assert len(listed) == seen
    assert [each["id"] for each in listed] == sorted((each["id"] for each in listed), reverse=True)


def test_agreements_come_a_page_at_a_time(http: Http) -> None:
    made = [agreed(http) for _ in range(3)]
    assert paged(http, "/agreements") == made[::-1]


def paged(http: Http, path: str) -> list[str]:
    """The ids of two pages of two each, which are all there is."""
    first = http.get(path, "mona", limit=2).get_json()
    rest = http.get(path, "mona", limit=2, cursor=first["next_cursor"]).get_json()
    assert rest["next_cursor"] is None
    return [each["id"] for each in first["items"] + rest["items"]]


def test_a_request_sent_twice_makes_one_agreement(http: Http) -> None:
    first, again = (http.post("/agreements", "mona", wish(), Idempotency_Key="one") for _ in range(2))
    assert first.get_json() == again.get_json()
    assert len(http.get("/agreements", "mona").get_json()["items"]) == 1


# Hours


def test_hours_become_rent_the_tenant_need_not_pay(http: Http, office: Office) -> None:
    agreement = agreed(http)
    hours = registered(http, agreement)
    assert (hours["state"], hours["amount"], hours["version"]) == ("registered", None, 1)
    approved = http.post(f"/hours/{hours['id']}/approve", "mona", If_Match='"1"')
    assert (approved.status_code, approved.headers["ETag"]) == (200, '"2"')
    assert (approved.get_json()["state"], approved.get_json()["amount"]) == ("approved", 20_000)
    assert http.get("/agreements", "kari").get_json()["items"][0]["balance"] == 20_000
    [told] = office.emitted(HoursRegistered)
    assert (told.subject, told.sequence, told.data.worked_on) == (hours["id"], 1, str(TODAY))
    [granted] = office.emitted(WaiverGranted)
    assert (granted.subject, granted.sequence) == (hours["id"], 2)
    assert (granted.data.tenant, granted.data.amount, granted.data.balance) == (TENANT.id, 20_000, 20_000)


def test_hours_are_rejected_with_a_reason(http: Http, office: Office) -> None:
    hours = registered(http, agreed(http))
    path = f"/hours/{hours['id']}/reject"
    assert codes(http.post(path, "mona", {}, If_Match='"1"')) == [(422, "invalid_request")]
    rejected = http.post(path, "mona", {"reason": "Ikke utført"}, If_Match='"1"').get_json()
    assert (rejected["state"], rejected["reason"], rejected["amount"]) == ("rejected", "Ikke utført", None)
    [told] = office.emitted(HoursRejected)
    assert (told.subject, told.sequence, told.data.reason) == (hours["id"], 2, "Ikke utført")
    assert office.emitted(WaiverGranted) == []
    assert office.balance() == 0


@pytest.mark.parametrize(
    ("who", "status"), [("kari", 201), ("brita", 201), ("mona", 403), ("ola", 404), ("noor", 404), ("odd", 403)]
)
def test_participants_register_hours(http: Http, who: str, status: int) -> None:
    worked = {"worked_on": str(TODAY), "minutes": 60, "task": "Malte"}
    assert http.post(f"/agreements/{agreed(http)}/hours", who, worked).status_code == status


@pytest.mark.parametrize(
    ("different", "code"),
    [
        ({"worked_on": str(TODAY + DAY)}, "worked_in_future"),
        ({"worked_on": str(TODAY - 2 * DAY)}, "worked_outside_agreement"),
        ({"worked_on": "i går"}, "invalid_request"),
        ({"minutes": 14}, "too_few_minutes"),
        ({"minutes": 721}, "too_many_minutes"),
        ({"minutes": 60.5}, "invalid_request"),
        ({"minutes": 1441}, "invalid_request"),
        ({"task": ""}, "invalid_request"),
        ({"tenant": str(uuid4())}, "invalid_request"),
    ],
)
def test_wrong_hours_are_refused(http: Http, different: dict[str, Any], code: str) -> None:
    worked = {"worked_on": str(TODAY), "minutes": 60, "task": "Malte"} | different
    assert codes(http.post(f"/agreements/{agreed(http)}/hours", "kari", worked)) == [(422, code)]
    assert http.get("/hours", "kari").get_json()["items"] == []


def test_the_minutes_of_a_day_add_up_but_for_those_rejected(http: Http) -> None:
    agreement = agreed(http)
    first = registered(http, agreement, minutes=700)
    worked = {"worked_on": str(TODAY), "minutes": 21, "task": "Malte"}
    refused = http.post(f"/agreements/{agreement}/hours", "kari", worked)
    assert codes(refused) == [(422, "too_many_minutes")]
    assert refused.get_json()["fields"] == {"most": 720, "left": 20}
    registered(http, agreement, who="brita", minutes=720)
    http.post(f"/hours/{first['id']}/reject", "mona", {"reason": "For mange"}, If_Match="*")
    registered(http, agreement, minutes=720)


@pytest.mark.parametrize("decision", ["approve", "reject"])
@pytest.mark.parametrize(
    ("who", "refusal"), [("kari", (403, "forbidden")), ("odd", (403, "managers_decide")), ("noor", (404, "not_found"))]
)
def test_only_managers_of_the_square_decide(http: Http, decision: str, who: str, refusal: tuple[int, str]) -> None:
    hours = registered(http, agreed(http))
    body = {"reason": "Nei"} if decision == "reject" else None
    assert codes(http.post(f"/hours/{hours['id']}/{decision}", who, body, If_Match='"1"')) == [refusal]


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_manager_never_decides_on_their_own_hours(http: Http, office: Office, decision: str) -> None:
    hours = registered(http, agreed(http), who="brita")
    body = {"reason": "Nei"} if decision == "reject" else None
    assert codes(http.post(f"/hours/{hours['id']}/{decision}", "brita", body, If_Match='"1"')) == [(403, "own_hours")]
    assert office.balance() == 0
    assert http.post(f"/hours/{hours['id']}/{decision}", "mona", body, If_Match='"1"').status_code == 200


def test_a_decision_needs_the_version_that_was_seen(http: Http) -> None:
    path = f"/hours/{registered(http, agreed(http))['id']}/approve"
    assert codes(
        http.post(path, "mona"),
        http.post(path, "mona", If_Match='"2"'),
        http.post(path, "mona", If_Match='"1"'),
        http.post(path, "mona", If_Match='"1"'),
        http.post(path, "mona", If_Match='"2"'),
        http.post(f"/hours/{uuid4()}/approve", "mona", If_Match="*"),
    ) == [
        (428, "precondition_required"),
        (412, "stale_version"),
        (200, None),
        (412, "stale_version"),
        (409, "hours_decided"),
        (404, "not_found"),
    ]


@pytest.mark.parametrize(("who", "seen"), [("kari", 2), ("brita", 3), ("ola", 0), ("mona", 3), ("noor", 0), ("odd", 3)])
def test_hours_are_seen_by_who_worked_them_and_overseers(http: Http, who: str, seen: int) -> None:
    agreement = agreed(http)
    first = registered(http, agreement)
    registered(http, agreement)
    registered(http, agreement, who="brita")
    http.post(f"/hours/{first['id']}/approve", "mona", If_Match="*")
    assert len(http.get("/hours", who).get_json()["items"]) == seen
    waiting = http.get("/hours", who, state="registered").get_json()["items"]
    assert {each["state"] for each in waiting} <= {"registered"}
    assert len(waiting) == max(seen - 1, 0)
    assert codes(http.get("/hours", who, state="lost")) == [(422, "invalid_request")]


def test_hours_come_a_page_at_a_time(http: Http) -> None:
    agreement = agreed(http)
    made = [registered(http, agreement)["id"] for _ in range(3)]
    assert paged(http, "/hours") == made[::-1]


# Waivers


def test_a_waiver_tells_how_it_came_to_be(http: Http, office: Office) -> None:
    hours = registered(http, agreed(http))
    http.post(f"/hours/{hours['id']}/approve", "mona", If_Match="*")
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed(), booking.given_up())
    waiver = http.get(f"/waivers/{TENANT.id}", "kari").get_json()
    assert (waiver["tenant"], waiver["balance"], waiver["currency"]) == (str(TENANT.id), 20_000, "NOK")
    assert [(entry["reason"], entry["amount"]) for entry in waiver["entries"]] == [
        ("returned", 20_000),
        ("used", -20_000),
        ("released", 20_000),
        ("reserved", -20_000),
        ("granted", 20_000),
    ]
    assert waiver["entries"][0]["booking"] == str(booking.id)
    assert waiver["entries"][-1]["registration"] == hours["id"]
    assert "booking" not in waiver["entries"][-1]


def test_a_waiver_s_entries_come_a_page_at_a_time(http: Http, office: Office) -> None:
    office.grant(minutes=60)
    booking = Booking()
    office.deliver(booking.held())
    first = http.get(f"/waivers/{TENANT.id}", "kari", limit=1).get_json()
    rest = http.get(f"/waivers/{TENANT.id}", "kari", limit=1, cursor=first["next_cursor"]).get_json()
    assert [first["entries"][0]["reason"], rest["entries"][0]["reason"]] == ["reserved", "granted"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(("who", "status"), [("kari", 200), ("mona", 200), ("odd", 200), ("ola", 404), ("noor", 404)])
def test_a_waiver_is_seen_by_participants_and_overseers(http: Http, who: str, status: int) -> None:
    agreed(http)
    assert http.get(f"/waivers/{TENANT.id}", who).status_code == status
    assert codes(http.get(f"/waivers/{new_id()}", who)) == [(404, "not_found")]
