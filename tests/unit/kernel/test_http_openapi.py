"""The description of an API: valid OpenAPI 3.1, made of what the decorators say, and a page without the internet."""

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from kernel.release import VERSION
from tests.unit.kernel.http_app import client_of


@pytest.fixture(scope="module")
def described() -> Any:
    return client_of().get("/api/halls/openapi.json").json


def responses(described: Any, path: str, method: str) -> dict[str, set[str]]:
    """The error codes of an operation, by status."""
    answers = described["paths"][path][method]["responses"]
    return {
        status: set(answer["content"]["application/problem+json"]["examples"])
        for status, answer in answers.items()
        if status >= "400"
    }


def test_it_is_openapi_3_1(described: Any) -> None:
    assert described["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(described).validate()


def test_its_version_is_the_release(described: Any) -> None:
    assert described["info"]["version"] == VERSION


def test_tokens_are_described(described: Any) -> None:
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    halls = described["paths"]["/api/halls/halls"]
    assert halls["post"]["security"] == [{"bearer": []}]
    assert halls["post"]["x-roles"] == ["arena_manager", "operator"]
    assert {} in halls["get"]["security"]
    assert "x-roles" not in halls["get"]


def parameters(described: Any, path: str, method: str) -> set[str]:
    listed = described["paths"][path][method]["parameters"]
    return {each["$ref"].rpartition("/")[2] if "$ref" in each else each["name"] for each in listed}


def test_headers_are_described_where_they_are_taken(described: Any) -> None:
    one = "/api/halls/halls/{hall}"
    assert parameters(described, "/api/halls/halls", "post") == {"Idempotency-Key"}
    assert parameters(described, "/api/halls/halls", "get") == {"limit", "cursor"}
    assert parameters(described, f"{one}/rename", "post") == {"Idempotency-Key", "If-Match"}
    assert parameters(described, one, "delete") == {"If-Match"}
    assert parameters(described, one, "get") == set()


def test_errors_are_described_where_they_can_come(described: Any) -> None:
    assert responses(described, "/api/halls/halls", "post") == {
        "400": {"bad_request", "malformed_json", "invalid_idempotency_key"},
        "401": {"missing_token", "invalid_token", "expired_token"},
        "403": {"forbidden"},
        "404": {"not_found"},
        "409": {"test_hall_taken"},
        "410": {"answer_erased"},
        "413": {"body_too_large"},
        "415": {"unsupported_media_type"},
        "422": {"invalid_request", "idempotency_key_reused"},
        "429": {"too_many_requests"},
        "500": {"internal_error"},
        "503": {"temporarily_unavailable", "busy", "issuer_unavailable"},
        "504": {"timed_out"},
    }
    assert responses(described, "/api/halls/halls/{hall}", "delete").keys() >= {"412", "428"}
    assert responses(described, "/api/halls/halls", "get")["401"] == {"invalid_token", "expired_token"}
    assert responses(described, "/api/halls/halls", "get")["422"] == {"invalid_request", "invalid_cursor"}
    assert "422" not in responses(described, "/api/halls/halls/{hall}", "get")


def test_each_error_has_an_example(described: Any) -> None:
    example = described["components"]["examples"]["test_hall_taken"]
    assert example["value"]["detail"] == "{hall} is taken."
    assert example["value"]["type"] == "/problems/test_hall_taken"


def test_what_comes_out_and_in_is_described(described: Any) -> None:
    post = described["paths"]["/api/halls/halls"]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/Hall"
    assert post["responses"]["201"]["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/Hall"
    schemas = described["components"]["schemas"]
    assert schemas["HallPage"]["properties"]["items"]["items"]["$ref"] == "#/components/schemas/Hall"
    assert schemas["Hall"]["additionalProperties"] is False
    assert schemas["Hall"]["properties"]["opens_at"]["format"] == "date-time"


def test_the_page_loads_nothing_from_elsewhere() -> None:
    client = client_of()
    page = client.get("/api/halls/docs")
    assert page.content_type.startswith("text/html")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 4
    for path in loaded:
        answer = client.get(path)
        assert (path.startswith("/api/halls/docs/"), answer.status_code) == (True, 200)
        assert answer.data
    assert "/api/halls/openapi.json" in client.get("/api/halls/docs/start.js").text


def test_the_page_runs_scripts_of_its_own_only() -> None:
    page = client_of().get("/api/halls/docs")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert not re.search(r"<script(?! src=)", page.text)


def test_it_is_made_once_and_costs_more_than_a_question() -> None:
    client = client_of(rate_limit_per_minute=60)
    first, second = (client.get("/api/halls/openapi.json") for _ in range(2))
    assert first.data == second.data
    assert [each.headers["RateLimit"].split(";")[1] for each in (first, second)] == ["r=50", "r=40"]
