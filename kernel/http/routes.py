"""What a service declares of a route: who may come in, what it does to the database, and what it needs of the request.

The decorators mark the view for `kernel.http.door` and `kernel.http.openapi`; `writes` and `reads` open transactions.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeAlias

from flask import Response, current_app, g, request, url_for
from sqlalchemy.exc import DBAPIError

from kernel import idempotency
from kernel.auth import Role
from kernel.db import Transaction
from kernel.errors import DomainError
from kernel.http.door import Door, visitor
from kernel.problems import Busy, InvalidIdempotencyKey, InvalidIfMatch, PreconditionRequired, TimedOut
from kernel.versions import ANY_VERSION, Expected

View: TypeAlias = Callable[..., Any]
Answer: TypeAlias = Any
"""What a view returns: what its schema dumps, or (that, headers), or (that, status, headers)."""

_ATTEMPTS = 3
_TRY_AGAIN = ("40001", "40P01")  # serialization failure, deadlock
_KEPT_HEADERS = ("Content-Type", "ETag", "Location")
_VISIBLE = re.compile(r"[!-~]{1,255}")
# as `etag` writes it and no other way: Python's int reads "02", "+2", "0_2" and the digits of every script
_VERSION = re.compile(r"0|[1-9][0-9]{0,17}")
_ENTITY_TAG = re.compile(r'(W/)?"([!#-~\x80-\xff]*)"')
_ENTITY_TAGS = re.compile(rf"{_ENTITY_TAG.pattern}(?:[ \t]*,[ \t]*{_ENTITY_TAG.pattern})*")


@dataclass(frozen=True, slots=True)
class Declared:
    """What the decorators say of a view. `roles` None means everyone; `access` tells whether that was said at all."""

    access: bool = False
    roles: frozenset[Role] | None = None
    writes: bool = False
    if_match: bool = False
    answers: tuple[type[DomainError], ...] = ()
    told_once: tuple[str, ...] = ()
    erases: bool = False


def declared(view: View) -> Declared:
    """What is declared of a view so far."""
    found: Declared = getattr(view, "_apidoc", {}).get("declared", Declared())
    return found


def allow(*roles: Role) -> Callable[[View], View]:
    """Lets in callers who have one of these roles. Others get 401 or 403."""
    if not roles:
        raise ValueError("allow() needs a role; a route for everyone is @public")
    return lambda view: _declare(view, access=True, roles=frozenset(roles))


def public(view: View) -> View:
    """Lets in everyone. A token that is sent is checked all the same, and `visitor()` is its caller."""
    return _declare(view, access=True, roles=None)


def answers(*errors: type[DomainError]) -> Callable[[View], View]:
    """Documents errors that the route can answer with, over those which every route has."""
    return lambda view: _declare(view, answers=declared(view).answers + errors)


def told_once(*fields: str) -> Callable[[View], View]:
    """Under `@writes`: these fields of the answer are secrets, and are not kept. Whoever sends the request again with
    its `Idempotency-Key` is answered with null in their place."""
    return lambda view: _declare(view, told_once=fields)


def erases(view: View) -> View:
    """Under `@writes`: it erases a person, and its own answer, which says nothing of anybody, is kept all the same."""
    return _declare(view, erases=True)


def reads(view: View) -> View:
    """Runs the view in a transaction that can't write, which comes as its first argument."""

    @wraps(view)
    def reading(*args: Any, **kwargs: Any) -> Any:
        with Door.current().database.reading() as tx:
            return view(tx, *args, **kwargs)

    return reading


