"""The OpenID Connect provider people sign in with, as its client: authorization code with PKCE, state and nonce.

Made so that ID-porten fits: discovery, levels of assurance (`acr`), a pairwise `sub`, a name only where one is given,
the language sent along, and signing out there, too. `services.portal.signin` has the routes.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode

import httpx
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.oauth2.client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, Key
from joserfc.jwt import JWTClaimsRegistry

from kernel.auth import ALGORITHMS, claim
from kernel.clock import Clock
from kernel.issuers import IssuerUnavailable, SigningKeys, UnknownKey
from services.portal.session import Person
from services.portal.settings import PortalSettings

_log = structlog.get_logger(__name__)

_TIMEOUT = httpx.Timeout(5.0)
_ENDPOINTS = ("authorization_endpoint", "token_endpoint")


class SignInFailed(Exception):
    """The issuer said no, or what came back is not the answer to what we asked."""


@dataclass(frozen=True)
class Attempt:
    """What must be remembered in the browser's session between leaving for the issuer and coming back."""

    state: str
    nonce: str
    verifier: str
    next: str
    unsent: bool = False
    """Whether a form was sent by whoever had to sign in first, so that it had no effect."""


class Provider:
    """One issuer. Its configuration is fetched when it is first needed, and kept."""

    def __init__(self, settings: PortalSettings, redirect_uri: str, clock: Clock) -> None:
        self._settings = settings
        self._redirect_uri = redirect_uri
        self._keys = SigningKeys(settings.oidc_issuer)
        self._clock = clock
        self._lock = threading.Lock()
        self._described: dict[str, Any] = {}

    def depart(self, language: str, back_to: str) -> tuple[str, Attempt]:
        """The address to send the person to, and what to remember until they return. Raises IssuerUnavailable."""
        attempt = Attempt(generate_token(32), generate_token(32), generate_token(64), back_to)
        address, _ = self._client().create_authorization_url(
            self._description()["authorization_endpoint"],
            state=attempt.state,
            code_verifier=attempt.verifier,
            nonce=attempt.nonce,
            ui_locales=language,
            **self._wishes(),
        )
        return str(address), attempt

    def arrive(self, answer: Mapping[str, str], attempt: Attempt) -> Person:
        """Who came back with these parameters. Raises SignInFailed or IssuerUnavailable."""
        if "code" not in answer or answer.get("iss", self._settings.oidc_issuer) != self._settings.oidc_issuer:
            raise SignInFailed(answer.get("error", "no code of this issuer"))
        if not compare_digest(answer.get("state", ""), attempt.state):
            raise SignInFailed("the state is not ours")
        tokens = self._exchange(answer["code"], attempt)
        if not isinstance(tokens.get("id_token"), str) or not isinstance(tokens.get("access_token"), str):
            raise SignInFailed("a token is missing")
        claims = self._checked(tokens["id_token"], attempt.nonce)
        lifetime = int(tokens.get("expires_in") or claims["exp"] - self._seconds())
        return Person(
            name=str(claims.get("name", "")),
            roles=_strings(claim(claims, self._settings.roles_claim)),
            squares=_strings(claim(claims, self._settings.squares_claim)),
            token=tokens["access_token"],
            id_token=tokens["id_token"],
            expires_at=self._seconds() + lifetime,
        )

    def departure(self, id_token: str, back_to: str) -> str | None:
        """Where the person signs out of the issuer, too; None when it has no such place. Raises IssuerUnavailable."""
        endpoint = self._description().get("end_session_endpoint")
        if not endpoint:
            return None
        asked = {"client_id": self._settings.oidc_client_id, "post_logout_redirect_uri": back_to}
        return f"{endpoint}?{urlencode(asked | ({'id_token_hint': id_token} if id_token else {}))}"

    def _wishes(self) -> dict[str, str]:
        acr = " ".join(self._settings.oidc_acr_values)
        wishes = {"acr_values": acr, "resource": self._settings.oidc_resource}
        return {name: value for name, value in wishes.items() if value}

    def _client(self, http: httpx.Client | None = None) -> OAuth2Client:
        return OAuth2Client(
            http,
            self._settings.oidc_client_id,
            scope=self._settings.oidc_scope,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
        )

    def _proof(self) -> dict[str, Any]:
        """A client with a secret proves itself in a header; one without only says who it is."""
        client_id, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        return (
            {"auth": httpx.BasicAuth(client_id, secret)} if secret else {"auth": httpx.Auth(), "client_id": client_id}
        )

    def _exchange(self, code: str, attempt: Attempt) -> Mapping[str, Any]:
        endpoint = self._description()["token_endpoint"]
        try:
            with httpx.Client(timeout=_TIMEOUT) as http:
                client = self._client(http)
                return dict(client.fetch_token(endpoint, code=code, code_verifier=attempt.verifier, **self._proof()))
        except AuthlibBaseError as cause:
            raise SignInFailed(str(cause.error)) from cause
        except (httpx.HTTPError, ValueError) as cause:
            raise IssuerUnavailable from cause

    def _checked(self, id_token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that answers this very attempt."""
        registry = JWTClaimsRegistry(
            now=self._seconds,
            leeway=self._settings.clock_skew_seconds,
            iss={"essential": True, "value": self._settings.oidc_issuer},
            aud={"essential": True, "value": self._settings.oidc_client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
            **self._assurance(),
        )
        try:
            claims = jwt.decode(id_token, self._key, algorithms=ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, UnknownKey, ValueError, TypeError, KeyError) as cause:
            raise SignInFailed(f"the ID token is not good: {type(cause).__name__}") from cause
        return claims

    def _assurance(self) -> dict[str, Any]:
        accepted = self._settings.oidc_acr_values
        return {"acr": {"essential": True, "values": accepted}} if accepted else {}

    def _key(self, unverified: GuestProtocol) -> Key:
        headers = unverified.headers()
        return self._keys.find(headers.get("kid"), headers["alg"])

    def _description(self) -> dict[str, Any]:
        with self._lock:
            if not self._described:
                self._described = self._discovered()
            return self._described

    def _discovered(self) -> dict[str, Any]:
        issuer = self._settings.oidc_issuer
        try:
            response = httpx.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=_TIMEOUT)
            found: dict[str, Any] = response.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as cause:
            _log.warning("issuer_unavailable", issuer=issuer, reason=type(cause).__name__)
            raise IssuerUnavailable from cause
        if found.get("issuer") != issuer or not all(found.get(each) for each in _ENDPOINTS):
            _log.error("issuer_misdescribed", issuer=issuer)
            raise IssuerUnavailable
        return found

    def _seconds(self) -> int:
        return int(self._clock.now().timestamp())


def _strings(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
