"""The table `authorisation.yaml`, its rows, and those who ask."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kernel.auth import Role
from tests.contract.things import Owned
from tests.municipality import SQUARE, Municipality

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "authorisation.yaml").read_text(encoding="utf-8"))
ROLES: list[str] = TABLE["who asks"]
AS: dict[str, tuple[tuple[Role, ...], tuple[str, ...]]] = {
    "resident": ((), ()),
    "manager": ((Role.ARENA_MANAGER,), (SQUARE,)),
    "elsewhere": ((Role.ARENA_MANAGER,), ("tofte",)),
    "operator": ((Role.OPERATOR,), ()),
    "device": ((Role.DEVICE,), ()),
    "expired": ((), ()),
    "unknown": ((Role.OPERATOR,), ()),
}
"""The roles and squares in their tokens. A token without roles is a resident's."""
_LONG_AGO = 1_700_000_000


def rows(section: str) -> list[Any]:
    """Each row of a section: route, whose thing, and what comes of it for each who asks."""
    return [
        pytest.param(route, owner, outcomes, id=f"{route} ({owner})")
        for route, by_owner in TABLE[section].items()
        for owner, outcomes in by_owner.items()
    ]


def token(municipality: Municipality, role: str, asks: Owned, untrusted: str) -> str | None:
    """What the one who asks shows in this role. A device is a lock, which its token names."""
    if role == "nobody":
        return None
    if role == "expired":
        return municipality.issuer.token(sub=asks.person, exp=_LONG_AGO)
    if role == "unknown":
        return untrusted
    roles, squares = AS[role]
    return municipality.token(asks.lock if role == "device" else asks.person, *roles, squares=squares)
