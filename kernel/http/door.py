"""The door every request passes: rate, size and token on the way in; headers, counts and one log line on the way out.

Which roles a route lets in is declared by its decorators (`kernel.http.routes`); without, nobody gets in.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import structlog
from flask import Flask, Response, current_app, g, request

from kernel import telemetry
from kernel.auth import Caller, Forbidden, InvalidToken, MissingToken, Role, Verifier
from kernel.db import Database
from kernel.http.ratelimit import WINDOW_SECONDS, Allowance, RateLimit
from kernel.http.turns import Turns
from kernel.http.validation import BODY_LIMIT
from kernel.problems import BadRequest, BodyTooLarge, TooManyRequests
from kernel.trace import continued, current_traceparent, trace, trace_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = structlog.get_logger("kernel.http.access")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HSTS = "max-age=63072000; includeSubDomains"


Rule: TypeAlias = frozenset[Role] | None
"""Who a route lets in: callers with one of these roles; None is everyone."""
_NOBODY: Rule = frozenset()


@dataclass(frozen=True, slots=True)
class Door:
    """What the door of one app knows. `turns` are those of callers with a token, `strangers` those of all others;
    `rules` is by endpoint; `secret` is what kept requests are told apart by."""

    service: str
    database: Database
    verifier: Verifier
    rate: RateLimit
    turns: Turns
    strangers: Turns
    timeout_seconds: float
    rules: Mapping[str, Rule]
    secret: bytes

    @staticmethod
    def current() -> "Door":
        """The door of the app that answers this request."""
        door: Door = current_app.extensions["torg"]
        return door

    def open(self, app: Flask) -> None:
        """Puts every request of the app through this door."""
        app.extensions["torg"] = self
        app.before_request(_enter)
        app.after_request(_leave)
        app.wsgi_app = _Traced(app.wsgi_app)  # type: ignore[method-assign]


def caller() -> Caller:
    """Who is calling. Only on routes with `@allow`: elsewhere there may be nobody, see `visitor`."""
    found = visitor()
    if found is None:
        raise MissingToken
    return found


def visitor() -> Caller | None:
    """Who is calling, or None when a public route was called without a token."""
    found: Caller | None = g.get("caller")
    return found


class _Traced:
    """Gives each request its trace, for its log lines and for the events it emits."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with trace(continued(environ.get("HTTP_TRACEPARENT"))):
            return self._app(environ, start_response)


def _enter() -> None:
    g.begun = time.perf_counter()
    door = Door.current()
    try:
        g.caller = _identified(door.verifier)
    finally:
        _take(door.rate, 1)
    if "\0" in request.path or "%00" in request.environ.get("QUERY_STRING", ""):
        raise BadRequest
    if (request.content_length or 0) > BODY_LIMIT:
        raise BodyTooLarge
    if request.endpoint is not None:
        _admit(door.rules.get(request.endpoint, _NOBODY))


def _identified(verifier: Verifier) -> Caller | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise InvalidToken
    return verifier.verify(token.strip())


def charge(cost: int) -> None:
    """Says that this request costs as much of its caller's allowance as so many ordinary ones, of about 20 ms of a
    database's time. Raises TooManyRequests when not so much is left."""
    rate = Door.current().rate
    _take(rate, min(cost, rate.per_minute) - 1)  # one was taken at the door


def one_at_a_time() -> AbstractContextManager[None]:
    """Around the dearest work: in a process it is done for one caller after the other, and for strangers in a line of
    their own, with rests. Raises TooManyRequests when this caller has some under way, or when too many wait."""
    door = Door.current()
    return (door.turns if visitor() else door.strangers).turn(_asker())


def _asker() -> str:
    """Whose allowance it is: the caller's; without a good token, that of the address it comes from."""
    found = visitor()
    return f"{found.issuer} {found.subject}" if found else f"address {request.remote_addr}"


def _take(rate: RateLimit, cost: int) -> None:
    g.allowance = rate.take(_asker(), cost)
    if g.allowance.wait:
        raise TooManyRequests(int(g.allowance.wait) + 1)


def _admit(rule: Rule) -> None:
    if rule is not None and not caller().has(*rule):
        raise Forbidden


def _leave(response: Response) -> Response:
    door = Door.current()
    headers = response.headers
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    if visitor() is not None or response.status_code >= 400:
        headers["Cache-Control"] = "no-store"
    else:
        headers.setdefault("Cache-Control", "no-cache")
    if (traceparent := current_traceparent()) is not None:
        headers["X-Correlation-Id"] = trace_id(traceparent)
    if request.is_secure:
        headers["Strict-Transport-Security"] = _HSTS
    if (allowance := g.get("allowance")) is not None:
        _tell_rate(headers, door.rate, allowance)
    _report(door.service, response.status_code)
    return response


def _tell_rate(headers: Any, rate: RateLimit, allowance: Allowance) -> None:
    headers["RateLimit-Policy"] = f'"caller";q={rate.per_minute};w={WINDOW_SECONDS}'
    headers["RateLimit"] = f'"caller";r={allowance.remaining};t={int(allowance.reset) + 1}'


def _report(service: str, status: int) -> None:
    """Counts the request and logs it by its route: the path itself may name people's things."""
    seconds = time.perf_counter() - g.begun
    # what no route matches is one series, however many paths and methods are made up
    route, method = (request.url_rule.rule, request.method) if request.url_rule else ("unknown", "unknown")
    telemetry.HTTP_REQUESTS.labels(service, route, method, status).inc()
    telemetry.HTTP_SECONDS.labels(service, route, method).observe(seconds)
    _log.info(
        "request",
        service=service,
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        **_accountable(status),
    )


def _accountable(status: int) -> dict[str, Any]:
    """Who did what to which things, as pseudonym and ids: of what changed something, of what was refused, and of all
    that managers and operators look at. What residents look at is nobody's business."""
    found = visitor()
    refused = status >= HTTPStatus.BAD_REQUEST
    told: dict[str, Any] = {"code": g.code} if "code" in g else {}
    if found and (refused or request.method not in ("GET", "HEAD") or found.has(Role.ARENA_MANAGER, Role.OPERATOR)):
        told["who"] = str(found.person)
        if ids := {name: str(value) for name, value in (request.view_args or {}).items() if isinstance(value, UUID)}:
            told["about"] = ids
    return told
