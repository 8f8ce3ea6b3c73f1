"""Who is at the browser: a sealed cookie that holds their token, and ends when the token does.

The portal stores nothing itself. The cookie is encrypted, so that whoever sees it at rest has no use of its token,
and compressed, as two tokens of a national issuer would else be more than a browser keeps. A copy of it is of no use
once its person has done nothing for a while: a second cookie says when they last did something. It is one of its own,
so that an answer under way while they sign out brings no session back.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from hashlib import sha256
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from kernel.clock import Clock
from services.portal.settings import PortalSettings

P = ParamSpec("P")
R = TypeVar("R")

_PERSON = "person"
_SINCE = "since"
LONGEST_COOKIE = 4000
LONGEST_SESSION = timedelta(hours=8)
LONGEST_IDLE = timedelta(minutes=30)
_MARKED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Person:
    """The one who has signed in, until `expires_at` (seconds since 1970). What they may do, the services decide."""

    name: str
    roles: list[str]
    squares: list[str]
    token: str
    id_token: str
    expires_at: int

    @property
    def manages(self) -> bool:
        """Whether to show them an arena manager's pages."""
        return "arena_manager" in self.roles or "operator" in self.roles

    @property
    def decides(self) -> bool:
        """Whether to offer them what an arena manager does; operators only decide, where no manager may."""
        return "arena_manager" in self.roles

    def decides_in(self, square: str) -> bool:
        """Whether that is so in this square."""
        return self.decides and square in self.squares

    @property
    def operates(self) -> bool:
        """Whether to show them what waits for an operator."""
        return "operator" in self.roles


class Seal:
    """Encrypts and reads what a session holds (JWE, A256GCM)."""

    def __init__(self, secret: str) -> None:
        self._key = OctKey.import_key(sha256(b"torg session" + secret.encode()).digest())

    def dumps(self, held: dict[str, Any]) -> str:
        """The cookie's value."""
        header = {"alg": "dir", "enc": "A256GCM", "zip": "DEF"}
        return jwe.encrypt_compact(header, json.dumps(held).encode(), self._key)

    def loads(self, cookie: str, **_: object) -> Any:
        """What a cookie holds. Raises BadSignature when it is not ours."""
        try:
            return json.loads(jwe.decrypt_compact(cookie, self._key).plaintext or b"")
        except (JoseError, ValueError) as cause:
            raise BadSignature("not a session of ours") from cause


class SealedSessions(SecureCookieSessionInterface):
    """Flask's cookie sessions, sealed rather than only signed, and no longer than the token they hold."""

    def __init__(self, secret: str) -> None:
        self._seal = Seal(secret)

    def get_signing_serializer(self, app: Flask) -> Any:
        """What Flask reads and writes sessions with."""
        return self._seal

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """When the browser shall forget the cookie; None is when it closes."""
        held = session.get(_PERSON)
        return datetime.fromtimestamp(held["expires_at"], UTC) if held else None


def register(app: Flask, settings: PortalSettings, clock: Clock) -> None:
    """Gives the app its sessions."""
    app.session_interface = SealedSessions(settings.session_secret)
    app.extensions["torg-clock"] = clock
    app.config.update(
        SECRET_KEY=settings.session_secret,  # for the forms' tokens, which Flask-WTF signs
        SESSION_COOKIE_NAME=_of_this_host(settings, "torg"),
        SEEN_COOKIE_NAME=_of_this_host(settings, "torg-seen"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.jinja_env.globals["person"] = person
    app.after_request(_mark_seen)


def _of_this_host(settings: PortalSettings, name: str) -> str:
    """A name under which browsers take a cookie by https and from this very host alone, not from one beside it."""
    return f"__Host-{name}" if settings.secure else name


def now() -> datetime:
    """The time, by the app's clock."""
    clock: Clock = current_app.extensions["torg-clock"]
    return clock.now()


def person() -> Person | None:
    """Who has signed in, if their token has not run out and they did something not long ago."""
    held = session.get(_PERSON)
    at = now().timestamp()
    if held is None or held["expires_at"] <= at or at - _last_seen() >= LONGEST_IDLE.total_seconds():
        return None
    return Person(**held)


def _last_seen() -> float:
    """When the person who is signed in last did something, to the minute. An earlier release did not tell: never."""
    since: float | None = session.get(_SINCE)
    if since is None:
        return 0
    mark = _mark()
    return max(since, mark["at"]) if mark is not None and mark.get("of") == _fingerprint() else since


def _mark() -> dict[str, Any] | None:
    """The mark that came with this request, unsealed once however often a page asks who is there; None if it is not
    ours."""
    if "seen" not in g:
        try:
            g.seen = seal().loads(request.cookies.get(_seen_cookie(), ""))
        except BadSignature:
            g.seen = None
    found: dict[str, Any] | None = g.seen
    return found


def _mark_seen(response: Response) -> Response:
    at = now().timestamp()
    if request.endpoint != "static" and person() and at - _last_seen() >= _MARKED_EVERY.total_seconds():
        response.set_cookie(
            _seen_cookie(),
            seal().dumps({"at": int(at), "of": _fingerprint()}),
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return response


def _fingerprint() -> str:
    """What tells this sign-in from any other."""
    return sha256(f"{session[_SINCE]} {session[_PERSON]['token']}".encode()).hexdigest()


def _seen_cookie() -> str:
    name: str = current_app.config["SEEN_COOKIE_NAME"]
    return name


def seal() -> Seal:
    """What this portal's cookies are sealed with."""
    return Seal(current_app.config["SECRET_KEY"])


def sign_in(who: Person) -> None:
    """Starts a new session. What was held before is dropped, so that nobody else's form or session is taken over."""
    session.clear()
    session[_SINCE] = int(now().timestamp())
    last = session[_SINCE] + int(LONGEST_SESSION.total_seconds())
    session[_PERSON] = asdict(replace(who, expires_at=min(who.expires_at, last)))
    if not fits():
        session[_PERSON]["id_token"] = ""  # it only spares a question at signing out


def fits() -> bool:
    """Whether browsers keep what the session holds now; a longer cookie they drop without a word."""
    return len(seal().dumps(dict(session))) <= LONGEST_COOKIE


def sign_out() -> Person | None:
    """Ends the session; who it was, if anyone."""
    who = person()
    session.clear()
    return who


def ran_out() -> bool:
    """Whether somebody was signed in and is no longer."""
    return _PERSON in session and person() is None


def signed_in(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Lets in only who has signed in; others are sent to do so, and come back here."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        return view(*args, **kwargs) if person() else to_sign_in()

    return guarded


def to_sign_in() -> Response:
    """Sends the person to sign in, and back to this page; after a form was sent, back to the page that held it, which
    then says that nothing was done."""
    unsent = None if request.method == "GET" else "yes"
    return redirect(url_for("signin.start", next=here(), unsent=unsent))


def here() -> str:
    """The address of the page the person is at: this one, or for a form that was sent the one it says it stood on. What
    is answered to a form often can't be asked for."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    try:
        return own_page(request.form.get("at", ""))
    except HTTPException:  # a form that can't be read, such as one that is too long
        return "/"


def own_page(address: str) -> str:
    """A path of ours as it is; the front page for anything that could lead elsewhere."""
    parts = urlsplit(address)
    own = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return address if own and address.isprintable() else "/"
