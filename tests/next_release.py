"""A release after this one, in a folder: this very code with another VERSION and one more migration. It migrates from
there, in a process of its own."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cli.paths import ROOT

MIGRATION = """
import sqlalchemy as sa
from alembic import op
from kernel.migrate import create_index

revision = "kernel_9999"
down_revision = "{head}"
branch_labels = None
depends_on = None
{declared}

def upgrade():
    {upgrade}


def downgrade():
    pass
"""
MIGRATE = "import sys; from kernel.migrate import migrate; migrate('kernel', sys.argv[1])"


@dataclass(frozen=True)
class NextRelease:
    """Its migration does `upgrade`, and declares the `oldest` release that can work on what comes of it, if any."""

    folder: Path
    upgrade: str
    oldest: str = ""

    def __post_init__(self) -> None:
        shutil.copytree(ROOT / "kernel", self.folder / "kernel")
        (self.folder / "VERSION").write_text("99.0.0\n")
        versions = self.folder / "kernel/migrations/versions"
        head = max(path.stem[: len("kernel_0000")] for path in versions.glob("kernel_*.py"))
        declared = f'oldest_release = "{self.oldest}"' if self.oldest else ""
        migration = MIGRATION.format(head=head, upgrade=self.upgrade, declared=declared)
        (versions / "kernel_9999_next.py").write_text(migration)

    def start(self, url: str) -> subprocess.Popen[str]:
        """Begins to migrate the kernel's tables of a database."""
        return subprocess.Popen(
            [sys.executable, "-c", MIGRATE, url],
            cwd=self.folder,
            env={"PYTHONPATH": "."},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def migrate(self, url: str) -> None:
        """Migrates the kernel's tables of a database. Raises AssertionError with what it said when it can't."""
        assert_migrated(self.start(url))


def assert_migrated(migrating: subprocess.Popen[str]) -> str:
    """Waits until it is done; what it logged."""
    logged, _ = migrating.communicate(timeout=120)
    assert migrating.returncode == 0, logged
    return logged
