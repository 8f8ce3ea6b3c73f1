"""A booking made smaller: what takes no more than before is no concern of rules that came later.

It keeps the terms it was booked on: set-up and clearing, whether it shares its space, approval and payment.
"""

from datetime import datetime
from typing import Any, Protocol

from services.booking.model.rules import TimedUse
from services.booking.model.sharing import NOISES


class SpaceUse(TimedUse, Protocol):
    """A use of a space for a time: a booking, or a request for one."""

    @property
    def space(self) -> str: ...


class BookedUse(SpaceUse, Protocol):
    """The same, as it was booked."""

    @property
    def shared(self) -> bool: ...
    @property
    def release_at(self) -> datetime | None: ...


def takes_no_more(before: BookedUse, wanted: SpaceUse) -> bool:
    """Return True if it takes a part of what the booking takes, or all of it, and nothing else.

    Whom it goes with in a shared space follows from its purpose, audience and noise: there these must be the same.
    """
    return (
        wanted.space == before.space
        and before.begins_at <= wanted.begins_at
        and wanted.begins_at < wanted.ends_at <= before.ends_at
        and wanted.participants <= before.participants
        and (wanted.purpose, wanted.audience) == (before.purpose, before.audience)
        and (wanted.noise == before.noise or (not before.shared and _quieter(wanted.noise, before.noise)))
        and all(pieces <= before.equipment.get(kind, 0) for kind, pieces in wanted.equipment.items())
    )


def made_smaller(before: BookedUse, wanted: SpaceUse) -> dict[str, Any]:
    """Return what changes of the booking; all else stays as it was booked."""
    release = before.release_at
    return {
        "begins_at": wanted.begins_at,
        "ends_at": wanted.ends_at,
        "participants": wanted.participants,
        "noise": wanted.noise,
        "equipment": wanted.equipment,
        "release_at": release and release + (wanted.begins_at - before.begins_at),
    }


def _quieter(wanted: str, before: str) -> bool:
    return NOISES.index(wanted) < NOISES.index(before)
