"""Bookings as a table for spreadsheets: CSV as a Norwegian Excel opens it, and with nothing that it would run."""

import csv
import io
import unicodedata
from collections.abc import Iterable
from datetime import datetime

from kernel.errors import Text
from kernel.text import key
from services.booking.model import words
from services.booking.model.bookings import Booking
from services.booking.model.calendars import Place
from services.booking.model.opening import OSLO, comes_twice

BOM = "\ufeff"
"""Tells Excel that it is UTF-8."""
_RUNS = ("=", "+", "-", "@")
"""What a spreadsheet takes for a formula, in any width."""
_TRIMMED = ("\t", "\r", "\n")
"""What some take away before they look."""

COLUMNS = (
    Text("Id", "Id", "Id"),
    Text("Torg", "Torg", "Square"),
    Text("Arena", "Arena", "Arena"),
    Text("Lokale", "Lokale", "Space"),
    Text("Fra", "Frå", "From"),
    Text("Til", "Til", "To"),
    Text("Tilstand", "Tilstand", "State"),
    Text("Formål", "Føremål", "Purpose"),
    Text("Målgruppe", "Målgruppe", "Audience"),
    Text("Deltakere", "Deltakarar", "Participants"),
    Text("Leietaker", "Leigetakar", "Tenant"),
    Text("Organisasjonsnummer", "Organisasjonsnummer", "Organisation number"),
    Text("Navn", "Namn", "Name"),
    Text("Tittel", "Tittel", "Title"),
    Text("Pris", "Pris", "Price"),
    Text("Fast booking", "Fast booking", "Series"),
    Text("Booket", "Booka", "Booked"),
    Text("Avsluttet", "Avslutta", "Ended"),
)


def header(language: str) -> str:
    """The first line."""
    return line(each.in_language(language) for each in COLUMNS)


def row(booking: Booking, place: Place, language: str) -> str:
    """The line of a booking, in words. Persons are in it as "resident", and by no name or number."""
    tenant = booking.tenant
    return line(
        [
            str(booking.id),
            place.square,
            place.arena,
            place.space,
            _local(booking.begins_at),
            _local(booking.ends_at),
            words.STATES[booking.state].in_language(language),
            words.PURPOSES[booking.purpose].in_language(language),
            words.AUDIENCES[booking.audience].in_language(language),
            str(booking.participants),
            words.TENANT_KINDS[tenant.kind].in_language(language),
            tenant.organisation_number or "",
            tenant.name or "",
            booking.title or "",
            _kroner(booking.price.total) if booking.price else "",
            str(booking.series or ""),
            _local(booking.created_at),
            _local(booking.ended_at) if booking.ended_at else "",
        ]
    )


def line(cells: Iterable[str]) -> str:
    """Cells as a line, none of which a spreadsheet runs."""
    written = io.StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerow([guarded(each) for each in cells])
    return written.getvalue()


def guarded(cell: str) -> str:
    """A cell that is text to every spreadsheet, whoever wrote it."""
    if cell[:1].isalnum():
        return cell
    seen = unicodedata.normalize("NFKC", key(cell)[:1])
    return f"'{cell}" if cell.startswith(_TRIMMED) or seen.startswith(_RUNS) else cell


def _local(at: datetime) -> str:
    """A time on the wall; one that comes twice has its offset."""
    wall = at.astimezone(OSLO)
    return wall.isoformat(" ", "minutes") if comes_twice(at) else f"{wall:%Y-%m-%d %H:%M}"


def _kroner(amount: int) -> str:
    return f"{amount // 100},{amount % 100:02}"
