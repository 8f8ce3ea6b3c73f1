"""Moving in from another system: what a file says of each booking, what becomes of it, and why it can't be.

    row ──new──► added: confirmed at once          row ──as it was──► unchanged
        ──other──► moved                           row ──cancelled──► cancelled
        ──over, tentative or given up──► skipped   row ──rule or clash──► refused, and with it the whole file

The agreement is there already, so notice, horizon, grid, lengths, purposes, quotas, house rules and approval don't bind
it. Opening hours, capacity, set-up and clearing do, and so does whoever has the space.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Literal
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.model.actors import Actor
from services.booking.model.bookings import Booking, BookingRequest, placed
from services.booking.model.refusals import AlreadyBegun, AlreadyOver, NotLive
from services.booking.model.rules import Bookable, EndsBeforeBegin, TooManyParticipants
from services.booking.model.series import Clash, near

MOST = 2000
"""Rows in one file that are not over."""
MOST_READ = 40_000
"""Dates reckoned from one file, those that are over included."""

FileKind = Literal["ics", "csv"]
Outcome = Literal["added", "unchanged", "moved", "cancelled", "skipped", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("added", "unchanged", "moved", "cancelled", "skipped", "refused")


class UnreadableFile(DomainError):
    """Not an iCalendar file, or not a table with the columns asked for."""

    code = "unreadable_file"
    text = Text(
        nb="Fila kan ikke leses: {part}.", nn="Fila kan ikkje lesast: {part}.", en="The file can't be read: {part}."
    )


class NotUtf8(DomainError):
    """The file is in another encoding, such as the Windows-1252 of older spreadsheets."""

    code = "not_utf8"
    text = Text(
        nb="Fila er ikke i UTF-8. Lagre den som «CSV UTF-8», og prøv igjen.",
        nn="Fila er ikkje i UTF-8. Lagre henne som «CSV UTF-8», og prøv igjen.",
        en="The file is not in UTF-8. Save it as “CSV UTF-8” and try again.",
    )


class TooManyRows(DomainError):
    """More than one import takes."""

    code = "too_many_rows"
    text = Text(
        nb="Fila har for mange rader: høyst {most} om gangen.",
        nn="Fila har for mange rader: høgst {most} om gongen.",
        en="The file has too many rows: at most {most} at a time.",
    )


class ImportRefused(DomainError):
    """Something in the file can't be had, so nothing of it was imported. The preview tells what and why."""

    code = "import_refused"
    status = 409
    text = Text(
        nb="{refused} av {rows} rader kan ikke importeres; den første er på linje {line}: {reason}.",
        nn="{refused} av {rows} rader kan ikkje importerast; den fyrste er på linje {line}: {reason}.",
        en="{refused} of {rows} rows can't be imported; the first is on line {line}: {reason}.",
    )


class UnreadableRow(DomainError):
    """A column or property has a value that can't be understood, or none where there must be one."""

    code = "unreadable_row"
    text = Text(nb="{part} kan ikke leses.", nn="{part} kan ikkje lesast.", en="{part} can't be read.")


class NoSuchTime(DomainError):
    """The hour that is left out when the clock goes forward."""

    code = "no_such_time"
    text = Text(
        nb="Klokkeslettet finnes ikke den dagen: klokka stilles fram.",
        nn="Klokkeslettet finst ikkje den dagen: klokka blir stilt fram.",
        en="There is no such time on that day: the clock goes forward.",
    )


class AmbiguousTime(DomainError):
    """The hour that comes twice when the clock goes back."""

    code = "ambiguous_time"
    text = Text(
        nb="Klokkeslettet kommer to ganger den dagen. Skriv tidssonen, som 2026-10-25T02:30+01:00.",
        nn="Klokkeslettet kjem to gonger den dagen. Skriv tidssona, som 2026-10-25T02:30+01:00.",
        en="That time comes twice on that day. Write the offset, as 2026-10-25T02:30+01:00.",
    )


class OtherTimeZone(DomainError):
    """A time zone that nobody knows, or a recurring event by another clock than Norway's."""

    code = "other_time_zone"
    text = Text(
        nb="Tidssonen er ukjent, eller gjentakelsen følger ikke norsk tid.",
        nn="Tidssona er ukjend, eller gjentakinga følgjer ikkje norsk tid.",
        en="The time zone is unknown, or the event does not recur by Norwegian time.",
    )


