"""What every request of the portal passes: its trace, the headers browsers heed, counts, a log line."""

import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, abort, current_app, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from kernel import telemetry
from kernel.addresses import LOOPBACK
from kernel.trace import continued, trace
from services.portal.settings import PortalSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = structlog.get_logger(__name__)

BODY_LIMIT = 1 << 20
_STATIC_SECONDS = 3600
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # our own pages may know where a form was sent from; others never do
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self' {issuer}"
)


def register(app: Flask, settings: PortalSettings) -> None:
    """Puts every request of the app through this door."""
    issuer = urlsplit(settings.oidc_issuer)
    # signing out is a form that ends at the issuer, and browsers hold `form-action` against that redirect, too
    app.extensions["torg-headers"] = _HEADERS | {
        "Content-Security-Policy": _POLICY.format(issuer=f"{issuer.scheme}://{issuer.netloc}")
    }
    if settings.secure:
        app.extensions["torg-headers"]["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT, SEND_FILE_MAX_AGE_DEFAULT=_STATIC_SECONDS)
    own = urlsplit(settings.portal_url).hostname or ""
    app.extensions["torg-hosts"] = LOOPBACK if own in LOOPBACK else {own}
    app.before_request(_enter)
    app.after_request(_leave)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies
        )
    app.wsgi_app = _Traced(app.wsgi_app)  # type: ignore[method-assign]


class _Traced:
    """Gives each request its trace, for its log lines and for the services it calls."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with trace(continued(environ.get("HTTP_TRACEPARENT"))):
            return self._app(environ, start_response)


def _enter() -> None:
    g.begun = time.perf_counter()
    if _host() not in current_app.extensions["torg-hosts"]:
        abort(HTTPStatus.MISDIRECTED_REQUEST)


def _host() -> str | None:
    """The name this was asked under, without its port. Whoever controls a name may point it here; its pages must not
    become ours."""
    return urlsplit(f"//{request.host}").hostname


def _leave(response: Response) -> Response:
    response.headers.extend(
        {name: value for name, value in current_app.extensions["torg-headers"].items() if name not in response.headers}
    )
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    _report(response.status_code)
    return response


def _report(status: int) -> None:
    """Counts the request and logs it by its route: the path itself may name people's things."""
    seconds = time.perf_counter() - g.begun
    route, method = (request.url_rule.rule, request.method) if request.url_rule else ("unknown", "unknown")
    telemetry.HTTP_REQUESTS.labels("portal", route, method, status).inc()
    telemetry.HTTP_SECONDS.labels("portal", route, method).observe(seconds)
    _log.info("request", service="portal", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
