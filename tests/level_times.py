"""How long each level of tests took, told at the end of a run. Used by `conftest`, in the process that reports."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest


@dataclass
class Level:
    """What was seen of a level: its tests, the seconds of work in them, and when the first began and the last ended."""

    tests: set[str] = field(default_factory=set)
    work: float = 0.0
    began: float = float("inf")
    ended: float = 0.0

    def add(self, report: pytest.TestReport) -> None:
        self.tests.add(report.nodeid)
        self.work += report.duration
        self.began = min(self.began, report.start)
        self.ended = max(self.ended, report.stop)


class LevelTimes:
    """Hears of every step of every test, also of those that other processes ran."""

    def __init__(self, levels: Iterable[str]) -> None:
        self._levels = {name: Level() for name in levels}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._levels[report.nodeid.split("/")[1]].add(report)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("how long each level took")
        for line in self.lines():
            terminalreporter.write_line(line)

    def lines(self) -> list[str]:
        """A line for each level that ran. Levels overlap: what they took together is pytest's own last line."""
        return [
            f"{name}: {len(level.tests)} tests in {level.ended - level.began:.0f} s, {level.work:.0f} s of work"
            for name, level in self._levels.items()
            if level.tests
        ]
