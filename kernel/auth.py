"""Who is calling: bearer tokens (JWT) of the issuers we trust, checked against the issuers' own keys.

`kernel.http` calls `TokenVerifier.verify` for every request with a token; use cases get the `Caller`. Checking a
signature is dear beside the rest of a small request, so a token that passed is remembered, by its digest, until it
expires or its issuer withdraws the key that signed it.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import GuestProtocol, Key
from joserfc.jws import CompactSignature
from joserfc.jwt import JWTClaimsRegistry

from kernel.addresses import check_issuer
from kernel.clock import Clock, SystemClock
from kernel.errors import DomainError, Text
from kernel.issuers import IssuerUnavailable, SigningKeys, UnknownKey

__all__ = [
    "Caller",
    "ExpiredToken",
    "Forbidden",
    "InvalidToken",
    "IssuerUnavailable",
    "MissingToken",
    "Role",
    "TokenVerifier",
    "Verifier",
]

# Signatures that anyone can check and only the issuer can make. Never "none"; never HS*, whose key we would share.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
# What says nothing, what issuers say of access tokens (RFC 9068), and the plain form. Never `logout+jwt`, `dpop+jwt`, …
_TYPES = frozenset({None, "jwt", "at+jwt", "application/at+jwt"})
_LONGEST_TOKEN = 8192
_MOST_REMEMBERED = 10_000


class Role(StrEnum):
    """What a token says its bearer may be. A token that names no role is a resident's."""

    RESIDENT = "resident"
    ARENA_MANAGER = "arena_manager"
    OPERATOR = "operator"
    DEVICE = "device"


_ROLES = {role.value: role for role in Role}


class MissingToken(DomainError):
    """The route needs a bearer token and none came."""

    code = "missing_token"
    status = 401
    text = Text(nb="Du må logge inn først.", nn="Du må logge inn først.", en="You must sign in first.")


class InvalidToken(DomainError):
    """The token is not one of a trusted issuer for this audience, or has been altered."""

    code = "invalid_token"
    status = 401
    text = Text(
        nb="Innloggingen er ikke gyldig. Logg inn på nytt.",
        nn="Innlogginga er ikkje gyldig. Logg inn på nytt.",
        en="This sign-in is not valid. Sign in again.",
    )


class ExpiredToken(DomainError):
    """The token was good once."""

    code = "expired_token"
    status = 401
    text = Text(
        nb="Innloggingen er utløpt. Logg inn på nytt.",
        nn="Innlogginga er gått ut. Logg inn på nytt.",
        en="This sign-in has expired. Sign in again.",
    )


class Forbidden(DomainError):
    """The caller is known, and may not do this."""

    code = "forbidden"
    status = 403
    text = Text(
        nb="Du har ikke tilgang til å gjøre dette.",
        nn="Du har ikkje tilgang til å gjere dette.",
        en="You may not do this.",
    )


@dataclass(frozen=True)
class Caller:
    """Who is calling. `subject` is the issuer's pseudonym for a person or a device; `squares` are a manager's."""

    subject: str
    issuer: str
    roles: frozenset[Role]
    squares: frozenset[str] = frozenset()
    named: tuple[str, str] | None = field(default=None, compare=False, repr=False)
    """Name and day of birth, where the issuer tells both; to be compared with a register, and kept nowhere."""

    @cached_property
    def person(self) -> UUID:
        """The actor this caller is by themself: the same in every service, from issuer and subject alone."""
        return uuid5(NAMESPACE_URL, f"{self.issuer}#{self.subject}")

    def has(self, *roles: Role) -> bool:
        """Whether the caller has any of these roles."""
        return not self.roles.isdisjoint(roles)

    def manages(self, square: str) -> bool:
        """Whether the caller is an arena manager of this very square."""
        return Role.ARENA_MANAGER in self.roles and square in self.squares

    def oversees(self, square: str) -> bool:
        """Whether the caller manages this square or is an operator, who oversees all of them."""
        return Role.OPERATOR in self.roles or self.manages(square)


class Verifier(Protocol):
    """Turns a bearer token into its caller. Raises InvalidToken, ExpiredToken or IssuerUnavailable."""

    def verify(self, token: str) -> Caller: ...


@dataclass(frozen=True, slots=True)
class _Passed:
    """A token that passed: until when it is good, and the key it is good by, as the thumbprint of RFC 7638."""

    caller: Caller
    until: float
    thumbprint: str


