"""The journal of erasures: a file that is kept apart from the backups, so that a restore can forget again whom a backup
still knows. A line has a pseudonym, when it was erased, and the epoch of booking, which decides on erasures; no name.

Booking's worker writes it, `./torg restore` and `./torg restored begin` read it.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from kernel.contracts import utc_text

FILE = "erasures.jsonl"


class Unreadable(Exception):
    """The journal can't be read, or a line in it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That a person was erased."""

    person: UUID
    erased_at: datetime
    epoch: int
    service: str = "booking"


def append(folder: str, erasures: Iterable[Erasure]) -> None:
    """Appends lines; they are on the disk when this returns. Raises OSError."""
    path = Path(folder) / FILE
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        # whoever died in the middle of a line left it unfinished
        begins = b"" if _ends_well(file) else b"\n"
        _write_all(file, begins + "".join(map(_line, erasures)).encode())
        os.fsync(file)
    finally:
        os.close(file)
    _sync_folder(path.parent)


def read(folder: str) -> Mapping[UUID, Erasure]:
    """The last erasure of each person. A line that was broken off, and others after it, is passed over: its erasure is
    written again. The last line must be whole, as nobody knows whom it was to name. Raises Unreadable."""
    path = Path(folder) / FILE
    if not path.parent.is_dir():
        raise Unreadable(f"{path.parent} is not there")
    if not path.exists():
        return {}  # nobody was erased yet
    found: dict[UUID, Erasure] = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as fault:
        raise Unreadable(f"{path}: {type(fault).__name__}") from fault
    written = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    for number, line in written:
        each = _erasure(line)
        if each is None and line.endswith("}"):
            raise Unreadable(f"{path}: line {number} tells of no erasure")
        if each is None and number == written[-1][0]:
            raise Unreadable(
                f"{path}: line {number} is broken off; delete it, and erase its person by hand when all runs again"
            )
        if each and (each.person not in found or found[each.person].erased_at < each.erased_at):
            found[each.person] = each
    return found


def apart(folder: str, other: Path) -> bool:
    """Whether a folder lies neither in the journal's nor the journal's in it."""
    here, there = Path(folder).resolve(), other.resolve()
    return not (here == there or here in there.parents or there in here.parents)


def _line(each: Erasure) -> str:
    told = {"person": str(each.person), "erased_at": utc_text(each.erased_at)}
    return json.dumps({**told, "service": each.service, "epoch": each.epoch}) + "\n"


def _erasure(line: str) -> Erasure | None:
    try:
        told = json.loads(line)
        at = datetime.fromisoformat(told["erased_at"])
        return Erasure(person=UUID(told["person"]), erased_at=at, epoch=told["epoch"], service=told["service"])
    except (ValueError, TypeError, KeyError):
        return None


def _ends_well(file: int) -> bool:
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"


def _write_all(file: int, written: bytes) -> None:
    while written:
        written = written[os.write(file, written) :]


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
