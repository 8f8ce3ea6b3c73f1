"""A municipality with a band that rents, and files of what it has elsewhere."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from services.booking.model.imports import ImportRequest, Report
from services.booking.usecases import imports as usecases
from tests.callers import MANAGER

SAMPLES = Path(__file__).parent / "samples"
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
HEADER = "uid;space;begins_at;ends_at;tenant;title;purpose;audience;participants;status"


class Moving:
    """Looks at files and imports them, as the manager of Borgen."""

    def __init__(self, counter: Any) -> None:
        self.counter = counter
        self.band = counter.organisation("kari")

    def file(self, *lines: str, kind: Any = "csv", content: bytes | None = None, **more: Any) -> ImportRequest:
        written = "\n".join([HEADER, *lines]).encode() if content is None else content
        return ImportRequest(**{"source": "old", "kind": kind, "content": written, "tenant": self.band} | more)

    def sample(self, name: str, **more: Any) -> ImportRequest:
        return self.file(kind=name.rpartition(".")[2], content=(SAMPLES / name).read_bytes(), **more)

    def preview(self, wanted: ImportRequest, who: Any = MANAGER) -> Report:
        found: Report = self.counter.run(usecases.preview, who, wanted)
        return found

    def run(self, wanted: ImportRequest, who: Any = MANAGER) -> Report:
        found: Report = self.counter.run(usecases.run, who, wanted)
        return found

    def state(self) -> str:
        """A digest of all that is in the database."""
        with self.counter.database.reading() as tx:
            rows = [
                f"{table} {row}"
                for table in tx.execute(TABLES).scalars()
                for row in tx.execute(text(f'SELECT t::text FROM "{table}" t ORDER BY 1')).scalars()
            ]
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def line(uid: str, space: str = "room", day: int = 1, hour: int = 18, **more: str) -> str:
    """A row of two hours in December."""
    begins, ends = f"2026-12-{day:02} {hour:02}:00", f"2026-12-{day:02} {hour + 2:02}:00"
    said = {"tenant": "", "title": "", "purpose": "", "audience": "", "participants": "", "status": ""} | more
    return ";".join([uid, space, begins, ends, *said.values()])


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=UTC) - timedelta(hours=1)


def outcomes(report: Report) -> list[tuple[str, str, str | None]]:
    return [(each.row.uid, each.outcome, each.reason.code if each.reason else None) for each in report.results]
