"""The demo's own OpenID Connect issuer: instead of a password it asks which of four people you want to be.

Mounted only when TORG_DEMO_ISSUER says so, which the settings allow on this machine alone. It is a real issuer all the
same (discovery, code with PKCE, signed tokens), so that nothing else in Torg knows a demo from ID-porten. `cli.sign_in`
signs in here without a browser.
"""

import os
import re
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from kernel.clock import Clock
from services.portal.language import noted
from services.portal.settings import DEMO_ISSUER_PATH, PortalSettings, on_this_machine

CODE_LIFETIME = timedelta(minutes=1)
TOKEN_LIFETIME = timedelta(hours=8)
AUDIENCE = "torg"
PORTAL_CLIENT = "torg-portal"
CLI_CLIENT = "torg-cli"
_ALGORITHM = "ES256"
_PROOF = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""What RFC 7636 makes verifiers and challenges of."""


@dataclass(frozen=True)
class Persona:
    """Somebody to be. `about` is for the one who chooses."""

    name: str
    about: str
    roles: tuple[str, ...]
    squares: tuple[str, ...] = ()


PERSONAS = {
    "kari": Persona(
        "Kari Nordmann", noted("Resident. Books for the school band, and does maintenance for it."), ("resident",)
    ),
    "ola": Persona("Ola Hansen", noted("Resident. Books for himself."), ("resident",)),
    "mona": Persona(
        "Mona Berg",
        noted("Arena manager of the squares Borgen and Asker."),
        ("resident", "arena_manager"),
        ("borgen", "asker"),
    ),
    "drift": Persona("Driftsvakta", noted("Operator: sets up squares, tariffs and actors."), ("operator",)),
}


@dataclass(frozen=True)
class Asked:
    """What a client asked for when it sent somebody here."""

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str


class Codes:
    """The codes given out and not yet used. Each is good once, for a minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, tuple[datetime, Asked, str]] = {}

    def give(self, asked: Asked, persona: str) -> str:
        """A new code for this persona."""
        code = secrets.token_urlsafe(32)
        now = self._clock.now()
        with self._lock:
            self._open = {each: kept for each, kept in self._open.items() if kept[0] > now}
            self._open[code] = (now + CODE_LIFETIME, asked, persona)
        return code

    def take(self, code: str) -> tuple[Asked, str] | None:
        """What the code stands for; None when it is unknown, used or too old."""
        with self._lock:
            until, asked, persona = self._open.pop(code, (None, None, ""))
        if until is None or asked is None or until <= self._clock.now():
            return None
        return asked, persona


class DemoIssuer:
    """What the issuer knows and signs with."""

    def __init__(self, settings: PortalSettings, redirect_uri: str, clock: Clock) -> None:
        self.url = settings.page(DEMO_ISSUER_PATH)
        self.home = settings.page("/")
        self.codes = Codes(clock)
        self._clock = clock
        self._portal_redirect = redirect_uri
        self._key = _key(Path(settings.demo_issuer_key_file))

    def described(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "end_session_endpoint": f"{self.url}/sign-out",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": [_ALGORITHM],
            "token_endpoint_auth_methods_supported": ["none"],
            "scopes_supported": ["openid", "profile"],
            "authorization_response_iss_parameter_supported": True,
        }

    def keys(self) -> dict[str, Any]:
        """The public key, as a JWK set."""
        return {"keys": [self._key.as_dict(private=False)]}

    def knows(self, client_id: str, redirect_uri: str) -> bool:
        """Whether a client of ours may have its people sent to this address; none outside this machine ever may."""
        if client_id == PORTAL_CLIENT:
            return redirect_uri == self._portal_redirect
        return client_id == CLI_CLIENT and urlsplit(redirect_uri).scheme == "http" and on_this_machine(redirect_uri)

    def tokens(self, asked: Asked, persona: str) -> dict[str, Any]:
        """An access token for the services and an ID token for the client, as the token endpoint gives them."""
        someone = PERSONAS[persona]
        now = int(self._clock.now().timestamp())
        lifetime = int(TOKEN_LIFETIME.total_seconds())
        claims = {
            "iss": self.url,
            "sub": f"persona-{persona}",
            "iat": now,
            "exp": now + lifetime,
            "roles": list(someone.roles),
            "squares": list(someone.squares),
        }
        access = {**claims, "aud": AUDIENCE, "client_id": asked.client_id, "jti": secrets.token_hex(16)}
        identity = {**claims, "aud": asked.client_id, "nonce": asked.nonce, "name": someone.name}
        return {
            "access_token": self._signed(access, "at+jwt"),
            "id_token": self._signed(identity, "JWT"),
            "token_type": "Bearer",
            "expires_in": lifetime,
        }

    def _signed(self, claims: dict[str, Any], kind: str) -> str:
        return jwt.encode({"alg": _ALGORITHM, "kid": self._key.kid, "typ": kind}, claims, self._key)


