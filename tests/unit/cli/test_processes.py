"""What a run writes down about its processes, and what the next run ends of it: that very process, and no other."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cli.paths import ROOT
from cli.servers.processes import Child, Identity, Run, ServerFailed, reap, wait_until

NOBODY = {"pid": 2**22 + 1, "started": 1.0, "marker": "none"}


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "300"]) as process:
        yield process
        process.kill()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Run("test", tmp_path) as run:
        yield run


def start(run: Run, folder: Path, script: str) -> Child:
    return run.start("a child", ["sh", "-c", script], marker=script, log=folder / "child.log")


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "not seen in time"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def leave_behind(folder: Path, process: Identity, owner: dict[str, object] = NOBODY) -> Path:
    record = folder / "run-1.json"
    record.write_text(json.dumps({"owner": owner, "processes": [vars(process)], "folders": [str(folder / "data")]}))
    return record


def identity(process: subprocess.Popen[bytes], **other: object) -> Identity:
    known = {"pid": process.pid, "started": psutil.Process(process.pid).create_time(), "marker": "sleep 300"}
    return Identity(**(known | other))


def test_what_a_dead_run_left_is_ended_and_its_record_removed(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    record = leave_behind(tmp_path, identity(sleeper))
    (tmp_path / "data").mkdir()
    assert reap(tmp_path) == [sleeper.pid]
    assert sleeper.wait(60) == -signal.SIGTERM
    assert not record.exists()
    assert not (tmp_path / "data").exists()


def test_a_process_that_started_at_another_time_is_a_stranger(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    leave_behind(tmp_path, identity(sleeper, started=psutil.Process(sleeper.pid).create_time() - 60))
    assert reap(tmp_path) == []
    assert sleeper.poll() is None


def test_a_process_with_another_command_is_a_stranger(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    leave_behind(tmp_path, identity(sleeper, marker="postgres -D /data"))
    assert reap(tmp_path) == []
    assert sleeper.poll() is None


def test_what_belongs_to_a_run_that_lives_is_left_alone(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    record = leave_behind(tmp_path, identity(sleeper), owner=vars(identity(sleeper)))
    (tmp_path / "data").mkdir()
    assert reap(tmp_path) == []
    assert sleeper.poll() is None
    assert (tmp_path / "data").exists()
    assert record.exists()


def test_one_that_will_not_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 300 & echo ready; wait; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        child = psutil.Process(stubborn.pid).children()[0]
        leave_behind(tmp_path, identity(stubborn, marker="trap"))
        reap(tmp_path, patience_seconds=0.1)
        assert stubborn.wait(60) == -signal.SIGKILL
        eventually(lambda: not runs(child.pid))


def test_nothing_is_left_of_a_run_that_ends(tmp_path: Path) -> None:
    with Run("test", tmp_path) as run:
        child = start(run, tmp_path, "exec sleep 300")
        folder = run.temporary_folder()
        assert len(list(tmp_path.glob("*.json"))) == 1
    assert child.status == -signal.SIGTERM
    assert list(tmp_path.glob("*.json")) == []
    assert not folder.exists()


def test_processes_die_with_the_one_that_started_them_even_by_kill_9(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from cli.servers.processes import Run\n"
        "folder = Path(sys.argv[1]); run = Run('test', folder)\n"
        "child = run.start('sleeper', ['sleep', '300'], marker='sleep 300', log=folder / 'log')\n"
        "print(child.pid, flush=True); time.sleep(300)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    reap(tmp_path)  # where the system has no setpriv, the next start does it
    eventually(lambda: not runs(pid))


def test_one_that_ends_by_itself_is_told_of_with_its_last_lines(run: Run, tmp_path: Path) -> None:
    child = start(run, tmp_path, "echo the disk is full; exit 3")
    child.wait(60)
    with pytest.raises(ServerFailed, match=r"(?s)a child ended with status 3.*the disk is full") as failure:
        child.must_run()
    assert str(tmp_path / "child.log") in str(failure.value)


def test_waiting_ends_at_once_when_the_process_does(run: Run, tmp_path: Path) -> None:
    child = start(run, tmp_path, "exit 1")
    with pytest.raises(ServerFailed, match="ended with status 1"):
        wait_until(lambda: False, child, seconds=60)


def test_waiting_ends_when_the_time_is_up(run: Run, tmp_path: Path) -> None:
    child = start(run, tmp_path, "exec sleep 300")
    with pytest.raises(ServerFailed, match="did not answer in 0 s"):
        wait_until(lambda: False, child, seconds=0.05)


def test_a_process_that_does_not_stop_when_asked_is_killed(run: Run, tmp_path: Path) -> None:
    child = start(run, tmp_path, "trap '' TERM; echo ready; while :; do sleep 0.05; done")
    eventually(lambda: "ready" in child.last_lines())
    child.stop(seconds=0.1)
    assert child.status == -signal.SIGKILL


def test_the_input_of_a_process_is_held_open_when_asked(run: Run, tmp_path: Path) -> None:
    reader = run.start("reader", ["cat"], marker="cat", log=tmp_path / "log", hold_input=True)
    without = run.start("reader", ["cat"], marker="cat", log=tmp_path / "log")
    assert without.wait(60) == 0
    assert reader.status is None
