"""The API described: OpenAPI 3.1, made from the routes' own decorators, and a page to browse it without the internet.

The page is Swagger UI, from the assets that the `flask-swagger-ui` package carries (renewed with Swagger UI's own
releases); the page around it is ours, as theirs has inline scripts, which our content security policy forbids.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from apispec import APISpec
from flask import Blueprint as FlaskBlueprint
from flask import Flask, Response, abort, send_from_directory, url_for
from flask_smorest import Api, Blueprint
from marshmallow import Schema, fields

from kernel import problems
from kernel.auth import ExpiredToken, Forbidden, InvalidToken, IssuerUnavailable, MissingToken
from kernel.errors import DomainError
from kernel.http.door import charge
from kernel.http.problems import kind_of_problem
from kernel.http.routes import Declared, View
from kernel.http.validation import RequestParser
from kernel.pagination import InvalidCursor, PageArguments
from kernel.release import VERSION
from kernel.versions import StaleVersion

PROBLEM = "application/problem+json"
DESCRIPTION_COST = 10
"""Of an openapi.json: some hundred kilobytes."""
_ASSETS = str(files("flask_swagger_ui") / "dist")
_SERVED_ASSETS = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-16x16.png", "favicon-32x32.png"})
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_ALWAYS = (problems.TooManyRequests, problems.InternalError, problems.TemporarilyUnavailable, problems.TimedOut)
_WITH_BODY = (
    problems.MalformedJson,
    problems.BodyTooLarge,
    problems.UnsupportedMediaType,
    problems.InvalidRequest,
)
_PARAMETERS: Mapping[str, dict[str, Any]] = {
    "Idempotency-Key": {
        "required": False,
        "description": "Made up by the caller, one for each intent (a UUID does well). Sent again with the same "
        "request, the first answer comes back and nothing is done twice.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "0192f3c4-7d1e-7a10-9c8e-2f6b8d0a4e11",
    },
    "If-Match": {
        "required": True,
        "description": 'The `ETag` last seen of the thing that is changed, or `*` for "whatever it is now".',
        "schema": {"type": "string"},
        "example": '"3"',
    },
}


class ProblemFault(Schema):
    """One thing wrong with a request."""

    detail = fields.String(required=True, metadata={"description": "What is wrong, in the language asked for."})
    pointer = fields.String(metadata={"description": "Where in the body (JSON pointer).", "example": "#/ends_at"})
    parameter = fields.String(metadata={"description": "Which query parameter.", "example": "limit"})


class Problem(Schema):
    """An error (RFC 9457). `code` is for machines and stays; `title` and `detail` are for people."""

    type = fields.String(required=True, metadata={"example": "/problems/not_found"})
    title = fields.String(required=True, metadata={"description": "The kind of error, in the language asked for."})
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What happened, in the language asked for."})
    code = fields.String(required=True, metadata={"example": "not_found"})
    instance = fields.String(metadata={"description": "The correlation id, to give when the error is reported."})
    fields_ = fields.Dict(data_key="fields", metadata={"description": "The values that `detail` speaks of."})
    errors = fields.List(fields.Nested(ProblemFault), metadata={"description": "The faults of an invalid request."})
    errors_left_out = fields.Integer(
        metadata={"description": "How many more faults it has, if they are not all named."}
    )


class ServiceBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest is untyped
    """The routes of one service, documented by what their decorators declare."""

    ARGUMENTS_PARSER = RequestParser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(_document)

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """As flask-smorest's, typed."""
        decorate: Callable[[View], View] = super().route(rule, **options)
        return decorate

    def arguments(self, schema: type[Schema] | Schema, **kwargs: Any) -> Callable[[View], View]:
        """As flask-smorest's, with the schema made once: webargs would make it anew for each request."""
        made = schema() if isinstance(schema, type) else schema
        decorate: Callable[[View], View] = super().arguments(made, **kwargs)
        return decorate

    def response(
        self, status: int, schema: type[Schema] | Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Callable[[View], View]:
        """As flask-smorest's, typed."""
        decorate: Callable[[View], View] = super().response(status, schema, **kwargs)
        return decorate

    def alt_response(self, status: int, *args: Any, **kwargs: Any) -> Callable[[View], View]:
        """As flask-smorest's, typed."""
        decorate: Callable[[View], View] = super().alt_response(status, *args, **kwargs)
        return decorate


class ServiceApi(Api):  # type: ignore[misc]  # flask-smorest is untyped
    """flask-smorest's Api, with problems where it has errors of its own form."""

    ERROR_SCHEMA = Problem
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _openapi_json(self) -> Response:
        """The description, which does not change: it is made once, and dearer than a question all the same."""
        charge(DESCRIPTION_COST)
        return Response(self._written, mimetype="application/json")

    @cached_property
    def _written(self) -> str:
        return json.dumps(self.spec.to_dict())

    def _register_pagination_header(self) -> None:
        """Our pages carry their cursor in the body; see `kernel.pagination`."""


def describe(app: Flask, service: str) -> ServiceApi:
    """Starts the description of an app; blueprints are then registered with it."""
    app.config.update(
        API_TITLE=f"Torg {service}",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=f"/api/{service}",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = ServiceApi(app, spec_kwargs={"info": {"description": _ABOUT.format(service=service)}})
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    api.spec.components.security_scheme("bearer", bearer)
    for name, parameter in _PARAMETERS.items():
        api.spec.components.parameter(name, "header", dict(parameter))
    return api


_ABOUT = """The {service} service of Torg.

Errors are problem+json (RFC 9457) in Bokmål, Nynorsk or English by `Accept-Language`. Times are RFC 3339 with an
offset. Lists come a page at a time: pass `next_cursor` as `cursor` for the next one."""


def docs_page(service: str) -> FlaskBlueprint:
    """The page at `/api/<service>/docs`, and what it loads."""
    blueprint = FlaskBlueprint("docs", __name__, url_prefix=f"/api/{service}/docs")

    @blueprint.get("")
    def page() -> Response:
        html = _PAGE.format(service=service, css=_asset("swagger-ui.css"), ui=_asset("swagger-ui-bundle.js"),
                            icon=_asset("favicon-32x32.png"), start=url_for("docs.start"))  # fmt: skip
        return Response(html, mimetype="text/html", headers={"Content-Security-Policy": _PAGE_POLICY})

    @blueprint.get("/start.js")
    def start() -> Response:
        return Response(_START % url_for("api-docs.openapi_json"), mimetype="text/javascript")

    @blueprint.get("/assets/<name>")
    def asset(name: str) -> Response:
        if name not in _SERVED_ASSETS:
            abort(HTTPStatus.NOT_FOUND)
        return send_from_directory(_ASSETS, name, max_age=86400)

    return blueprint


def _asset(name: str) -> str:
    return url_for("docs.asset", name=name)


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Torg {service}: the API</title>
<link rel="icon" href="{icon}">
<link rel="stylesheet" href="{css}">
</head>
<body>
<main id="api"></main>
<script src="{ui}"></script>
<script src="{start}"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "%s",
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""


def _document(
    doc: dict[str, Any], doc_info: Mapping[str, Any], *, spec: APISpec, method: str, **_: Any
) -> dict[str, Any]:
    """Adds to one operation what its decorators declare: token, headers and the errors it can answer with."""
    said: Declared = doc_info.get("declared", Declared())
    doc["security"] = [{"bearer": []}] if said.roles is not None else [{}, {"bearer": []}]
    if said.roles is not None:
        doc["x-roles"] = sorted(said.roles)
    doc.setdefault("parameters", []).extend(_headers(said, method))
    doc["responses"] = {**doc.get("responses", {}), **_problems(_errors(doc, said, method), spec)}
    return doc


def _headers(said: Declared, method: str) -> Iterable[str]:
    if said.writes and method == "post":
        yield "Idempotency-Key"
    if said.if_match:
        yield "If-Match"


def _errors(doc: Mapping[str, Any], said: Declared, method: str) -> Iterable[type[DomainError]]:
    yield from _ALWAYS
    yield from (problems.BadRequest, problems.NotFound, InvalidToken, ExpiredToken, IssuerUnavailable)
    if said.roles is not None:
        yield from (MissingToken, Forbidden)
    if "requestBody" in doc:
        yield from _WITH_BODY
    if queried := [each["schema"] for each in doc["parameters"] if isinstance(each, Mapping)]:
        yield problems.InvalidRequest
    if any(isinstance(schema, PageArguments) for schema in queried):
        yield InvalidCursor
    if said.writes:
        yield problems.Busy
    if said.writes and method == "post":
        yield from (problems.InvalidIdempotencyKey, problems.IdempotencyKeyReused, problems.AnswerErased)
    if said.if_match:
        yield from (problems.PreconditionRequired, StaleVersion, problems.InvalidIfMatch)
    yield from said.answers


def _problems(errors: Iterable[type[DomainError]], spec: APISpec) -> dict[str, Any]:
    """One response for each status, listing the codes that come with it, each with its example."""
    by_status: dict[int, dict[str, type[DomainError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, {})[error.code] = error
    return {str(status): _response(by_code, spec) for status, by_code in sorted(by_status.items())}


def _response(by_code: Mapping[str, type[DomainError]], spec: APISpec) -> dict[str, Any]:
    for code, error in by_code.items():
        if code not in spec.components.examples:
            spec.components.example(code, {"summary": error.text.en, "value": kind_of_problem(error, "en")})
    lines = [f"- `{code}`: {error.text.en}" for code, error in sorted(by_code.items())]
    return {
        "description": "\n".join(lines),
        "content": {PROBLEM: {"schema": Problem, "examples": {code: code for code in sorted(by_code)}}},
    }
