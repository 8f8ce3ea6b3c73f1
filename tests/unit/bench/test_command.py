"""`./torg bench`: which benches it runs, and what it prints."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.figures import Report, Spread, Table
from cli import bench

PRETEND = """
from bench.figures import Report, Spread, Table

def run(*, quick):
    return Report("(x) Pretended", [Table(("n",), [["1"]])], {"quick": quick, "rate": Spread(2.0, 1.0, 3.0)})
"""


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pretended_bench.py").write_text(PRETEND)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(bench.BENCHES, "x", "pretended_bench")


def test_an_unknown_letter_is_refused() -> None:
    ended = CliRunner().invoke(bench.app, ["a", "q"])
    assert ended.exit_code == 2
    assert "'q'" in ended.output


def test_every_letter_has_its_module() -> None:
    assert list(bench.BENCHES) == ["a", "b", "c", "d", "e", "f", "g"]


@pytest.mark.usefixtures("pretended")
def test_tables_are_for_people() -> None:
    ended = CliRunner().invoke(bench.app, ["x"])
    assert ended.exit_code == 0
    assert Report("(x) Pretended", [Table(("n",), [["1"]])], {}).markdown() in ended.output
    assert "Load average before" in ended.output


@pytest.mark.usefixtures("pretended")
def test_json_is_for_machines() -> None:
    told = json.loads(CliRunner().invoke(bench.app, ["x", "--json", "--quick"]).stdout)
    assert told["benches"]["x"] == {"quick": True, "rate": {"median": 2.0, "lowest": 1.0, "highest": 3.0}}
    assert told["machine"]["cores"] >= 1


def test_what_json_does_not_know_is_refused() -> None:
    assert bench.plain(Spread(1, 1, 1)) == {"median": 1, "lowest": 1, "highest": 1}
    with pytest.raises(TypeError):
        bench.plain(object())
