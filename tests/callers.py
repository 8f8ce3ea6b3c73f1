"""Callers for tests of HTTP routes: each has a token that is simply their name.

app = create_app("booking", database, Settings(), [blp], verifier=KnownCallers())
app.test_client().get("/api/booking/bookings", headers=bearer("kari"))
"""

from dataclasses import replace

from kernel.auth import Caller, ExpiredToken, InvalidToken, Role

ISSUER = "https://issuer.test"


def caller(name: str, *roles: Role, squares: frozenset[str] = frozenset()) -> Caller:
    return Caller(name, ISSUER, frozenset(roles), squares)


RESIDENT = replace(caller("kari", Role.RESIDENT), named=("Kari Nordmann", "1984-05-17"))
STRANGER = caller("ola", Role.RESIDENT)
MANAGER = caller("mona", Role.ARENA_MANAGER, squares=frozenset({"borgen"}))
OTHER_MANAGER = caller("noor", Role.ARENA_MANAGER, squares=frozenset({"tofte"}))
OPERATOR = caller("odd", Role.OPERATOR)
DEVICE = caller("lock-1", Role.DEVICE)


class KnownCallers:
    """Verifies tokens that are a caller's name; "expired" and every other text are refused as a real verifier would."""

    def __init__(self, *more: Caller) -> None:
        known = (RESIDENT, STRANGER, MANAGER, OTHER_MANAGER, OPERATOR, DEVICE, *more)
        self._known = {each.subject: each for each in known}

    def verify(self, token: str) -> Caller:
        if token == "expired":
            raise ExpiredToken
        if token not in self._known:
            raise InvalidToken
        return self._known[token]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
