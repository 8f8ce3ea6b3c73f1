"""Calendar feeds: made and revoked. What is in them is read by `queries.calendars`."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.ids import new_id
from kernel.problems import NotFound
from services.booking.model.actors import NotRepresentative
from services.booking.model.calendars import (
    LIFE,
    MOST_FEEDS,
    Detail,
    Feed,
    Language,
    TooManyFeeds,
    UnknownSquare,
    digest,
)
from services.booking.model.resources import UnknownSpace
from services.booking.store import actors, calendars, places


@dataclass(frozen=True, slots=True)
class Made:
    """A new feed and its secret, which is nowhere else."""

    feed: Feed
    secret: str


def make(
    tx: Transaction,
    who: Caller,
    *,
    space: str | None = None,
    square: str | None = None,
    actor: UUID | None = None,
    detail: Detail = "public",
    language: Language = "nb",
) -> Made:
    """Makes a feed of a space, a square or an actor. All of what is booked is for its managers, and for the actor."""
    if actor is not None and not actors.may_act(tx, actor, who.person):
        raise NotRepresentative
    overseen = actor is None and _overseen(tx, who, space, square, detail)
    places.queue(tx, f"feeds of {who.person}")
    if calendars.made_by(tx, who.person) >= MOST_FEEDS:
        raise TooManyFeeds(most=MOST_FEEDS)
    secret = secrets.token_urlsafe(32)
    feed = Feed(
        id=new_id(),
        digest=digest(secret),
        made_by=who.person,
        created_at=tx.now,
        language=language,
        detail="full" if actor else detail,
        space=space,
        square=square,
        actor=actor,
        expires_at=tx.now + LIFE if overseen else None,
    )
    calendars.add(tx, feed)
    return Made(feed, secret)


def revoke(tx: Transaction, who: Caller, id: UUID) -> None:
    """Takes a feed away; for who made it, and for who oversees what it shows. To others it is not there."""
    feed = calendars.find(tx, id)
    if feed is None:
        raise NotFound
    square = None if feed.actor else calendars.square_of(tx, space=feed.space, square=feed.square)
    if feed.made_by != who.person and not (square is not None and who.oversees(square)):
        raise NotFound
    calendars.remove(tx, id)


def _overseen(tx: Transaction, who: Caller, space: str | None, square: str | None, detail: Detail) -> bool:
    """Whether the feed shows more than is public. Raises when there is no such place, or it is not the caller's."""
    found = calendars.square_of(tx, space=space, square=square)
    if found is None:
        raise UnknownSpace(space=space) if space is not None else UnknownSquare(square=square)
    if detail == "full" and not who.oversees(found):
        raise Forbidden
    return detail == "full"
