"""What `./torg test …` asks pytest for."""

import re
import subprocess
from types import SimpleNamespace

import pytest

from cli.paths import ROOT
from cli.test import LEVELS, SHARED_OUT, known, needs, pytest_command
from tests.level_times import LevelTimes
from tests.sharing_out import WHOLE_STACKS, StacksOneByOne


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
    assert shared_out == ["all", "unit", "contract", "integration"]


def test_what_needs_rabbitmq_or_a_whole_stack_is_where_one_worker_does_it() -> None:
    needs = re.compile(r"^def \w+\([^)]*\b(amqp_url|rabbitmq|speak_over)\b|\bwhole_torg\(", re.MULTILINE)
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    needing = [file for file in files if needs.search((ROOT / file).read_text())]
    assert needing
    assert [file for file in needing if not file.startswith(WHOLE_STACKS)] == []


def test_whole_stacks_are_one_scope_and_every_other_test_is_its_own() -> None:
    scope = StacksOneByOne._split_scope
    stacks = ["tests/journey/test_a.py::test_a", "tests/faults/test_b.py::test_b[1]"]
    assert len({scope(None, each) for each in stacks}) == 1  # type: ignore[arg-type]
    others = ["tests/unit/test_c.py::test_c[1]", "tests/unit/test_c.py::test_c[2]", "tests/integration/kernel/t.py::t"]
    assert len({scope(None, each) for each in others}) == 3  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "there_is"),
    [("unit", True), ("-x", True), ("tests/unit/cli", True), (f"{__file__}::test_a", True), ("nonsense", False)],
)
def test_a_word_that_is_neither_level_nor_path_is_known_as_such(word: str, there_is: bool) -> None:
    assert known(word) == there_is


def names(*given: str) -> list[str]:
    return [each.__name__ for each in needs(list(given))]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ["find_programs", "browser"]),
        (["-k", "tariff"], ["find_programs", "browser"]),
        (["all"], ["find_programs", "browser"]),
        (["long"], ["find_programs", "browser"]),
        (["tests"], ["find_programs", "browser"]),
        (["unit"], []),
        (["contract", "-k", "journey"], []),
        (["integration"], ["find_programs"]),
        (["faults"], ["find_programs"]),
        (["journey", "-x"], ["find_programs", "browser"]),
        (["tests/journey/test_sign_in.py::test_a_code_is_good_once"], ["find_programs", "browser"]),
        (["tests/integration/cli/test_rabbitmq.py"], ["find_programs"]),
        (["tests/integration/booking/test_race.py", "-x"], []),
    ],
)
def test_what_is_asked_for_is_provided_with_what_it_needs(
    given: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TORG_TEST_AMQP_URL", raising=False)
    assert names(*given) == expected


def test_whose_rabbitmq_is_given_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORG_TEST_AMQP_URL", "amqp://127.0.0.1")
    assert names("journey") == ["browser"]
    assert names("faults") == []


@pytest.mark.parametrize(
    ("program", "used"),
    [
        ("find_programs", r"PrivateRabbitMQ\(|^def \w+\([^)]*\b(amqp_url|rabbitmq)\b"),
        ("browser", r"\bsync_playwright\(\)|: Browser[,)]"),
    ],
)
def test_every_test_that_uses_a_program_is_where_it_is_provided(
    program: str, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TORG_TEST_AMQP_URL", raising=False)
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*/*.py")]
    using = [file for file in files if re.search(used, (ROOT / file).read_text(), re.MULTILINE)]
    assert using
    assert [file for file in using if program not in names(file)] == []


def test_the_long_ones_can_be_asked_for() -> None:
    assert words("long") == ["-m", "long"]


def test_the_rest_goes_to_pytest() -> None:
    assert words("unit", "-k", "tariff", "-x") == [*SHARED_OUT, "tests/unit", "-k", "tariff", "-x"]
    assert words("-k", "unit") == [*SHARED_OUT, "-k", "unit"]
    assert words("contract", "-n", "0")[-2:] == ["-n", "0"]


def test_what_is_no_level_is_a_path() -> None:
    path = "tests/unit/cli/test_test.py"
    assert path not in LEVELS
    assert words(path, "-x") == [path, "-x"]


def test_the_end_tells_how_long_each_level_took() -> None:
    command = pytest_command(["tests/unit/bench/test_figures.py", "-q", "-n", "1"])
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    count = re.search(r"^(\d+) passed in", ended.stdout, re.MULTILINE)
    assert count
    assert re.search(rf"^unit: {count[1]} tests in \d+ s, \d+ s of work$", ended.stdout, re.MULTILINE)


def test_levels_are_told_apart_and_what_did_not_run_is_not_told() -> None:
    times = LevelTimes(["unit", "contract", "faults"])
    for test, began, ended in (("unit/a", 10, 12), ("unit/a", 12, 13), ("unit/b", 11, 15), ("contract/c", 13, 20)):
        report = SimpleNamespace(nodeid=f"tests/{test}", duration=ended - began, start=began, stop=ended)
        times.pytest_runtest_logreport(report)  # type: ignore[arg-type]
    assert times.lines() == ["unit: 2 tests in 5 s, 7 s of work", "contract: 1 tests in 7 s, 7 s of work"]
