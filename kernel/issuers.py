"""The signing keys of an OpenID Connect issuer: found by discovery, fetched when first needed, kept, renewed.

Only `kernel.auth` uses this. Nobody can make us call the issuer often: a key id that we don't know, or an issuer that
does not answer, is asked about again only after a pause.
"""

import threading
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from kernel.addresses import check_url
from kernel.errors import DomainError, Text

_log = structlog.get_logger(__name__)

FRESH_SECONDS = 3600.0
"""How long fetched keys are used before they are fetched anew, so that a key the issuer withdrew goes out of use."""
KEPT_SECONDS = 24 * 3600.0
"""How long the last keys of an issuer that no longer answers are used."""
PAUSE_SECONDS = 10.0
"""The least time between two fetches from one issuer."""
_TIMEOUT = httpx.Timeout(3.0)
_LARGEST = 1 << 20
_KINDS = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}


class IssuerUnavailable(DomainError):
    """The issuer of the token does not answer, so that nobody can say whether the token is good."""

    code = "issuer_unavailable"
    status = 503
    text = Text(
        nb="Innloggingstjenesten svarer ikke. Prøv igjen om litt.",
        nn="Innloggingstenesta svarer ikkje. Prøv igjen om litt.",
        en="The sign-in service does not answer. Try again shortly.",
    )


class UnknownKey(Exception):
    """The issuer has no such key."""


class _FetchFailed(Exception):
    """The issuer did not answer, or not with keys."""


Fetch = Callable[[str], Any]


def fetch_json(url: str) -> Any:
    """The JSON at a URL; follows no redirect. Raises _FetchFailed unless it comes whole, soon and in a sane size."""
    try:
        with _client().stream("GET", url, headers={"Accept": "application/json"}) as response:
            response.raise_for_status()
            body = b""
            for part in response.iter_bytes():
                body += part
                if len(body) > _LARGEST:
                    raise _FetchFailed("too large")
            return httpx.Response(200, content=body).json()
    except (httpx.HTTPError, ValueError, RecursionError) as cause:
        raise _FetchFailed(type(cause).__name__) from cause


@cache
def _client() -> httpx.Client:
    """Made when first needed, as reading the CAs takes a while."""
    return httpx.Client(timeout=_TIMEOUT)


class SigningKeys:
    """The keys of one issuer. Threads share it; one of them fetches while the others wait for it."""

    def __init__(
        self, issuer: str, *, fetch: Fetch = fetch_json, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: list[Key] = []
        self._thumbprints: frozenset[str] = frozenset()
        self._fetched_at = -FRESH_SECONDS
        self._tried_at = -FRESH_SECONDS

    def find(self, kid: str | None, algorithm: str) -> Key:
        """The key with this id, for this algorithm. Raises UnknownKey, or IssuerUnavailable when there are no keys."""
        self._refresh()
        if (key := self._chosen(kid, algorithm)) is None:
            self._renew(wait=True)  # the issuer may have changed its keys since
            key = self._chosen(kid, algorithm)
        if key is not None:
            return key
        if not self._keys:
            raise IssuerUnavailable
        raise UnknownKey

    def publishes(self, thumbprint: str) -> bool:
        """Whether a key that was found once is still the issuer's. Raises IssuerUnavailable when there are no keys."""
        self._refresh()
        if not self._keys:
            raise IssuerUnavailable
        return thumbprint in self._thumbprints

    def _refresh(self) -> None:
        """Renews keys that are no longer fresh; those of an issuer that has been silent for too long are forgotten."""
        if self._monotonic() - self._fetched_at < FRESH_SECONDS:
            return
        self._renew(wait=not self._keys)
        if self._monotonic() - self._fetched_at >= KEPT_SECONDS:
            self._keys = []

    def _chosen(self, kid: str | None, algorithm: str) -> Key | None:
        fitting = [key for key in self._keys if _fits(key, algorithm) and kid in (None, key.kid)]
        return fitting[0] if len(fitting) == 1 or (fitting and kid is not None) else None

    def _renew(self, *, wait: bool) -> None:
        """Fetches the keys unless that was tried a moment ago; with `wait` false, unless another thread is at it."""
        if not self._lock.acquire(blocking=wait):
            return
        try:
            if self._monotonic() - self._tried_at >= PAUSE_SECONDS:
                self._try_fetching()
        finally:
            self._lock.release()

    def _try_fetching(self) -> None:
        """A failure keeps the keys we have."""
        try:
            self._keys = self._fetch_keys()
            self._thumbprints = frozenset(key.thumbprint() for key in self._keys)
            self._fetched_at = self._monotonic()
        except _FetchFailed as failure:
            _log.warning("issuer_unavailable", issuer=self._issuer, reason=str(failure), keys_kept=len(self._keys))
        finally:
            self._tried_at = self._monotonic()

    def _fetch_keys(self) -> list[Key]:
        described = self._fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if not isinstance(described, dict) or described.get("issuer") != self._issuer:
            raise _FetchFailed("the configuration is of another issuer")
        try:
            check_url(str(described.get("jwks_uri")), "jwks_uri")
        except ValueError as cause:
            raise _FetchFailed("jwks_uri is neither https nor on this machine") from cause
        keys = list(_signature_keys(self._fetch(described["jwks_uri"])))
        if not keys:
            raise _FetchFailed("no key that can sign")
        return keys


def _signature_keys(published: Any) -> Iterable[Key]:
    """The public keys for signatures; those of kinds we don't know are passed over, as RFC 7517 asks."""
    listed = published.get("keys") if isinstance(published, dict) else None
    for each in listed if isinstance(listed, list) else []:
        try:
            key = next(iter(KeySet.import_key_set({"keys": [each]})))
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
        if isinstance(key, RSAKey | ECKey | OKPKey) and each.get("use", "sig") == "sig":
            yield key


def _fits(key: Key, algorithm: str) -> bool:
    return isinstance(key, _KINDS.get(algorithm[:2], ())) and key.get("alg") in (None, algorithm)
