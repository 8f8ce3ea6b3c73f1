"""Signing in and out: with the demo issuer, with an independent one, and with one that lies."""

import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask, jsonify, request
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from oidc_provider_mock import User, run_server_in_thread

from cli.servers.ports import free_port
from kernel.clock import FixedClock, SystemClock
from kernel.issuers import IssuerUnavailable
from services.portal.app import build
from services.portal.provider import Attempt, Provider, SignInFailed
from services.portal.session import LONGEST_COOKIE, LONGEST_IDLE, LONGEST_SESSION, own_page
from tests.unit.portal.conftest import Portal, Visitor, serving, settings_for
from tests.unit.portal.services import NOW, FakeServices

RETURN = "http://127.0.0.1:1/signed-in"


class Issuer:
    """An issuer that a test can have say anything."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
        self.signing_key: Any = self.key
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "one"}
        self.claims: dict[str, Any] = {}
        self.answer: dict[str, Any] = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 3600}
        self.description: dict[str, Any] = {}
        self.status = 200
        self.exchanged: list[dict[str, str]] = []
        self.authorization = ""

    def app(self) -> Flask:
        app = Flask("issuer")
        app.add_url_rule(
            "/.well-known/openid-configuration", "description", view_func=lambda: jsonify(self.description)
        )
        app.add_url_rule("/jwks", "keys", view_func=lambda: jsonify(keys=[self.key.as_dict(private=False)]))
        app.add_url_rule("/token", "token", view_func=self.token, methods=["POST"])
        return app

    def token(self) -> Any:
        self.exchanged.append(request.form.to_dict())
        self.authorization = request.headers.get("Authorization", "")
        signed = jwt.encode(self.header, self.claims, self.signing_key) if self.claims else None
        return jsonify({"id_token": signed} | self.answer), self.status

    def describe(self, url: str) -> None:
        endpoints = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}
        self.description = {"issuer": url} | {name: url + path for name, path in endpoints.items()}
        now = int(NOW.timestamp())
        self.claims = {"iss": url, "aud": "torg-portal", "sub": "abc", "iat": now, "exp": now + 600, "name": "Kari"}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with serving(issuer.app(), free_port()) as url:
        issuer.describe(url)
        yield issuer


def provider(issuer: Issuer, **changed: object) -> Provider:
    given = {"demo_issuer": False, "oidc_issuer": issuer.claims["iss"]} | changed
    settings = settings_for("http://127.0.0.1:1", Path(), **given)
    return Provider(settings, RETURN, FixedClock(NOW))


def left(asked: Provider, issuer: Issuer) -> tuple[dict[str, list[str]], Attempt]:
    """Leaves for the issuer, which then puts the nonce into its token; what was asked, and what is remembered."""
    address, attempt = asked.depart("nn", "/bookings")
    issuer.claims.setdefault("nonce", attempt.nonce)
    return parse_qs(urlsplit(address).query), attempt


def test_what_the_issuer_is_asked(issuer: Issuer) -> None:
    wishes = {"oidc_acr_values": ["idporten-loa-substantial", "idporten-loa-high"], "oidc_resource": "https://torg.no"}
    asked, attempt = left(provider(issuer, **wishes), issuer)
    assert asked == {
        "response_type": ["code"],
        "client_id": ["torg-portal"],
        "redirect_uri": [RETURN],
        "scope": ["openid profile"],
        "state": [attempt.state],
        "nonce": [attempt.nonce],
        "code_challenge": [create_s256_code_challenge(attempt.verifier)],
        "code_challenge_method": ["S256"],
        "ui_locales": ["nn"],
        "acr_values": ["idporten-loa-substantial idporten-loa-high"],
        "resource": ["https://torg.no"],
    }


def test_every_attempt_is_its_own(issuer: Issuer) -> None:
    asked = provider(issuer)
    (_, one), (_, other) = left(asked, issuer), left(asked, issuer)
    assert {one.state, one.nonce, one.verifier}.isdisjoint({other.state, other.nonce, other.verifier})


def test_a_public_client_says_who_it_is_and_proves_the_attempt(issuer: Issuer) -> None:
    asked = provider(issuer)
    _, attempt = left(asked, issuer)
    who = asked.arrive({"code": "123", "state": attempt.state}, attempt)
    (exchanged,) = issuer.exchanged
    assert exchanged == {
        "grant_type": "authorization_code",
        "code": "123",
        "redirect_uri": RETURN,
        "code_verifier": attempt.verifier,
        "client_id": "torg-portal",
    }
    assert issuer.authorization == ""
    assert (who.name, who.token, who.expires_at) == ("Kari", "opaque", int(NOW.timestamp()) + 3600)


def test_a_client_with_a_secret_sends_it_in_the_header(issuer: Issuer) -> None:
    asked = provider(issuer, oidc_client_secret="hush")
    _, attempt = left(asked, issuer)
    asked.arrive({"code": "123", "state": attempt.state}, attempt)
    assert issuer.authorization == httpx.BasicAuth("torg-portal", "hush")._auth_header
    assert "client_id" not in issuer.exchanged[0]


def test_what_the_menu_needs_comes_from_the_id_token(issuer: Issuer) -> None:
    issuer.claims |= {"torg_roles": ["arena_manager", 7], "squares": "borgen"}
    del issuer.claims["name"]
    asked = provider(issuer, roles_claim="torg_roles")
    _, attempt = left(asked, issuer)
    who = asked.arrive({"code": "123", "state": attempt.state}, attempt)
    assert (who.name, who.roles, who.squares, who.manages) == ("", ["arena_manager"], [], True)


def test_claims_may_be_found_on_a_path(issuer: Issuer) -> None:
    issuer.claims |= {"realm_access": {"roles": ["arena_manager"]}, "torg": {"squares": ["borgen"]}}
    asked = provider(issuer, roles_claim="realm_access.roles", squares_claim="torg.squares")
    _, attempt = left(asked, issuer)
    who = asked.arrive({"code": "123", "state": attempt.state}, attempt)
    assert (who.roles, who.squares) == (["arena_manager"], ["borgen"])


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://another.example"},
        {"aud": "another-client"},
        {"aud": "torg"},
        {"nonce": "of another attempt"},
        {"exp": int(NOW.timestamp()) - 31},
        {"exp": None},
        {"sub": None},
        {"iat": int(NOW.timestamp()) + 31},
    ],
)
def test_an_id_token_that_is_not_for_this_attempt(issuer: Issuer, claims: dict[str, Any]) -> None:
    changed = issuer.claims | claims
    issuer.claims = {name: value for name, value in changed.items() if value is not None}
    asked = provider(issuer, oidc_issuer=issuer.description["issuer"])
    _, attempt = left(asked, issuer)
    with pytest.raises(SignInFailed):
        asked.arrive({"code": "123", "state": attempt.state}, attempt)


def test_an_issuers_clock_may_be_off_by_the_skew(issuer: Issuer) -> None:
    issuer.claims["exp"] = int(NOW.timestamp()) - 29
    asked = provider(issuer)
    _, attempt = left(asked, issuer)
    assert asked.arrive({"code": "123", "state": attempt.state}, attempt).name == "Kari"


@pytest.mark.parametrize(
    ("acr", "good"), [("idporten-loa-high", True), ("idporten-loa-low", False), (None, False), ("Level4", False)]
)
def test_the_level_of_assurance(issuer: Issuer, acr: str | None, good: bool) -> None:
    if acr:
        issuer.claims["acr"] = acr
    asked = provider(issuer, oidc_acr_values=["idporten-loa-substantial", "idporten-loa-high"])
    _, attempt = left(asked, issuer)
    if good:
        assert asked.arrive({"code": "123", "state": attempt.state}, attempt).name == "Kari"
    else:
        with pytest.raises(SignInFailed):
            asked.arrive({"code": "123", "state": attempt.state}, attempt)


def test_a_token_signed_by_another_key(issuer: Issuer) -> None:
    issuer.signing_key = ECKey.generate_key("P-256")
    asked = provider(issuer)
    _, attempt = left(asked, issuer)
    with pytest.raises(SignInFailed):
        asked.arrive({"code": "123", "state": attempt.state}, attempt)


def test_a_token_signed_by_what_both_know(issuer: Issuer) -> None:
    issuer.header, issuer.signing_key = {"alg": "HS256", "kid": "one"}, OctKey.import_key(secrets.token_bytes(32))
    asked = provider(issuer)
    _, attempt = left(asked, issuer)
    with pytest.raises(SignInFailed):
        asked.arrive({"code": "123", "state": attempt.state}, attempt)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"error": "access_denied"},
        {"code": "123"},
        {"code": "123", "state": "of another"},
        {"code": "123", "state": "ours", "iss": "https://another.example"},
    ],
)
def test_a_return_that_answers_nothing_we_asked(issuer: Issuer, answer: dict[str, str]) -> None:
    asked = provider(issuer)
    _, attempt = left(asked, issuer)
    ours = {name: attempt.state if value == "ours" else value for name, value in answer.items()}
    with pytest.raises(SignInFailed):
        asked.arrive(ours, attempt)
    assert not issuer.exchanged


@pytest.mark.parametrize(
    ("answer", "status"),
    [({"error": "invalid_grant"}, 400), ({"id_token": None}, 200), ({"access_token": None}, 200)],
)
def test_an_exchange_that_gives_no_tokens(issuer: Issuer, answer: dict[str, Any], status: int) -> None:
    issuer.answer |= answer
    issuer.status = status
    asked = provider(issuer)
    _, attempt = left(asked, issuer)
    with pytest.raises(SignInFailed):
        asked.arrive({"code": "123", "state": attempt.state}, attempt)


def test_an_issuer_that_breaks_down(issuer: Issuer) -> None:
    asked = provider(issuer)
    _, attempt = left(asked, issuer)
    issuer.status = 502
    with pytest.raises(IssuerUnavailable):
        asked.arrive({"code": "123", "state": attempt.state}, attempt)


def test_a_description_of_another_issuer(issuer: Issuer) -> None:
    issuer.description["issuer"] = "https://another.example"
    with pytest.raises(IssuerUnavailable):
        provider(issuer).depart("nb", "/")


def test_an_issuer_that_is_back_is_asked_again(issuer: Issuer) -> None:
    asked, described = provider(issuer), issuer.description
    issuer.description = {}
    with pytest.raises(IssuerUnavailable):
        asked.depart("nb", "/")
    issuer.description = described
    assert asked.depart("nb", "/")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/bookings?cursor=a", "/bookings?cursor=a"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
    ],
)
def test_one_is_sent_back_to_our_own_pages_only(address: str, kept: str) -> None:
    assert own_page(address) == kept


def test_a_page_for_the_signed_in_comes_back_after_signing_in(visitor: Visitor) -> None:
    visitor.go("/volunteer?a=b")
    visitor.submit("/demo-issuer/authorize", persona="kari")
    assert str(visitor.page.url).endswith("/volunteer?a=b")
    assert "Kari Nordmann" in visitor.text


@pytest.mark.parametrize(("length", "kept"), [(500, True), (6000, False)])
def test_a_page_with_an_address_too_long_to_remember_keeps_nobody_out(
    visitor: Visitor, length: int, kept: bool
) -> None:
    page = f"/search?square=borgen&about={secrets.token_urlsafe(length)}"
    visitor.go(f"/sign-in?next={quote(page)}")
    assert len(visitor.cookies["torg"]) <= LONGEST_COOKIE  # browsers drop longer ones
    visitor.submit("/demo-issuer/authorize", persona="kari")
    assert str(visitor.page.url).endswith(page if kept else "/")
    assert "Kari Nordmann" in visitor.text


BOOK = "/book?space=borgen-storsal&begins_at=2026-12-05T17:00:00%2B00:00&minutes=120"
UNSENT = "Ingenting ble sendt, for du var logget ut. Se over, og send på nytt."


@pytest.mark.parametrize("tries", [0, 1, 2])
def test_a_form_that_was_sent_too_late_is_shown_again_and_says_so(portal: Portal, kari: Visitor, tries: int) -> None:
    """Where a page was answered to a form, its form leads back to the page that can be asked for."""
    page = kari.go(BOOK)
    for _ in range(tries):
        page = kari.submit("/book", participants="mange")
        assert page.status_code == 422
    portal.clock.move(timedelta(hours=8))
    assert kari.submit("/book").url.path == "/demo-issuer/authorize"
    page = kari.submit("/demo-issuer/authorize", persona="kari")
    assert page.status_code == 200
    assert (kari.path, page.url.params["space"]) == ("/book", "borgen-storsal")
    assert UNSENT in page.text
    assert UNSENT not in kari.go("/").text
    assert not portal.services.asked("POST", "booking")


def test_who_only_looks_too_late_has_sent_nothing(portal: Portal, kari: Visitor) -> None:
    kari.go(BOOK)
    portal.clock.move(timedelta(hours=8))
    kari.go("/bookings")
    assert UNSENT not in kari.submit("/demo-issuer/authorize", persona="kari").text


@pytest.mark.parametrize("tries", [1, 2])
def test_the_language_is_chosen_on_a_page_that_was_answered_to_a_form(kari: Visitor, tries: int) -> None:
    kari.go(BOOK)
    for _ in range(tries):
        kari.submit("/book", participants="mange")
    link = re.search(r'href="(/language/nn[^"]*)"', kari.text)
    assert link
    page = kari.go(link[1].replace("&amp;", "&"))
    assert (page.status_code, kari.path, "Kva er føremålet?" in page.text) == (200, "/book", True)


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", ""])
def test_a_form_leads_back_to_our_own_pages_only(portal: Portal, kari: Visitor, where: str) -> None:
    kari.go(BOOK)
    portal.clock.move(timedelta(hours=8))
    kari.submit("/book", at=where)
    kari.submit("/demo-issuer/authorize", persona="kari")
    assert (kari.page.url.host, kari.path) == ("127.0.0.1", "/")


def test_a_return_that_nobody_left_for(visitor: Visitor) -> None:
    visitor.go("/signed-in?code=stolen&state=guessed")
    assert visitor.path == "/"
    assert "Logg inn" in visitor.text


def test_a_return_with_anothers_state_signs_nobody_in(portal: Portal, visitor: Visitor) -> None:
    visitor.go("/sign-in")
    page = visitor.go("/signed-in?code=abc&state=another")
    assert page.status_code == 400
    assert "Du ble ikke logget inn." in page.text
    assert not portal.services.asked("GET", "pricing")


def test_the_session_ends_after_so_long_whatever_is_done(portal: Portal, kari: Visitor) -> None:
    began = portal.clock.now()
    while (left := began + LONGEST_SESSION - portal.clock.now()) > LONGEST_IDLE:
        portal.clock.move(min(LONGEST_IDLE, left) - timedelta(minutes=1))
        assert "Kari Nordmann" in kari.go("/").text
    portal.clock.move(left - timedelta(seconds=1))
    assert "Kari Nordmann" in kari.go("/").text
    portal.clock.move(timedelta(seconds=1))
    assert "Kari Nordmann" not in kari.go("/").text
    assert kari.go("/bookings").url.path == "/demo-issuer/authorize"


@pytest.mark.parametrize(("idle", "known"), [(timedelta(seconds=1799), True), (timedelta(seconds=1800), False)])
@pytest.mark.parametrize("busy", [timedelta(), timedelta(minutes=25), timedelta(hours=2)])
def test_the_session_ends_when_nothing_is_done(
    portal: Portal, kari: Visitor, busy: timedelta, idle: timedelta, known: bool
) -> None:
    began = portal.clock.now()
    while portal.clock.now() < began + busy:
        portal.clock.move(timedelta(minutes=5))
        kari.go("/")
    portal.clock.move(idle)
    assert ("Kari Nordmann" in kari.go("/").text) == known


def test_a_copy_of_the_cookies_is_nobody_once_their_person_rests(portal: Portal, kari: Visitor) -> None:
    portal.clock.move(timedelta(minutes=10))
    kari.go("/")
    thief = Visitor(portal.url)
    thief.cookies.update(kari.cookies)
    assert "Kari Nordmann" in thief.go("/").text
    thief = Visitor(portal.url)
    thief.cookies.update(kari.cookies)
    portal.clock.move(LONGEST_IDLE)
    assert "Kari Nordmann" not in thief.go("/").text


def test_the_mark_of_another_sign_in_keeps_nobody_signed_in(portal: Portal, kari: Visitor, visitor: Visitor) -> None:
    old = httpx.Cookies(kari.cookies)
    portal.clock.move(LONGEST_IDLE - timedelta(minutes=1))
    visitor.sign_in("kari")
    portal.clock.move(timedelta(minutes=2))
    visitor.go("/")
    stolen = Visitor(portal.url)
    stolen.cookies.update(old)
    stolen.cookies.set("torg-seen", visitor.cookies["torg-seen"])
    assert "Kari Nordmann" not in stolen.go("/").text


def test_a_session_is_no_mark_of_one(kari: Visitor) -> None:
    kari.cookies.set("torg-seen", kari.cookies["torg"])
    assert kari.go("/").status_code == 200
    assert "Kari Nordmann" in kari.text


def test_signing_out(kari: Visitor) -> None:
    kari.go("/")
    page = kari.submit("/sign-out")
    assert "Du er logget ut." in page.text
    assert "Kari Nordmann" not in page.text
    assert kari.go("/bookings").url.path == "/demo-issuer/authorize"


def test_signing_out_of_a_page_that_is_signed_out_already(portal: Portal, kari: Visitor) -> None:
    """In another tab, say: nobody is asked to sign in for it."""
    shown = kari.go("/").text
    kari.submit("/sign-out")
    kari.page = httpx.Response(200, text=shown, request=kari.page.request)
    page = kari.submit("/sign-out")
    assert (kari.path, "Du er logget ut." in page.text) == ("/", True)


def test_an_issuer_that_is_away(tmp_path: Path) -> None:
    port = free_port()
    settings = settings_for(
        f"http://127.0.0.1:{port}", tmp_path / "key.pem", demo_issuer=False, oidc_issuer="http://127.0.0.1:1"
    )
    app = build(settings, transport=httpx.MockTransport(FakeServices().handle))
    with serving(app, port) as url:
        visitor = Visitor(url)
        page = visitor.go("/sign-in")
        assert (page.status_code, "Innloggingstjenesten svarer ikke." in page.text) == (503, True)
        visitor.close()


def test_an_independent_issuer(tmp_path: Path) -> None:
    """The whole way with a provider that knows nothing of Torg, as ID-porten: no roles, a level of assurance."""
    port, services = free_port(), FakeServices()
    people = [User(sub="pairwise-1", claims={"acr": "idporten-loa-high", "pid": "21850799784"})]
    with run_server_in_thread(user_claims=people, require_nonce=True) as issuer:
        settings = settings_for(
            f"http://127.0.0.1:{port}",
            tmp_path / "key.pem",
            demo_issuer=False,
            oidc_issuer=f"http://localhost:{issuer.server_port}",
            oidc_client_id="a client of theirs",
            oidc_client_secret="secret",
            oidc_acr_values=["idporten-loa-high"],
        )
        app = build(settings, clock=SystemClock(), transport=httpx.MockTransport(services.handle))
        with serving(app, port) as url:
            visitor = Visitor(url)
            asked = visitor.go("/sign-in")
            page = visitor.send(str(asked.url), sub="pairwise-1")
            assert (page.status_code, visitor.path) == (200, "/")
            assert "Innlogget" in page.text
            assert "21850799784" not in str(dict(visitor.cookies))
            visitor.go("/bookings")
            assert services.calls[-1].headers["Authorization"].startswith("Bearer ")
            page = visitor.submit("/sign-out")
            assert page.url.path == "/oauth2/end_session"
            visitor.close()
