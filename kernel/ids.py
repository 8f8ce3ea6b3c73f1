"""Where ids come from: UUIDv7, so that they sort by the time they were made and stay close together in an index."""

import re
from uuid import UUID

import uuid_utils.compat

_WRITTEN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def new_id() -> UUID:
    """A new, time-ordered identifier (RFC 9562, version 7)."""
    return uuid_utils.compat.uuid7()


def ids_named(written: str) -> set[UUID]:
    """The identifiers that a text names."""
    return set(map(UUID, _WRITTEN.findall(written)))
