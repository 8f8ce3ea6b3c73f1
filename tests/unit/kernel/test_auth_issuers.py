"""An issuer's keys: fetched when needed, kept, renewed; and never fetched because a stranger wishes it."""

from collections.abc import Iterator
from threading import Barrier, Thread
from typing import Any

import pytest
from joserfc.jwk import Key, RSAKey

from kernel.issuers import (
    FRESH_SECONDS,
    KEPT_SECONDS,
    PAUSE_SECONDS,
    IssuerUnavailable,
    SigningKeys,
    UnknownKey,
    fetch_json,
)
from tests.issuer import Issuer, Watch, elliptic_key
from tests.issuer import issuer as running_issuer

CONFIGURATION = "/.well-known/openid-configuration"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def keys(issuer: Issuer, watch: Watch) -> SigningKeys:
    return SigningKeys(issuer.url, monotonic=watch)


def found(keys: SigningKeys, kid: str | None, algorithm: str = "RS256") -> Key | None:
    try:
        return keys.find(kid, algorithm)
    except UnknownKey:
        return None


def test_nothing_is_fetched_before_it_is_needed_and_then_once(issuer: Issuer, keys: SigningKeys) -> None:
    assert not issuer.asked
    for _ in range(3):
        assert keys.find("first", "RS256").kid == "first"
    assert issuer.asked == {CONFIGURATION: 1, "/keys": 1}


def test_an_unknown_key_is_asked_for_again_only_after_a_pause(issuer: Issuer, keys: SigningKeys, watch: Watch) -> None:
    keys.find("first", "RS256")
    issuer.add(elliptic_key("second"))
    watch.now += PAUSE_SECONDS - 0.1
    for _ in range(50):
        assert found(keys, "second", "ES256") is None
    assert issuer.asked["/keys"] == 1
    watch.now += 0.1
    assert found(keys, "second", "ES256")
    assert issuer.asked["/keys"] == 2


def test_unknown_keys_without_end_cost_one_fetch_a_pause(issuer: Issuer, keys: SigningKeys, watch: Watch) -> None:
    keys.find("first", "RS256")
    for number in range(100):
        watch.now += PAUSE_SECONDS / 10
        assert found(keys, f"made-up-{number}") is None
    assert issuer.asked["/keys"] == 1 + 10


def test_a_withdrawn_key_goes_out_of_use(issuer: Issuer, keys: SigningKeys, watch: Watch) -> None:
    keys.find("first", "RS256")
    issuer.published[:] = [elliptic_key("second").as_dict(private=False)]
    watch.now += FRESH_SECONDS - 1
    assert found(keys, "first")
    watch.now += 1
    assert found(keys, "first") is None


def test_keys_are_kept_while_the_issuer_is_away(issuer: Issuer, keys: SigningKeys, watch: Watch) -> None:
    keys.find("first", "RS256")
    issuer.answers[CONFIGURATION] = (503, {})
    for _ in range(3):
        watch.now += FRESH_SECONDS
        assert found(keys, "first")
    assert issuer.asked[CONFIGURATION] == 4


def test_the_last_keys_of_a_silent_issuer_serve_a_day(issuer: Issuer, keys: SigningKeys, watch: Watch) -> None:
    keys.find("first", "RS256")
    issuer.answers[CONFIGURATION] = (503, {})
    watch.now += KEPT_SECONDS - 1
    assert found(keys, "first")
    watch.now += 1
    with pytest.raises(IssuerUnavailable):
        keys.find("first", "RS256")


def test_an_issuer_that_is_down_is_asked_again_only_after_a_pause(
    issuer: Issuer, keys: SigningKeys, watch: Watch
) -> None:
    issuer.answers[CONFIGURATION] = (503, {})
    for _ in range(5):
        with pytest.raises(IssuerUnavailable):
            keys.find("first", "RS256")
    assert issuer.asked[CONFIGURATION] == 1
    del issuer.answers[CONFIGURATION]
    watch.now += PAUSE_SECONDS
    assert keys.find("first", "RS256")


def test_many_threads_fetch_once(issuer: Issuer, keys: SigningKeys) -> None:
    barrier, answers = Barrier(8), []

    def ask() -> None:
        barrier.wait()
        answers.append(keys.find("first", "RS256"))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(answers) == 8
    assert issuer.asked["/keys"] == 1


def test_nobody_waits_for_a_renewal_that_another_is_at(issuer: Issuer, watch: Watch) -> None:
    """While one thread renews old keys, the others go on with them."""
    asked_while_renewing: list[Key | None] = []

    def fetch(url: str) -> Any:
        if watch.now > FRESH_SECONDS:
            asked_while_renewing.append(found(keys, "first"))
        return fetch_json(url)

    keys = SigningKeys(issuer.url, fetch=fetch, monotonic=watch)
    keys.find("first", "RS256")
    watch.now += FRESH_SECONDS
    keys.find("first", "RS256")
    assert len(asked_while_renewing) == 2
    assert all(asked_while_renewing)


def test_without_a_key_id_the_only_fitting_key_is_meant(issuer: Issuer, keys: SigningKeys, watch: Watch) -> None:
    issuer.add(elliptic_key("second"))
    assert keys.find(None, "RS256").kid == "first"
    issuer.add(RSAKey.generate_key(2048, {"kid": "third"}))
    watch.now += FRESH_SECONDS
    assert found(keys, None) is None


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (CONFIGURATION, (404, {})),
        (CONFIGURATION, (302, {})),
        (CONFIGURATION, (200, b"not json")),
        (CONFIGURATION, (200, [])),
        (CONFIGURATION, (200, {"issuer": "https://elsewhere.test", "jwks_uri": "https://elsewhere.test/keys"})),
        ("/keys", (200, {"keys": []})),
        ("/keys", (200, {"keys": "none"})),
        ("/keys", (200, [])),
        ("/keys", (200, {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "first"}]})),
        ("/keys", (200, {"keys": [{"kty": "lattice", "kid": "first"}, None, {"kty": "RSA"}]})),
        ("/keys", (200, b'{"keys": ' + b" " * (1 << 20) + b"[]}")),
        ("/keys", (200, b"[" * 100_000)),
    ],
)
def test_answers_that_hold_no_keys(issuer: Issuer, keys: SigningKeys, path: str, answer: tuple[int, Any]) -> None:
    issuer.answers[path] = answer
    with pytest.raises(IssuerUnavailable):
        keys.find("first", "RS256")


@pytest.mark.parametrize("uri", ["http://keys.example.org/", "file:///etc/passwd", None, "ftp://127.0.0.1/keys"])
def test_keys_are_not_fetched_from_just_anywhere(issuer: Issuer, keys: SigningKeys, uri: str | None) -> None:
    issuer.answers[CONFIGURATION] = (200, {"issuer": issuer.url, "jwks_uri": uri})
    with pytest.raises(IssuerUnavailable):
        keys.find("first", "RS256")


def test_keys_of_unknown_kinds_and_for_encryption_are_passed_over(issuer: Issuer, keys: SigningKeys) -> None:
    issuer.published.insert(0, {"kty": "lattice", "kid": "first"})
    issuer.published.insert(0, RSAKey.generate_key(2048, {"kid": "first", "use": "enc"}).as_dict(private=False))
    assert keys.find("first", "RS256").as_dict()["n"] == issuer.keys["first"].as_dict()["n"]


def test_nobody_listens_at_the_issuers_port(watch: Watch) -> None:
    with running_issuer() as gone:
        url = gone.url
    with pytest.raises(IssuerUnavailable):
        SigningKeys(url, monotonic=watch).find("first", "RS256")
