"""The journal of erasures as a file: nothing is lost, half or twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from kernel import journal
from kernel.journal import FILE, Erasure, Unreadable
from tests.at_once import at_once

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)


def erasure(person: UUID, days: int = 0) -> Erasure:
    return Erasure(person=person, erased_at=AT + timedelta(days=days), epoch=3)


def test_the_last_erasure_of_each_is_read(tmp_path: Path) -> None:
    kari, ola = uuid4(), uuid4()
    journal.append(str(tmp_path), [erasure(kari, 1), erasure(ola)])
    journal.append(str(tmp_path), [erasure(kari)])
    assert journal.read(str(tmp_path)) == {kari: erasure(kari, 1), ola: erasure(ola)}
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_none_is_lost_when_several_write(tmp_path: Path) -> None:
    persons = [uuid4() for _ in range(20)]
    at_once(lambda person: journal.append(str(tmp_path), [erasure(person)]), persons)
    assert set(journal.read(str(tmp_path))) == {*persons}


def test_a_line_that_was_broken_off_spoils_no_other(tmp_path: Path) -> None:
    kari, ola = uuid4(), uuid4()
    journal.append(str(tmp_path), [erasure(kari)])
    whole = (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text(whole + whole[:30])
    journal.append(str(tmp_path), [erasure(ola)])
    assert set(journal.read(str(tmp_path))) == {kari, ola}


@pytest.mark.parametrize("after", ["", "\n", "\n\n"])
def test_a_last_line_that_is_broken_off_is_told(tmp_path: Path, after: str) -> None:
    """From its first sign to all but its last; a whole one without its end of line is an erasure."""
    kari, ola = uuid4(), uuid4()
    journal.append(str(tmp_path), [erasure(kari), erasure(ola)])
    first, last = (tmp_path / FILE).read_text().splitlines()
    for length in (1, 30, len(last) - 1):
        (tmp_path / FILE).write_text(f"{first}\n{last[:length]}{after}")
        with pytest.raises(Unreadable, match="line 2 is broken off"):
            journal.read(str(tmp_path))
    (tmp_path / FILE).write_text(f"{first}\n{last}{after}")
    assert set(journal.read(str(tmp_path))) == {kari, ola}


def test_what_is_no_journal_is_told(tmp_path: Path) -> None:
    assert journal.read(str(tmp_path)) == {}
    with pytest.raises(Unreadable):
        journal.read(str(tmp_path / "nowhere"))
    (tmp_path / FILE).write_text('{"person": "kari"}\n')
    with pytest.raises(Unreadable, match="line 1"):
        journal.read(str(tmp_path))


@pytest.mark.parametrize(
    ("other", "apart"), [("j", False), ("j/backup", False), (".", False), ("backup", True), ("jj", True)]
)
def test_journal_and_backups_lie_apart(tmp_path: Path, other: str, apart: bool) -> None:
    assert journal.apart(str(tmp_path / "j"), tmp_path / other) is apart


def test_a_link_leads_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "j").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "j")
    assert not journal.apart(str(tmp_path / "j"), tmp_path / "link" / "backup")
