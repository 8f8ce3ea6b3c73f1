"""What access needs of the lock on a door, whatever its make. Use cases speak to `LockDevice` only; `simulated` is the
make of this issue's demonstration and tests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.access.model import Decision, Limit, Validity


class LockDevice(Protocol):
    """One lock. It decides from its own memory and the time alone, as it must when the network is away."""

    def reachable_since(self) -> datetime | None:
        """Since when it has told of every door without a break; None while it is out of reach."""

    def load(self, key: UUID, code_digest: bytes, validity: Validity, time: Validity) -> None:
        """Puts a key into the lock's memory, and the time of its booking. Returns when the lock has confirmed it; twice
        is as once."""

    def forget(self, key: UUID) -> None:
        """The key opens nothing from now on. One the lock does not hold is no error."""

    def open(self) -> None:
        """Opens once, whoever stands there."""

    def held(self) -> Mapping[UUID, Validity]:
        """The keys in the lock's memory that are not forgotten, and when it opens for them."""

    def clear_expired(self, now: datetime) -> None:
        """Makes room: drops what has been over for long."""

    def try_code(self, code_digest: bytes, now: datetime, limit: Limit | None) -> Decision:
        """Somebody typed a code. `limit` is what the lock was last told of it."""

    def try_key(self, key: UUID, now: datetime, limit: Limit | None) -> Decision:
        """Somebody's phone presented a key."""
