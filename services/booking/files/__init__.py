"""Reading the files of other systems, by libraries: iCalendar and tables. `usecases.imports` calls it.

It stands beside the layers, as `booking.recurrence` does: a model knows no library.
"""

from datetime import datetime

from services.booking.files import events, table
from services.booking.files.encoding import text_of
from services.booking.model.import_refusals import TooManyRows
from services.booking.model.imports import MOST, File, ImportRequest


def read(wanted: ImportRequest, *, now: datetime) -> File:
    """What a file says. Raises UnreadableFile, NotUtf8 or TooManyRows; what is wrong with a single row is its fault."""
    text = text_of(wanted)
    found = events.read(text, until=wanted.until, now=now) if wanted.kind == "ics" else table.read(text)
    if sum(row.takes_room(now) for row in found.rows) > MOST:
        raise TooManyRows(most=MOST)
    return found
