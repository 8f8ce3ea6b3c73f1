"""Calendar feeds: those a person has made, and the calendar that a secret opens."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.errors import Text
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.model import calendars as model
from services.booking.model.bookings import Booking
from services.booking.model.calendars import Feed, Place
from services.booking.store.actors import find, may_act
from services.booking.store.bookings import SHOWN, booking_from
from services.booking.store.calendars import calendar_feeds, feed_from, opened
from services.booking.store.tables import arenas, booking_steps, bookings, spaces, squares

_MINE = Text(nb="Mine bookinger", nn="Mine bookingar", en="My bookings")
_NAMES = (
    select(spaces.c.id, spaces.c.name, arenas.c.name.label("arena"), squares.c.name.label("square"))
    .join(arenas, arenas.c.id == spaces.c.arena)
    .join(squares, squares.c.id == arenas.c.square)
)
_WAS_BEYOND_HOLD = exists().where(booking_steps.c.booking == bookings.c.id, booking_steps.c.what.in_(model.BEYOND_HOLD))


def made_by(tx: Transaction, who: Caller, page: PageRequest) -> Page[Feed]:
    """The feeds a person has made, the latest first."""
    wanted = select(calendar_feeds).where(calendar_feeds.c.made_by == who.person)
    if after := page.after(UUID):
        wanted = wanted.where(calendar_feeds.c.id < after[0])
    rows = tx.execute(wanted.order_by(calendar_feeds.c.id.desc()).limit(page.fetch)).all()
    found = page.cut(rows, lambda row: (row.id,))
    return Page([feed_from(row) for row in found.items], found.next_cursor)


def text(tx: Transaction, secret: str, *, portal: str) -> str:
    """The calendar that a secret opens, as text/calendar. Raises NotFound when it opens none (any more)."""
    feed = opened(tx, secret)
    if feed is None or not feed.open(tx.now):
        raise NotFound
    if feed.actor is not None and not may_act(tx, feed.actor, feed.made_by):
        raise NotFound
    found = _bookings(tx, feed)
    places = places_of(tx, {each.space for each in found}, feed.language)
    return model.calendar(feed, _name(tx, feed), ((each, places[each.space]) for each in found), portal=portal)


def places_of(tx: Transaction, ids: Collection[str], language: str) -> Mapping[str, Place]:
    """Where spaces are, as people call it in their language."""
    rows = tx.execute(_NAMES.where(spaces.c.id.in_(ids))) if ids else ()
    return {
        row.id: Place(space=row.name[language], arena=row.arena[language], square=row.square[language]) for row in rows
    }


def _bookings(tx: Transaction, feed: Feed) -> list[Booking]:
    """What is to come and then what is over, put in the order of time."""
    there = SHOWN.where(_of(feed), _told(tx))
    to_come = _some(tx, there.where(bookings.c.begins_at >= tx.now).order_by(bookings.c.begins_at), model.MOST_EVENTS)
    over = and_(bookings.c.begins_at < tx.now, bookings.c.begins_at >= tx.now - model.BACK)
    room = model.MOST_EVENTS - len(to_come)
    before = _some(tx, there.where(over).order_by(bookings.c.begins_at.desc()), room) if room else []
    return sorted([*before, *to_come], key=lambda each: (each.begins_at, each.id))


def _some(tx: Transaction, wanted: Select[Any], most: int) -> list[Booking]:
    return [booking_from(row) for row in tx.execute(wanted.limit(most))]


def _told(tx: Transaction) -> ColumnElement[bool]:
    given_up = and_(
        bookings.c.state.in_(model.GIVEN_UP), bookings.c.changed_at >= tx.now - model.GONE, _WAS_BEYOND_HOLD
    )
    return or_(bookings.c.state.in_(model.SHOWN), given_up)


def _of(feed: Feed) -> ColumnElement[bool]:
    """What the feed is of. A space is taken by whoever has a part of it, so all of them are in its calendar."""
    if feed.actor is not None:
        return bookings.c.tenant == feed.actor
    if feed.square is not None:
        return bookings.c.square == feed.square
    own = select(spaces.c.parts).where(spaces.c.id == feed.space).scalar_subquery()
    square = select(arenas.c.square).join(spaces, spaces.c.arena == arenas.c.id).where(spaces.c.id == feed.space)
    sharing_parts = select(spaces.c.id).where(spaces.c.parts.op("&&")(own))
    return and_(bookings.c.square == square.scalar_subquery(), bookings.c.space.in_(sharing_parts))


def _name(tx: Transaction, feed: Feed) -> str:
    if feed.actor is not None:
        organisation = find(tx, feed.actor)
        return organisation.name if organisation else _MINE.in_language(feed.language)
    of = (squares, feed.square) if feed.square is not None else (spaces, feed.space)
    name: Mapping[str, str] = tx.execute(select(of[0].c.name).where(of[0].c.id == of[1])).scalar_one()
    return name[feed.language]
