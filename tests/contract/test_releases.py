"""Every release is one thing everywhere: `VERSION`, the image, the changelog, the table in docs/releases.md and the
commits that it names. docs/releases.md tells why a release's row comes one commit later."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.paths import ROOT
from kernel.release import VERSION
from tests.compose import DOCKERFILE
from tests.releases import ROW, Release

RELEASED = re.compile(r"^## (\d+\.\d+\.\d+) – (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
SECTION = re.compile(r"^## .*$", re.MULTILINE)

Git = Callable[..., str]


def faults(changelog: str, table: str, version: str, checkout: Path) -> list[str]:
    """What does not agree; an empty list when all does."""
    released = RELEASED.findall(changelog)
    rows = ROW.findall(table)
    named = [(version, date) for version, date, _ in rows]
    found = [] if released and released[0][0] == version else [f"the newest section is not of {version}"]
    if SECTION.findall(changelog)[:1] != ["## Unreleased"]:
        found.append("the first section is not Unreleased")
    if named != released and not (named == released[1:] and is_being_released(checkout)):
        found.append(f"released are {released}, the table names {named}")
    if has_history(checkout):
        found += [fault for version, _, commit in rows if (fault := fault_of_commit(version, commit, checkout))]
    return found


def fault_of_commit(version: str, commit: str, checkout: Path) -> str:
    shown = git(checkout, "show", f"{commit}:VERSION")
    is_before = git(checkout, "merge-base", commit, "HEAD")
    if shown != version:
        return f"VERSION of {commit} is {shown or 'not there'}, not {version}"
    return "" if is_before == commit else f"{commit} is not in the history"


def has_history(checkout: Path) -> bool:
    """Whether all commits are there: an unpacked archive has none, a shallow clone has the newest only."""
    return git(checkout, "rev-parse", "--is-shallow-repository") == "false"


def is_being_released(checkout: Path) -> bool:
    """Whether `VERSION` is changed by the newest commit, or not committed yet: its hash can't be known in there."""
    if not has_history(checkout):
        return False
    changed = git(checkout, "status", "--porcelain", "--", "VERSION")
    return bool(changed) or git(checkout, "log", "-1", "--format=%H", "--", "VERSION") == git(
        checkout, "rev-parse", "HEAD"
    )


def git(checkout: Path, *words: str) -> str:
    """What git answers; nothing where there is no git, no repository or no such thing."""
    if shutil.which("git") is None:
        return ""
    return subprocess.run(["git", "-C", checkout, *words], capture_output=True, text=True, check=False).stdout.strip()


def test_version_changelog_table_and_history_agree() -> None:
    changelog, table = (ROOT / "CHANGELOG.md").read_text(), (ROOT / "docs/releases.md").read_text()
    assert faults(changelog, table, (ROOT / "VERSION").read_text().strip(), ROOT) == []


def test_the_image_says_its_version() -> None:
    label = re.findall(r'org\.opencontainers\.image\.version="(.*)"', DOCKERFILE.read_text())
    assert label == [VERSION]


def test_the_command_says_its_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"torg {VERSION}\n"


class Project:
    """A repository with two releases, the second of which is not in the table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.changelog = "# Changelog\n\n## Unreleased\n"
        self.rows: list[tuple[str, str]] = []
        git(folder, "init", "--quiet")
        self.rows.append(("0.1.0", self.release("0.1.0")))
        self.release("0.2.0")

    def release(self, version: str) -> str:
        (self.folder / "VERSION").write_text(f"{version}\n")
        released = f"## Unreleased\n\n## {version} – 2026-12-01\n"
        self.changelog = self.changelog.replace("## Unreleased\n", released)
        return self.commit()

    def commit(self) -> str:
        git(self.folder, "add", ".")
        who = ("-c", "user.name=Torg", "-c", "user.email=torg@example.no", "-c", "commit.gpgsign=false")
        git(self.folder, *who, "commit", "--quiet", "--allow-empty", "--message=change")
        return git(self.folder, "rev-parse", "HEAD")

    def faults(self, version: str = "0.2.0") -> list[str]:
        table = "\n".join(f"| {version} | 2026-12-01 | `{commit}` |" for version, commit in reversed(self.rows))
        return faults(self.changelog, table, version, self.folder)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_release_has_its_row_one_commit_later(project: Project) -> None:
    released = git(project.folder, "rev-parse", "HEAD")
    assert project.faults() == []
    project.commit()
    assert "the table names" in project.faults()[0]
    project.rows.append(("0.2.0", released))
    assert project.faults() == []


def test_a_release_that_is_not_committed_yet_needs_no_row(project: Project) -> None:
    project.rows.append(("0.2.0", git(project.folder, "rev-parse", "HEAD")))
    project.commit()
    (project.folder / "VERSION").write_text("0.3.0\n")
    project.changelog = project.changelog.replace("## 0.2.0", "## 0.3.0 – 2026-12-02\n\n## 0.2.0")
    assert project.faults("0.3.0") == []


def test_a_row_names_the_commit_of_its_version(project: Project) -> None:
    first = project.rows[0][1]
    project.rows.append(("0.2.0", first))
    assert project.faults() == [f"VERSION of {first} is 0.1.0, not 0.2.0"]
    project.rows[1] = ("0.2.0", "0" * 40)
    assert "not there" in project.faults()[0]


def test_a_row_names_a_commit_of_this_history(project: Project) -> None:
    project.rows.append(("0.2.0", git(project.folder, "rev-parse", "HEAD")))
    git(project.folder, "checkout", "--quiet", project.rows[0][1])
    assert project.faults() == [f"{project.rows[1][1]} is not in the history"]


def test_the_newest_section_is_of_the_version(project: Project) -> None:
    assert project.faults("0.3.0") == ["the newest section is not of 0.3.0"]
    project.changelog = project.changelog.replace("## Unreleased\n", "")
    assert project.faults() == ["the first section is not Unreleased"]


def test_without_history_every_release_has_its_row(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    project.folder = tmp_path_factory.mktemp("archive")
    assert "the table names" in project.faults()[0]
    project.rows.append(("0.2.0", "0" * 40))
    assert project.faults() == []


def test_a_release_that_the_history_lacks_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"commit 0{40} is not there: `git fetch --unshallow`"):
        Release("0.0.1", "0" * 40).unpack(tmp_path / "before")
