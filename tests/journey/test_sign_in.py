"""Signing in through a provider that knows nothing of Torg: the portal by code and PKCE, the services by its tokens.

The provider is dressed as ID-porten: levels of assurance, a national identity number in its claims, a pairwise `sub`,
no roles of ours. Portal and services answer over real HTTP, over real PostgreSQL, set up by their environment alone.
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import httpx
import pytest
from oidc_provider_mock import User
from sqlalchemy import create_engine, text

from cli import api, portal
from cli.servers.ports import free_port
from kernel.auth import Caller
from kernel.clock import SystemClock
from kernel.settings import Settings, load
from services.portal.settings import PortalSettings
from tests.contract.things import borgen
from tests.independent_issuer import LEVELS, IndependentIssuer, independent_issuer
from tests.templates import Templates
from tests.unit.portal.conftest import Visitor, serving
from tests.waiting import PATIENCE

PID = "21850799784"
HIGH, LOW = "idporten-loa-high", "idporten-loa-low"
KARI, OLA, DRIFT, MONA = "Zx81kQ-pairwise", "q7HH2a-pairwise", "Bb0cLr-pairwise", "mM44xy-pairwise"
PEOPLE = [
    User(sub=KARI, claims={"acr": HIGH, "pid": PID, "amr": ["BankID"]}),
    User(sub=OLA, claims={"acr": LOW, "pid": PID}),
    User(sub=DRIFT, claims={"acr": HIGH, "roles": ["operator"]}),
    User(sub=MONA, claims={"acr": HIGH, "realm_access": {"roles": ["arena_manager"]}, "torg/squares": ["borgen"]}),
]
SERVICES = ["booking", "access", "pricing", "programming"]
NOT_SIGNED_IN = "Du ble ikke logget inn."
Environment = dict[str, str]
Opening = Callable[..., Visitor]


@pytest.fixture(scope="module")
def shared_issuer() -> Iterator[IndependentIssuer]:
    with independent_issuer(*PEOPLE) as issuer:
        yield issuer


@pytest.fixture
def issuer(shared_issuer: IndependentIssuer) -> Iterator[IndependentIssuer]:
    """The issuer; what a test changes of it is as it was for the next one."""
    kept = {name: getattr(shared_issuer, name) for name in ("audience", "lifetime", "demands_proof", "gives_jwts")}
    shared_issuer.exchanged.clear()
    yield shared_issuer
    for name, value in kept.items():
        setattr(shared_issuer, name, value)


@pytest.fixture(scope="module")
def databases(templates: Templates) -> Iterator[dict[str, str]]:
    urls = {service: templates.copy(service) for service in SERVICES}
    yield urls
    for url in urls.values():
        templates.take_back(url)


@pytest.fixture(scope="module")
def environment(shared_issuer: IndependentIssuer, databases: dict[str, str]) -> Environment:
    """What an operator sets for the services."""
    return {
        **{f"TORG_{service.upper()}_DATABASE_URL": url for service, url in databases.items()},
        "TORG_ISSUERS": f"https://login.example.no,{shared_issuer.url}",
        "TORG_AUDIENCE": "torg",
        "TORG_ACCESS_CODE_KEY": base64.urlsafe_b64encode(bytes(32)).decode(),
    }


@contextmanager
def services(environment: Environment) -> Iterator[str]:
    """All four services as `cli.api` puts them together; gives the URL they are under."""
    with serving(api.build(SERVICES, load(Settings, environment)), free_port()) as url:
        yield f"{url}/api"


@pytest.fixture(scope="module")
def torg(environment: Environment, shared_issuer: IndependentIssuer) -> Iterator[str]:
    """The services, with the square Borgen; its operator signs in with the same provider."""
    with services(environment) as url:
        drift = bearer(shared_issuer.tokens(DRIFT)["access_token"])
        assert (
            httpx.put(f"{url}/booking/squares/borgen", json=borgen(), headers=drift, timeout=PATIENCE).status_code
            == 200
        )
        yield url


@pytest.fixture
def opening(torg: str, issuer: IndependentIssuer) -> Iterator[Opening]:
    """Starts a portal and opens a browser at it; further ones open at the same portal if they are given its URL."""
    with ExitStack() as running:

        def open_portal(at: str = "", **changed: str) -> Visitor:
            port = free_port()
            if not at:
                settings = load(PortalSettings, portal_environment(port, torg, issuer.url) | changed)
                at = running.enter_context(serving(portal.build(settings), port))
            visitor = Visitor(at)
            running.callback(visitor.close)
            return visitor

        yield open_portal


def portal_environment(port: int, torg: str, issuer: str) -> Environment:
    """What an operator sets for the portal where people sign in with ID-porten."""
    return {
        **{f"TORG_{service.upper()}_URL": f"{torg}/{service}" for service in SERVICES},
        "TORG_PORTAL_URL": f"http://127.0.0.1:{port}",
        "TORG_SESSION_SECRET": "a secret of the tests, long enough",
        "TORG_OIDC_ISSUER": issuer,
        "TORG_OIDC_CLIENT_ID": "0192f3c4-a-client-of-theirs",
        "TORG_OIDC_CLIENT_SECRET": "a secret of theirs",
        "TORG_OIDC_ACR_VALUES": "idporten-loa-substantial,idporten-loa-high",
        "TORG_OIDC_RESOURCE": "https://torg.example.no",
    }


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def leave(visitor: Visitor, path: str = "/bookings") -> str:
    """Asks for a page that needs a sign-in; the address at the provider one comes to."""
    return str(visitor.go(path).url)


def signed_in(visitor: Visitor, subject: str = KARI, path: str = "/bookings") -> httpx.Response:
    return visitor.send(leave(visitor, path), sub=subject)


def returning(visitor: Visitor, code: str, state: str) -> httpx.Response:
    return visitor.go(f"/signed-in?{urlencode({'code': code, 'state': state})}")


def asked_state(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


# The portal


def test_what_the_provider_is_asked_for(opening: Opening, issuer: IndependentIssuer) -> None:
    visitor = opening()
    leave(visitor)
    asked = issuer.asked
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert set(asked["acr_values"].split()) <= set(LEVELS)
    assert (asked["resource"], asked["ui_locales"]) == ("https://torg.example.no", "nb")
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 32


def test_a_resident_signs_in_and_books(opening: Opening, issuer: IndependentIssuer, torg: str) -> None:
    visitor = opening()
    page = signed_in(visitor)
    assert (page.status_code, visitor.path) == (200, "/bookings")
    [exchanged] = issuer.exchanged
    assert "code_verifier" in exchanged
    assert "client_secret" not in exchanged
    noon = datetime.combine(SystemClock().now().date() + timedelta(days=2), time(12), UTC)
    visitor.go(f"/book?{urlencode({'space': 'borgen-storsal', 'begins_at': noon.isoformat(), 'minutes': 60})}")
    page = visitor.submit("/book", purpose="culture", audience="everyone", participants="8", title="Kor")
    assert (page.status_code, visitor.path.rpartition("/")[0]) == (200, "/bookings")
    assert "Kor" in page.text
    mine = httpx.get(
        f"{torg}/booking/bookings", headers=bearer(issuer.tokens(KARI)["access_token"]), timeout=PATIENCE
    ).json()["items"]
    assert [each["title"] for each in mine] == ["Kor"]
    assert mine[0]["tenant"]["id"] == str(Caller(KARI, issuer.url, frozenset()).person)


def test_nothing_of_the_national_identity_number_is_kept(
    opening: Opening, databases: dict[str, str], torg: str, capfd: pytest.CaptureFixture[str]
) -> None:
    visitor = opening()
    page = signed_in(visitor)
    assert "Innlogget" in page.text
    assert PID not in page.text + str(dict(visitor.cookies))
    assert not [url for url in databases.values() if PID in everything_in(url)]
    assert PID not in "".join(capfd.readouterr())


def everything_in(url: str) -> str:
    """All rows of all tables, as text."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.connect() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        rows = [str(connection.scalars(text(f'SELECT line::text FROM "{each}" AS line')).all()) for each in tables]
    engine.dispose()
    return "\n".join(rows)


