"""What the person sees when something is not as it should be: a page with the right status, never a trace."""

from collections.abc import Callable
from http import HTTPStatus

import structlog
from flask import Flask, Response, flash, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from kernel.issuers import IssuerUnavailable
from kernel.trace import current_traceparent, trace_id
from services.portal.backend import Refused, Silent
from services.portal.language import gettext, noted
from services.portal.reasons import reason
from services.portal.session import person, to_sign_in

_log = structlog.get_logger(__name__)

_RETRY_AFTER_SECONDS = "5"
_HEADINGS = {
    400: noted("We did not understand that"),
    403: noted("You may not see this page"),
    404: noted("There is nothing here"),
    405: noted("There is nothing here"),
    421: noted("This is not the address of Torg"),
    429: noted("Too many at once"),
    500: noted("Something went wrong on our side"),
    503: noted("We cannot do this right now"),
}
_TEXTS = {
    400: noted("Go back, check what you filled in, and try again."),
    403: noted("You are signed in, but this page is for others."),
    404: noted("The address is wrong, or what was here is gone."),
    405: noted("The address is wrong, or what was here is gone."),
    421: noted("You came by a name that is not Torg's. Go to the address that the municipality gives."),
    429: noted("Wait a minute and try again."),
    500: noted("We have written down what happened. Nothing you did has been half done."),
    503: noted("A part of Torg does not answer. Wait a little and load the page again; nothing is lost."),
}


def register(app: Flask) -> None:
    """Makes the app answer every exception with a page."""
    handlers: dict[type[Exception], Callable[..., AnyResponse]] = {
        Refused: _refused,
        Silent: _silent,
        IssuerUnavailable: _issuer_silent,
        CSRFError: _old_form,
        HTTPException: _of_http,
        Exception: _of_anything,
    }
    for kind, handler in handlers.items():
        app.register_error_handler(kind, handler)


def page(status: int, text: str | None = None, code: str = "") -> Response:
    """The page for a status; `text` says what happened, where that is known."""
    known = status if status in _HEADINGS else 500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400
    traceparent = current_traceparent()
    html = render_template(
        "failure.html",
        heading=gettext(_HEADINGS[known]),
        text=text or gettext(_TEXTS[known]),
        code=code,
        trace=trace_id(traceparent) if traceparent and status >= HTTPStatus.INTERNAL_SERVER_ERROR else "",
    )
    response = make_response(html, status)
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return response


def _refused(said: Refused) -> AnyResponse:
    if said.status == HTTPStatus.UNAUTHORIZED:
        return _unauthorized(said)
    return page(said.status, reason(said), said.code)


def _unauthorized(said: Refused) -> AnyResponse:
    """Not signed in: off to sign in. Signed in, yet unknown to the service: signing in again would go in a ring."""
    if person() is None:
        return to_sign_in()
    _log.error("token_refused_by_service", code=said.code)
    return page(HTTPStatus.SERVICE_UNAVAILABLE, reason(said), said.code)


def _silent(silence: Silent) -> AnyResponse:
    return page(HTTPStatus.SERVICE_UNAVAILABLE, code=f"{silence.service}_silent")


def _issuer_silent(_: IssuerUnavailable) -> AnyResponse:
    text = gettext("The sign-in service does not answer. Wait a little and try again.")
    return page(HTTPStatus.SERVICE_UNAVAILABLE, text, IssuerUnavailable.code)


def _old_form(_: CSRFError) -> AnyResponse:
    """A form without its token: it is older than the session, or somebody else's. Nothing was done; where it was to
    sign out, as in another tab, nothing is left to do."""
    if person() is None and request.endpoint == "signin.end":
        flash(gettext("You are signed out."))
        return redirect(url_for("front.front"))
    if person() is None:
        return to_sign_in()
    text = gettext("The form was too old, so nothing was sent. Go back, load the page again and fill it in once more.")
    return page(HTTPStatus.BAD_REQUEST, text, "form_too_old")


def _of_http(error: HTTPException) -> AnyResponse:
    """Flask's and werkzeug's own errors. Redirects, and errors that bring their own answer, are answers."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    return error.get_response() if error.response or status < HTTPStatus.BAD_REQUEST else page(status)


def _of_anything(error: Exception) -> AnyResponse:
    _log.error("unhandled_exception", exc_info=error)
    return page(HTTPStatus.INTERNAL_SERVER_ERROR)
