"""What access tells the world: its public contract. A PIN or another secret is never in an event."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from kernel.contracts import Event

Refusal = Literal[
    "too_early",
    "too_late",
    "revoked",
    "unknown_code",
    "not_armed",
    "too_many_attempts",
    "no_margin",
    "no_news",
    "shut",
]
"""Why a door stayed shut. `not_armed`: the lock does not know the key yet. `too_many_attempts`: after wrong codes.
`no_margin`: outside of the time of its booking, while access's news of bookings is stale. `no_news`: within it, at a
door that opens nothing then. `shut`: an arena manager has shut the door."""


@dataclass(frozen=True, kw_only=True)
class KeySnapshot(Event):
    """The whole of a key after a change. Subject: the key's id. Valid from and until are UTC, margins included."""

    key: UUID
    booking: UUID
    lock: UUID
    space: str
    square: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, kw_only=True)
class KeyIssued(KeySnapshot):
    """A key was made for a confirmed booking, or its margins end elsewhere. It is not live before its lock confirms it.
    Said again, with the same `sequence`, as long as the lock has not. Access → access (the lock)."""

    TYPE: ClassVar[str] = "no.torg.access.key_issued.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access",)


@dataclass(frozen=True, kw_only=True)
class KeyArmed(KeySnapshot):
    """The lock has confirmed the key: the code works within its time. Access → booking ("your code is on the door")."""

    TYPE: ClassVar[str] = "no.torg.access.key_armed.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("booking",)


@dataclass(frozen=True, kw_only=True)
class KeyRevoked(KeySnapshot):
    """The key opens nothing from now on. Access → access (the lock forgets it), booking."""

    TYPE: ClassVar[str] = "no.torg.access.key_revoked.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "booking")


@dataclass(frozen=True, kw_only=True)
class DoorOpened(Event):
    """A key opened a door. Subject: the entry's id. Access → booking (in use)."""

    TYPE: ClassVar[str] = "no.torg.access.door_opened.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("booking",)

    key: UUID
    booking: UUID
    lock: UUID
    space: str
    square: str
    opened_at: datetime


@dataclass(frozen=True, kw_only=True)
class KeyUnused(Event):
    """No door was opened with the key by the booking's `release_at`, by a lock that was there all the time to tell.
    Subject: the key's id. Access → booking (released)."""

    TYPE: ClassVar[str] = "no.torg.access.key_unused.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("booking",)

    key: UUID
    booking: UUID
    release_at: datetime


@dataclass(frozen=True, kw_only=True)
class DoorRefused(Event):
    """A door stayed shut, and why. Subject: the entry's id. Nobody listens yet."""

    TYPE: ClassVar[str] = "no.torg.access.door_refused.v1"

    lock: UUID
    space: str
    square: str
    reason: Refusal
    refused_at: datetime
    key: UUID | None = None
    booking: UUID | None = None
