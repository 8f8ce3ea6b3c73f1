"""The demo issuer: what it gives, what it refuses, and that it is there only when the demo asks for it."""

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet

from cli.servers.ports import free_port
from cli.sign_in import SignInRefused, token
from kernel.auth import Role, TokenVerifier
from services.portal.app import build
from tests.unit.portal.conftest import Portal, serving, settings_for
from tests.waiting import PATIENCE

VERIFIER = "a-verifier-that-is-long-enough-to-be-one-by-RFC-7636"
RETURN = "http://127.0.0.1:4321/anything"
ASKED = {
    "response_type": "code",
    "client_id": "torg-cli",
    "redirect_uri": RETURN,
    "scope": "openid",
    "state": "the state",
    "nonce": "the nonce",
    "code_challenge": create_s256_code_challenge(VERIFIER),
    "code_challenge_method": "S256",
}


@pytest.fixture
def http(portal: Portal) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{portal.url}/demo-issuer", timeout=PATIENCE) as http:
        yield http


def code(http: httpx.Client, **changed: str) -> str:
    answer = http.post("/authorize", data=ASKED | {"persona": "kari"} | changed)
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def redeemed(http: httpx.Client, **changed: str) -> httpx.Response:
    given = {"grant_type": "authorization_code", "client_id": "torg-cli", "redirect_uri": RETURN}
    return http.post("/token", data=given | {"code_verifier": VERIFIER} | changed)


def claims(http: httpx.Client, signed: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(http.get("/jwks").json())
    return jwt.decode(signed, keys, algorithms=["ES256"]).claims


def test_gives_tokens_with_the_claims_of_the_persona(portal: Portal, http: httpx.Client) -> None:
    given = redeemed(http, code=code(http, persona="mona")).json()
    now = int(portal.clock.now().timestamp())
    access = claims(http, given["access_token"])
    jti = access.pop("jti")
    assert len(jti) == 32
    assert access == {
        "iss": f"{portal.url}/demo-issuer",
        "sub": "persona-mona",
        "aud": "torg",
        "client_id": "torg-cli",
        "iat": now,
        "exp": now + 8 * 3600,
        "roles": ["resident", "arena_manager"],
        "squares": ["borgen", "asker"],
    }
    identity = claims(http, given["id_token"])
    assert (identity["aud"], identity["nonce"], identity["name"]) == ("torg-cli", "the nonce", "Mona Berg")


def test_tells_the_client_whose_answer_it_is(portal: Portal, http: httpx.Client) -> None:
    answer = http.post("/authorize", data=ASKED | {"persona": "kari"})
    returned = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (returned["state"], returned["iss"]) == (["the state"], [f"{portal.url}/demo-issuer"])


def test_shows_the_personas_and_keeps_what_was_asked(http: httpx.Client) -> None:
    page = http.get("/authorize", params=ASKED, headers={"Accept-Language": "nn"})
    assert page.status_code == 200
    for name in ("Kari Nordmann", "Ola Hansen", "Mona Berg", "Driftsvakta"):
        assert name in page.text
    assert "Kven vil du vere?" in page.text
    assert 'name="state" value="the state"' in page.text


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "another"},
        {"client_id": ""},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "https://127.0.0.1/"},
        {"redirect_uri": ""},
        {"client_id": "torg-portal"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
        {"response_type": "token"},
        {"scope": "profile"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_refuses_what_is_not_one_of_its_clients(http: httpx.Client, method: str, changed: dict[str, str]) -> None:
    given = ASKED | {"persona": "kari"} | changed
    answer = http.get("/authorize", params=given) if method == "GET" else http.post("/authorize", data=given)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_refuses_a_stranger(http: httpx.Client) -> None:
    assert http.post("/authorize", data=ASKED | {"persona": "per"}).status_code == 400


def test_the_portal_returns_to_its_own_page_only(portal: Portal, http: httpx.Client) -> None:
    given = ASKED | {"client_id": "torg-portal"}
    assert http.get("/authorize", params=given | {"redirect_uri": f"{portal.url}/signed-in"}).status_code == 200
    assert http.get("/authorize", params=given | {"redirect_uri": f"{portal.url}/another"}).status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "unknown"},
        {"code_verifier": "another-verifier-just-as-long-as-the-right-one-is"},
        {"client_id": "torg-portal"},
        {"redirect_uri": "http://127.0.0.1:4321/other"},
    ],
)
def test_a_code_is_for_the_one_who_asked(http: httpx.Client, changed: dict[str, str]) -> None:
    answer = redeemed(http, **{"code": code(http)} | changed)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_a_code_is_good_once(http: httpx.Client) -> None:
    given = code(http)
    assert redeemed(http, code=given).status_code == 200
    assert redeemed(http, code=given).json() == {"error": "invalid_grant"}


def test_a_wrong_verifier_spends_the_code(http: httpx.Client) -> None:
    given = code(http)
    redeemed(http, code=given, code_verifier="wrong")
    assert redeemed(http, code=given).json() == {"error": "invalid_grant"}


def test_a_code_is_good_for_a_minute(portal: Portal, http: httpx.Client) -> None:
    in_time, too_late = code(http), code(http)
    portal.clock.move(timedelta(seconds=59))
    assert redeemed(http, code=in_time).status_code == 200
    portal.clock.move(timedelta(seconds=1))
    assert redeemed(http, code=too_late).json() == {"error": "invalid_grant"}


def test_another_grant(http: httpx.Client) -> None:
    assert redeemed(http, grant_type="password").json() == {"error": "unsupported_grant_type"}


def test_the_key_outlives_a_restart_and_is_the_users_own(tmp_path: Path) -> None:
    file, published = tmp_path / "key.pem", []
    for _ in range(2):
        app = build(settings_for("http://127.0.0.1:1", file))
        published.append(app.test_client().get("/demo-issuer/jwks").json)
    assert published[0] == published[1]
    assert "d" not in published[0]["keys"][0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_is_not_there_unless_asked_for(tmp_path: Path) -> None:
    app = build(settings_for("http://127.0.0.1:1", tmp_path / "key.pem", demo_issuer=False))
    assert app.test_client().get("/demo-issuer/jwks").status_code == 404
    assert not (tmp_path / "key.pem").exists()


@pytest.mark.parametrize(
    ("persona", "roles"),
    [
        ("kari", {Role.RESIDENT}),
        ("ola", {Role.RESIDENT}),
        ("mona", {Role.RESIDENT, Role.ARENA_MANAGER}),
        ("drift", {Role.OPERATOR}),
    ],
)
def test_the_services_take_a_token_signed_in_without_a_browser(tmp_path: Path, persona: str, roles: set[Role]) -> None:
    port = free_port()
    app = build(settings_for(f"http://127.0.0.1:{port}", tmp_path / "key.pem"))
    with serving(app, port) as url:
        issuer = f"{url}/demo-issuer"
        caller = TokenVerifier([issuer], "torg").verify(token(issuer, persona))
    assert (caller.subject, caller.roles) == (f"persona-{persona}", roles)


def test_signing_in_as_nobody(portal: Portal) -> None:
    with pytest.raises(SignInRefused):
        token(f"{portal.url}/demo-issuer", "nobody")
    with pytest.raises(SignInRefused):
        token(f"{portal.url}/demo-issuer", "kari", "another-client")
    with pytest.raises(SignInRefused):
        token(portal.url, "kari")
