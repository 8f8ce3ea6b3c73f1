"""Booking over HTTP: what is shown and to whom, who may change it, and what bad requests get."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from cli.paths import ROOT
from kernel.ids import new_id
from kernel.settings import Settings
from services.booking.api import build
from services.booking.model.deadlines import HOLD
from services.booking.schemas.squares import DEEPEST
from services.booking.store.tables import bookings
from tests.callers import MANAGER, RESIDENT, KnownCallers, bearer, caller

SEEN_BY = {"kari": 200, "rolf": 200, "mona": 200, "odd": 200, "ola": 404, "noor": 404, "lock-1": 403}
ROLF = caller("rolf", *RESIDENT.roles)
"""He may act for the organisation that Kari books for."""


@pytest.fixture
def client(counter: Any) -> FlaskClient:
    settings = Settings(rate_limit_per_minute=100_000)
    return build(settings, database=counter.database, verifier=KnownCallers(ROLF)).test_client()


@pytest.fixture
def ask(client: FlaskClient) -> Callable[..., TestResponse]:
    """`ask("POST", "/bookings", "kari", json={…}, if_match='"1"')`."""

    def ask(method: str, path: str, who: str, *, if_match: str | None = None, **request: Any) -> TestResponse:
        headers = bearer(who) | ({"If-Match": if_match} if if_match else {})
        return client.open(f"/api/booking{path}", method=method, headers=headers, **request)

    return ask


@pytest.fixture
def booking(counter: Any) -> Any:
    """A priced hold of Kari's, for an organisation that Rolf may act for, too."""
    held = counter.hold("hall", tenant=counter.organisation("kari", "rolf"), title="Konsert")
    counter.deliver(counter.priced(held))
    return counter.load(held)


def body(counter: Any, **different: Any) -> dict[str, Any]:
    asked = {
        "space": "room",
        "begins_at": counter.quarter().isoformat(),
        "ends_at": counter.quarter(4).isoformat(),
        "purpose": "culture",
        "audience": "youth",
        "participants": 8,
    }
    return {name: value for name, value in (asked | different).items() if value is not ...}


def count(counter: Any) -> int:
    with counter.database.reading() as tx:
        found: int = tx.execute(select(func.count()).select_from(bookings)).scalar_one()
        return found


def test_a_booking_is_made_and_shown(counter: Any, ask: Any) -> None:
    made = ask("POST", "/bookings", "kari", json=body(counter))

    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert made.json == {
        "id": made.json["id"],
        "state": "held",
        "space": "room",
        "arena": "house",
        "square": "borgen",
        "begins_at": "2026-11-23T14:00:00Z",
        "ends_at": "2026-11-23T15:00:00Z",
        "purpose": "culture",
        "audience": "youth",
        "participants": 8,
        "tenant": {"id": str(RESIDENT.person), "kind": "resident", "name": None},
        "title": None,
        "confirm": "by_me",
        "hold_expires_at": "2026-11-23T14:00:00Z",
        "answer_minutes": 15,
        "price": None,
        "awaits_price": True,
        "free_until": None,
        "key": None,
        "opened_at": None,
        "ended_at": None,
        "cancelled_at": None,
        "cancelled_by": None,
        "noise": "normal",
        "equipment": {},
        "series": None,
        "setup_minutes": 0,
        "clearing_minutes": 0,
        "release_at": None,
        "decline_reason": None,
        "version": 1,
        "created_at": "2026-11-23T12:00:00Z",
    }
    assert ask("GET", made.headers["Location"].removeprefix("/api/booking"), "kari").json == made.json


