"""Bad input that is well formed: times that can't be, things that aren't there or are somebody else's, keys that no
tariff knows, a change of what has changed. Always the code that says which, and nothing changed."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from kernel.auth import Role
from tests.contract import things
from tests.contract.bad_input import BODIES, Sending, at, changed, leaves
from tests.contract.things import Owned
from tests.municipality import HOUR, NOW, SPACE, SQUARE
from tests.tariffs import document

MINUTE = timedelta(minutes=1)
NOBODY = str(uuid4())
EXTREMES = [
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30",
    "2026-12-03T24:00:00Z",
    "2026-12-03T23:59:60Z",
    "2026-12-03T12:00:00",
    "2026-W49-4",
    "20261203",
]


def body(good: Any, **different: Any) -> bytes:
    """The good body with some of its fields changed; None leaves one out."""
    whole = {name: value for name, value in (good | different).items() if value is not None}
    return json.dumps(whole).encode()


TOO_FAR = timedelta(days=things.HORIZON + 1)


def instants(begin: timedelta, end: timedelta) -> dict[str, str]:
    """From so long after now until so long after it."""
    return {"begins_at": (NOW + begin).isoformat(), "ends_at": (NOW + end).isoformat()}


BOOKINGS: dict[str, tuple[dict[str, Any], str]] = {
    "a minute ago": (instants(-MINUTE, HOUR), "in_the_past"),
    "last year": (instants(timedelta(days=-365), timedelta(days=-365) + HOUR), "in_the_past"),
    "ends as it begins": (instants(30 * HOUR, 30 * HOUR), "ends_before_begin"),
    "ends before it begins": (instants(30 * HOUR, 29 * HOUR), "ends_before_begin"),
    "off the grid": (instants(30 * HOUR + MINUTE, 31 * HOUR), "off_grid"),
    "too far ahead": (instants(TOO_FAR, TOO_FAR + HOUR), "beyond_horizon"),
    "longer than it is let for": (instants(30 * HOUR, 39 * HOUR), "too_long"),
    "taken": ({"space": SPACE, **things.a_time(0)}, "slot_taken"),
    "taken in part": ({"space": SPACE, **instants(49 * HOUR, 51 * HOUR)}, "slot_taken"),
    "a space that is not there": ({"space": "borgen-kjeller"}, "unknown_space"),
    "too many people": ({"participants": 121}, "too_many_participants"),
    "for nobody": ({"tenant": NOBODY}, "not_representative"),
    "a purpose nobody knows": ({"purpose": "storage"}, "invalid_request"),
    "an audience nobody knows": ({"audience": "cats"}, "invalid_request"),
    "without a space": ({"space": None}, "invalid_request"),
    "half a person": ({"participants": 1.5}, "invalid_request"),
    "nobody comes": ({"participants": 0}, "invalid_request"),
    "a price of its own": ({"price": 0}, "invalid_request"),
    "a state of its own": ({"state": "confirmed"}, "invalid_request"),
}


@pytest.mark.parametrize(("different", "code"), BOOKINGS.values(), ids=BOOKINGS)
def test_a_booking_that_cannot_be(sending: Sending, different: dict[str, Any], code: str) -> None:
    sender = sending("booking", "POST /bookings")
    with sender.nothing_changed():
        assert sender.refused(body(sender.good.body, **different)) == code


SERIES: dict[str, tuple[dict[str, Any], str]] = {
    "without an end": ({"rule": "FREQ=WEEKLY"}, "endless_recurrence"),
    "every second": ({"rule": "FREQ=SECONDLY;COUNT=10"}, "too_frequent"),
    "every hour of every day": ({"rule": "FREQ=DAILY;COUNT=10;BYHOUR=1,2,3"}, "invalid_recurrence"),
    "a rule of something else": ({"rule": "every Tuesday"}, "invalid_recurrence"),
    "a rule that never comes true": ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2"}, "no_dates"),
    "for ever": ({"rule": "FREQ=YEARLY;UNTIL=99991231"}, "too_far_reaching"),
    "521 dates": ({"rule": "FREQ=DAILY;COUNT=521"}, "too_many_dates"),
    "no rule at all": ({"rule": ""}, "invalid_request"),
    "a start with an offset": ({"starts": "2026-12-14T08:00:00Z"}, "invalid_request"),
    "a start on no day": ({"starts": "2026-02-30T08:00"}, "invalid_request"),
    "a date that is none": ({"dates": ["2026-12-14"]}, "invalid_request"),
    "a policy nobody knows": ({"policy": "force"}, "invalid_request"),
    "a space that is not there": ({"space": "borgen-kjeller"}, "unknown_space"),
    "nobody may be there so long": ({"minutes": 600}, "series_clashes"),
    "for nobody": ({"tenant": NOBODY}, "not_representative"),
    "its own times": ({"begins_at": "2026-12-14T08:00:00Z"}, "invalid_request"),
}


@pytest.mark.parametrize(("different", "code"), SERIES.values(), ids=SERIES)
def test_a_series_that_cannot_be(sending: Sending, different: dict[str, Any], code: str) -> None:
    sender = sending("booking", "POST /series")
    with sender.nothing_changed():
        assert sender.refused(body(sender.good.body, **different)) == code


@pytest.mark.parametrize("change", [{}, {"scope": "this"}, {"scope": "following", "at": "09:00"}, {"at": "24:00"}])
def test_a_change_of_a_series_that_says_too_little(sending: Sending, change: dict[str, Any]) -> None:
    sender = sending("booking", "POST /series/{series}/reschedule")
    with sender.nothing_changed():
        assert sender.refused(body(change)) == "invalid_request"


def test_a_booking_for_those_one_does_not_represent(sending: Sending, owned: dict[str, Owned]) -> None:
    sender = sending("booking", "POST /bookings")
    sender.bearer = sender.municipality.token(owned["strangers"].person)
    with sender.nothing_changed():
        assert sender.refused() == "not_representative"
        assert sender.refused(body(sender.good.body, tenant=owned["own"].things["band"])) == "not_representative"


STRANGERS = {
    ("booking", "POST /bookings/{booking}/confirm"): "not_found",
    ("booking", "POST /bookings/{booking}/cancel"): "not_found",
    ("booking", "GET /bookings/{booking}"): "not_found",
    ("booking", "GET /bookings/{booking}/history"): "not_found",
    ("booking", "GET /bookings/{booking}/cancellation"): "not_found",
    ("booking", "POST /bookings/{booking}/reschedule"): "not_found",
    ("booking", "POST /bookings/{booking}/end"): "not_found",
    ("booking", "GET /series/{series}"): "not_found",
    ("booking", "POST /series/{series}/confirm"): "not_found",
    ("booking", "POST /series/{series}/cancel"): "not_found",
    ("booking", "POST /series/{series}/reschedule"): "not_found",
    ("booking", "POST /series/{series}/dates"): "not_found",
    ("booking", "GET /waiting/{waiting}"): "not_found",
    ("booking", "POST /waiting/{waiting}/leave"): "not_found",
    ("pricing", "GET /quotes"): "not_found",
    ("pricing", "GET /charges"): "not_found",
    ("pricing", "GET /bookings/{booking}/payments"): "not_found",
    ("pricing", "POST /bookings/{booking}/payments"): "forbidden",
    ("pricing", "POST /agreements/{agreement}/hours"): "not_found",
    ("pricing", "POST /hours/{hours}/approve"): "forbidden",
    ("pricing", "POST /hours/{hours}/reject"): "forbidden",
    ("pricing", "GET /waivers/{tenant}"): "not_found",
    ("access", "POST /keys/{key}/unlock"): "not_found",
}


@pytest.mark.parametrize(("route", "code"), STRANGERS.items())
def test_what_is_a_stranger_s(sending: Sending, owned: dict[str, Owned], route: tuple[str, str], code: str) -> None:
    sender = sending(*route)
    sender.bearer = sender.municipality.token(owned["strangers"].person)
    with sender.nothing_changed():
        assert sender.refused() == code


def test_hours_of_one_s_own(sending: Sending, owned: dict[str, Owned]) -> None:
    sender = sending("pricing", "POST /hours/{hours}/approve")
    sender.bearer = sender.municipality.token(owned["own"].person, Role.ARENA_MANAGER, squares=(SQUARE,))
    with sender.nothing_changed():
        assert sender.refused() == "own_hours"


def row(**different: Any) -> dict[str, Any]:
    return {"hall": document()["premises"]["hall"] | different}


def prices(**different: Any) -> dict[str, Any]:
    return row(prices=document()["premises"]["hall"]["prices"] | different)


def column(**when: Any) -> list[dict[str, Any]]:
    first, *others = document()["columns"]
    return [first | {"when": when}, *others]


TARIFFS: dict[str, tuple[dict[str, Any], str]] = {
    "a key that tariffs do not have": ({"discount": 10}, "#/discount"),
    "another id than the path's": ({"id": "another"}, "#/id"),
    "a row with a key that rows do not have": ({"premises": row(colour="red")}, "#/premises/hall/value/colour"),
    "a price for a column that is not there": ({"premises": prices(cats=[1, 1])}, "#/premises"),
    "no price for a column that is there": ({"premises": row(prices={})}, "#/premises"),
    "a limit for a column that is not there": ({"premises": row(participants_at_least={"cats": 1})}, "#/premises"),
    "a column for a purpose nobody knows": ({"columns": column(purpose=["storage"])}, "#/columns/0/when/purpose/0"),
    "a column for a tenant nobody knows": ({"columns": column(tenant=["cat"])}, "#/columns/0/when/tenant/0"),
    "a column with a condition nobody knows": ({"columns": column(weather=["sun"])}, "#/columns/0/when/weather"),
    "over before it begins": ({"valid_until": "2016-12-31"}, "#/valid_until"),
    "another currency": ({"currency": "EUR"}, "#/currency"),
    "a way of counting nobody knows": ({"counting": "rounded"}, "#/counting"),
    "no kinds of day": ({"days": []}, "#/days"),
    "no VAT on its first day": ({"vat": None}, "#/vat"),
}


@pytest.mark.parametrize(("different", "pointer"), TARIFFS.values(), ids=TARIFFS)
def test_a_tariff_that_cannot_be(sending: Sending, different: dict[str, Any], pointer: str) -> None:
    sender = sending("pricing", "PUT /tariffs/{tariff}")
    with sender.nothing_changed():
        answer = sender.send(body(sender.good.body, **different))
        assert sender.code_of(answer) == "invalid_request"
        assert pointer in [fault["pointer"] for fault in answer.get_json()["errors"]]


AGREED: dict[str, tuple[str, dict[str, Any], str]] = {
    "an agreement over before it begins": (
        "POST /agreements",
        {"valid_until": "2025-12-31"},
        "agreement_ends_before_it_begins",
    ),
    "an agreement with a key of its own": ("POST /agreements", {"hour_wage": 1}, "invalid_request"),
    "an agreement worth nothing": ("POST /agreements", {"hour_value": 0}, "invalid_request"),
    "an agreement about another's square": ("POST /agreements", {"square": "tofte"}, "forbidden"),
    "hours tomorrow": ("POST /agreements/{agreement}/hours", {"worked_on": "2026-12-02"}, "worked_in_future"),
    "hours before it": ("POST /agreements/{agreement}/hours", {"worked_on": "2025-12-31"}, "worked_outside_agreement"),
    "hours after it": ("POST /agreements/{agreement}/hours", {"worked_on": "2027-01-01"}, "worked_outside_agreement"),
    "too little": ("POST /agreements/{agreement}/hours", {"minutes": 14}, "too_few_minutes"),
    "more than is left of the day": ("POST /agreements/{agreement}/hours", {"minutes": 661}, "too_many_minutes"),
    "more than a day": ("POST /agreements/{agreement}/hours", {"minutes": 1441}, "invalid_request"),
}


@pytest.mark.parametrize(("route", "different", "code"), AGREED.values(), ids=AGREED)
def test_agreements_and_hours_that_cannot_be(
    sending: Sending, route: str, different: dict[str, Any], code: str
) -> None:
    sender = sending("pricing", route)
    with sender.nothing_changed():
        assert sender.refused(body(sender.good.body, **different)) == code


def test_an_agreement_with_a_person(sending: Sending, owned: dict[str, Owned]) -> None:
    sender = sending("pricing", "POST /agreements")
    with sender.nothing_changed():
        a_person = body(sender.good.body, tenant=owned["own"].things["tenant"])
        assert sender.refused(a_person) == "agreement_with_person"


ORGANISATIONS = {
    "974760674": "invalid_organisation_number",
    "000000000": "invalid_organisation_number",
    "٩٧٤٧٦٠٦٧٣": "invalid_organisation_number",
    "974760673": "organisation_known",
    "974 760 673": "organisation_known",
}


@pytest.mark.parametrize(("number", "code"), ORGANISATIONS.items())
def test_an_organisation_that_cannot_be(sending: Sending, number: str, code: str) -> None:
    sender = sending("booking", "POST /actors")
    with sender.nothing_changed():
        assert sender.refused(body(sender.good.body, organisation_number=number)) == code


@pytest.mark.parametrize("code", ["00000", "0000000", "00000a", "٠٠٠٠٠٠", "000000\n"])
def test_a_code_that_no_lock_has_keys_for(sending: Sending, code: str) -> None:
    sender = sending("access", "POST /locks/{lock}/unlock")
    with sender.nothing_changed():
        assert sender.refused(body({}, code=code)) == "invalid_request"


PERIODS = {
    ("booking", "GET /availability"): [
        "to=2026-12-06",
        "from=2026-12-06&to=2026-12-05",
        "from=2026-12-01&to=2027-01-01",
    ],
    ("booking", "GET /availability/recurring"): [
        "starts=2026-12-01T18:00&minutes=120",
        "starts=2026-12-01T18:00Z&minutes=120&rule=FREQ%3DWEEKLY%3BCOUNT%3D4",
        "starts=2026-12-01T18:00&minutes=1441&rule=FREQ%3DWEEKLY%3BCOUNT%3D4",
        "starts=2026-12-01T18:00&minutes=120&rule=FREQ%3DWEEKLY%3BCOUNT%3D4&at_least=101",
    ],
    ("booking", "GET /squares/{square}/day"): ["", "date=2026-02-29", "date=9999-12-31"],
    ("programming", "GET /activities"): [
        "from=2026-12-06T00:00:00Z&to=2026-12-05T00:00:00Z",
        "from=2026-12-06T00:00:00Z&to=2026-12-06T00:00:00Z",
        "from=2026-12-06",
        "purpose=storage",
    ],
}


@pytest.mark.parametrize(("route", "queries"), PERIODS.items())
def test_a_period_that_cannot_be(sending: Sending, route: tuple[str, str], queries: list[str]) -> None:
    sender = sending(*route)
    path = sender.good.path.partition("?")[0]
    assert [sender.refused(path=f"{path}?{query}") for query in queries] == ["invalid_request"] * len(queries)


@pytest.mark.parametrize(("service", "route"), BODIES)
def test_the_ends_of_time(sending: Sending, service: str, route: str) -> None:
    """Some dates may be far away; none breaks anything. What is let in is rolled back, as all here is shared."""
    sender = sending(service, route)
    good = sender.good.body
    dated = [path for path, value in leaves(good) if isinstance(value, str) and value[:2] == "20"]
    for path in dated:
        for extreme in EXTREMES:
            answer = sender.send(changed(good, path, extreme), rehearse=True)
            assert answer.status_code in (200, 201) or sender.code_of(answer), (path, at(good, path))


@pytest.mark.parametrize("begins_at", EXTREMES)
@pytest.mark.parametrize("ends_at", EXTREMES)
def test_a_booking_at_the_ends_of_time(sending: Sending, begins_at: str, ends_at: str) -> None:
    sender = sending("booking", "POST /bookings")
    with sender.nothing_changed():
        sender.refused(body(sender.good.body, begins_at=begins_at, ends_at=ends_at))
