"""Errors as people and machines get them: problem+json (RFC 9457) with a stable code, in the caller's language.

Nothing of an exception leaves the process but what a `DomainError` says on purpose; all else is logged under the
correlation id, which the answer holds as `instance`.
"""

import json
from http import HTTPStatus
from typing import Any
from uuid import UUID

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from kernel import problems
from kernel.db import DatabaseUnavailable, went_away
from kernel.errors import DomainError, Text
from kernel.trace import current_traceparent, trace_id

_log = structlog.get_logger(__name__)

LANGUAGES = {"nb": "nb", "nn": "nn", "en": "en", "no": "nb"}
_RETRY_AFTER_SECONDS = 2
# SQLSTATEs of values too long, too large, or in no form that the column's type can hold
_UNFIT_VALUES = frozenset({"22001", "22003", "22007", "22008", "22021", "22P02", "22P05"})
_TITLES = {
    400: Text("Ugyldig forespørsel", "Ugyldig førespurnad", "Bad request"),
    401: Text("Ikke innlogget", "Ikkje innlogga", "Not signed in"),
    402: Text("Betaling kreves", "Betaling krevst", "Payment required"),
    403: Text("Ingen tilgang", "Ingen tilgang", "No access"),
    404: Text("Ikke funnet", "Ikkje funne", "Not found"),
    405: Text("Ikke mulig her", "Ikkje mogleg her", "Not possible here"),
    409: Text("Kolliderer med noe annet", "Kolliderer med noko anna", "In conflict with something else"),
    410: Text("Finnes ikke lenger", "Finst ikkje lenger", "Gone"),
    412: Text("Endret i mellomtiden", "Endra i mellomtida", "Changed in the meantime"),
    413: Text("For stort", "For stort", "Too large"),
    415: Text("Feil innholdstype", "Feil innhaldstype", "Wrong content type"),
    421: Text("Feil adresse", "Feil adresse", "Wrong address"),
    422: Text("Kan ikke gjennomføres", "Kan ikkje gjennomførast", "Can't be carried out"),
    428: Text("Versjon mangler", "Versjon manglar", "Version missing"),
    429: Text("For mange forespørsler", "For mange førespurnader", "Too many requests"),
    500: Text("Feil hos oss", "Feil hos oss", "Fault on our side"),
    503: Text("Utilgjengelig et øyeblikk", "Utilgjengeleg ein augneblink", "Unavailable for a moment"),
    504: Text("Tok for lang tid", "Tok for lang tid", "Took too long"),
}
_BY_STATUS: dict[int, type[DomainError]] = {
    404: problems.NotFound,
    405: problems.MethodNotAllowed,
    413: problems.BodyTooLarge,
    415: problems.UnsupportedMediaType,
    503: problems.TemporarilyUnavailable,
    504: problems.TimedOut,
}


def register(app: Flask) -> None:
    """Makes the app answer every exception with a problem."""
    app.register_error_handler(DomainError, answer)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(SQLAlchemyError, _of_database)
    app.register_error_handler(DatabaseUnavailable, lambda _: answer(problems.TemporarilyUnavailable()))
    app.register_error_handler(Exception, _of_anything)


def answer(error: DomainError) -> Response:
    """The problem+json answer for an error; the log tells its code."""
    g.code = error.code
    language = wanted_language()
    response = Response(
        json.dumps(document(error, language), ensure_ascii=False), error.status, mimetype="application/problem+json"
    )
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = _challenge(error)
    if error.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        response.headers["Retry-After"] = str(getattr(error, "retry_after", _RETRY_AFTER_SECONDS))
    return response


def document(error: DomainError, language: str) -> dict[str, Any]:
    """The members of the problem, in the order people read them."""
    said = kind_of_problem(type(error), language, **error.fields)
    if (traceparent := current_traceparent()) is not None:
        said["instance"] = f"urn:uuid:{UUID(trace_id(traceparent))}"
    fields = {name: _plain(value) for name, value in error.fields.items() if not isinstance(value, Text)}
    if fields:
        said["fields"] = fields
    if isinstance(error, problems.InvalidRequest):
        said["errors"] = [_fault(fault, language) for fault in error.faults]
        if error.left_out:
            said["errors_left_out"] = error.left_out
    return said


def kind_of_problem(kind: type[DomainError], language: str, **fields: object) -> dict[str, Any]:
    """The members that every problem of a kind has; without `fields` its text keeps their names."""
    return {
        "type": f"/problems/{kind.code}",
        "title": title(kind.status).in_language(language),
        "status": kind.status,
        "detail": kind.text.in_language(language, **fields),
        "code": kind.code,
    }


def title(status: int) -> Text:
    """What kind of error a status is, in a few words."""
    if known := _TITLES.get(status):
        return known
    phrase = HTTPStatus(status).phrase
    return Text(phrase, phrase, phrase)


def wanted_language() -> str:
    """The language asked for most: "nb", "nn" or "en"; Bokmål when none of them is asked for, or "no"."""
    # werkzeug's own best_match would take "nb;q=0.8" before "nn-NO": it looks at regions only when all else fails
    for tag, quality in request.accept_languages:
        language = tag.partition("-")[0].lower()
        if quality > 0 and language in LANGUAGES:
            return LANGUAGES[language]
    return "nb"


def _fault(fault: problems.Fault, language: str) -> dict[str, str]:
    detail = fault.detail.in_language(language) if isinstance(fault.detail, Text) else fault.detail
    where = {"pointer": fault.pointer, "parameter": fault.parameter}
    return {"detail": detail, **{name: value for name, value in where.items() if value is not None}}


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return value if isinstance(value, str | int | bool | None) else str(value)


def _challenge(error: DomainError) -> str:
    """RFC 6750: without a token no error is named; with one it is always invalid_token."""
    return 'Bearer realm="torg"' + ("" if error.code == "missing_token" else ', error="invalid_token"')


def _of_http(error: HTTPException) -> AnyResponse:
    """Flask's and werkzeug's own errors. Redirects are answers, not errors."""
    status = error.code or 500
    if status < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _of_anything(error)
    if isinstance(error, SecurityError):
        return answer(problems.UnknownHost())
    response = answer(_BY_STATUS.get(status, problems.BadRequest)())
    response.headers.extend([(name, value) for name, value in error.get_headers() if name == "Allow"])
    return response


def _of_database(error: SQLAlchemyError) -> Response:
    code = getattr(error.orig, "pgcode", None) or "" if isinstance(error, DBAPIError) else ""
    if code == "57014":
        return answer(problems.TimedOut())
    if code == "55P03":
        return answer(problems.Busy())
    if code in _UNFIT_VALUES:
        # A value no rule of ours caught and the database can't hold: the caller's, but we should have said it first.
        _log.warning("value_refused_by_database", sqlstate=code, endpoint=request.endpoint)
        return answer(problems.InvalidRequest())
    if went_away(error):
        _log.warning("database_unavailable", sqlstate=code, kind=type(error).__name__)
        return answer(problems.TemporarilyUnavailable())
    return _of_anything(error)


def _of_anything(error: Exception) -> Response:
    _log.error("unhandled_exception", endpoint=request.endpoint, exc_info=error)
    return answer(problems.InternalError())
