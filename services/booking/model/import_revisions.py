"""Which of two files is newer in what it says of an event and of its dates, when one comes after the other.

`usecases.import_plan` asks. Each event has a revision, by its uid and no date, and so has each date of which something
is said alone. What a file does not say of its revision is not compared: unknown is neither older nor newer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Revision:
    """Which version of an event, or of one of its dates, a file has, as far as it says so: SEQUENCE, LAST-MODIFIED (or
    DTSTAMP in its stead) and DTSTAMP."""

    sequence: int | None = None
    changed_at: datetime | None = None
    stamped_at: datetime | None = None

    @property
    def known(self) -> bool:
        return self != Revision()

    def older_than(self, other: "Revision") -> bool:
        """Return True if this is the older of two versions of the same."""
        pairs = [(self.sequence, other.sequence), (self.changed_at, other.changed_at)]
        return _less([*pairs, (self.stamped_at, other.stamped_at)])

    def changed_before(self, other: "Revision") -> bool:
        """Return True if an event was changed before one of its dates, or the other way round: their sequences are
        counted apart."""
        pairs = [(self.changed_at, other.changed_at), (self.sequence, other.sequence)]
        return _less([*pairs, (self.stamped_at, other.stamped_at)])


Revisions = Mapping[tuple[str, str], Revision]
"""By uid and date, which is empty for the event itself."""


def is_superseded(key: tuple[str, str], file: Revisions, known: Revisions, *, stands: bool) -> bool:
    """Return True if a file is older than what was read before in what it says of a date, or says by leaving it out.
    `stands` tells that the date was imported and not given up."""
    uid, date = key
    event, known_event = file.get((uid, ""), Revision()), known.get((uid, ""), Revision())
    outdated = event.older_than(known_event)
    own = file.get(key) if date else None
    known_own = known.get(key, Revision()) if date else Revision()
    if own is None:  # what the event says of it, which knows nothing of a later word about the date alone
        return outdated or event.changed_before(known_own)
    if own.older_than(known_own):
        return True
    if (uid, "") not in file:  # one date without its event, which may have been left out since
        return not stands and own.changed_before(known_event)
    return outdated and not known_event.changed_before(own)


def newly_known(file: Revisions, known: Revisions) -> dict[tuple[str, str], Revision]:
    """Return what is to be remembered of a file: what is not older than what is remembered."""
    unknown = Revision()
    return {
        key: each
        for key, each in file.items()
        if each.known and each != known.get(key) and not each.older_than(known.get(key, unknown))
    }


def _less(pairs: list[tuple[Any, Any]]) -> bool:
    """Return True if the first pair that differs, of those that are known, ascends."""
    differing = ((one, other) for one, other in pairs if one is not None and other is not None and one != other)
    return next((one < other for one, other in differing), False)