class UnmappedPlace(DomainError):
    """No space has this id, and `places` does not say which is meant."""

    code = "unmapped_place"
    text = Text(
        nb="Det er ikke sagt hvilket lokale dette er.",
        nn="Det er ikkje sagt kva for eit lokale dette er.",
        en="It is not said which space this is.",
    )


class UnregisteredTenant(DomainError):
    """No actor has this number. It is registered first, so that the registers say what it is before it is charged."""

    code = "unregistered_tenant"
    text = Text(
        nb="Organisasjonen er ikke registrert som aktør. Registrer den først.",
        nn="Organisasjonen er ikkje registrert som aktør. Registrer han fyrst.",
        en="The organisation is not registered as an actor. Register it first.",
    )


class NoTenant(DomainError):
    """The row names no organisation, and the request has none for such rows."""

    code = "no_tenant"
    text = Text(
        nb="Det er ikke sagt hvem som leier.", nn="Det er ikkje sagt kven som leiger.", en="It is not said who rents."
    )


class TwiceInFile(DomainError):
    """Another row has the same uid and date."""

    code = "twice_in_file"
    text = Text(nb="En annen rad har samme uid.", nn="Ei anna rad har same uid.", en="Another row has the same uid.")


class OtherTenant(DomainError):
    """A booking keeps its tenant: cancel it, and import it with another uid."""

    code = "other_tenant"
    text = Text(
        nb="Bookingen tilhører en annen leietaker. Avlys den, og bruk en ny uid.",
        nn="Bookinga høyrer til ein annan leigetakar. Avlys henne, og bruk ein ny uid.",
        en="The booking has another tenant. Cancel it, and use a new uid.",
    )


class IsOver(DomainError):
    """It began before now: what was is no business of an import."""

    code = "is_over"
    text = Text(nb="Tida er passert.", nn="Tida er passert.", en="Its time has passed.")


class Tentative(DomainError):
    """Nothing is agreed yet."""

    code = "tentative"
    text = Text(nb="Ikke bekreftet.", nn="Ikkje stadfesta.", en="Not confirmed.")


class NeverImported(DomainError):
    """Cancelled before it came here."""

    code = "never_imported"
    text = Text(
        nb="Avlyst før den ble importert.",
        nn="Avlyst før ho vart importert.",
        en="Cancelled before it was imported.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a file says of one booking. `line` is where in the file; `recurrence` is the date an event that recurs was
    to be on at first. `fault` is why it can't be read."""

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
    tentative: bool = False
    fault: DomainError | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.uid, self.recurrence


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that was read. Of the uids in `whole` it tells all dates: those that were imported and are not there any
    more are cancelled. `over` are the dates of recurring events that have passed: they are no rows."""

    rows: Sequence[Row]
    whole: frozenset[str] = frozenset()
    over: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What is to be imported. `source` names the other system: with it a uid means the same booking again. `places` is
    spaces by what the file calls them; `tenant` rents where the file names nobody. What the file does not say of use is
    said here. A rule without an end is taken until `until`."""

    source: str
    kind: FileKind
    content: bytes = field(repr=False)
    places: Mapping[str, str] = field(default_factory=dict)
    tenant: UUID | None = None
    purpose: str = "meeting"
    audience: str = "everyone"
    participants: int = 1
    public_titles: bool = False
    until: date | None = None

    def text(self) -> str:
        """The file as text. Raises NotUtf8."""
        try:
            found = self.content.decode("utf-8-sig")
        except UnicodeDecodeError as cause:
            raise NotUtf8 from cause
        if "\0" in found:  # UTF-16, or no text at all
            raise NotUtf8
        return found

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
    it is cancelled."""

    uid: str
    recurrence: str
    booking: UUID
    digest: bytes

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
            )


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
    """A booking as the file has it now; what the tenant has borrowed since comes along."""
    demand_changeable(before, now=now)
    if before.tenant.id != wanted.tenant:
        raise OtherTenant
    kept = replace(wanted, noise=before.noise, equipment=before.equipment)
    return replace(
        before,
        version=before.version + 1,
        timed_version=before.version + 1,
        changed_at=now,
        state="confirmed",
        confirmed_at=before.confirmed_at or now,
        purpose=wanted.purpose,
        audience=wanted.audience,
        title=wanted.title,
        **placed(place, kept) | {"needs_payment": False},
    )


def demand_changeable(booking: Booking, *, now: datetime) -> None:
    """Raises why a booking can't be moved or given up any more."""
    if not booking.live:
        raise NotLive
    if now >= booking.ends_at:
        raise AlreadyOver
    if booking.state == "in_use":
        raise AlreadyBegun
