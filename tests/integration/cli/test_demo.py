"""The demo as a newcomer meets it: started, stopped, started again, killed; one at a time."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cli.paths import ROOT
from cli.servers.ports import free_ports, is_free
from cli.servers.processes import Run
from tests.waiting import eventually

READY_SECONDS = 240
NO_SUCH_PROXY = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
"""Many machines fetch packages through a proxy; what runs on this one must be reached without."""


class Demo:
    """The demo's process, its data in a folder of the test's."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cli", "demo", "--port", str(self.port), *words],
            env={**os.environ, "PYTHONPATH": str(ROOT), "TORG_STATE_FOLDER": str(self.folder), **NO_SUCH_PROXY},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def started(self, *words: str) -> subprocess.Popen[str]:
        """Started, and its welcome read."""
        demo = self.start(*words)
        assert demo.stdout is not None
        said = ""
        for line in demo.stdout:
            said += line
            if "Ctrl-C stops it" in line:
                return demo
        raise AssertionError(f"the demo ended before it ran:\n{said}")

    def refusal(self, *words: str) -> str:
        """What it says when it will not start."""
        demo = self.start(*words)
        said, _ = demo.communicate(timeout=READY_SECONDS)
        assert demo.returncode == 1
        return said

    def answers(self) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=10) as answer:
            return answer.status == 200

    def ports_are_free(self) -> bool:
        """Whether nobody listens on the three that the demo takes."""
        return all(is_free(self.port + each) for each in range(3))


@pytest.fixture(scope="module")
def demo(run: Run) -> Iterator[Demo]:
    demo = Demo(run.temporary_folder(), free_ports(3))
    yield demo
    eventually(demo.ports_are_free)


def interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def any_runs(processes: list[psutil.Process]) -> bool:
    return any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


def test_ctrl_c_stops_all_that_was_started(demo: Demo) -> None:
    running = demo.started()
    assert demo.answers()
    started = family(running)
    assert len(started) >= 4
    interrupt(running)
    assert not any_runs(started)
    assert demo.ports_are_free()


def test_a_second_demo_is_refused_while_one_runs_and_told_where_it_is(demo: Demo) -> None:
    running = demo.started()
    try:
        assert f"the demo already runs, at http://127.0.0.1:{demo.port}" in demo.refusal()
    finally:
        interrupt(running)


def test_after_kill_9_nothing_is_left_and_the_next_start_works(demo: Demo) -> None:
    running = demo.started()
    started = family(running)
    running.kill()
    running.wait()
    if sys.platform == "linux":
        eventually(lambda: not any_runs(started))
    interrupt(demo.started())


def test_a_process_that_is_killed_ends_it_and_is_named(demo: Demo) -> None:
    """PostgreSQL, too: without it every page fails."""
    for name, program in (("PostgreSQL", "postgres"), ("worker", "cli.worker")):
        running = demo.started()
        next(each for each in family(running) if any(program in word for word in each.cmdline()[:3])).kill()
        said, _ = running.communicate(timeout=120)
        assert (running.returncode, f"torg: {name} ended with status -9" in said) == (1, True), said
        eventually(demo.ports_are_free)


def test_a_port_in_use_is_told_in_one_sentence(demo: Demo) -> None:
    with subprocess.Popen([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(demo.port + 1)]) as other:
        eventually(lambda: not is_free(demo.port + 1))
        said = demo.refusal()
        other.kill()
    assert said.splitlines() == [
        f"torg: port {demo.port + 1} is in use. Choose another: ./torg demo --port {demo.port + 100}"
    ]


def test_the_data_belong_to_their_port(demo: Demo) -> None:
    elsewhere = Demo(demo.folder, demo.port + 3)
    assert f"belong to port {demo.port}" in elsewhere.refusal()
