"""Calendar feeds: who may see how much, and bookings as iCalendar (RFC 5545) writes them.

`usecases.calendars` makes feeds, `queries.calendars` reads what is in them, `api.calendars` serves the text. It is
written here by hand, as only so it is quick for thousands of events, and so that two readers of others test it.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from kernel.errors import DomainError, Text
from kernel.text import allowed
from services.booking.events import BookingState
from services.booking.model import words
from services.booking.model.bookings import Booking
from services.booking.model.opening import OSLO, comes_twice

Detail = Literal["public", "full"]
Language = Literal["nb", "nn", "en"]
BACK = timedelta(days=90)
"""So long after they began bookings stay in a feed."""
GONE = timedelta(days=30)
"""So long a booking that was given up stays in a feed, as cancelled, so that calendars take it away."""
LIFE = timedelta(days=365)
"""A manager's feed ends then: what somebody manages is told by their sign-in, and a feed has none."""
MOST_FEEDS = 50
MOST_EVENTS = 5_000
"""The events of one feed: what is to come, then what is over, the nearest first."""

SHOWN: tuple[BookingState, ...] = ("awaiting_approval", "awaiting_payment", "confirmed", "in_use", "completed")
GIVEN_UP: tuple[BookingState, ...] = ("cancelled", "declined", "expired", "released")
BEYOND_HOLD = ("awaiting_approval", "awaiting_payment", "confirmed")
"""A hold is in no feed; only what came to one of these can have been in one before it was given up."""

_EPOCH, _MINUTE = datetime(1970, 1, 1, tzinfo=UTC), timedelta(minutes=1)
_OCTETS = 75
_BUSY = Text(nb="Opptatt", nn="Oppteke", en="Busy")
_TENTATIVE = ("awaiting_approval", "awaiting_payment")

# Summer time as it has been since 1996, and is until somebody decides otherwise: the changes are at 01:00 UTC.
_OSLO_RULES = (
    "BEGIN:VTIMEZONE",
    "TZID:Europe/Oslo",
    "X-LIC-LOCATION:Europe/Oslo",
    "BEGIN:DAYLIGHT",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "TZNAME:CEST",
    "DTSTART:19960331T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "TZNAME:CET",
    "DTSTART:19961027T030000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "END:STANDARD",
    "END:VTIMEZONE",
)


class TooManyFeeds(DomainError):
    """A person has as many calendar feeds as one can have."""

    code = "too_many_feeds"
    status = 409
    text = Text(
        nb="Du har {most} kalenderlenker. Trekk noen tilbake først.",
        nn="Du har {most} kalenderlenkjer. Trekk nokre tilbake først.",
        en="You have {most} calendar links. Revoke some first.",
    )


