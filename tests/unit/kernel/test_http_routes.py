"""What the decorators of a route do: transactions, second tries, versions, and keys for requests sent twice."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from kernel.auth import Role
from kernel.http import allow, etag
from kernel.http.routes import expected_by
from kernel.problems import InvalidIfMatch, PreconditionRequired
from kernel.trace import current_traceparent
from kernel.versions import ANY_VERSION, Expected, StaleVersion
from tests.callers import bearer
from tests.unit.kernel.http_app import HALL, HALLS, FakeDatabase, HallTaken, client_of, raising, refused

ODD = bearer("odd")
TEGLEN = {"name": "Teglen"}
RENAME = f"{HALLS}/{HALL}/rename"


@pytest.fixture
def database() -> FakeDatabase:
    return FakeDatabase()


def test_a_write_is_committed(database: FakeDatabase) -> None:
    answer = client_of(database=database).post(HALLS, json=TEGLEN, headers=ODD)
    assert (answer.status_code, answer.json) == (201, TEGLEN)
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"{HALLS}/{HALL}"
    assert database.ended == ["committed"]


def test_a_read_is_a_transaction_of_its_own(database: FakeDatabase) -> None:
    client_of(database=database).get(HALLS)
    assert database.ended == ["read"]


@pytest.mark.parametrize("error", [HallTaken(hall="x"), RuntimeError(), refused("40001", IntegrityError)])
def test_a_write_that_fails_is_rolled_back(database: FakeDatabase, error: Exception) -> None:
    client_of(raising(error), database).post(HALLS, json=TEGLEN, headers=ODD)
    assert set(database.ended) == {"rolled back"}


def test_nothing_comes_of_an_answer_without_content(database: FakeDatabase) -> None:
    answer = client_of(database=database).delete(f"{HALLS}/{HALL}", headers=ODD | {"If-Match": '"3"'})
    assert (answer.status_code, answer.data) == (204, b"")
    assert database.ended == ["committed"]


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
@pytest.mark.parametrize(("failures", "status"), [(1, 201), (2, 201), (3, 503)])
def test_a_write_that_collides_is_run_again(database: FakeDatabase, sqlstate: str, failures: int, status: int) -> None:
    seen: list[Any] = []
    database.failing = [refused(sqlstate) for _ in range(failures)]
    answer = client_of(lambda _, who, hall: seen.append(hall), database).post(HALLS, json=TEGLEN, headers=ODD)
    assert answer.status_code == status
    assert seen == [TEGLEN] * min(failures + 1, 3)
    assert database.ended == (["rolled back"] * failures + ["committed"])[:3]
    assert answer.json.get("code") == ("busy" if status == 503 else None)


def test_no_other_failure_is_tried_again(database: FakeDatabase) -> None:
    database.failing = [refused("57014")]
    assert client_of(database=database).post(HALLS, json=TEGLEN, headers=ODD).json["code"] == "timed_out"
    assert database.ended == ["rolled back"]


def test_a_request_that_took_too_long_changes_nothing(database: FakeDatabase) -> None:
    client = client_of(database=database, request_timeout_seconds=1e-9)
    answer = client.post(HALLS, json=TEGLEN, headers=ODD)
    assert (answer.status_code, answer.json["code"]) == (504, "timed_out")
    assert database.ended == ["rolled back"]


def test_the_view_is_inside_the_trace_of_its_request() -> None:
    seen: list[str | None] = []
    client = client_of(lambda *_, **__: seen.append(current_traceparent()))
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    client.get(HALLS, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-00"})
    assert seen[0] is not None
    assert seen[0].startswith(f"00-{trace}-")
    assert seen[0].endswith("-00")
    assert current_traceparent() is None


def test_arguments_come_in_the_order_of_the_decorators() -> None:
    seen: list[Any] = []
    client = client_of(lambda tx, wanted, hall: seen.append((wanted, hall)))
    answer = client.post(RENAME, json={"name": "Nova"}, headers=ODD | {"If-Match": '"3"'})
    assert (answer.json, answer.headers["ETag"]) == ({"name": "Nova"}, '"4"')
    assert seen == [({"name": "Nova"}, HALL)]


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 428, "precondition_required"),
        ('"3"', 200, None),
        ('"2", "3"', 200, None),
        ("*", 200, None),
        ('"2"', 412, "stale_version"),
        ('"4"', 412, "stale_version"),
        ('W/"3"', 412, "stale_version"),
        ('W/"2","3"', 200, None),
        ('"another,kind"', 412, "stale_version"),
        ('""', 412, "stale_version"),
        ('"03"', 412, "stale_version"),
        ('"+3"', 412, "stale_version"),
        ('"0_3"', 412, "stale_version"),
        ('"\xd9\xa3"', 412, "stale_version"),  # an Arabic 3, as the wire has it
        ("3", 400, "invalid_if_match"),
        ('"3', 400, "invalid_if_match"),
        ('"3" "4"', 400, "invalid_if_match"),
        ("", 400, "invalid_if_match"),
        ('*, "3"', 400, "invalid_if_match"),
    ],
)
def test_if_match(database: FakeDatabase, header: str | None, status: int, code: str | None) -> None:
    headers = ODD | ({"If-Match": header} if header is not None else {})
    answer = client_of(database=database).post(RENAME, json={"name": "Nova"}, headers=headers)
    assert (answer.status_code, answer.json.get("code")) == (status, code)
    assert database.ended == ["committed" if status == 200 else "rolled back"]


def test_if_match_by_itself() -> None:
    assert expected_by("*") is ANY_VERSION
    assert expected_by(' "1" ,\t"2"') == Expected(frozenset({1, 2}))
    assert expected_by('"\xb2", "1.5", "-1", "9999999999999999999999"') == Expected(frozenset())
    with pytest.raises(PreconditionRequired):
        expected_by(None)
    with pytest.raises(InvalidIfMatch):
        expected_by('"a"b"')


@pytest.mark.parametrize(("current", "good"), [(2, False), (3, True), (4, False)])
def test_an_expected_version(current: int, good: bool) -> None:
    if good:
        Expected(frozenset({3})).check(current)
    else:
        with pytest.raises(StaleVersion):
            Expected(frozenset({3})).check(current)
    ANY_VERSION.check(current)


def test_what_etag_says_if_match_takes() -> None:
    assert expected_by(etag(12)["ETag"]) == Expected(frozenset({12}))


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "a" * 256, "a\tb"])
def test_an_idempotency_key_that_is_none(database: FakeDatabase, key: str) -> None:
    answer = client_of(database=database).post(HALLS, json=TEGLEN, headers=ODD | {"Idempotency-Key": key})
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_idempotency_key")
    assert database.ended == []


def test_a_key_on_anything_but_a_post_means_nothing(database: FakeDatabase) -> None:
    headers = ODD | {"If-Match": '"3"', "Idempotency-Key": ""}
    assert client_of(database=database).delete(f"{HALLS}/{HALL}", headers=headers).status_code == 204


def test_allow_needs_a_role() -> None:
    with pytest.raises(ValueError, match="@public"):
        allow()
    assert allow(Role.DEVICE)
