"""Calendar feeds: add, find by their secret, list, remove. Of a secret only its digest is here."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from kernel.db import Transaction
from services.booking.model.calendars import Feed, digest
from services.booking.store.tables import arenas, metadata, spaces, squares

_Instant = DateTime(timezone=True)

calendar_feeds = Table(
    "calendar_feeds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("made_by", Uuid, nullable=False),
    Column("created_at", _Instant, nullable=False),
    Column("language", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("space", ForeignKey("spaces.id")),
    Column("square", ForeignKey("squares.id")),
    Column("actor", Uuid),
    Column("expires_at", _Instant),
)
Index("calendar_feeds_by_person", calendar_feeds.c.made_by, calendar_feeds.c.id)

_ADD = insert(calendar_feeds)
_FIND = select(calendar_feeds).where(calendar_feeds.c.id == bindparam("feed"))
_OPENED = select(calendar_feeds).where(calendar_feeds.c.digest == bindparam("digest"))
_COUNT = select(func.count()).select_from(calendar_feeds).where(calendar_feeds.c.made_by == bindparam("person"))
_REMOVE = delete(calendar_feeds).where(calendar_feeds.c.id == bindparam("feed"))
_SPACE_IN = (
    select(arenas.c.square)
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .where(spaces.c.id == bindparam("space"), ~spaces.c.withdrawn)
)
_SQUARE = select(squares.c.id).where(squares.c.id == bindparam("square"))


def add(tx: Transaction, feed: Feed) -> None:
    """Writes a new feed."""
    tx.execute(_ADD, {name: getattr(feed, name) for name in Feed.__slots__})


def find(tx: Transaction, feed: UUID) -> Feed | None:
    """The feed of this id."""
    row = tx.execute(_FIND, {"feed": feed}).one_or_none()
    return feed_from(row) if row else None


def opened(tx: Transaction, secret: str) -> Feed | None:
    """The feed that this is the secret of."""
    row = tx.execute(_OPENED, {"digest": digest(secret)}).one_or_none()
    found = feed_from(row) if row else None
    return found if found and found.opens_with(secret) else None


def made_by(tx: Transaction, person: UUID) -> int:
    """How many feeds a person has made."""
    found: int = tx.execute(_COUNT, {"person": person}).scalar_one()
    return found


def remove(tx: Transaction, feed: UUID) -> None:
    """Takes a feed away: its secret opens nothing any more."""
    tx.execute(_REMOVE, {"feed": feed})


def square_of(tx: Transaction, *, space: str | None, square: str | None) -> str | None:
    """The square that a space is in, or this very square if there is one."""
    if space is not None:
        return tx.execute(_SPACE_IN, {"space": space}).scalar_one_or_none()
    return tx.execute(_SQUARE, {"square": square}).scalar_one_or_none()


def feed_from(row: Row[Any]) -> Feed:
    """The feed in a row of `calendar_feeds`."""
    return Feed(**{**row._mapping, "digest": bytes(row.digest)})
