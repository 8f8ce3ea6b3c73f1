"""An OpenID Connect provider that knows nothing of Torg, on this machine: oidc-provider-mock, dressed as ID-porten is.

Over what the mock does itself, this one gives out access tokens that are JWTs for an API (`aud`), as ID-porten does
when a resource is asked for; holds clients to PKCE; and describes its levels of assurance. A person's claims (`acr`,
`pid`, `roles`) stand in both tokens; `sub` is a pseudonym.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask, Response, g, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from oidc_provider_mock import User, init_app

from cli.servers.ports import free_port
from tests.unit.portal.conftest import serving
from tests.waiting import PATIENCE

LEVELS = ("idporten-loa-low", "idporten-loa-substantial", "idporten-loa-high")
_RETURN = "http://localhost:1/signed-in"


class IndependentIssuer:
    """`asked` is the last authorization request, `exchanged` what came to the token endpoint."""

    def __init__(self, url: str, people: Sequence[User]) -> None:
        self.url = url
        self.audience: str | list[str] = "torg"
        self.lifetime = 300
        self.demands_proof = True
        self.gives_jwts = True
        self.asked: dict[str, str] = {}
        self.exchanged: list[dict[str, str]] = []
        self._challenges: dict[str, str] = {}
        self.app = Flask("independent issuer")
        self.app.secret_key = secrets.token_bytes(16)
        self.app.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = self._access_token
        init_app(self.app, user_claims=people, require_nonce=True)
        self.app.before_request(self._take_note)
        self.app.after_request(self._dress)

    def tokens(self, subject: str, client_id: str = "another-client") -> dict[str, Any]:
        """What a client gets that signs a person in, as the token endpoint answers it."""
        verifier = secrets.token_urlsafe(48)
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": _RETURN,
            "scope": "openid profile",
            "state": "a state",
            "nonce": secrets.token_urlsafe(),
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        code = self.code(f"{self.url}/oauth2/authorize?{urlencode(asked)}", subject)
        given = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": _RETURN}
        answer = httpx.post(f"{self.url}/oauth2/token", data=given, auth=(client_id, "their secret"), timeout=PATIENCE)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def code(self, address: str, subject: str) -> str:
        """The code a person is sent back with from this authorization request."""
        answer = httpx.post(address, data={"sub": subject}, timeout=PATIENCE)
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    def _take_note(self) -> Any:
        if request.path == "/oauth2/authorize":
            self.asked = request.args.to_dict()
        if request.path != "/oauth2/token":
            return None
        self.exchanged.append(request.form.to_dict())
        challenge = self._challenges.pop(request.form.get("code", ""), "")
        if self.demands_proof and create_s256_code_challenge(request.form.get("code_verifier", "")) != challenge:
            return jsonify(error="invalid_grant"), 400
        return None

    def _dress(self, response: Response) -> Response:
        if request.path == "/.well-known/openid-configuration":
            like_idporten = {
                "acr_values_supported": LEVELS,
                "code_challenge_methods_supported": ["S256"],
                "subject_types_supported": ["pairwise"],
                "ui_locales_supported": ["nb", "nn", "en", "se"],
            }
            response.data = jsonify(response.get_json() | like_idporten).data
        codes = parse_qs(urlsplit(response.headers.get("Location", "")).query).get("code", [])
        self._challenges |= {code: request.args.get("code_challenge", "") for code in codes}
        return response

    def _access_token(self, client: Any, grant_type: str, user: User, scope: str) -> str:
        if not self.gives_jwts:
            return secrets.token_urlsafe(32)
        now = int(time.time())
        key = RSAKey.import_key(g.oidc_provider_mock_storage.jwk.as_dict(is_private=True))
        claims = {
            "iss": self.url,
            "sub": user.sub,
            "aud": self.audience,
            "iat": now,
            "exp": now + self.lifetime,
            "jti": secrets.token_hex(8),
            "client_id": client.id,
            "scope": scope,
            **user.claims,
        }
        return jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "at+jwt"}, claims, key)


@contextmanager
def independent_issuer(*people: User) -> Iterator[IndependentIssuer]:
    """The issuer on a free port, until the block ends."""
    port = free_port()
    issuer = IndependentIssuer(f"http://localhost:{port}", people)
    with serving(issuer.app, port):
        yield issuer