def writes(view: View) -> View:
    """Runs the view in a transaction, which comes as its first argument and is committed when the view returns.

    A POST with an `Idempotency-Key` gets the answer it got before, if there was one. After a serialization failure or a
    deadlock the whole is run again, at most 3 times. What took longer than a request may is rolled back: 504. The limit
    of each statement is the connection's own, set when it connects (`kernel.db`), so that it costs no statement here.
    """

    @wraps(view)
    def writing(*args: Any, **kwargs: Any) -> Any:
        for _ in range(_ATTEMPTS):
            try:
                return _once(view, args, kwargs)
            except DBAPIError as error:
                if getattr(error.orig, "pgcode", None) not in _TRY_AGAIN:
                    raise
        raise Busy

    return _declare(writing, writes=True)


def if_match(view: View) -> View:
    """Demands `If-Match`; the versions it accepts come as an `Expected`, after the transaction."""

    @wraps(view)
    def matching(tx: Transaction, *args: Any, **kwargs: Any) -> Any:
        return view(tx, expected_by(request.headers.get("If-Match")), *args, **kwargs)

    return _declare(matching, if_match=True)


def etag(version: int) -> dict[str, str]:
    """The header that tells a thing's version."""
    return {"ETag": f'"{version}"'}


def location(endpoint: str, **values: Any) -> str:
    """The path of another route, such as `location("booking.get_booking", booking=id)`."""
    return url_for(endpoint, **values)


def expected_by(header: str | None) -> Expected:
    """The versions an `If-Match` accepts. A weak tag matches none (RFC 9110, 13.1.1), nor does one that isn't ours."""
    if header is None:
        raise PreconditionRequired
    if header.strip() == "*":
        return ANY_VERSION
    if not _ENTITY_TAGS.fullmatch(header.strip()):
        raise InvalidIfMatch
    return Expected(frozenset(int(tag) for weak, tag in _ENTITY_TAG.findall(header) if not weak and _is_version(tag)))


def _is_version(tag: str) -> bool:
    return _VERSION.fullmatch(tag) is not None


def _declare(view: View, **said: Any) -> View:
    # flask-smorest hands `_apidoc` from decorator to decorator, and copies it for each so that none changes another's
    view._apidoc = deepcopy(getattr(view, "_apidoc", {}))  # type: ignore[attr-defined]
    view._apidoc["declared"] = replace(declared(view), **said)  # type: ignore[attr-defined]
    return view


def _once(view: View, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    claimed, database = _claimed(), Door.current().database
    try:
        with database.transaction() as tx:
            return _done(tx, claimed, view, args, kwargs)
    except idempotency.KeyTaken:
        with database.reading() as tx:
            return _again(idempotency.answered(tx, claimed))  # type: ignore[arg-type]  # it was claimed


def _done(
    tx: Transaction, claimed: idempotency.Claim | None, view: View, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Response:
    if claimed is not None:
        idempotency.claim(tx, claimed)
    try:
        response = current_app.make_response(view(tx, *args, **kwargs))
    except Exception:
        if claimed is not None:
            tx.settle()  # what a twin was answered goes before any failure
        raise
    if claimed is not None:
        said = declared(view)
        idempotency.keep(tx, claimed, _kept(response, said.told_once), lasting=said.erases)
    # Rolling back is all that can be done with a request which took too long; its caller has given up on it.
    if time.perf_counter() - g.begun > Door.current().timeout_seconds:
        raise TimedOut
    return response


def _claimed() -> idempotency.Claim | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return None
    if not _VISIBLE.fullmatch(key):
        raise InvalidIdempotencyKey
    who = visitor()
    name = f"{who.issuer} {who.subject}" if who else f"visitor from {request.remote_addr}"
    secret, person = Door.current().secret, who.person if who else None
    return idempotency.claim_of(secret, name, key, request.method, request.full_path, request.get_data(), person=person)


def _kept(response: Response, told_once: Sequence[str]) -> idempotency.Kept:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = response.get_data()
    if told_once:
        body = json.dumps({**json.loads(body), **dict.fromkeys(told_once)}).encode()
    return idempotency.Kept(response.status_code, headers, body)


def _again(before: idempotency.Kept) -> Response:
    return Response(before.body, before.status, {**before.headers, "Idempotency-Replayed": "true"})
