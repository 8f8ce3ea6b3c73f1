"""(d) What the demo costs: memory of all its processes, PostgreSQL included, and the seconds from the command to ready.

Memory is the proportional set size: a page that several processes share counts for each by its part, so the sum is what
the demo takes from the machine.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.figures import Report, Spread, Table
from cli.paths import ROOT
from cli.servers.ports import free_ports
from cli.servers.postgres import home
from cli.servers.processes import Child, Run, reap, wait_until

READY = "Torg runs"
"""What the demo prints once a person can begin."""
START_SECONDS = 120.0
SETTLE_SECONDS = 5.0
PARTS = {"cli.api": "api", "cli.worker": "worker", "cli.portal": "portal", "bench.demonstration": "the command itself"}


@dataclass(frozen=True)
class Started:
    """A demo that was started: the seconds until it was ready, and each part's memory in bytes."""

    seconds: float
    memory: dict[str, int]


def run(*, quick: bool) -> Report:
    """Starts the demo once in an empty folder, then again and again with the data kept."""
    reap()
    with tempfile.TemporaryDirectory(prefix="torg-bench-demo-") as folder, Run("bench") as processes:
        cluster = Path(folder) / "demo" / "postgres"
        port = free_ports(3)  # the demo's
        try:
            cold = start(processes, Path(folder), port)
            warm = [start(processes, Path(folder), port) for _ in range(1 if quick else 5)]
        finally:
            _remove(cluster)
    return _report(cold, warm)


def start(processes: Run, folder: Path, port: int) -> Started:
    """Starts the demo, lets it settle, weighs it, and stops it as Ctrl-C does."""
    with _demo(processes, folder, port) as (child, seconds):
        time.sleep(SETTLE_SECONDS)
        return Started(seconds, weigh(child.pid))


def weigh(pid: int) -> dict[str, int]:
    """The memory of a process and all below it, by part of the demo."""
    root = psutil.Process(pid)
    memory: dict[str, int] = {}
    for process in (root, *root.children(recursive=True)):
        part = part_of(process.cmdline())
        memory[part] = memory.get(part, 0) + process.memory_full_info().pss
    return memory


def part_of(command: list[str]) -> str:
    """Which part of the demo a command line is of; PostgreSQL's processes rename themselves."""
    return next((name for module, name in PARTS.items() if module in command), "PostgreSQL")


@contextmanager
def _demo(processes: Run, folder: Path, port: int) -> Iterator[tuple[Child, float]]:
    log = folder / f"demo-{time.monotonic_ns()}.log"
    began = time.perf_counter()
    child = processes.start(
        "demo",
        [sys.executable, "-m", "bench.demonstration", str(folder / "demo"), str(port)],
        marker="bench.demonstration",
        log=log,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    try:
        wait_until(lambda: READY in log.read_text(), child, seconds=START_SECONDS)
        yield child, time.perf_counter() - began
    finally:
        child.stop()


def _remove(cluster: Path) -> None:
    if cluster.exists():
        shutil.rmtree(home(cluster), ignore_errors=True)


def _report(cold: Started, warm: list[Started]) -> Report:
    weighed = warm[-1].memory
    total = [sum(each.memory.values()) for each in warm]
    times: list[tuple[str, Spread]] = [
        ("first start, data loaded", Spread.of([cold.seconds])),
        ("later start", Spread.of([each.seconds for each in warm])),
    ]
    megabytes = Spread.of([_mebibytes(each) for each in total])
    memory = [[part, f"{_mebibytes(size):.0f}"] for part, size in sorted(weighed.items(), key=lambda item: -item[1])]
    figures: dict[str, Any] = {
        "cold_seconds": cold.seconds,
        "warm_seconds": Spread.of([each.seconds for each in warm]),
        "mebibytes": megabytes,
        "mebibytes_by_part": {part: _mebibytes(size) for part, size in weighed.items()},
    }
    return Report(
        "(d) Start and memory of the demo",
        [
            Table(("start", "seconds"), [[name, spread.shown(1)] for name, spread in times]),
            Table(("part", "MiB"), [*memory, ["all", megabytes.shown()]]),
        ],
        figures,
        [f"Weighed {SETTLE_SECONDS:.0f} s after it was ready."],
    )


def _mebibytes(size: int) -> float:
    return size / 2**20