@pytest.mark.parametrize(
    ("different", "status", "code"),
    [
        ({"space": "nowhere"}, 422, "unknown_space"),
        ({"space": ...}, 422, "invalid_request"),
        ({"space": "Hall A"}, 422, "invalid_request"),
        ({"begins_at": "2026-11-23T14:00:00"}, 422, "invalid_request"),
        ({"begins_at": "soon"}, 422, "invalid_request"),
        ({"begins_at": "0001-01-01T00:00:00Z"}, 422, "in_the_past"),
        ({"begins_at": "2026-11-23T11:00:00Z"}, 422, "in_the_past"),
        ({"begins_at": "2026-11-23T15:00:00Z"}, 422, "ends_before_begin"),
        ({"begins_at": "2026-11-23T14:05:00Z"}, 422, "off_grid"),
        ({"begins_at": "2026-11-23T14:45:00Z"}, 422, "too_short"),
        ({"ends_at": "2026-11-23T22:15:00Z"}, 422, "too_long"),
        ({"begins_at": "9999-12-31T22:00:00Z", "ends_at": "9999-12-31T23:00:00Z"}, 422, "beyond_horizon"),
        ({"purpose": "party"}, 422, "invalid_request"),
        ({"audience": "nobody"}, 422, "invalid_request"),
        ({"participants": 0}, 422, "invalid_request"),
        ({"participants": "8"}, 422, "invalid_request"),
        ({"participants": 11}, 422, "too_many_participants"),
        ({"tenant": str(UUID(int=4))}, 403, "not_representative"),
        ({"tenant": "me"}, 422, "invalid_request"),
        ({"title": ""}, 422, "invalid_request"),
        ({"confirm": "never"}, 422, "invalid_request"),
        ({"price": 0}, 422, "invalid_request"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong_and_changes_nothing(
    counter: Any, ask: Any, different: Any, status: int, code: str
) -> None:
    answer = ask("POST", "/bookings", "kari", json=body(counter, **different))

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert count(counter) == 0


def test_a_space_that_is_taken_is_a_conflict(counter: Any, ask: Any) -> None:
    counter.hold("room")

    answer = ask("POST", "/bookings", "ola", json=body(counter))

    assert (answer.status_code, answer.json["code"]) == (409, "slot_taken")


def test_the_same_request_twice_is_one_booking(counter: Any, client: FlaskClient) -> None:
    headers = bearer("kari") | {"Idempotency-Key": "intent-1"}

    first, second = (client.post("/api/booking/bookings", headers=headers, json=body(counter)) for _ in range(2))

    assert (second.status_code, second.json) == (201, first.json)
    assert count(counter) == 1


@pytest.mark.parametrize(("who", "status"), SEEN_BY.items())
def test_a_booking_is_there_for_those_who_may_see_it(ask: Any, booking: Any, who: str, status: int) -> None:
    answer = ask("GET", f"/bookings/{booking.id}", who)

    assert answer.status_code == status
    listed = ask("GET", "/bookings", who)
    assert listed.status_code == (403 if status == 403 else 200)
    if status != 403:
        assert [each["id"] for each in listed.json["items"]] == ([str(booking.id)] if status == 200 else [])


def test_what_is_not_there_looks_the_same_as_a_stranger_s(ask: Any, booking: Any) -> None:
    gone, strange = ask("GET", f"/bookings/{new_id()}", "ola"), ask("GET", f"/bookings/{booking.id}", "ola")

    assert {**gone.json, "instance": ""} == {**strange.json, "instance": ""}


CHANGES = [
    *(("confirm", who, status) for who, status in (SEEN_BY | {"mona": 403, "odd": 403}).items()),
    *(("cancel", who, status) for who, status in (SEEN_BY | {"odd": 403}).items()),
]


@pytest.mark.parametrize(("change", "who", "status"), CHANGES)
def test_who_may_change_a_booking(counter: Any, ask: Any, booking: Any, change: str, who: str, status: int) -> None:
    answer = ask("POST", f"/bookings/{booking.id}/{change}", who, if_match='"2"')

    assert answer.status_code == status
    if status == 200:
        assert (answer.json["state"], answer.headers["ETag"]) == (f"{change}ed".replace("cancel", "cancell"), '"3"')
    else:
        assert counter.load(booking) == booking


@pytest.mark.parametrize("change", ["confirm", "cancel"])
@pytest.mark.parametrize(("if_match", "status"), [(None, 428), ('"1"', 412), ('"3"', 412), ('"2"', 200), ("*", 200)])
def test_a_change_is_to_what_the_caller_has_seen(
    counter: Any, ask: Any, booking: Any, change: str, if_match: str | None, status: int
) -> None:
    answer = ask("POST", f"/bookings/{booking.id}/{change}", "kari", if_match=if_match)

    assert answer.status_code == status
    assert (counter.load(booking) == booking) is (status != 200)


def test_changes_that_are_not_possible_are_conflicts(counter: Any, ask: Any, booking: Any) -> None:
    unpriced = counter.hold("room")

    def refused(change: str, of: Any) -> tuple[int, str]:
        answer = ask("POST", f"/bookings/{of.id}/{change}", "kari", if_match="*")
        return answer.status_code, answer.json["code"]

    assert refused("confirm", unpriced) == (409, "not_priced")
    counter.clock.move(HOLD)
    assert refused("confirm", booking) == (409, "hold_expired")
    counter.clock.move(timedelta(hours=4))
    assert refused("cancel", booking) == (409, "already_over")
    counter.expire_holds()
    assert refused("confirm", booking) == (409, "not_held")
    assert refused("cancel", booking) == (409, "not_live")


def test_the_price_is_shown_line_by_line(ask: Any, booking: Any) -> None:
    shown = ask("GET", f"/bookings/{booking.id}", "kari").json

    assert shown["tenant"]["name"] == "Korpset"
    assert shown["price"]["total"] == 35000
    assert shown["price"]["lines"][0]["text"] == {"nb": "Leie", "nn": "Leige", "en": "Rent"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", [2, 1, 0]),
        ("?state=held", [2, 0]),
        ("?space=room", [2, 1]),
        ("?square=tofte", []),
        ("?limit=1", [2]),
        ("?mine=true", [2, 1]),
    ],
)
def test_bookings_are_listed_the_latest_first(counter: Any, ask: Any, asked: str, found: list[int]) -> None:
    made = [counter.hold("hall"), counter.hold("room", 4, who=MANAGER), counter.hold("room", 8, who=MANAGER)]
    counter.cancel(made[1], who=MANAGER)

    listed = ask("GET", f"/bookings{asked}", "mona").json

    assert [each["id"] for each in listed["items"]] == [str(made[number].id) for number in found]


def test_pages_of_bookings_miss_none(counter: Any, ask: Any) -> None:
    made = [counter.hold(space, begin) for begin in (0, 4) for space in ("room", "third-1", "third-2")]
    listed, cursor = [], ""
    while cursor is not None:
        page = ask("GET", f"/bookings?limit=2{cursor and f'&cursor={cursor}'}", "kari").json
        listed += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]

    assert sorted(listed) == sorted(str(each.id) for each in made)


def test_free_times_need_no_sign_in(client: FlaskClient) -> None:
    answer = client.get("/api/booking/availability?from=2026-11-24&to=2026-11-24&space=room&minutes=60")

    assert answer.json == {
        "items": [
            {
                "space": "room",
                "name": {"nb": "room", "nn": "room", "en": "room"},
                "arena": "house",
                "arena_name": {"nb": "house", "nn": "house", "en": "house"},
                "square": "borgen",
                "free": [{"begins_at": "2026-11-23T23:00:00+00:00", "ends_at": "2026-11-24T23:00:00+00:00"}],
            }
        ],
        "next_cursor": None,
        "order_may_change": True,
    }


SEARCHES = [
    ("from=2026-11-24&to=2026-12-24", 200),
    ("from=2026-11-24&to=2026-12-25", 422),
    ("from=2026-11-24&to=2026-11-23", 422),
    ("from=9999-12-31&to=9999-12-31", 422),
    ("from=0001-01-01&to=0001-01-01", 422),
    ("from=2026-11-24&to=2026-11-24&minutes=0", 422),
    ("from=2026-11-24&to=2026-11-24&capacity=x", 422),
    ("from=2026-11-24&to=2026-11-24&color=red", 422),
    ("from=2026-11-24&to=2026-11-24&square=nowhere", 200),
    ("from=2026-11-24&to=2026-11-24&square=borgen,tofte&square=asker&features=stage,piano&weekdays=1,7", 200),
    ("from=2026-11-24&to=2026-11-24&after=22:00&before=02:00&area=40.5&order=best_fit&equipment=stoler:40", 200),
    ("from=2026-11-24&to=2026-11-24&before=24:00", 200),
    ("from=2026-11-24&to=2026-11-24&after=24:00", 422),
    ("from=2026-11-24&to=2026-11-24&square=borgen,", 422),
    (f"from=2026-11-24&to=2026-11-24&square={','.join(['x'] * 50)}", 200),
    (f"from=2026-11-24&to=2026-11-24&square={','.join(['x'] * 51)}", 422),
    ("from=2026-11-24&to=2026-11-24&weekdays=0", 422),
    ("from=2026-11-24&to=2026-11-24&weekdays=8", 422),
    ("from=2026-11-24&to=2026-11-24&equipment=stoler", 422),
    ("from=2026-11-24&to=2026-11-24&equipment=stoler:0", 422),
    ("from=2026-11-24&to=2026-11-24&equipment=stoler:1,stoler:2", 422),
    ("from=2026-11-24&to=2026-11-24&area=-1", 422),
    ("from=2026-11-24&to=2026-11-24&order=cheapest", 422),
    ("from=2026-11-24&to=2026-11-24&purpose=storage", 422),
    ("from=2026-11-24&to=2026-11-24&cursor=nonsense", 422),
]


def test_what_can_be_searched_for(client: FlaskClient) -> None:
    answers = [(asked, client.get(f"/api/booking/availability?{asked}").status_code) for asked, _ in SEARCHES]

    assert answers == SEARCHES


def test_what_is_not_free_is_told_with_its_reason(client: FlaskClient) -> None:
    asked = "from=2026-11-24&to=2026-11-24&space=room,hall&capacity=11&explain=true"
    hall, room = client.get(f"/api/booking/availability?{asked}").json["items"]

    assert (hall["space"], hall["reasons"], hall["elsewhere"]) == ("hall", [], None)
    assert [each["code"] for each in room["reasons"]] == ["too_many_participants"]
    assert room["reasons"][0]["text"]["en"] == "The space has room for at most 10."
    assert (room["free"], room["other_time"], room["elsewhere"]["space"]) == ([], None, "hall")


def test_a_time_is_checked_before_it_is_booked(client: FlaskClient, counter: Any, booking: Any, ask: Any) -> None:
    asked = body(counter, space="third-1")

    found = client.get("/api/booking/availability/check", query_string=asked).json
    mine = ask("GET", "/availability/check", "kari", query_string={**asked, "tenant": str(booking.tenant.id)}).json
    other = client.get("/api/booking/availability/check", query_string={**asked, "space": "room"}).json
    stranger = ask("GET", "/availability/check", "ola", query_string={**asked, "tenant": str(booking.tenant.id)})

    assert [(each["code"], each["text"]["en"]) for each in found["reasons"]] == [
        ("slot_taken", "The space is taken for all or some of that time.")
    ]
    assert (found["possible"], mine) == (False, found)
    assert [each["begins_at"] for each in found["times"]] == ["2026-11-23T13:00:00Z", "2026-11-23T15:00:00Z"]
    assert [(each["space"], each["arena"], each["square"]) for each in found["spaces"]] == [("room", "house", "borgen")]
    assert other == {"possible": True, "reasons": [], "times": [], "spaces": []}
    assert (stranger.status_code, stranger.json["code"]) == (403, "not_representative")


def test_what_is_free_again_and_again(client: FlaskClient, booking: Any) -> None:
    asked = {"starts": "2026-11-23T15:00", "minutes": 60, "rule": "FREQ=DAILY;COUNT=4", "at_least": 75, "capacity": 51}
    answer = client.get("/api/booking/availability/recurring", query_string=asked)
    endless = client.get("/api/booking/availability/recurring", query_string={**asked, "rule": "FREQ=DAILY"})

    assert answer.json == {
        "items": [
            {
                "space": "hall",
                "name": {"nb": "hall", "nn": "hall", "en": "hall"},
                "arena": "house",
                "arena_name": {"nb": "house", "nn": "house", "en": "house"},
                "square": "borgen",
                "dates": 4,
                "free": 3,
                "failing": [
                    {"begins_at": "2026-11-23T14:00:00Z", "ends_at": "2026-11-23T15:00:00Z", "reason": "slot_taken"}
                ],
            }
        ],
        "next_cursor": None,
        "order_may_change": True,
    }
    assert (endless.status_code, endless.json["code"]) == (422, "endless_recurrence")
    left = [each.headers["RateLimit"].split(";")[1] for each in (answer, client.get("/api/booking/squares"))]
    dearer = client.get("/api/booking/availability/recurring", query_string={**asked, "rule": "FREQ=DAILY;COUNT=100"})
    remaining = [int(each.removeprefix("r=")) for each in (*left, dearer.headers["RateLimit"].split(";")[1])]
    assert remaining[1] - remaining[2] == pytest.approx(21, abs=2)  # some comes back meanwhile


def test_a_day_of_a_square(client: FlaskClient, booking: Any, ask: Any) -> None:
    strangers = client.get("/api/booking/squares/borgen/day?date=2026-11-23").json
    mine = ask("GET", "/squares/borgen/day?date=2026-11-23", "rolf").json

    taken = {"begins_at": "2026-11-23T14:00:00Z", "ends_at": "2026-11-23T15:00:00Z", "what": "booking", "reason": None}
    seen = {"id": str(booking.id), "state": "held", "title": "Konsert"}
    hall = strangers["spaces"][0]
    assert (hall["space"], hall["parent"], hall["room"]) == ("hall", None, None)
    assert hall["open"] == [
        {
            "begins_at": "2026-11-22T23:00:00Z",
            "ends_at": "2026-11-23T23:00:00Z",
            "kind": "staffed",
            "bookable": True,
        }
    ]
    assert hall["taken"] == [{**taken, "booking": None}]
    times = {name: taken[name] for name in ("begins_at", "ends_at")}
    assert mine["spaces"][0]["taken"] == [{**taken, "booking": {**seen, **times}}]
    assert client.get("/api/booking/squares/nowhere/day?date=2026-11-23").status_code == 404


def tree(client: FlaskClient) -> Any:
    """The square as it is shown, without its id: what could be put again."""
    [square] = client.get("/api/booking/squares").json["items"]
    del square["id"]
    return square


def test_a_square_that_is_put_as_it_was_shown_stays_as_it_is(client: FlaskClient, ask: Any) -> None:
    shown = tree(client)

    answer = ask("PUT", "/squares/borgen", "odd", json=shown)

    assert answer.status_code == 200
    assert tree(client) == shown


def test_bad_trees_are_refused(client: FlaskClient, ask: Any) -> None:
    good = tree(client)
    house = good["arenas"][0]
    room = house["spaces"][1]
    bad = {
        "no name": {"arenas": good["arenas"]},
        "no such hour": {
            **good,
            "arenas": [{**house, "opening": [{"weekday": 1, "opens": "25:00", "closes": "26:00"}]}],
        },
        "no such weekday": {
            **good,
            "arenas": [{**house, "opening": [{"weekday": 8, "opens": "08:00", "closes": "09:00"}]}],
        },
        "grid": {**good, "arenas": [{**house, "spaces": [{**room, "grid_minutes": 7}]}]},
        "rules": {**good, "arenas": [{**house, "spaces": [{**room, "min_minutes": 500}]}]},
        "twice": {**good, "arenas": [{**house, "spaces": [room, room]}]},
    }

    answers = {name: ask("PUT", "/squares/borgen", "odd", json=each).status_code for name, each in bad.items()}

    assert answers == dict.fromkeys(bad, 422)
    assert ask("PUT", "/squares/Borgen_2", "odd", json=good).status_code in (404, 422)
    assert tree(client) == good


@pytest.mark.parametrize(("levels", "status"), [(DEEPEST - 1, 200), (DEEPEST, 200), (DEEPEST + 1, 422)])
def test_a_space_is_divided_only_so_deep(client: FlaskClient, ask: Any, levels: int, status: int) -> None:
    good = tree(client)
    house = good["arenas"][0]
    deep: dict[str, Any] = {**house["spaces"][1], "id": "level-1", "spaces": []}
    for number in range(2, levels + 1):
        deep = {**deep, "id": f"level-{number}", "spaces": [deep]}

    answer = ask("PUT", "/squares/borgen", "odd", json={**good, "arenas": [{**house, "spaces": [deep]}]})

    assert answer.status_code == status


def test_operators_register_organisations_and_who_may_act_for_them(ask: Any) -> None:
    korps = {"kind": "voluntary", "name": "Borgen skolekorps", "organisation_number": "974 760 673"}

    made = ask("POST", "/actors", "odd", json=korps)

    assert (made.status_code, made.json["organisation_number"]) == (201, "974760673")
    assert ask("POST", "/actors", "odd", json=korps).json["code"] == "organisation_known"
    wrong = ask("POST", "/actors", "odd", json={**korps, "organisation_number": "974760674"})
    assert (wrong.status_code, wrong.json["code"]) == (422, "invalid_organisation_number")
    for _ in range(2):
        path = f"/actors/{made.json['id']}/representatives"
        assert ask("POST", path, "odd", json={"subject": "kari"}).status_code == 201
    assert ask("POST", f"/actors/{new_id()}/representatives", "odd", json={"subject": "kari"}).status_code == 404


def test_a_person_sees_whom_they_can_book_as(counter: Any, ask: Any) -> None:
    korps = counter.organisation("kari")

    mine = ask("GET", "/actors", "kari").json["items"]

    assert [(each["id"], each["kind"], each["name"]) for each in mine] == [
        (str(RESIDENT.person), "resident", None),
        (str(korps), "voluntary", "Korpset"),
    ]
    assert [each["kind"] for each in ask("GET", "/actors", "ola").json["items"]] == ["resident"]


@pytest.mark.parametrize(("closes", "clash"), [("15:59", True), ("16:00", False), ("16:01", False)])
def test_a_square_written_with_shorter_hours_tells_which_bookings_are_outside(
    counter: Any, client: FlaskClient, ask: Any, closes: str, clash: bool
) -> None:
    booked = counter.confirmed("room")  # until 16:00 in Oslo
    [square] = client.get("/api/booking/squares").json["items"]
    for arena in square["arenas"]:
        arena["opening"] = [{"weekday": day, "opens": "08:00", "closes": closes} for day in range(1, 8)]

    answer = ask("PUT", "/squares/borgen", "odd", json={"name": square["name"], "arenas": square["arenas"]})

    assert answer.status_code == 200
    assert [each["id"] for each in answer.json["clashes"]["items"]] == ([str(booked.id)] if clash else [])
    assert counter.load(booked).state == "confirmed"


@pytest.mark.parametrize(("capacity", "told"), [(7, True), (8, False), (9, False)])
def test_a_square_written_with_tighter_rules_tells_which_bookings_they_would_not_allow(
    counter: Any, client: FlaskClient, ask: Any, capacity: int, told: bool
) -> None:
    booked = counter.confirmed("room")
    [square] = client.get("/api/booking/squares").json["items"]
    square["arenas"][0]["spaces"][1]["capacity"] = capacity

    answer = ask("PUT", "/squares/borgen", "odd", json={"name": square["name"], "arenas": square["arenas"]})

    found = answer.json["not_allowed"]
    assert (answer.status_code, found["total"]) == (200, int(told))
    assert [(each["booking"]["id"], each["reasons"][0]["code"]) for each in found["items"]] == (
        [(str(booked.id), "too_many_participants")] if told else []
    )


def test_a_recurring_closure_is_announced_shown_and_lifted_date_by_date(client: FlaskClient, ask: Any) -> None:
    when = {"starts": "2026-12-06T06:00", "minutes": 180, "rule": "FREQ=WEEKLY;COUNT=2", "excepted": []}
    reason = {"nb": "Renhold", "nn": "Reinhald", "en": "Cleaning"}
    asked = {"kind": "maintenance", "space": "room", "reason": reason, "recurrence": when}

    made = ask("POST", "/closures", "mona", json=asked)

    assert made.status_code == 200, made.text
    closure = made.json["closure"]
    assert closure["recurrence"] == {**when, "dates": []}
    dates = [each["begins_at"] for each in closure["dates"]]
    assert dates == ["2026-12-06T05:00:00Z", "2026-12-13T05:00:00Z"]
    lifted = ask("POST", f"/closures/{closure['id']}/lift", "mona", if_match='"1"', json={"begins_at": dates[0]})
    assert (lifted.status_code, lifted.json["state"]) == (200, "announced")
    assert [each["lifted_at"] is None for each in lifted.json["dates"]] == [False, True]
    assert ask("POST", f"/closures/{closure['id']}/lift", "mona", if_match='"2"').json["state"] == "lifted"
    assert client.get("/api/booking/closures").json["items"] == []


@pytest.mark.parametrize(
    "different",
    [
        {"recurrence": None},
        {"begins_at": "2026-12-06T05:00:00Z"},
        {"recurrence": None, "ends_at": "2026-12-06T05:00:00Z"},
        {"recurrence": {"starts": "2026-12-06T06:00"}},
    ],
)
def test_a_closure_is_once_or_again_and_not_both(ask: Any, different: dict[str, Any]) -> None:
    reason = {"nb": "Renhold", "nn": "Reinhald", "en": "Cleaning"}
    when = {"starts": "2026-12-06T06:00", "minutes": 180}
    asked = {"kind": "maintenance", "space": "room", "reason": reason, "recurrence": when, **different}

    assert ask("POST", "/closures", "mona", json=asked).status_code == 422


def test_those_that_are_live_come_next_first_and_those_that_are_over_latest_first(counter: Any, ask: Any) -> None:
    def listed(query: str) -> list[str]:
        found, cursor = [], ""
        while True:
            page = ask("GET", f"/bookings?mine=true&limit=1&{query}{cursor}", "kari").json
            found += [each["id"] for each in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    made = [
        ask("POST", "/bookings", "kari", json=body(counter, begins_at=begin.isoformat(), ends_at=end.isoformat())).json
        for begin, end in ((counter.quarter(at), counter.quarter(at + 4)) for at in (0, 4, 8, 12))
    ]
    ids = [each["id"] for each in made]
    for each in made[1:3]:
        assert ask("POST", f"/bookings/{each['id']}/cancel", "kari", if_match='"1"').status_code == 200

    assert listed("standing=live") == [ids[0], ids[3]]
    assert listed("standing=over") == [ids[2], ids[1]]
    assert listed("") == ids[::-1]
    of_live = ask("GET", "/bookings?mine=true&limit=1&standing=live", "kari").json["next_cursor"]
    other = ask("GET", f"/bookings?mine=true&limit=1&standing=over&cursor={of_live}", "kari")
    assert (other.status_code, other.json["code"]) == (422, "invalid_cursor")


def test_the_versions_in_the_requests_of_the_booking_page(counter: Any, ask: Any) -> None:
    page = (ROOT / "docs" / "booking.md").read_text()
    confirm, move, cancel = re.findall(r'^POST /bookings/{id}/\w+ +If-Match: ("\d+")', page, re.MULTILINE)
    made = ask("POST", "/bookings", "kari", json=body(counter))
    path, held = f"/bookings/{made.json['id']}", counter.load(SimpleNamespace(id=UUID(made.json["id"])))
    counter.deliver(counter.priced(held))
    assert ask("POST", f"{path}/confirm", "kari", if_match=confirm).status_code == 200
    later = {"begins_at": counter.quarter(40).isoformat(), "ends_at": counter.quarter(44).isoformat()}
    moved = ask("POST", f"{path}/reschedule", "kari", if_match=move, json={**later, "why": "Dirigenten er syk"})
    assert moved.status_code == 200
    anew = counter.priced(held, sequence=2, total=70000)
    counter.deliver(replace(anew, data=replace(anew.data, priced_sequence=moved.json["version"])))
    assert ask("POST", f"{path}/cancel", "kari", if_match=cancel, json={"why": "…"}).status_code == 200
