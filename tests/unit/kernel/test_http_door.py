"""The door: who gets in, how often, and what every answer carries."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from kernel.auth import IssuerUnavailable, Role
from kernel.http import access_rules, charge, create_app, one_at_a_time, public, service_blueprint
from kernel.http.validation import BODY_LIMIT, DEEPEST_BODY
from kernel.settings import Settings
from tests.callers import OPERATOR, RESIDENT, KnownCallers, bearer
from tests.unit.kernel.http_app import HALL, HALLS, FakeDatabase, app_of, client_of, halls

ONE = f"{HALLS}/{HALL}"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "missing_token"),
        (bearer("nobody"), 401, "invalid_token"),
        (bearer("expired"), 401, "expired_token"),
        (bearer(""), 401, "invalid_token"),
        ({"Authorization": "Basic a2FyaTprYXJp"}, 401, "invalid_token"),
        ({"Authorization": "kari"}, 401, "invalid_token"),
        (bearer("øystein"), 401, "invalid_token"),
        (bearer("odd"), 403, "forbidden"),
        (bearer("lock-1"), 403, "forbidden"),
        (bearer("kari"), 200, None),
        ({"Authorization": "bearer kari"}, 200, None),
    ],
)
def test_who_gets_in(headers: dict[str, str], status: int, code: str | None) -> None:
    answer = client_of().get(ONE, headers=headers)
    assert (answer.status_code, answer.json.get("code")) == (status, code)


@pytest.mark.parametrize(
    ("token", "challenge"),
    [
        (None, 'Bearer realm="torg"'),
        ("nobody", 'Bearer realm="torg", error="invalid_token"'),
        ("expired", 'Bearer realm="torg", error="invalid_token"'),
    ],
)
def test_a_401_says_how_to_sign_in(token: str | None, challenge: str) -> None:
    answer = client_of().get(ONE, headers=bearer(token) if token else {})
    assert answer.headers["WWW-Authenticate"] == challenge


def test_nothing_of_the_view_runs_for_one_who_may_not_come_in() -> None:
    database = FakeDatabase()
    client = client_of(database=database)
    for headers in ({}, bearer("kari"), bearer("expired")):
        client.post(HALLS, data=b"not even json", headers=headers)
    assert database.ended == []


def test_a_public_route_knows_its_visitor_if_there_is_a_token() -> None:
    seen: list[Any] = []
    client = client_of(lambda _, who, **__: seen.append(who))
    assert client.get(HALLS).status_code == 200
    assert client.get(HALLS, headers=bearer("kari")).status_code == 200
    assert client.get(HALLS, headers=bearer("nobody")).status_code == 401
    assert seen == [None, RESIDENT]


def test_the_caller_comes_to_the_view() -> None:
    seen: list[Any] = []
    client_of(lambda _, who, hall: seen.append(who)).post(HALLS, json={"name": "x"}, headers=bearer("odd"))
    assert seen == [OPERATOR]


def test_an_issuer_that_is_away_is_no_fault_of_the_caller() -> None:
    class Away:
        def verify(self, token: str) -> Any:
            raise IssuerUnavailable

    app = create_app("halls", FakeDatabase(), Settings(), [halls(lambda *_: None)], verifier=Away())
    answer = app.test_client().get(ONE, headers=bearer("kari"))
    assert (answer.status_code, answer.json["code"]) == (503, "issuer_unavailable")
    assert "Retry-After" in answer.headers


def test_the_rules_of_an_app_can_be_walked() -> None:
    assert access_rules(app_of()) == {
        "halls.list_halls": None,
        "halls.add_hall": {Role.OPERATOR, Role.ARENA_MANAGER},
        "halls.get_hall": {Role.RESIDENT},
        "halls.rename_hall": {Role.OPERATOR},
        "halls.remove_hall": {Role.OPERATOR},
    }


def test_a_route_that_says_nothing_of_access_is_refused_at_start() -> None:
    blp = service_blueprint("halls")

    @blp.route("/open")
    @public
    @blp.response(200)
    def open_to_all() -> None: ...

    @blp.route("/forgotten")
    @blp.response(200)
    def forgotten() -> None: ...

    with pytest.raises(ValueError, match=r"neither @allow nor @public: halls\.forgotten"):
        create_app("halls", FakeDatabase(), Settings(), [blp])


def test_a_route_added_behind_our_back_lets_nobody_in() -> None:
    app = app_of()
    app.add_url_rule("/back", "back", lambda: "open")
    assert app.test_client().get("/back").status_code == 401
    assert app.test_client().get("/back", headers=bearer("odd")).status_code == 403


@pytest.mark.parametrize(("size", "status"), [(BODY_LIMIT, 422), (BODY_LIMIT + 1, 413)])
def test_body_limit(size: int, status: int) -> None:
    body = b'{"name": "' + b"x" * (size - 12) + b'"}'
    assert len(body) == size
    answer = client_of().post(HALLS, data=body, content_type="application/json", headers=bearer("odd"))
    assert answer.status_code == status
    assert answer.json["code"] == ("invalid_request" if status == 422 else "body_too_large")


@pytest.mark.parametrize(("levels", "code"), [(DEEPEST_BODY, "invalid_request"), (DEEPEST_BODY + 1, "malformed_json")])
def test_how_deep_a_body_may_be(levels: int, code: str) -> None:
    lists = levels - 1
    body = b'{"name": ' + b"[" * lists + b"]" * lists + b"}"
    answer = client_of().post(HALLS, data=body, content_type="application/json", headers=bearer("odd"))
    assert answer.json["code"] == code


def test_body_limit_of_a_body_whose_length_nobody_said() -> None:
    body = BytesIO(b" " * (BODY_LIMIT + 1))
    answer = client_of().post(
        HALLS,
        input_stream=body,
        content_type="application/json",
        headers=bearer("odd"),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


def test_rate_limit_is_for_each_caller() -> None:
    client = client_of(rate_limit_per_minute=3)
    mine = [client.get(ONE, headers=bearer("kari")) for _ in range(4)]
    assert [answer.status_code for answer in mine] == [200, 200, 200, 429]
    assert mine[3].json["code"] == "too_many_requests"
    assert 1 <= int(mine[3].headers["Retry-After"]) <= 21
    assert client.get(ONE, headers=bearer("ola")).status_code == 200


def test_rate_limit_without_a_good_token_is_for_the_address() -> None:
    client = client_of(rate_limit_per_minute=3)
    requests = [{}, bearer("nobody"), bearer("expired"), bearer("someone")]
    assert [client.get(ONE, headers=headers).status_code for headers in requests] == [401, 401, 401, 429]
    elsewhere = {"REMOTE_ADDR": "192.0.2.9"}
    assert client.get(ONE, environ_overrides=elsewhere).status_code == 401
    assert client.get(ONE, headers=bearer("kari")).status_code == 200


def left(answer: TestResponse) -> str:
    return answer.headers["RateLimit"].split(";")[1]


def test_a_dear_request_costs_more_of_the_allowance() -> None:
    client = client_of(lambda *_, **__: charge(5), rate_limit_per_minute=12)
    answers = [client.get(HALLS) for _ in range(3)]
    assert [(answer.status_code, left(answer)) for answer in answers] == [(200, "r=7"), (200, "r=2"), (429, "r=1")]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 16
    assert client.get(HALLS, headers=bearer("kari")).status_code == 200


@pytest.mark.parametrize("cost", [3, 4, 5])
def test_what_costs_more_than_the_whole_allowance_takes_all_of_it(cost: int) -> None:
    client = client_of(lambda *_, **__: charge(cost), rate_limit_per_minute=4)
    assert left(client.get(HALLS)) == ("r=1" if cost == 3 else "r=0")


def test_the_dearest_is_done_once_at_a_time_for_each_caller() -> None:
    again: list[int] = []

    def act(*_: object, **__: object) -> None:
        with one_at_a_time():
            if not again:
                again.append(0)
                again.append(app.test_client().get(HALLS).status_code)

    app = app_of(act)
    assert app.test_client().get(HALLS).status_code == 200
    assert again == [0, 429]
    assert app.test_client().get(HALLS).status_code == 200


def test_who_is_signed_in_does_not_wait_for_strangers() -> None:
    meanwhile: list[int] = []

    def act(_: Any, who: Any, **__: Any) -> None:
        with one_at_a_time():
            if who is None:
                meanwhile.append(app.test_client().get(HALLS, headers=bearer("kari")).status_code)

    app = app_of(act)
    assert app.test_client().get(HALLS).status_code == 200
    assert meanwhile == [200]


def test_paths_that_are_not_there_count_too() -> None:
    client = client_of(rate_limit_per_minute=2)
    assert [client.get(f"/{n}").status_code for n in range(3)] == [404, 404, 429]


def test_every_answer_tells_the_rate() -> None:
    client = client_of(rate_limit_per_minute=60)
    headers = [client.get(HALLS).headers for _ in range(2)]
    assert headers[0]["RateLimit-Policy"] == '"caller";q=60;w=60'
    assert [each["RateLimit"].split(";")[1] for each in headers] == ["r=59", "r=58"]


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "192.0.2.2"), (2, "192.0.2.1")])
def test_only_as_many_proxies_are_believed_as_there_are(proxies: int, seen: str) -> None:
    app = app_of(trusted_proxies=proxies, rate_limit_per_minute=1)
    client = app.test_client()
    client.get(HALLS, headers={"X-Forwarded-For": "192.0.2.1, 192.0.2.2"})
    assert app.extensions["torg"].rate.take(f"address {seen}").wait > 0


@pytest.mark.parametrize("path", [HALLS, ONE, "/nowhere", "/api/halls/openapi.json"])
def test_security_headers(path: str) -> None:
    headers = client_of().get(path, headers=bearer("kari")).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Strict-Transport-Security" not in headers


def test_https_is_to_be_kept_to() -> None:
    answer = client_of().get(HALLS, base_url="https://torg.test")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize(
    ("path", "token", "kept"),
    [(HALLS, None, "no-cache"), (HALLS, "kari", "no-store"), (ONE, "kari", "no-store"), (ONE, None, "no-store")],
)
def test_what_is_for_one_caller_is_not_stored(path: str, token: str | None, kept: str) -> None:
    answer = client_of().get(path, headers=bearer(token) if token else {})
    assert answer.headers["Cache-Control"] == kept


def test_the_trace_goes_on_from_the_callers_or_begins() -> None:
    client = client_of()
    sent = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    assert client.get(HALLS, headers=sent).headers["X-Correlation-Id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    made = {client.get(HALLS).headers["X-Correlation-Id"] for _ in range(2)}
    assert len(made) == 2
    assert {len(each) for each in made} == {32}


def test_one_log_line_by_route_and_without_the_path() -> None:
    with capture_logs() as logs:
        client_of().get(f"{ONE}?limit=2", headers=bearer("kari"))
    assert [{**log, "ms": 0} for log in logs] == [
        {
            "event": "request",
            "log_level": "info",
            "service": "halls",
            "method": "GET",
            "route": "/api/halls/halls/<uuid:hall>",
            "status": 200,
            "ms": 0,
        }
    ]


def logged(answered: Callable[[], Any]) -> dict[str, Any]:
    """What the request's line says of who did what."""
    with capture_logs() as logs:
        answered()
    line = next(each for each in logs if each["event"] == "request")
    return {name: line[name] for name in ("who", "about", "code") if name in line}


