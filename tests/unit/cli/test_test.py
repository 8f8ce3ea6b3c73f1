"""What `./torg test …` asks pytest for."""

import pytest

from cli.test import LEVELS, pytest_command


def words(level: str, *extra: str) -> list[str]:
    return pytest_command(level, list(extra))[3:]


def test_without_a_level_all_tests_run() -> None:
    assert words("all") == []


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_is_a_folder(level: str) -> None:
    assert words(level) == [f"tests/{level}"]


def test_the_long_ones_can_be_asked_for() -> None:
    assert words("long") == ["-m", "long"]


def test_the_rest_goes_to_pytest() -> None:
    assert words("unit", "-k", "tariff", "-x") == ["tests/unit", "-k", "tariff", "-x"]


def test_what_is_no_level_is_a_path_or_an_option() -> None:
    assert words("tests/unit/cli/test_test.py", "-x") == ["tests/unit/cli/test_test.py", "-x"]
