"""Where ids come from: UUIDv7, so that they sort by the time they were made and stay close together in an index."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A new, time-ordered identifier (RFC 9562, version 7)."""
    return uuid_utils.compat.uuid7()