def test_signing_out_is_signing_out_there_too(opening: Opening, issuer: IndependentIssuer) -> None:
    visitor = opening()
    signed_in(visitor)
    page = visitor.submit("/sign-out")
    assert str(page.url).startswith(f"{issuer.url}/oauth2/end_session?")
    assert leave(visitor).startswith(f"{issuer.url}/oauth2/authorize?")


def test_whoever_says_no_is_not_signed_in(opening: Opening) -> None:
    visitor = opening()
    page = visitor.send(leave(visitor), action="deny")
    assert (page.status_code, NOT_SIGNED_IN in page.text) == (400, True)


def test_a_level_of_assurance_too_low(opening: Opening) -> None:
    visitor = opening()
    page = signed_in(visitor, OLA)
    assert (page.status_code, NOT_SIGNED_IN in page.text) == (400, True)
    assert leave(visitor).partition("?")[0].endswith("/oauth2/authorize")


def test_a_state_that_is_not_the_browser_s_own(opening: Opening, issuer: IndependentIssuer) -> None:
    visitor = opening()
    address = leave(visitor)
    page = returning(visitor, issuer.code(address, KARI), "guessed")
    assert (page.status_code, NOT_SIGNED_IN in page.text) == (400, True)
    assert issuer.exchanged == []