def test_the_log_says_who_changed_something_or_was_refused() -> None:
    kari, odd, about = str(RESIDENT.person), str(OPERATOR.person), {"hall": str(HALL)}
    client = client_of()
    assert logged(lambda: client.get(ONE, headers=bearer("kari"))) == {}
    assert logged(lambda: client.get(f"{ONE}?limit=2", headers=bearer("odd"))) == {
        "who": odd, "about": about, "code": "forbidden",
    }  # fmt: skip
    assert logged(lambda: client.post(HALLS, json={"name": "x"}, headers=bearer("odd"))) == {"who": odd}
    assert logged(lambda: client.post(HALLS, json={}, headers=bearer("kari"))) == {"who": kari, "code": "forbidden"}
    assert logged(lambda: client.get(ONE)) == {"code": "missing_token"}


def test_the_log_says_what_managers_and_operators_look_at() -> None:
    assert logged(lambda: client_of().get(HALLS, headers=bearer("odd"))) == {"who": str(OPERATOR.person)}
    assert logged(lambda: client_of().get(HALLS, headers=bearer("kari"))) == {}


def counted(**labels: str) -> float:
    return REGISTRY.get_sample_value("torg_http_requests_total", {"service": "halls", **labels}) or 0.0


def test_requests_are_counted_by_route() -> None:
    labels = {"route": "/api/halls/halls/<uuid:hall>", "method": "GET"}
    before = counted(status="200", **labels)
    client_of().get(ONE, headers=bearer("kari"))
    assert counted(status="200", **labels) == before + 1
    assert REGISTRY.get_sample_value("torg_http_request_seconds_count", {"service": "halls", **labels})