class UnknownSquare(DomainError):
    """There is no square of this id."""

    code = "unknown_square"
    text = Text(
        nb="Torget {square} finnes ikke.",
        nn="Torget {square} finst ikkje.",
        en="There is no square {square}.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A calendar that whoever has its secret can read: of a space, a square or an actor (one of the three is set).

    Of its secret only the digest is kept. `detail` tells whether titles and tenants that are not public are shown.
    """

    id: UUID
    digest: bytes
    made_by: UUID
    created_at: datetime
    language: Language
    detail: Detail
    space: str | None = None
    square: str | None = None
    actor: UUID | None = None
    expires_at: datetime | None = None

    def opens_with(self, secret: str) -> bool:
        """Whether this is its secret; takes as long whatever it is."""
        return hmac.compare_digest(digest(secret), self.digest)

    def open(self, now: datetime) -> bool:
        """Whether it can still be read."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a booking is, as people call it."""

    space: str
    arena: str
    square: str


def digest(secret: str) -> bytes:
    """What is kept of a secret. It is long and made by chance, so that a quick digest is enough."""
    return hashlib.sha256(secret.encode()).digest()


def calendar(feed: Feed, name: str, events: Iterable[tuple[Booking, Place]], *, portal: str) -> str:
    """The feed as text/calendar. The same bookings give the same text, whenever it is asked for."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Torg//Booking//NO",
        "CALSCALE:GREGORIAN",
        f"NAME:{_escaped(name)}",
        f"X-WR-CALNAME:{_escaped(name)}",
        "X-WR-TIMEZONE:Europe/Oslo",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
        *_OSLO_RULES,
    ]
    for booking, place in events:
        lines += _event(feed, booking, place, portal)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def uid(booking: UUID) -> str:
    """What a booking is called in every calendar, for ever."""
    return f"{booking}@torg"


def over_at(booking: Booking) -> datetime:
    """When a booking ceased to take its space: at its end, or when it ended early, on the minute that was begun. Not
    after it begins: it has taken nothing."""
    if booking.ended_at is None:
        return booking.ends_at
    minutes = -((_EPOCH - booking.ended_at) // _MINUTE)
    return max(booking.begins_at, min(booking.ends_at, _EPOCH + minutes * _MINUTE))


def _event(feed: Feed, booking: Booking, place: Place, portal: str) -> Iterator[str]:
    full = feed.detail == "full"
    ends_at = over_at(booking)
    unused = ends_at <= booking.begins_at  # an event must end after it begins
    changed = _utc(booking.changed_at)
    yield "BEGIN:VEVENT"
    yield f"UID:{uid(booking.id)}"
    yield f"SEQUENCE:{booking.version}"
    yield f"DTSTAMP:{changed}"
    yield f"CREATED:{_utc(booking.created_at)}"
    yield f"LAST-MODIFIED:{changed}"
    yield from _when(booking.begins_at, booking.ends_at if unused else ends_at)
    yield f"STATUS:{'CANCELLED' if unused else _status(booking)}"
    yield f"SUMMARY:{_escaped(_summary(booking, feed))}"
    yield f"LOCATION:{_escaped(f'{place.space}, {place.arena}')}"
    if full:
        yield f"DESCRIPTION:{_escaped(' · '.join(_about(booking, feed.language)))}"
    if portal:
        yield f"URL:{portal.rstrip('/')}/" + (f"bookings/{booking.id}" if full else f"squares/{booking.square}")
    yield f"CLASS:{'PRIVATE' if full else 'PUBLIC'}"
    yield f"TRANSP:{'TRANSPARENT' if unused or booking.state in GIVEN_UP else 'OPAQUE'}"
    yield "END:VEVENT"


def _summary(booking: Booking, feed: Feed) -> str:
    """A public title is for all; who rents is for those who may know."""
    if feed.detail == "public":
        return booking.title or _BUSY.in_language(feed.language)
    told = booking.title or words.PURPOSES[booking.purpose].in_language(feed.language)
    return f"{told} ({booking.tenant.name})" if booking.tenant.name else told


def _about(booking: Booking, language: Language) -> Iterator[str]:
    yield words.PURPOSES[booking.purpose].in_language(language)
    yield words.people(booking.participants, language)
    yield words.STATES[booking.state].in_language(language)


def _status(booking: Booking) -> str:
    if booking.state in GIVEN_UP:
        return "CANCELLED"
    return "TENTATIVE" if booking.state in _TENTATIVE else "CONFIRMED"


def _when(begins_at: datetime, ends_at: datetime) -> Iterator[str]:
    """From when to when. A time that comes twice on the wall is one instant only in UTC, and so are both ends then."""
    twice = comes_twice(begins_at) or comes_twice(ends_at)
    for name, at in (("DTSTART", begins_at), ("DTEND", ends_at)):
        yield f"{name}:{_utc(at)}" if twice else f"{name};TZID=Europe/Oslo:{_local(at)}"


def _local(at: datetime) -> str:
    return at.astimezone(OSLO).strftime("%Y%m%dT%H%M%S")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """A text as a value: as it was typed, but for what `kernel.text` never allows."""
    return allowed(text).replace("\\", "\\\\").replace("\n", "\\n").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> str:
    """At most 75 octets a line, the rest on lines that begin with a space; no character is cut in two."""
    if len(line) <= _OCTETS // 4 or len(line.encode()) <= _OCTETS:
        return line
    return "\r\n ".join(_pieces(line))


def _pieces(line: str) -> Sequence[str]:
    pieces, piece, room = [], "", _OCTETS
    for each in line:
        size = len(each.encode())
        if size > room:
            pieces.append(piece)
            piece, room = "", _OCTETS - 1  # the space that it begins with
        piece, room = piece + each, room - size
    return [*pieces, piece]
