"""Signs a persona of the demo in without a browser, by the same steps as one: authorization code with PKCE.

The demo's data, the journey and the tests get their tokens here. It works with the demo issuer only
(`services.portal.demo_issuer`), which takes a name where others want a password.
"""

import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey

RETURN = "http://127.0.0.1/signed-in"
"""Where the issuer sends the code: nobody is there, as we read it off the redirect."""
TIMEOUT_SECONDS = 10.0


class SignInRefused(Exception):
    """The issuer did not give a token; the message holds what it said."""


def token(issuer_url: str, persona: str, client_id: str = "torg-cli") -> str:
    """An access token for a persona ("kari", "ola", "mona", "drift"). Raises SignInRefused, or what httpx does."""
    with httpx.Client(timeout=TIMEOUT_SECONDS) as http:
        found = _read(http.get(f"{issuer_url}/.well-known/openid-configuration"))
        verifier = generate_token(64)
        code = _code(http, found["authorization_endpoint"], persona, client_id, verifier)
        asked = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        answer = http.post(found["token_endpoint"], data=asked | {"client_id": client_id, "redirect_uri": RETURN})
        given: str = _read(answer)["access_token"]
    return given


def resident_token(issuer_url: str, key_file: Path, name: str) -> str:
    """An access token for somebody who is no persona, signed with the demo issuer's own key: where many persons are
    needed, as for benches and races."""
    key = ECKey.import_key(key_file.read_bytes(), {"use": "sig", "alg": "ES256"})
    key.ensure_kid()
    now = int(time.time())
    claims = {"iss": issuer_url, "sub": name, "aud": "torg", "iat": now, "exp": now + 8 * 3600, "roles": ["resident"]}
    return jwt.encode({"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}, claims, key)


def _code(http: httpx.Client, endpoint: str, persona: str, client_id: str, verifier: str) -> str:
    state = generate_token(32)
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": RETURN,
        "scope": "openid",
        "state": state,
        "nonce": generate_token(32),
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    answer = http.post(endpoint, data=asked | {"persona": persona})
    returned = parse_qs(urlsplit(answer.headers.get("Location", "")).query)
    if not answer.is_redirect or returned.get("state") != [state] or "code" not in returned:
        raise SignInRefused(f"{endpoint} answered {answer.status_code} for {persona!r} as {client_id!r}")
    return str(returned["code"][0])


def _read(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise SignInRefused(f"{answer.request.url} answered {answer.status_code}: {answer.text[:200]}")
    return answer.json()