def test_made_up_paths_and_methods_are_one_series() -> None:
    labels = {"route": "unknown", "method": "unknown", "status": "405"}
    before = counted(**labels)
    client = client_of()
    for method in ("BREW", "DELETE", "PROPFIND"):
        client.open(HALLS, method=method)
    assert counted(**labels) == before + 3


def test_an_app_can_be_made_twice_of_the_same_blueprint() -> None:
    blueprint = halls(lambda *_, **__: None)
    apps: list[Flask] = [
        create_app("halls", FakeDatabase(), Settings(), [blueprint], verifier=KnownCallers()) for _ in range(2)
    ]
    assert [app.test_client().get(HALLS).status_code for app in apps] == [200, 200]


def test_without_issuers_every_token_is_refused() -> None:
    app = create_app("halls", FakeDatabase(), Settings(), [halls(lambda *_, **__: None)])
    assert app.test_client().get(ONE, headers=bearer("kari")).json["code"] == "invalid_token"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("torg.example.no", 200),
        ("torg.example.no:8443", 200),
        ("127.0.0.1:8001", 200),
        ("localhost", 200),
        ("evil.example", 421),
        ("torg.example.no.evil.example", 421),
        ("sub.torg.example.no", 421),
        ("", 421),
    ],
)
def test_an_api_answers_under_its_own_names_alone(host: str, status: int) -> None:
    client = client_of(hosts=["torg.example.no"])
    answer = client.get(HALLS, headers={"Host": host})
    assert (answer.status_code, answer.json.get("code")) == (status, None if status == 200 else "unknown_host")


def test_an_api_that_is_told_no_names_answers_under_any() -> None:
    assert client_of().get(HALLS, headers={"Host": "any.example"}).status_code == 200
