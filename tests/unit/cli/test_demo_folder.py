"""What the demo keeps, and that there is one demo at a time."""

import stat
from pathlib import Path

import pytest

from cli.demo_folder import DemoFolder, DemoRuns


@pytest.fixture
def folder(tmp_path: Path) -> DemoFolder:
    return DemoFolder(tmp_path / "demo")


def test_a_second_demo_is_refused_while_the_first_runs(folder: DemoFolder) -> None:
    with folder.alone(), pytest.raises(DemoRuns), DemoFolder(folder.path).alone():
        raise AssertionError("two demos at once")
    with DemoFolder(folder.path).alone():
        pass


def test_before_its_data_are_in_it_has_no_port(folder: DemoFolder) -> None:
    assert folder.port is None
    folder.loaded(8000)
    assert DemoFolder(folder.path).port == 8000


def test_databases_are_migrated_once(folder: DemoFolder) -> None:
    assert folder.needs_migration()
    folder.migrated()
    assert not DemoFolder(folder.path).needs_migration()


def test_it_forgets_all_when_it_starts_over(folder: DemoFolder) -> None:
    folder.loaded(8000)
    folder.migrated()
    folder.clear()
    assert folder.port is None
    assert folder.needs_migration()


def test_only_we_may_read_what_a_running_demo_tells(folder: DemoFolder) -> None:
    with folder.alone():
        folder.tell(portal="http://127.0.0.1:8000")
        assert folder.told() == {"portal": "http://127.0.0.1:8000"}
    assert stat.S_IMODE((folder.path / "running.json").stat().st_mode) == 0o600


def test_a_demo_that_has_ended_tells_nothing(folder: DemoFolder) -> None:
    with folder.alone():
        folder.tell(portal="http://127.0.0.1:8000")
    assert folder.told() == {}
