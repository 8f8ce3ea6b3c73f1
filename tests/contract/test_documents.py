"""The generated pages are what the code says, and nothing an operator or a client meets is missing from them."""

import importlib
import re
from pathlib import Path
from string import Formatter

import pytest
import typer
from click.testing import Result
from prometheus_client import REGISTRY
from typer.core import TyperGroup
from typer.testing import CliRunner

from cli.docs import FOLDER, PAGES, metrics, page, sources, written
from cli.main import COMMANDS, app
from cli.paths import ROOT
from kernel.errors import DomainError, all_codes

VARIABLE = re.compile(r"TORG_[A-Z0-9_]*[A-Z0-9]")
TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CODE_OF_OURS = (
    "cli/**/*.py",
    "kernel/**/*.py",
    "services/**/*.py",
    "bench/**/*.py",
    "torg",
    ".ci/run",
    "tests/conftest.py",
)


def torg_docs(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["docs", *arguments])


def errors() -> list[type[DomainError]]:
    sources.modules()
    return [each for _, each in sorted(all_codes().items()) if sources.is_ours(each)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name: str) -> None:
    assert page(name) == written(FOLDER / name), "stale: run ./torg docs"


def test_the_command_writes_pages_and_tells_stale_ones(tmp_path: Path) -> None:
    here = ("--folder", str(tmp_path), "--definitions", str(tmp_path / "definitions.json"))
    assert torg_docs(*here).exit_code == 0
    assert torg_docs(*here, "--check").exit_code == 0

    stale = tmp_path / "metrics.md"
    stale.write_text(stale.read_text().replace("torg_outbox_unsent", "torg_outbox_untold"))
    told = torg_docs(*here, "--check")

    assert told.exit_code == 1
    assert "-| `torg_outbox_untold`" in told.stdout
    assert "+| `torg_outbox_unsent`" in told.stdout
    assert "torg_outbox_untold" in stale.read_text()


@pytest.mark.parametrize("name", ["docs/threats.md", "docs/booking.md"])
def test_every_test_that_a_page_names_is_there(name: str) -> None:
    files = [path.stem for path in (ROOT / "tests").rglob("test_*.py")]
    functions = [found for path in (ROOT / "tests").rglob("test_*.py") for found in TEST.findall(path.read_text())]
    named = re.findall(r"`(test_\w+)`", (ROOT / name).read_text())
    assert named
    assert not set(named) - set(files) - set(functions)


@pytest.mark.parametrize("name", ["SECURITY.md", "docs/threats.md", "README.md", "CONTRIBUTING.md"])
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    page_itself = ROOT / name
    led = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", page_itself.read_text())]
    missing = [link for link in led if "://" not in link and not (page_itself.parent / link).exists()]
    assert not missing


def test_every_variable_that_code_reads_is_documented() -> None:
    read = {
        name for pattern in CODE_OF_OURS for path in ROOT.glob(pattern) for name in VARIABLE.findall(path.read_text())
    }
    assert sorted(read - set(VARIABLE.findall(written(FOLDER / "settings.md")))) == []


def test_every_metric_of_a_process_is_documented() -> None:
    sources.modules()
    collected = {family.name for family in REGISTRY.collect() if family.name.startswith("torg_")}
    documented = {name.removesuffix("_total") for name in metrics.metrics()}
    assert collected <= documented


def test_metrics_are_named_and_told_alike() -> None:
    for name, metric in metrics.metrics().items():
        (family,) = metric.describe()
        assert name.startswith("torg_"), name
        assert family.documentation.endswith("."), name
        assert (family.type == "histogram") == name.endswith("_seconds") or family.type == "gauge", name


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.code)
def test_an_error_speaks_three_languages(error: type[DomainError]) -> None:
    texts = (error.text.nb, error.text.nn, error.text.en)
    assert all(texts)
    assert len({frozenset(field for _, field, _, _ in Formatter().parse(text) if field) for text in texts}) == 1
    assert CODE.fullmatch(error.code)
    assert 400 <= error.status <= 599
    assert sources.told(error), "its docstring says when it comes"


COMMAND = re.compile(r"(?:python -m cli|\./torg) ([a-z-]+)(?: ([a-z-]+))?")


@pytest.mark.parametrize(("name", "under"), sorted(set(COMMAND.findall((FOLDER / "operations.md").read_text()))))
def test_every_command_that_operators_are_told_of_is_there(name: str, under: str) -> None:
    command = typer.main.get_command(importlib.import_module(COMMANDS[name]).app)
    assert not under or not isinstance(command, TyperGroup) or under in command.commands
