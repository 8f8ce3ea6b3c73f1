"""Access over HTTP: who is shown what, what a door answers, and what a stranger never learns."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kernel.auth import Caller, Role
from kernel.ids import new_id
from kernel.settings import Settings, SettingsError
from services.access.api import build
from tests.bookings import BEGINS_AT, ENDS_AT, Told, published
from tests.callers import KnownCallers, bearer, caller

KARI, OLA, MONA, NOOR, ODD = (bearer(name) for name in ("kari", "ola", "mona", "noor", "odd"))
LOCK = str(new_id())


class KnownLocks(KnownCallers):
    """A lock's token is its id."""

    def verify(self, token: str) -> Caller:
        return caller(token, Role.DEVICE) if token.count("-") == 4 else super().verify(token)


@pytest.fixture
def client(square: Any) -> FlaskClient:
    settings = Settings(access_code_key="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    return build(settings, database=square.database, verifier=KnownLocks()).test_client()


@pytest.fixture
def get(client: FlaskClient) -> Callable[..., TestResponse]:
    return lambda path, who, **query: client.get(f"/api/access{path}", headers=who, query_string=query)


@pytest.fixture
def post(client: FlaskClient) -> Callable[..., TestResponse]:
    return lambda path, who, body=None, **headers: client.post(f"/api/access{path}", headers=who | headers, json=body)


def test_the_one_who_booked_is_shown_the_key(square: Any, get: Any) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    before = get("/keys", KARI, booking=booking.id).json["items"][0]
    assert (before["state"], before["code"], before["version"]) == ("issued", None, 1)
    square.settle()
    answer = get("/keys", KARI, booking=booking.id)
    [key] = answer.json["items"]
    assert key == {
        "id": key["id"],
        "booking": str(booking.id),
        "series": None,
        "times": [
            {
                "key": key["id"],
                "booking": str(booking.id),
                "state": "armed",
                "valid_from": "2026-12-03T16:45:00Z",
                "valid_until": "2026-12-03T19:15:00Z",
            }
        ],
        "space": "borgen-storsal",
        "lock": str(square.lock()),
        "state": "armed",
        "valid_from": "2026-12-03T16:45:00Z",
        "valid_until": "2026-12-03T19:15:00Z",
        "code": key["code"],
        "renewed_at": None,
        "version": 2,
    }
    assert len(key["code"]) == 6
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_code_is_shown_no_more_once_it_is_not_live(square: Any, get: Any) -> None:
    revoked, over = Told(), Told(begins_at=BEGINS_AT - timedelta(days=1), ends_at=ENDS_AT - timedelta(days=1))
    square.deliver(revoked.confirmed(), over.confirmed())
    square.settle()
    square.deliver(revoked.cancelled())
    square.at(BEGINS_AT)
    assert [(key["state"], key["code"]) for key in get("/keys", KARI).json["items"]] == [
        ("armed", None),
        ("revoked", None),
    ]


@pytest.mark.parametrize("who", [OLA, MONA])
def test_others_are_shown_no_key(square: Any, get: Any, post: Any, who: dict[str, str]) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    square.settle()
    key = square.keys_of()[0].id
    assert get("/keys", who, booking=booking.id).json["items"] == []
    assert post(f"/keys/{key}/unlock", who).status_code == 404


def test_keys_come_by_time_and_a_page_at_a_time(square: Any, get: Any) -> None:
    days = [3, 1, 2]
    later = [(BEGINS_AT + timedelta(days=day), ENDS_AT + timedelta(days=day)) for day in days]
    square.deliver(*[Told(begins_at=begins, ends_at=ends).confirmed() for begins, ends in later])
    first = get("/keys", KARI, limit=2).json
    rest = get("/keys", KARI, limit=2, cursor=first["next_cursor"]).json
    begins = [key["valid_from"][:10] for key in first["items"] + rest["items"]]
    assert begins == ["2026-12-04", "2026-12-05", "2026-12-06"]
    assert rest["next_cursor"] is None


def test_a_door_answers_what_it_did(square: Any, post: Any) -> None:
    square.deliver(Told().confirmed())
    square.settle()
    key = square.keys_of()[0]
    unlock = f"/keys/{key.id}/unlock"
    assert post(unlock, KARI).json == {"outcome": "refused", "reason": "too_early", "at": "2026-11-26T17:00:00Z"}
    square.at(BEGINS_AT)
    answer = post(f"/locks/{square.lock()}/unlock", bearer(str(square.lock())), {"code": key.code})
    assert answer.status_code == 200
    assert answer.json == {"outcome": "opened", "reason": None, "at": "2026-12-03T17:00:00Z"}


def test_a_try_sent_twice_is_one_try(square: Any, get: Any, post: Any) -> None:
    square.deliver(published())
    sent = {"Idempotency-Key": "try-1"}
    tries = [
        post(f"/locks/{square.lock()}/unlock", bearer(str(square.lock())), {"code": "999999"}, **sent) for _ in range(2)
    ]
    assert tries[0].json == tries[1].json
    assert len(get("/entries", ODD).json["items"]) == 1


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "１２３４５６", "123456\n", "", 123456, None])
def test_what_is_no_code_is_no_try(square: Any, get: Any, post: Any, code: object) -> None:
    square.deliver(published())
    answer = post(f"/locks/{square.lock()}/unlock", bearer(str(square.lock())), {"code": code})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert get("/entries", ODD).json["items"] == []