def demo_issuer(settings: PortalSettings, redirect_uri: str, clock: Clock) -> Blueprint:
    """The issuer's routes."""
    issuer = DemoIssuer(settings, redirect_uri, clock)
    blueprint = Blueprint("demo_issuer", __name__, url_prefix=DEMO_ISSUER_PATH)

    @blueprint.get("/.well-known/openid-configuration")
    def configuration() -> Response:
        return jsonify(issuer.described())

    @blueprint.get("/jwks")
    def keys() -> Response:
        return jsonify(issuer.keys())

    @blueprint.get("/authorize")
    def authorize() -> str:
        _asked(issuer, request.args)
        return render_template("demo_issuer.html", personas=PERSONAS, asked=request.args)

    @blueprint.post("/authorize")
    def choose() -> AnyResponse:
        asked = _asked(issuer, request.form)
        persona = request.form.get("persona", "")
        if persona not in PERSONAS:
            abort(400)
        answer = {"code": issuer.codes.give(asked, persona), "state": asked.state, "iss": issuer.url}
        return redirect(f"{asked.redirect_uri}?{urlencode(answer)}")

    @blueprint.post("/token")
    def token() -> Response:
        return jsonify(_redeemed(issuer, request.form))

    @blueprint.get("/sign-out")
    def sign_out() -> AnyResponse:
        """There is no session here to end: the next one is asked again who they want to be."""
        return redirect(issuer.home)

    return blueprint


def _asked(issuer: DemoIssuer, given: Any) -> Asked:
    """What a client asks for. Answers 400 here, not at the client, when it is not a client or an address of ours."""
    asked = Asked(*(given.get(each, "") for each in ("client_id", "redirect_uri", "state", "nonce", "code_challenge")))
    by_code = given.get("response_type") == "code" and "openid" in given.get("scope", "").split()
    by_pkce = given.get("code_challenge_method") == "S256" and _PROOF.fullmatch(asked.code_challenge)
    if not by_code or not by_pkce or not issuer.knows(asked.client_id, asked.redirect_uri):
        abort(400)
    return asked


def _redeemed(issuer: DemoIssuer, given: Any) -> dict[str, Any]:
    """The tokens for a code. RFC 6749, 5.2 says what is answered when the code or its verifier is not this client's."""
    if given.get("grant_type") != "authorization_code":
        _refuse("unsupported_grant_type")
    taken = issuer.codes.take(given.get("code", ""))
    if taken is None:
        _refuse("invalid_grant")
    asked, persona = taken
    same = (given.get("client_id"), given.get("redirect_uri")) == (asked.client_id, asked.redirect_uri)
    verifier = given.get("code_verifier", "")
    proven = _PROOF.fullmatch(verifier) and compare_digest(create_s256_code_challenge(verifier), asked.code_challenge)
    if not same or not proven:
        _refuse("invalid_grant")
    return issuer.tokens(asked, persona)


def _refuse(error: str) -> NoReturn:
    response = jsonify(error=error)
    response.status_code = 400
    raise HTTPException(response=response)


def _key(file: Path) -> ECKey:
    """The key in the file; a new one is put there first if there is none. Only this user can read it."""
    if not file.exists():
        part = file.with_name(f"{file.name}.{os.getpid()}.part")
        part.touch(mode=0o600)
        part.write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
        part.replace(file)
    key = ECKey.import_key(file.read_bytes(), {"use": "sig", "alg": _ALGORITHM})
    key.ensure_kid()
    return key
