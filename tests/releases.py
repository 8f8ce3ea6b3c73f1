"""The releases that docs/releases.md names, and their code, out of the repository's own history; and empty databases
for them."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli import SERVICES
from cli.paths import ROOT
from cli.servers import databases
from cli.servers.passwords import kept_password
from cli.stack import drop_databases

ROW = re.compile(r"^\| (\S+) \| (\S+) \| `([0-9a-f]{40})` \|$", re.MULTILINE)
TABLE = ROOT / "docs/releases.md"
MIGRATIONS = "**/migrations/versions/*.py"
OLDEST = re.compile(r'^oldest_release = "(.+)"$', re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """A release, and its commit."""

    version: str
    commit: str

    def unpack(self, folder: Path) -> "Checkout":
        """Puts its files into a folder. Fails the test, with what to do, where the history lacks them."""
        archive = subprocess.run(["git", "-C", ROOT, "archive", self.commit], capture_output=True, check=False)
        if archive.returncode != 0:
            pytest.fail(
                f"this test runs release {self.version} out of the history, and commit {self.commit} is not there: "
                f"`git fetch --unshallow` gets all of it, `git fetch origin {self.commit}` this one alone. "
                f"(git: {archive.stderr.decode().strip()})",
                pytrace=False,
            )
        folder.mkdir()
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        return Checkout(folder)


@dataclass(frozen=True)
class Checkout:
    """A release's files."""

    folder: Path

    @property
    def health_apart(self) -> bool:
        """Whether its processes have a port of their own for health."""
        return _numbers((self.folder / "VERSION").read_text().strip()) > (0, 2, 0)

    def run(self, code: str, *words: str) -> None:
        """Runs a piece of Python in this release's code; `words` are its `sys.argv[1:]`. AssertionError with what it
        said when it fails."""
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", f"import sys; {code}", *words],
            cwd=self.folder,
            env={"PYTHONPATH": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout

    def migrate(self, urls: dict[str, str]) -> None:
        """Brings each service's database (service → URL) up to date, as this release knows it."""
        words = [word for service, url in urls.items() for word in (service, url)]
        each = "[migrate(*pair) for pair in zip(sys.argv[1::2], sys.argv[2::2])]"
        self.run(f"from kernel.migrate import migrate; {each}", *words)


@contextmanager
def databases_for_a_while(server: str, folder: Path, *, prefix: str) -> Iterator[dict[str, str]]:
    """A database for each service in which nothing is yet, owned by the service's role as up to 0.3.0: service →
    URL."""
    urls = {}
    try:
        for service in SERVICES:
            name, password = f"{prefix}_{service}", kept_password(folder / f"{service}-database-password")
            databases.create_role(server, name, password)
            databases.create_database(server, name, name)
            urls[service] = databases.url_of(server, name, name, password)
        yield urls
    finally:
        drop_databases(server, prefix=prefix)


def released() -> list[Release]:
    """All releases, the newest first."""
    return [Release(version, commit) for version, _, commit in ROW.findall(TABLE.read_text(encoding="utf-8"))]


def still_taken() -> list[Release]:
    """The last two releases, of those that can work on today's schema by what its migrations declare."""
    declared = [found for path in ROOT.glob(MIGRATIONS) for found in OLDEST.findall(path.read_text(encoding="utf-8"))]
    oldest = max(map(_numbers, declared), default=())
    return [each for each in released() if _numbers(each.version) >= oldest][:2]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
