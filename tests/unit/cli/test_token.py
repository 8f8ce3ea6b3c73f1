"""`./torg token`: an access token of the running demo, for whoever tries the APIs."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import token
from cli.demo_folder import DemoFolder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DemoFolder:
    monkeypatch.setenv("TORG_STATE_FOLDER", str(tmp_path))
    return DemoFolder()


def run(*words: str) -> Result:
    return CliRunner().invoke(token.app, list(words))


def test_without_a_demo_it_says_so(folder: DemoFolder) -> None:
    ended = run("kari")
    assert (ended.exit_code, ended.output) == (1, "torg: no demo runs here; start it with ./torg demo\n")


def test_a_demo_that_does_not_answer_is_told(folder: DemoFolder) -> None:
    with folder.alone():
        folder.tell(portal="http://127.0.0.1:1")
        ended = run("kari")
    assert ended.exit_code == 1
    assert ended.output.startswith("torg: no token for 'kari': ")


def test_a_name_that_is_no_persona_is_told_with_those_there_are(folder: DemoFolder) -> None:
    with folder.alone():
        folder.tell(portal="http://127.0.0.1:1")
        ended = run("monna")
    assert (ended.exit_code, ended.output) == (1, "torg: 'monna' is not one of kari, ola, mona, drift\n")
