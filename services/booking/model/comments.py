"""What tenant and house say to each other of a booking. Never in events or logs: it is free text, of people."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.events import GivenUpBy

LONGEST = 2_000
MOST = 200
"""The comments on one booking: for a talk, not for an archive."""
Side = GivenUpBy
"""Who writes: the tenant (or who acts for it), or the house."""


class TooManyComments(DomainError):
    """There are as many comments on the booking as there can be."""

    code = "too_many_comments"
    status = 409
    text = Text(
        nb="Det er {most} kommentarer på bookingen. Ta kontakt på en annen måte.",
        nn="Det er {most} kommentarar på bookinga. Ta kontakt på ein annan måte.",
        en="There are {most} comments on the booking. Get in touch in another way.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """Something said of a booking; `seen` once the other side has."""

    id: UUID
    booking: UUID
    side: Side
    author: UUID
    text: str
    written_at: datetime
    seen: bool = False
