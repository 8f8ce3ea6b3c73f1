"""Tokens: who is let in, and each way a token can be wrong. The issuer is a real HTTP server on this machine."""

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey, RSAKey

from kernel.addresses import check_issuer
from kernel.auth import Caller, ExpiredToken, InvalidToken, IssuerUnavailable, Role, TokenVerifier
from kernel.clock import FixedClock, SystemClock
from kernel.issuers import FRESH_SECONDS, KEPT_SECONDS
from tests.issuer import Issuer, Watch, elliptic_key
from tests.issuer import issuer as running_issuer


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(SystemClock().now())


@pytest.fixture
def verifier(issuer: Issuer, clock: FixedClock) -> TokenVerifier:
    return TokenVerifier([issuer.url], "torg", skew_seconds=30, clock=clock)


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"name": "Kari Nordmann", "birthdate": "1984-05-17"}, ("Kari Nordmann", "1984-05-17")),
        ({"name": "Kari Nordmann"}, None),
        ({"birthdate": "1984-05-17"}, None),
        ({"name": "", "birthdate": "1984-05-17"}, None),
        ({"name": ["Kari"], "birthdate": 1984}, None),
        (
            {"given_name": "Kari", "family_name": "Nordmann", "birthdate": "1984-05-17"},
            ("Kari Nordmann", "1984-05-17"),
        ),
        (
            {"given_name": "Kari", "middle_name": "Vars", "family_name": "Sara", "birthdate": "19840517"},
            ("Kari Vars Sara", "1984-05-17"),
        ),
        ({"given_name": "Kari", "birthdate": "1984-05-17"}, None),
        ({"name": "Kari Nordmann", "birthdate": "1984"}, None),
        ({"name": "Kari Nordmann", "birthdate": "0000-05-17"}, None),
        ({"name": "Kari Nordmann", "birthdate": "17.05.1984"}, None),
        ({"name": "  ", "birthdate": "1984-05-17"}, None),
    ],
)
def test_a_token_may_say_who_somebody_is(
    issuer: Issuer, verifier: TokenVerifier, claims: dict[str, Any], named: tuple[str, str] | None
) -> None:
    caller = verifier.verify(issuer.token(**claims))
    assert caller.named == named
    assert "Kari" not in repr(caller)


def test_a_good_token_names_its_caller(issuer: Issuer, verifier: TokenVerifier) -> None:
    token = issuer.token(sub="mona", roles=["arena_manager", "resident"], squares=["borgen", "tofte"])
    assert verifier.verify(token) == Caller(
        "mona", issuer.url, frozenset({Role.ARENA_MANAGER, Role.RESIDENT}), frozenset({"borgen", "tofte"})
    )


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (None, {Role.RESIDENT}),
        ([], {Role.RESIDENT}),
        (["operator"], {Role.OPERATOR}),
        (["device", "something-else"], {Role.DEVICE}),
        (["something-else"], set()),
    ],
)
def test_roles(issuer: Issuer, verifier: TokenVerifier, roles: Any, expected: set[Role]) -> None:
    assert verifier.verify(issuer.token(roles=roles)).roles == expected


@pytest.mark.parametrize("roles", ["operator", {"operator": True}, [1], 7])
def test_roles_of_another_form_are_refused(issuer: Issuer, verifier: TokenVerifier, roles: Any) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(issuer.token(roles=roles))


