"""What the demo keeps between its runs in `.torg/demo`, and what it tells other commands while it runs."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.paths import ROOT, STATE

FOLDER = STATE / "demo"


class DemoRuns(Exception):
    """Another demo runs from this checkout."""


class DemoFolder:
    """The folder. Its PostgreSQL lies in `postgres`, logs and passwords beside it."""

    def __init__(self, path: Path = FOLDER) -> None:
        self.path = path
        self._loaded = path / "loaded"
        self._migrated = path / "migrated"
        self._running = path / "running.json"
        path.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the folder for this process; the system lets go of it however the process ends. Raises DemoRuns."""
        with (self.path.parent / "demo.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as held:
                raise DemoRuns from held
            yield

    def clear(self) -> None:
        """Forgets everything."""
        shutil.rmtree(self.path)
        self.path.mkdir()

    @property
    def port(self) -> int | None:
        """The portal's port when the example data were loaded, which is part of who is who; None before that."""
        return int(self._loaded.read_text()) if self._loaded.exists() else None

    def loaded(self, port: int) -> None:
        """Remembers that the example data are all in."""
        self._loaded.write_text(str(port))

    def needs_migration(self) -> bool:
        """Whether migrations were added or changed since `migrated`: asking the databases would take a second."""
        return not self._migrated.exists() or self._migrated.read_text() != _migrations()

    def migrated(self) -> None:
        """Remembers that the databases are up to date."""
        self._migrated.write_text(_migrations())

    def tell(self, **running: Any) -> None:
        """Tells the other commands about the running demo, database passwords too: only we may read it."""
        with os.fdopen(os.open(self._running, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(running, file)

    def told(self) -> Mapping[str, Any]:
        """What the demo told when it started; nothing when none runs."""
        try:
            with self.alone():
                return {}
        except DemoRuns:
            found: dict[str, Any] = json.loads(self._running.read_text()) if self._running.exists() else {}
            return found


def _migrations() -> str:
    """One hash over all that migrates."""
    files = [*ROOT.glob("kernel/migrations/**/*.py"), *ROOT.glob("services/*/migrations/**/*.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()