def test_a_lock_that_is_not_there(post: Any) -> None:
    assert post(f"/locks/{LOCK}/unlock", bearer(LOCK), {"code": "123456"}).status_code == 404


def test_a_lock_tries_no_codes_at_another(square: Any, get: Any, post: Any) -> None:
    square.deliver(Told().confirmed())
    square.settle()
    square.at(BEGINS_AT)
    code = {"code": square.keys_of()[0].code}
    answer = post(f"/locks/{square.lock()}/unlock", bearer(LOCK), code)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert get("/entries", ODD).json["items"] == []
    assert post(f"/locks/{square.lock()}/unlock", bearer(str(square.lock())), code).json["outcome"] == "opened"


def test_the_locks_of_the_squares_one_oversees(square: Any, get: Any) -> None:
    tofte = {"square": "tofte", "arena": "tofte-bibliotek", "arena_name": "Tofte bibliotek", "space_name": "Fablab"}
    square.deliver(published(), published("tofte-fablab", **tofte), Told(space="borgen-moterom").confirmed())
    assert [lock["space"] for lock in get("/locks", ODD).json["items"]] == [
        "borgen-moterom",
        "borgen-storsal",
        "tofte-fablab",
    ]
    assert [lock["space"] for lock in get("/locks", ODD, square="tofte").json["items"]] == ["tofte-fablab"]
    mine = get("/locks", MONA, limit=1).json
    assert mine["items"][0]["space_name"] is None
    [lock] = get("/locks", MONA, limit=1, cursor=mine["next_cursor"]).json["items"]
    assert lock == {
        "id": str(square.lock()),
        "space": "borgen-storsal",
        "space_name": "Storsalen",
        "arena": "borgen-innbyggertorg",
        "arena_name": "Borgen innbyggertorg",
        "square": "borgen",
        "minutes_before": 15,
        "minutes_after": 15,
        "shut_since": None,
        "shut_why": None,
        "without_news": "own_time",
        "own_interest": False,
    }


def test_the_entry_log_of_the_squares_one_oversees(square: Any, get: Any, post: Any) -> None:
    booking = Told()
    square.deliver(booking.confirmed())
    square.settle()
    key = square.keys_of()[0].id
    for moment in (BEGINS_AT, ENDS_AT + timedelta(hours=1)):
        square.at(moment)
        post(f"/keys/{key}/unlock", KARI)
    newest = get("/entries", MONA, limit=1, square="borgen").json
    [entry] = get("/entries", MONA, limit=1, cursor=newest["next_cursor"], square="borgen").json["items"]
    assert [each["reason"] for each in newest["items"]] == ["too_late"]
    assert entry == {
        "id": entry["id"],
        "outcome": "opened",
        "reason": None,
        "at": "2026-12-03T17:00:00Z",
        "lock": str(square.lock()),
        "space": "borgen-storsal",
        "square": "borgen",
        "key": str(key),
        "booking": str(booking.id),
    }
    assert get("/entries", NOOR).json["items"] == []
    assert len(get("/entries", ODD).json["items"]) == 2


@pytest.mark.parametrize("path", ["/locks", "/entries"])
def test_a_manager_is_told_nothing_of_other_squares(get: Any, path: str) -> None:
    answer = get(path, NOOR, square="borgen")
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/keys", {"kari", "ola", "mona", "noor"}),
        ("POST", "/keys/{id}/unlock", {"kari", "ola", "mona", "noor"}),
        ("GET", "/locks", {"mona", "noor", "odd"}),
        ("POST", "/locks/{id}/unlock", {LOCK}),
        ("GET", "/entries", {"mona", "noor", "odd"}),
    ],
)
def test_each_route_lets_in_its_roles_only(client: FlaskClient, method: str, path: str, allowed: set[str]) -> None:
    at = f"/api/access{path.format(id=LOCK)}"
    assert client.open(at, method=method).status_code == 401
    for name in ("kari", "ola", "mona", "noor", "odd", LOCK):
        refused = client.open(at, method=method, headers=bearer(name), json={"code": "123456"}).status_code == 403
        assert refused is (name not in allowed)


def test_access_has_no_app_without_the_key_for_codes() -> None:
    with pytest.raises(SettingsError, match="TORG_ACCESS_CODE_KEY"):
        build(Settings(access_database_url="postgresql://nobody@127.0.0.1/nothing"))