def test_roles_may_lie_deeper_in_the_token(issuer: Issuer) -> None:
    verifier = TokenVerifier([issuer.url], "torg", roles_claim="realm_access.roles", squares_claim="torg/squares")
    token = issuer.token(realm_access={"roles": ["operator"]}, **{"torg/squares": ["holmen"]})
    caller = verifier.verify(token)
    assert (caller.roles, caller.squares) == ({Role.OPERATOR}, {"holmen"})


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another"},
        {"aud": None},
        {"aud": ["another", "third"]},
        {"iss": "https://elsewhere.test"},
        {"iss": None},
        {"iss": ["a", "list"]},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
    ],
)
def test_claims_that_are_wrong(issuer: Issuer, verifier: TokenVerifier, changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(issuer.token(**changed))


def test_one_of_several_audiences_is_enough(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert verifier.verify(issuer.token(aud=["another", "torg"])).subject == "kari"


@pytest.mark.parametrize(("past", "good"), [(29, True), (30, False), (31, False)])
def test_expiry_allows_for_the_issuers_clock(
    issuer: Issuer, verifier: TokenVerifier, clock: FixedClock, past: int, good: bool
) -> None:
    token = issuer.token(exp=int(clock.now().timestamp()) - past)
    if good:
        assert verifier.verify(token)
    else:
        with pytest.raises(ExpiredToken):
            verifier.verify(token)


@pytest.mark.parametrize(("ahead", "good"), [(29, True), (30, True), (31, False)])
def test_not_before_allows_for_the_issuers_clock(
    issuer: Issuer, verifier: TokenVerifier, clock: FixedClock, ahead: int, good: bool
) -> None:
    token = issuer.token(nbf=int(clock.now().timestamp()) + ahead)
    if good:
        assert verifier.verify(token)
    else:
        with pytest.raises(InvalidToken):
            verifier.verify(token)


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"])
def test_tokens_for_access(issuer: Issuer, verifier: TokenVerifier, typ: str | None) -> None:
    assert verifier.verify(issuer.token(typ=typ)).subject == "kari"


@pytest.mark.parametrize("typ", ["logout+jwt", "dpop+jwt", "secevent+jwt", ""])
def test_tokens_for_something_else(issuer: Issuer, verifier: TokenVerifier, typ: str) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(issuer.token(typ=typ))


@pytest.mark.parametrize(("seconds", "good"), [(28829, True), (28830, True), (28831, False), (10**9, False)])
@pytest.mark.parametrize("said", [True, False])
def test_a_token_is_good_for_so_long_at_most(
    issuer: Issuer, verifier: TokenVerifier, clock: FixedClock, said: bool, seconds: int, good: bool
) -> None:
    now = int(clock.now().timestamp())
    issued_at = {"iat": now - 100} if said else {"iat": None}
    token = issuer.token(**issued_at, exp=now + seconds - (100 if said else 0))
    if good:
        assert verifier.verify(token)
    else:
        with pytest.raises(InvalidToken):
            verifier.verify(token)


def test_a_remembered_token_ends_with_the_key_that_signed_it(issuer: Issuer, clock: FixedClock) -> None:
    watch = Watch()
    verifier = TokenVerifier([issuer.url], "torg", clock=clock, monotonic=watch)
    token = issuer.token(exp=int(clock.now().timestamp()) + 8 * 3600)
    verifier.verify(token)
    issuer.withdraw("first")
    issuer.add(RSAKey.generate_key(2048, {"kid": "first"}))  # under the name of the one withdrawn
    watch.now += FRESH_SECONDS - 1
    assert verifier.verify(token)
    watch.now += 1
    for _ in range(2):  # once from memory, once anew
        with pytest.raises(InvalidToken):
            verifier.verify(token)


def test_a_remembered_token_outlives_its_issuers_silence_by_a_day(issuer: Issuer, clock: FixedClock) -> None:
    watch = Watch()
    verifier = TokenVerifier([issuer.url], "torg", longest_seconds=10**6, clock=clock, monotonic=watch)
    token = issuer.token(exp=int(clock.now().timestamp()) + 10**6)
    verifier.verify(token)
    issuer.answers["/keys"] = (503, {})
    watch.now += KEPT_SECONDS - 1
    assert verifier.verify(token)
    watch.now += 1
    with pytest.raises(IssuerUnavailable):
        verifier.verify(token)


@pytest.mark.parametrize(("later", "good"), [(329, True), (330, False)])
def test_a_remembered_token_expires_as_well(
    issuer: Issuer, verifier: TokenVerifier, clock: FixedClock, later: int, good: bool
) -> None:
    token = issuer.token(exp=int(clock.now().timestamp()) + 300)
    verifier.verify(token)
    clock.move(timedelta(seconds=later))
    if good:
        assert verifier.verify(token)
    else:
        for _ in range(2):  # once from memory, once anew
            with pytest.raises(ExpiredToken):
                verifier.verify(token)


def test_a_token_that_passed_is_remembered_and_a_forgery_of_it_is_not(issuer: Issuer, verifier: TokenVerifier) -> None:
    token = issuer.token()
    first = verifier.verify(token)
    assert verifier.verify(token) is first
    with pytest.raises(InvalidToken):
        verifier.verify(token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"))


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_rsa_signatures(issuer: Issuer, verifier: TokenVerifier, algorithm: str) -> None:
    assert verifier.verify(issuer.token(algorithm=algorithm)).subject == "kari"


def test_elliptic_signatures(issuer: Issuer, verifier: TokenVerifier) -> None:
    issuer.add(elliptic_key("elliptic"))
    issuer.add(OKPKey.generate_key("Ed25519", {"kid": "edwards"}))
    assert verifier.verify(issuer.token("elliptic", "ES256")).subject == "kari"
    assert verifier.verify(issuer.token("edwards", "Ed25519")).subject == "kari"


def test_a_key_for_one_algorithm_is_not_used_for_another(issuer: Issuer, verifier: TokenVerifier) -> None:
    issuer.published[0]["alg"] = "RS256"
    with pytest.raises(InvalidToken):
        verifier.verify(issuer.token(algorithm="PS256"))


def test_a_shared_secret_made_of_the_public_key_is_no_key(issuer: Issuer, verifier: TokenVerifier) -> None:
    signed = encoded({"alg": "HS256", "kid": "first"}) + "." + encoded(issuer.claims())
    mac = hmac.digest(issuer.keys["first"].as_pem(private=False), signed.encode(), "sha256")
    token = signed + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def test_an_unsigned_token_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    token = encoded({"alg": "none", "kid": "first"}) + "." + encoded(issuer.claims()) + "."
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def test_another_issuers_key_under_the_same_id_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    stranger = RSAKey.generate_key(2048)
    token = jwt.encode({"alg": "RS256", "kid": "first"}, issuer.claims(), stranger)
    with pytest.raises(InvalidToken):
        verifier.verify(token)


@pytest.mark.parametrize(
    "token",
    ["", "a", "a.b", "a.b.c", "....", "é.é.é", "e30.e30.e30", "bnVsbA.bnVsbA.bnVsbA", "W10.W10.W10", "x" * 8193],
)
def test_what_is_no_token(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def test_claims_that_are_no_object(issuer: Issuer, verifier: TokenVerifier) -> None:
    header = {"alg": "RS256", "kid": "first"}
    token = jwt.encode(header, issuer.claims(), issuer.keys["first"]).split(".")
    for claims in (b"[]", b"7", b"[" * 3000):
        token[1] = base64.urlsafe_b64encode(claims).rstrip(b"=").decode()
        with pytest.raises(InvalidToken):
            verifier.verify(".".join(token))


def test_an_issuer_that_does_not_answer_is_not_the_tokens_fault(issuer: Issuer, verifier: TokenVerifier) -> None:
    issuer.answers["/keys"] = (500, {})
    with pytest.raises(IssuerUnavailable):
        verifier.verify(issuer.token())


def test_without_issuers_nobody_is_known(issuer: Issuer) -> None:
    with pytest.raises(InvalidToken):
        TokenVerifier([], "torg").verify(issuer.token())


def test_memory_of_tokens_is_bounded(issuer: Issuer, verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.auth._MOST_REMEMBERED", 3)
    tokens = [issuer.token(sub=f"person-{number}") for number in range(5)]
    known = [verifier.verify(token) for token in tokens]
    assert verifier.verify(tokens[4]) is known[4]
    assert verifier.verify(tokens[0]) is not known[0]  # forgotten, and checked anew
    assert verifier.verify(tokens[0]) == known[0]


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.example.org",
        "https://login.example.org/realms/asker",
        "http://localhost:8000/demo-issuer",
        "http://127.0.0.1:8000",
        "http://127.8.9.1",
        "http://[::1]:8000",
    ],
)
def test_issuers_that_may_be_trusted(issuer: str) -> None:
    check_issuer(issuer)


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example.org",
        "http://127.0.0.1.example.org",
        "http://10.0.0.1",
        "login.example.org",
        "",
        "https://",
    ],
)
def test_issuers_that_may_not(issuer: str) -> None:
    with pytest.raises(ValueError, match="https"):
        TokenVerifier([issuer], "torg")


def test_a_manager_is_of_named_squares() -> None:
    manager = Caller("mona", "i", frozenset({Role.ARENA_MANAGER}), frozenset({"borgen"}))
    assert (manager.manages("borgen"), manager.manages("tofte")) == (True, False)
    assert (manager.oversees("borgen"), manager.oversees("tofte")) == (True, False)


def test_squares_without_the_role_mean_nothing() -> None:
    assert not Caller("kari", "i", frozenset({Role.RESIDENT}), frozenset({"borgen"})).manages("borgen")


def test_an_operator_oversees_every_square_and_manages_none() -> None:
    operator = Caller("odd", "i", frozenset({Role.OPERATOR}))
    assert (operator.manages("borgen"), operator.oversees("borgen")) == (False, True)


def test_a_person_is_the_same_actor_everywhere_and_another_at_another_issuer() -> None:
    kari = Caller("kari", "https://a.test", frozenset({Role.RESIDENT}))
    assert str(kari.person) == "1db5f54d-aa2c-545e-a878-5967b52f0685"
    assert kari.person != Caller("kari", "https://b.test", frozenset()).person


def test_now_is_the_clocks(issuer: Issuer) -> None:
    verifier = TokenVerifier([issuer.url], "torg", clock=FixedClock(datetime(2100, 1, 1, tzinfo=UTC)))
    with pytest.raises(ExpiredToken):
        verifier.verify(issuer.token())
