"""The journal of erasures, as `./torg backup` and `restore` meet it: never with the backups, and read before
anything is changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli import SERVICES, backup, restore, restored
from kernel import journal
from tests.integration.cli.test_backup import done, epoch, name_in_environment, run


@pytest.fixture
def urls(fresh_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Databases of all services, empty, that the environment names; and no broker."""
    made = {service: fresh_url(service) for service in SERVICES}
    name_in_environment(monkeypatch, made)
    return made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the journal is, as the environment says."""
    made = tmp_path / "journal"
    made.mkdir()
    monkeypatch.setenv("TORG_ERASURE_JOURNAL", str(made))
    return made


@pytest.mark.usefixtures("urls")
@pytest.mark.parametrize("beside", ["journal", "journal/tuesday", "."])
def test_a_backup_lies_apart_from_the_journal(folder: Path, beside: str) -> None:
    there = {*folder.parent.rglob("*")}
    assert "must lie apart" in str(run(backup.app, folder.parent / beside).exception)
    assert {*folder.parent.rglob("*")} == there
    done(backup.app, folder.parent / "journals")


def test_a_restore_without_a_journal_says_that_nobody_is_forgotten(
    urls: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TORG_ERASURE_JOURNAL", raising=False)
    done(backup.app, tmp_path / "one")
    for app, words in ((restore.app, (tmp_path / "one", "--yes")), (restored.app, ("begin",))):
        result = run(app, *words, "--no-broker")
        assert result.exit_code == 0, result.output
        assert "TORG_ERASURE_JOURNAL is not set" in result.stderr
    assert all(epoch(url) for url in urls.values())


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ('{"person": "', "line 2 is broken off"),
        ('{"person": "kari"}\n', "line 2 tells of no erasure"),
        ('{"person": "\udcff"}\n', "line 2 tells of no erasure"),
    ],
)
def test_a_journal_that_cannot_be_read_stops_a_restore_before_it_changes_anything(
    urls: dict[str, str], folder: Path, bad: str, said: str
) -> None:
    whole = '{"person": "5f1d8f0e-43a0-4b8e-9a55-0d5e0f5f6a01", "erased_at": "2026-12-01T12:00:00Z", '
    whole += '"service": "booking", "epoch": 0}\n'
    done(backup.app, folder.parent / "one")
    (folder / journal.FILE).write_text(whole + bad, errors="surrogateescape")
    for app, words in ((restore.app, (folder.parent / "one", "--yes")), (restored.app, ("begin",))):
        told = str(run(app, *words, "--no-broker").exception)
        assert said in told
        assert "Nothing was changed." in told
        assert {epoch(url) for url in urls.values()} == {0}
    (folder / journal.FILE).write_text(whole)
    assert "Of 1 in the journal" in done(restore.app, folder.parent / "one", "--yes", "--no-broker")


def test_a_journal_that_is_away_stops_a_restore(urls: dict[str, str], folder: Path) -> None:
    done(backup.app, folder.parent / "one")
    folder.rmdir()
    assert "is not there" in str(run(restore.app, folder.parent / "one", "--yes", "--no-broker").exception)
    assert {epoch(url) for url in urls.values()} == {0}