def stolen(opening: Opening, issuer: IndependentIssuer) -> tuple[Visitor, httpx.Response]:
    """Ola's browser comes back with a code that was made for Kari's."""
    karis = opening()
    code = issuer.code(leave(karis), KARI)
    olas = opening(at=str(karis.page.history[0].url.copy_with(raw_path=b"/")))
    return olas, returning(olas, code, asked_state(leave(olas)))


def test_a_code_that_was_made_for_another_browser(opening: Opening, issuer: IndependentIssuer) -> None:
    """The provider holds it against the challenge (PKCE)."""
    visitor, page = stolen(opening, issuer)
    assert (page.status_code, NOT_SIGNED_IN in page.text) == (400, True)
    assert len(issuer.exchanged) == 1
    assert "oauth2/authorize" in leave(visitor)


@pytest.mark.parametrize("proof", [{}, {"code_verifier": "a-verifier-made-up-by-whoever-stole-the-code-it-is-for"}])
def test_a_code_without_its_proof_is_worth_nothing(
    opening: Opening, issuer: IndependentIssuer, proof: dict[str, str]
) -> None:
    code = issuer.code(leave(opening()), KARI)
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": issuer.asked["redirect_uri"]}
    answer = httpx.post(
        f"{issuer.url}/oauth2/token", data=given | proof, auth=(issuer.asked["client_id"], "secret"), timeout=PATIENCE
    )
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_a_code_that_a_careless_provider_takes(opening: Opening, issuer: IndependentIssuer) -> None:
    """Where the provider does not look, the nonce in the ID token is another's."""
    issuer.demands_proof = False
    visitor, page = stolen(opening, issuer)
    assert (page.status_code, NOT_SIGNED_IN in page.text) == (400, True)
    assert "oauth2/authorize" in leave(visitor)


def test_a_code_is_good_once(opening: Opening, issuer: IndependentIssuer) -> None:
    visitor = opening()
    address = leave(visitor)
    code, state = issuer.code(address, KARI), asked_state(address)
    assert returning(visitor, code, state).url.path == "/bookings"
    assert returning(visitor, code, state).url.path == "/"
    assert "Innlogget" in visitor.text
    assert len(issuer.exchanged) == 1