class TokenVerifier:
    """Verifies tokens of the issuers given, each by the keys it publishes.

    `longest_seconds` is for how long a token may be good, `skew_seconds` how far an issuer's clock may be off ours.
    The claims' names may be dotted paths ("realm_access.roles").
    """

    def __init__(
        self,
        issuers: Sequence[str],
        audience: str,
        *,
        longest_seconds: int = 8 * 3600,
        skew_seconds: int = 30,
        roles_claim: str = "roles",
        squares_claim: str = "squares",
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        for issuer in issuers:
            check_issuer(issuer)
        self._clock = clock or SystemClock()
        self._keys = {issuer: SigningKeys(issuer, monotonic=monotonic) for issuer in issuers}
        self._claims = JWTClaimsRegistry(
            now=self._seconds,
            leeway=skew_seconds,
            iss={"essential": True},
            sub={"essential": True},
            exp={"essential": True},
            aud={"essential": True, "value": audience},
        )
        self._longest = longest_seconds
        self._skew = skew_seconds
        self._roles_claim = roles_claim
        self._squares_claim = squares_claim
        self._remembered: dict[bytes, _Passed] = {}

    def verify(self, token: str) -> Caller:
        """The caller the token speaks for; see `Verifier`."""
        digest = hashlib.sha256(token.encode()).digest()
        if (known := self._remembered.get(digest)) is not None:
            return self._still_good(digest, known)
        passed = self._checked(token)
        self._remember(digest, passed)
        return passed.caller

    def _still_good(self, digest: bytes, known: _Passed) -> Caller:
        expired = self._seconds() >= known.until
        if not expired and self._keys[known.caller.issuer].publishes(known.thumbprint):
            return known.caller
        self._remembered.pop(digest, None)
        raise ExpiredToken if expired else InvalidToken

    def _remember(self, digest: bytes, passed: _Passed) -> None:
        # Dropping the oldest entries may race with another thread doing the same; `pop` then has nothing to do.
        while len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.pop(next(iter(self._remembered), b""), None)
        self._remembered[digest] = passed

    def _checked(self, token: str) -> _Passed:
        if len(token) > _LONGEST_TOKEN:
            raise InvalidToken
        try:
            decoded = jwt.decode(token, self._key, algorithms=ALGORITHMS)
            self._claims.validate(decoded.claims)
            self._check_type_and_lifetime(decoded)
            caller = self._caller(decoded.claims)
            signed_by = self._keys[caller.issuer].find(decoded.header.get("kid"), decoded.header["alg"])
        except ExpiredTokenError as cause:
            raise ExpiredToken from cause
        # joserfc raises the plain ones for headers and bodies that are JSON of another shape than a token's
        except (JoseError, UnknownKey, ValueError, TypeError, KeyError, RecursionError) as cause:
            raise InvalidToken from cause
        return _Passed(caller, float(decoded.claims["exp"]) + self._skew, signed_by.thumbprint())

    def _check_type_and_lifetime(self, decoded: jwt.Token) -> None:
        kind = decoded.header.get("typ")
        if (kind.lower() if isinstance(kind, str) else kind) not in _TYPES:
            raise InvalidToken
        issued_at = decoded.claims.get("iat", self._seconds())
        if decoded.claims["exp"] - issued_at > self._longest + self._skew:
            raise InvalidToken

    def _key(self, unverified: GuestProtocol) -> Key:
        """The key that must have signed this token, by the issuer and the key id that it claims for itself."""
        if not isinstance(unverified, CompactSignature) or not isinstance(unverified.payload, bytes):
            raise InvalidToken
        keys = self._keys.get(json.loads(unverified.payload)["iss"])
        if keys is None:
            raise InvalidToken
        headers = unverified.headers()
        return keys.find(headers.get("kid"), headers["alg"])

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        roles = _strings(claim(claims, self._roles_claim))
        return Caller(
            subject=claims["sub"],
            issuer=claims["iss"],
            # a role we don't know grants nothing; it doesn't make its bearer a resident either
            roles=frozenset(_ROLES[role] for role in roles if role in _ROLES) if roles else frozenset({Role.RESIDENT}),
            squares=frozenset(_strings(claim(claims, self._squares_claim))),
            named=_named(claims),
        )

    def _seconds(self) -> int:
        return int(self._clock.now().timestamp())


def _named(claims: Mapping[str, Any]) -> tuple[str, str] | None:
    name, born = _text(claims, "name") or _joined(claims), _day(claims.get("birthdate"))
    return (name, born) if name and born else None


def _joined(claims: Mapping[str, Any]) -> str | None:
    """The name of who has both a given and a family name; one alone fits too many."""
    first, last = _text(claims, "given_name"), _text(claims, "family_name")
    return " ".join(filter(None, (first, _text(claims, "middle_name"), last))) if first and last else None


def _text(claims: Mapping[str, Any], name: str) -> str:
    told = claims.get(name)
    return told.strip() if isinstance(told, str) else ""


def _day(told: Any) -> str | None:
    """A whole day as YYYY-MM-DD. OpenID lets issuers tell the year alone, or leave it out (0000)."""
    try:
        return date.fromisoformat(told).isoformat()
    except (TypeError, ValueError):
        return None


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return the claim of this very name, else the one at the end of a dotted path; None when there is neither."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _strings(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidToken
    return value
