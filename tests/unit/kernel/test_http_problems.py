"""Errors over HTTP: each a problem with a code, in the caller's language, that tells nothing it should not."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import exc
from structlog.testing import capture_logs
from werkzeug.exceptions import ImATeapot

from kernel.auth import Forbidden
from kernel.db import DatabaseUnavailable
from kernel.errors import Text
from kernel.http.problems import kind_of_problem, title
from kernel.problems import NotFound
from tests.callers import bearer
from tests.unit.kernel.http_app import HALLS, FakeDatabase, HallTaken, client_of, raising, refused

ODD = bearer("odd")
TRACE = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
HALL = {"name": "Teglen"}


def test_a_domain_error_is_told_with_its_code_and_fields() -> None:
    client = client_of(raising(HallTaken(hall="Teglen")))
    answer = client.post(HALLS, json=HALL, headers=ODD | TRACE)
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "/problems/test_hall_taken",
        "title": "Kolliderer med noe annet",
        "status": 409,
        "detail": "Teglen er opptatt.",
        "code": "test_hall_taken",
        "instance": "urn:uuid:4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
        "fields": {"hall": "Teglen"},
    }


@pytest.mark.parametrize(
    ("asked", "language", "detail"),
    [
        (None, "nb", "Teglen er opptatt."),
        ("nn", "nn", "Teglen er oppteken."),
        ("nn-NO, nb;q=0.8", "nn", "Teglen er oppteken."),
        ("en-GB,en;q=0.9", "en", "Teglen is taken."),
        ("no", "nb", "Teglen er opptatt."),
        ("nb-NO", "nb", "Teglen er opptatt."),
        ("de, fr", "nb", "Teglen er opptatt."),
        ("de, en;q=0.1", "en", "Teglen is taken."),
        ("*", "nb", "Teglen er opptatt."),
        ("nb;q=0, en", "en", "Teglen is taken."),
        ("æøå;;q=x", "nb", "Teglen er opptatt."),
    ],
)
def test_language(asked: str | None, language: str, detail: str) -> None:
    client = client_of(raising(HallTaken(hall="Teglen")))
    answer = client.post(HALLS, json=HALL, headers=ODD | ({"Accept-Language": asked} if asked else {}))
    assert (answer.headers["Content-Language"], answer.json["detail"]) == (language, detail)
    assert answer.headers["Vary"] == "Accept-Language"


def test_a_field_that_is_no_json_is_told_as_text() -> None:
    client = client_of(raising(HallTaken(hall=HallTaken)))
    assert client.post(HALLS, json=HALL, headers=ODD).json["fields"]["hall"].startswith("<class")


@pytest.mark.parametrize(
    ("language", "detail"), [("nb", "A er opptatt."), ("nn", "B er oppteken."), ("en", "C is taken.")]
)
def test_a_field_that_is_a_text_is_in_the_sentence_in_its_language(language: str, detail: str) -> None:
    client = client_of(raising(HallTaken(hall=Text("A", "B", "C"))))
    answer = client.post(HALLS, json=HALL, headers=ODD | {"Accept-Language": language})
    assert (answer.json["detail"], answer.json.get("fields")) == (detail, None)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", f"{HALLS}/not-a-uuid", 404, "not_found"),
        ("GET", f"{HALLS}/", 404, "not_found"),
        ("DELETE", HALLS, 405, "method_not_allowed"),
        ("OPTIONS", HALLS, 405, "method_not_allowed"),
        ("GET", "/api/halls/docs/assets/..%2f__init__.py", 404, "not_found"),
        ("GET", "/api/halls/docs/assets/swagger-ui.js", 404, "not_found"),
    ],
)
def test_flasks_own_errors_are_problems(method: str, path: str, status: int, code: str) -> None:
    answer = client_of().open(path, method=method)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert (answer.json["status"], answer.json["code"]) == (status, code)


def test_a_method_that_is_not_there_is_told_which_are() -> None:
    allowed = client_of().delete(HALLS).headers["Allow"]
    assert set(allowed.split(", ")) == {"GET", "HEAD", "POST"}


def test_an_unknown_kind_of_http_error_is_a_bad_request() -> None:
    answer = client_of(raising(ImATeapot("short and stout"))).get(HALLS)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")
    assert b"stout" not in answer.data


@pytest.mark.parametrize(
    "error",
    [RuntimeError("a secret"), exc.ProgrammingError("SELECT secret", {}, Exception("secret")), KeyError("secret")],
)
def test_a_fault_of_ours_gives_nothing_away_and_is_logged(error: Exception) -> None:
    with capture_logs() as logs:
        answer = client_of(raising(error)).get(HALLS, headers=TRACE)
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert answer.json["instance"] == "urn:uuid:4bf92f35-77b3-4da6-a3ce-929d0e0e4736"
    assert b"secret" not in answer.data
    assert b"Traceback" not in answer.data
    [logged] = [log for log in logs if log["event"] == "unhandled_exception"]
    assert logged["exc_info"] is error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (refused(None), 503, "temporarily_unavailable"),
        (refused("57P01"), 503, "temporarily_unavailable"),
        (refused("53300"), 503, "temporarily_unavailable"),
        (refused("08006"), 503, "temporarily_unavailable"),
        (exc.TimeoutError(), 503, "temporarily_unavailable"),
        (DatabaseUnavailable(), 503, "temporarily_unavailable"),
        (refused("57014"), 504, "timed_out"),
        (refused("55P03"), 503, "busy"),
        (refused("22003", exc.DataError), 422, "invalid_request"),
        (refused("22P02", exc.DataError), 422, "invalid_request"),
        (refused("22012", exc.DataError), 500, "internal_error"),
        (refused("42P01", exc.ProgrammingError), 500, "internal_error"),
        (refused("23505", exc.IntegrityError), 500, "internal_error"),
    ],
)
def test_what_the_database_says(error: Exception, status: int, code: str) -> None:
    answer = client_of(raising(error)).post(HALLS, json=HALL, headers=ODD)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert b"secret" not in answer.data
    assert ("Retry-After" in answer.headers) == (status == 503)


@pytest.mark.parametrize(
    "body", [b"{", b"", b"\xff\xfe", b"nul", b'{"name": NaN}', b"[" * 100_000, b"9" * 5000, b'{"a"}']
)
def test_a_body_that_is_no_json(body: bytes) -> None:
    answer = client_of().post(HALLS, data=body, content_type="application/json", headers=ODD)
    expected = (422, "invalid_request") if not body else (400, "malformed_json")
    assert (answer.status_code, answer.json["code"]) == expected


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_a_body_of_another_kind(kind: str) -> None:
    answer = client_of().post(HALLS, data=b'{"name": "Teglen"}', content_type=kind, headers=ODD)
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/merge-patch+json"])
def test_kinds_of_json(kind: str) -> None:
    assert client_of().post(HALLS, data=b'{"name": "Teglen"}', content_type=kind, headers=ODD).status_code == 201


def faults(body: Any, language: str = "en") -> list[tuple[str, str]]:
    database = FakeDatabase()
    headers = ODD | {"Accept-Language": language}
    data = body if isinstance(body, bytes) else json.dumps(body)
    answer = client_of(database=database).post(HALLS, data=data, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert database.ended == ["rolled back"]
    return [(fault["pointer"], fault["detail"]) for fault in answer.json["errors"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("#/name", "Is missing.")]),
        ({"name": None}, [("#/name", "May not be null.")]),
        ({"name": 7}, [("#/name", "Must be a text.")]),
        ({"name": ""}, [("#/name", "Must have 1 to 100.")]),
        ({"name": "x" * 101}, [("#/name", "Must have 1 to 100.")]),
        ({"name": "x", "seats": 0}, [("#/seats", "Must be from 1 to 500.")]),
        ({"name": "x", "seats": 501}, [("#/seats", "Must be from 1 to 500.")]),
        ({"name": "x", "seats": "many"}, [("#/seats", "Must be a number.")]),
        ({"name": "x", "seats": 1.5}, [("#/seats", "Must be a number.")]),
        ({"name": "x", "colour": "red"}, [("#/colour", "Is not known here.")]),
        ({"name": "x", "a/b~c d": 1}, [("#/a~1b~0c%20d", "Is not known here.")]),
        ({"name": "x", "parts": [{"name": "a"}, {}]}, [("#/parts/1/name", "Is missing.")]),
        ({"name": "x", "parts": [{}] * 4}, [(f"#/parts/{n}/name", "Is missing.") for n in range(4)]),
        ({"name": "x", "parts": [{"name": "a"}] * 4}, [("#/parts", "May have at most 3.")]),
        ({"name": "x", "parts": 3}, [("#/parts", "Must be a list.")]),
        ({"name": "x", "parts": [3]}, [("#/parts/0", "Must be an object.")]),
        ([], [("#", "Must be an object.")]),
        ("text", [("#", "Must be an object.")]),
        ({"name": "untranslated"}, [("#", "A message of its own.")]),
        (b'{"name": "a\\u0000b"}', [("#/name", "The text has characters that can't be stored.")]),
        (b'{"name": "\\ud83d"}', [("#/name", "The text has characters that can't be stored.")]),
        (b'{"parts": [{"\\u0000": ["\\udc00"]}]}', [
            ("#/parts/0/%00", "The text has characters that can't be stored."),
            ("#/parts/0/%00/0", "The text has characters that can't be stored."),
        ]),
    ],
)  # fmt: skip
def test_each_fault_of_a_body_is_named(body: Any, expected: list[tuple[str, str]]) -> None:
    assert faults(body) == expected


@pytest.mark.parametrize(("unknown", "named", "left_out"), [(50, 50, None), (51, 50, 1), (999, 50, 949)])
def test_an_answer_names_so_many_faults_and_counts_the_others(unknown: int, named: int, left_out: int | None) -> None:
    body = {"name": "x", **{f"colour{number}": 1 for number in range(unknown)}}
    answer = client_of().post(HALLS, json=body, headers=ODD)
    assert (len(answer.json["errors"]), answer.json.get("errors_left_out")) == (named, left_out)


@pytest.mark.parametrize(
    ("names", "code"), [(1000, "invalid_request"), (1001, "too_many_fields"), (60_000, "too_many_fields")]
)
@pytest.mark.parametrize("where", ["outside", "inside"])
def test_an_object_has_so_many_fields_at_most(names: int, code: str, where: str) -> None:
    many = {f"x{number}": 1 for number in range(names)}
    answer = client_of().post(HALLS, json=many if where == "outside" else {"parts": [many]}, headers=ODD)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert len(answer.data) < 10_000


@pytest.mark.parametrize(("length", "named"), [(298, "#/" + "x" * 298), (299, "#")])
def test_a_fault_says_no_longer_name_back_than_any_of_ours(length: int, named: str) -> None:
    assert faults({"name": "x", "x" * length: 1}) == [(named, "Is not known here.")]
    assert faults(b'{"name": "x", "%s": "\\u0000"}' % (b"x" * length)) == [
        (named, "The text has characters that can't be stored.")
    ]


def test_a_whole_character_written_as_two_escapes_is_a_character() -> None:
    answer = client_of().post(HALLS, data=b'{"name": "\\ud83d\\ude00"}', content_type="application/json", headers=ODD)
    assert answer.json["name"] == "😀"


@pytest.mark.parametrize(("language", "said"), [("nb", "Stenger før open."), ("nn", "Stengjer før open.")])
def test_a_schemas_own_text_is_translated(language: str, said: str) -> None:
    body = {"name": "x", "opens_at": "2026-03-29T12:00:00Z", "closes_at": "2026-03-29T12:00:00Z"}
    assert faults(body, language) == [("#/closes_at", said)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=0", ("limit", "Must be from 1 to 200.")),
        ("limit=201", ("limit", "Must be from 1 to 200.")),
        ("limit=ten", ("limit", "Must be a number.")),
        ("cursor=", ("cursor", "Must have 1 to 1000.")),
        ("colour=red", ("colour", "Is not known here.")),
    ],
)
def test_each_fault_of_a_query_is_named(query: str, expected: tuple[str, str]) -> None:
    answer = client_of().get(f"{HALLS}?{query}", headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert [(fault["parameter"], fault["detail"]) for fault in answer.json["errors"]] == [expected]


@pytest.mark.parametrize("query", ["limit=1", "limit=200"])
def test_the_ends_of_a_limit(query: str) -> None:
    assert client_of().get(f"{HALLS}?{query}").status_code == 200


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "bm9wZQ", "W251bGxd", "é", "WyJhIiwiYiJd", "a" * 1000])
def test_a_cursor_that_is_not_ours(cursor: str) -> None:
    answer = client_of().get(HALLS, query_string={"cursor": cursor})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize("path", [f"{HALLS}?cursor=%00", "/api/halls/%00", f"{HALLS}?%00=1"])
def test_a_nul_in_the_address_is_a_bad_request(path: str) -> None:
    assert client_of().get(path).json["code"] == "bad_request"


def test_titles_are_there_for_every_status_we_use_and_for_others_too() -> None:
    assert kind_of_problem(NotFound, "nn")["title"] == "Ikkje funne"
    assert kind_of_problem(Forbidden, "en")["title"] == "No access"
    assert title(418).nb == "I'm a Teapot"


def test_a_kind_of_problem_keeps_the_names_of_its_fields() -> None:
    assert kind_of_problem(HallTaken, "en")["detail"] == "{hall} is taken."


def test_every_english_validation_text_is_ours() -> None:
    """marshmallow's own texts all begin with these words; a new one of theirs would come through untranslated."""
    theirs = re.compile(
        r"Missing data|Field may|Not a valid|Unknown field|Must be (greater|less)|Length must|Shorter|Longer"
    )
    bodies: list[Any] = [
        {},
        {"name": None},
        {"name": 7},
        {"name": ""},
        {"name": "x", "seats": 0, "parts": 3, "b": 1},
        [],
    ]
    assert not [said for body in bodies for _, said in faults(body) if theirs.match(said)]