@pytest.mark.parametrize("change", [{"audience": "another api"}, {"gives_jwts": False}])
def test_a_token_that_the_services_do_not_take(
    opening: Opening, issuer: IndependentIssuer, change: dict[str, Any]
) -> None:
    """The person is told; sending them to sign in again would lead round in a ring."""
    for name, value in change.items():
        setattr(issuer, name, value)
    visitor = opening()
    page = signed_in(visitor)
    assert (page.status_code, visitor.path) == (503, "/bookings")


# The services


def answer(torg: str, token: str, path: str = "/booking/bookings", **body: Any) -> tuple[int, str]:
    """The status, and the code of what is wrong, if anything."""
    method = "POST" if body else "GET"
    found = httpx.request(method, f"{torg}{path}", json=body or None, headers=bearer(token), timeout=PATIENCE)
    return found.status_code, found.json().get("code", "")


@pytest.mark.parametrize("service", ["booking/bookings", "access/keys", "pricing/agreements", "programming/activities"])
def test_every_service_takes_its_tokens(torg: str, issuer: IndependentIssuer, service: str) -> None:
    assert answer(torg, issuer.tokens(KARI)["access_token"], f"/{service}") == (200, "")


def test_whoever_has_no_roles_is_a_resident(torg: str, issuer: IndependentIssuer) -> None:
    token = issuer.tokens(KARI)["access_token"]
    assert answer(torg, token, "/booking/actors") == (200, "")
    squat = {"subject": "somebody"}
    assert answer(torg, token, f"/booking/actors/{UUID(int=1)}/representatives", **squat) == (403, "forbidden")
    assert answer(torg, token, "/access/locks") == (403, "forbidden")


def test_roles_are_those_the_token_names(torg: str, issuer: IndependentIssuer) -> None:
    token = issuer.tokens(DRIFT)["access_token"]
    assert answer(torg, token, "/access/locks") == (200, "")
    assert answer(torg, token, "/access/keys") == (403, "forbidden")


def test_roles_and_squares_under_names_of_the_provider_s(environment: Environment, issuer: IndependentIssuer) -> None:
    named = {"TORG_ROLES_CLAIM": "realm_access.roles", "TORG_SQUARES_CLAIM": "torg/squares"}
    token = issuer.tokens(MONA)["access_token"]
    with services(environment | named) as torg:
        assert answer(torg, token, "/access/locks?square=borgen") == (200, "")
        assert answer(torg, token, "/access/locks?square=tofte") == (403, "forbidden")


def test_one_of_several_audiences_is_enough(torg: str, issuer: IndependentIssuer) -> None:
    issuer.audience = ["https://other.example.no", "torg"]
    assert answer(torg, issuer.tokens(KARI)["access_token"]) == (200, "")


def test_a_token_for_another_api(torg: str, issuer: IndependentIssuer) -> None:
    issuer.audience = "https://other.example.no"
    assert answer(torg, issuer.tokens(KARI)["access_token"]) == (401, "invalid_token")


def test_a_token_for_the_client_only(torg: str, issuer: IndependentIssuer) -> None:
    """An ID token tells a client who signed in; it opens no API."""
    assert answer(torg, issuer.tokens(KARI)["id_token"]) == (401, "invalid_token")


def test_a_token_that_says_nothing(torg: str, issuer: IndependentIssuer) -> None:
    issuer.gives_jwts = False
    assert answer(torg, issuer.tokens(KARI)["access_token"]) == (401, "invalid_token")


@pytest.mark.parametrize(("age", "expected"), [(-20, (200, "")), (-40, (401, "expired_token"))])
def test_a_token_is_good_until_it_ends_give_or_take_the_clocks(
    torg: str, issuer: IndependentIssuer, age: int, expected: tuple[int, str]
) -> None:
    issuer.lifetime = age
    assert answer(torg, issuer.tokens(KARI)["access_token"]) == expected


def test_an_issuer_that_is_not_trusted(environment: Environment, issuer: IndependentIssuer) -> None:
    with services(environment | {"TORG_ISSUERS": "https://login.example.no"}) as torg:
        assert answer(torg, issuer.tokens(KARI)["access_token"]) == (401, "invalid_token")
