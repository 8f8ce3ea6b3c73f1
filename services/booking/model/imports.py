"""Moving in from another system: what a file says of each booking, what becomes of it, and why it can't be.

    row ──new──► added: confirmed at once          row ──as it was──► unchanged
        ──other──► moved                           row ──cancelled──► cancelled
        ──over, void or given up here──► skipped   row ──rule or clash──► refused, and with it the whole file
        ──under way──► added for what is left of it

The agreement is there already, so notice, horizon, grid, lengths, purposes, quotas, house rules and approval don't bind
it. Opening hours, capacity, set-up and clearing do, and so does whoever has the space.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from uuid import UUID

from kernel.errors import DomainError
from kernel.text import blank, cut, forbidden, key, one_line, trimmed
from services.booking.model.actors import Actor
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.import_refusals import ImportRefused, OtherTenant, UnreadableRow
from services.booking.model.import_revisions import Revisions
from services.booking.model.moved import placed
from services.booking.model.opening import AHEAD
from services.booking.model.recurrence import Recurrence
from services.booking.model.refusals import AlreadyBegun, AlreadyOver, NotLive
from services.booking.model.rules import Bookable, EndsBeforeBegin, TooManyParticipants
from services.booking.model.series import Clash, Series, near
from services.booking.model.shrinking import made_smaller, takes_no_more

MOST = 2000
"""Rows in one file that are not over."""
MOST_READ = 100_000
"""Dates reckoned from one file, those that are over included."""

LONGEST_UID, LONGEST_PLACE, LONGEST_TITLE = 255, 1000, 200

FileKind = Literal["ics", "csv"]
Encoding = Literal["utf-8", "utf-16", "windows-1252"]
Outcome = Literal["added", "unchanged", "moved", "cancelled", "skipped", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("added", "unchanged", "moved", "cancelled", "skipped", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a file says of one booking. `line` is where in the file; `recurrence` is the date an event that recurs was
    to be on at first, and `recurring` all of its dates. `void` is why it is no agreement, if it says so itself;
    `fault` is why it can't be read."""

    line: int
    uid: str
    recurrence: str = ""
    place: str = ""
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    organisation: str | None = None
    title: str | None = None
    purpose: str | None = None
    audience: str | None = None
    participants: int | None = None
    cancelled: bool = False
    void: DomainError | None = None
    recurring: Recurrence | None = None
    fault: DomainError | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.uid, self.recurrence

    def takes_room(self, now: datetime) -> bool:
        """Return True if it asks for a time to come, or the rest of one under way, whose opening hours can be known."""
        settled = self.cancelled or self.void is not None or self.fault is not None
        if settled or self.begins_at is None or self.ends_at is None:
            return False
        return not self.is_over(now) and self.ends_at <= now + AHEAD

    def is_over(self, now: datetime) -> bool:
        """Return True if nothing of it is to come: of what is under way, less than a minute."""
        if self.begins_at is None or self.begins_at >= now:
            return False
        return self.ends_at is None or self.ends_at <= next_minute(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that was read. Of the uids in `whole` it tells all dates, or all until a day: those that were imported and
    are not there any more are cancelled. `over` are the dates of recurring events that have passed: no rows of their
    own. `revisions` are those of the events, and of the dates that something is said of alone. `ignored` are the
    columns that nobody reads."""

    rows: Sequence[Row]
    whole: Mapping[str, date | None] = field(default_factory=dict)
    over: Mapping[tuple[str, str], Row] = field(default_factory=dict)
    revisions: Revisions = field(default_factory=dict)
    ignored: Sequence[str] = ()

    @property
    def uids(self) -> set[str]:
        return {row.uid for row in self.rows} | self.whole.keys() | {uid for uid, _ in self.revisions}

    def tells(self, key: tuple[str, str]) -> bool:
        """Return True if the file would have this date if there were one."""
        uid, recurrence = key
        until = self.whole.get(uid)
        return uid in self.whole and (until is None or not recurrence or recurrence[:10] <= until.isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What is to be imported. `source` names the other system: with it a uid means the same booking again. `places` is
    spaces by what the file calls them; `tenant` rents where the file names nobody. What the file does not say of use is
    said here. A rule without an end is taken until `until`. `encoding` is what the file is in, if it has no byte order
    mark and is not in UTF-8."""

    source: str
    kind: FileKind
    content: bytes = field(repr=False)
    encoding: Encoding | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    tenant: UUID | None = None
    purpose: str = "meeting"
    audience: str = "everyone"
    participants: int = 1
    public_titles: bool = False
    until: date | None = None

    def space(self, row: Row) -> str:
        """The id of the space a row is in, if it is one."""
        return self.places.get(row.place, row.place)

    def wanted(self, row: Row, tenant: UUID) -> BookingRequest:
        """What a row asks for."""
        if row.begins_at is None or row.ends_at is None:
            raise UnreadableRow(part="begins_at")
        return BookingRequest(
            space=self.space(row),
            begins_at=row.begins_at,
            ends_at=row.ends_at,
            purpose=row.purpose or self.purpose,
            audience=row.audience or self.audience,
            participants=self.participants if row.participants is None else row.participants,
            tenant=tenant,
            title=row.title if self.public_titles else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was imported before under a uid: the booking, and a digest of what the file said then; none, if it said that
    it is cancelled. `begins_at` is when it was to begin by the file, None if that was not remembered."""

    uid: str
    recurrence: str
    booking: UUID
    digest: bytes
    begins_at: datetime | None = None

    @property
    def cancelled(self) -> bool:
        return not self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class InTheWay:
    """What a row clashes with: another row of the file (`line`), a booking or a closure."""

    holder: UUID
    kind: Literal["booking", "closure"]
    begins_at: datetime
    ends_at: datetime
    line: int | None = None
    uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a row, or would."""

    row: Row
    outcome: Outcome
    space: str | None = None
    booking: UUID | None = None
    reason: Clash | None = None
    clashes: Sequence[InTheWay] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a file, or would: row by row, in its order."""

    results: Sequence[Result]
    over: int = 0
    ignored: Sequence[str] = ()

    @property
    def counts(self) -> Mapping[Outcome, int]:
        return {outcome: sum(each.outcome == outcome for each in self.results) for outcome in OUTCOMES}

    def demand_nothing_refused(self) -> None:
        """Raises ImportRefused."""
        refused = [each for each in self.results if each.outcome == "refused"]
        if refused:
            first = min(refused, key=lambda each: each.row.line)
            raise ImportRefused(
                refused=len(refused),
                rows=len(self.results),
                line=first.row.line,
                reason=first.reason.code if first.reason else "",
                why=first.reason.text if first.reason else "",
            )


def place_name(written: str) -> str:
    """Return what a file and `places` have in common when they call a place the same."""
    return key(written)[:LONGEST_PLACE]


def title(written: str) -> str | None:
    """Return a title as the public calendar may have it: what can't be kept of it is left out, and refuses nothing."""
    kept = cut(one_line(written), LONGEST_TITLE)
    return None if blank(kept) else kept


def uid(written: str) -> str | None:
    """Return the other system's name for a booking, None when it is none."""
    found = trimmed(written)
    return None if blank(found) or len(found) > LONGEST_UID or forbidden(found) else found


def next_minute(now: datetime) -> datetime:
    """Return the first whole minute that has not begun before now."""
    begun = now.replace(second=0, microsecond=0)
    return begun if begun == now else begun + timedelta(minutes=1)


def left_of(wanted: BookingRequest, now: datetime) -> BookingRequest:
    """Return what is to come of a request: of one under way the rest, from the next whole minute."""
    return wanted if wanted.begins_at >= now else replace(wanted, begins_at=next_minute(now))


def digest(wanted: BookingRequest) -> bytes:
    """Tells whether a row says something else than when it was last imported."""
    said = [
        wanted.space,
        wanted.begins_at.astimezone(UTC).isoformat(),
        wanted.ends_at.astimezone(UTC).isoformat(),
        wanted.purpose,
        wanted.audience,
        wanted.participants,
        str(wanted.tenant),
        wanted.title,
    ]
    return hashlib.sha256(json.dumps(said).encode()).digest()


def check(place: Bookable, wanted: BookingRequest) -> None:
    """Raises what keeps an agreement that is there already from being kept here."""
    if wanted.ends_at <= wanted.begins_at:
        raise EndsBeforeBegin
    if wanted.participants > place.capacity:
        raise TooManyParticipants(capacity=place.capacity)
    near(place, wanted).check_open(wanted.begins_at, wanted.ends_at)


def confirmed(
    wanted: BookingRequest, place: Bookable, *, tenant: Actor, booked_by: UUID, id: UUID, now: datetime
) -> Booking:
    """A new booking of something that was agreed elsewhere: it waits for nobody."""
    return Booking(
        id=id,
        version=1,
        state="confirmed",
        purpose=wanted.purpose,
        audience=wanted.audience,
        title=wanted.title,
        tenant=tenant,
        booked_by=booked_by,
        confirm=wanted.confirm,
        created_at=now,
        changed_at=now,
        confirmed_at=now,
        hold_expires_at=now,
        **placed(place, wanted) | {"needs_payment": False},
    )


def moved(before: Booking, place: Bookable, wanted: BookingRequest, *, now: datetime) -> Booking:
    """A booking as the file has it now; what the tenant has borrowed since comes along. Raises what keeps it from being
    so, unless it only takes less."""
    demand_changeable(before, now=now)
    if before.tenant.id != wanted.tenant:
        raise OtherTenant
    kept = replace(wanted, noise=before.noise, equipment=before.equipment)
    smaller = takes_no_more(before, kept)
    if not smaller:
        check(place, wanted)
    where = made_smaller(before, kept) if smaller else placed(place, kept)
    elsewhere = any(getattr(kept, name) != getattr(before, name) for name in ("space", "begins_at", "ends_at"))
    return replace(
        before,
        version=before.version + 1,
        timed_version=before.version + 1,
        changed_at=now,
        state="confirmed",
        confirmed_at=before.confirmed_at or now,
        moved_by_house=elsewhere or before.moved_by_house,
        price_outdated=True,
        moved_from=None,
        key=None if elsewhere else before.key,
        purpose=wanted.purpose,
        audience=wanted.audience,
        title=wanted.title,
        **where | {"needs_payment": False},
    )


def series(id: UUID, first: Booking, when: Recurrence) -> Series:
    """What the dates of an event that recurs are together: one code, one notice, one line of history."""
    return Series(
        id=id,
        version=1,
        state="active",
        space=first.space,
        arena=first.arena,
        square=first.square,
        tenant=first.tenant,
        booked_by=first.booked_by,
        purpose=first.purpose,
        audience=first.audience,
        participants=first.participants,
        title=first.title,
        confirm=first.confirm,
        noise=first.noise,
        equipment=first.equipment,
        policy="skip",
        starts=when.starts,
        minutes=when.length.nominal,
        rule=when.rule,
        dates=when.dates,
        excepted=when.excepted,
        created_at=first.created_at,
        changed_at=first.created_at,
    )


def demand_changeable(booking: Booking, *, now: datetime) -> None:
    """Raises why a booking can't be moved or given up any more."""
    if not booking.live:
        raise NotLive
    if now >= booking.ends_at:
        raise AlreadyOver
    if booking.state == "in_use":
        raise AlreadyBegun
