"""What `./torg test …` asks pytest for."""

import pytest

from cli.paths import ROOT
from cli.test import LEVELS, SHARED_OUT, pytest_command


def words(*given: str) -> list[str]:
    return pytest_command(list(given))[3:]


def test_without_a_level_all_tests_run() -> None:
    assert words() == words("all") == SHARED_OUT


@pytest.mark.parametrize(
    "folder", sorted(path.name for path in (ROOT / "tests").iterdir() if any(path.rglob("test_*.py")))
)
def test_every_folder_of_tests_is_a_level(folder: str) -> None:
    assert words(folder)[-1] == f"tests/{folder}"


def test_levels_with_much_to_do_are_shared_out() -> None:
    shared_out = [level for level in LEVELS if words(level)[:-1] == SHARED_OUT or words(level) == SHARED_OUT]
    assert shared_out == ["all", "contract", "integration"]


def test_the_long_ones_can_be_asked_for() -> None:
    assert words("long") == ["-m", "long"]


def test_the_rest_goes_to_pytest() -> None:
    assert words("unit", "-k", "tariff", "-x") == ["tests/unit", "-k", "tariff", "-x"]
    assert words("-k", "unit") == [*SHARED_OUT, "-k", "unit"]
    assert words("contract", "-n", "0")[-2:] == ["-n", "0"]


def test_what_is_no_level_is_a_path() -> None:
    path = "tests/unit/cli/test_test.py"
    assert path not in LEVELS
    assert words(path, "-x") == [path, "-x"]
