"""Processes we start, written down so that whatever kills us, none outlives us for long.

A `Run` is one demo, one test session or one bench. It records its own and each of its processes' pid, start time and
command in `.torg/run/`, and its temporary folders. Linux ends the processes with us; where it can't, the next run's
`reap` ends what a dead run left, and only what is still that same process; and deletes the folders.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

import psutil

from cli.paths import RUN

LOG_LINES = 15


class ServerFailed(Exception):
    """A process we need ended, or never answered. The message says which, and shows its last log lines."""


@dataclass(frozen=True)
class Identity:
    """What tells a process from a later one that got the same pid. `marker` is a part of its command line."""

    pid: int
    started: float
    marker: str

    @classmethod
    def of(cls, pid: int, marker: str) -> Self:
        return cls(pid, psutil.Process(pid).create_time(), marker)

    def find(self) -> psutil.Process | None:
        """The process, if it still lives and is the same one."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1 and self.marker in " ".join(process.cmdline())
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


class Child:
    """A running process of ours, with the log it writes."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._popen = popen

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def status(self) -> int | None:
        """Its exit status (minus the signal's number, if one ended it), or None while it runs."""
        return self._popen.poll()

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def wait(self, seconds: float) -> int | None:
        """Waits for its end; None when it still runs after so many seconds."""
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = 25.0) -> None:
        """Asks it to end, and insists when it has not within so many seconds."""
        self.send(number)
        if self.wait(seconds) is None:
            self.kill()

    def kill(self) -> None:
        """kill -9 of it and all it started, and waits until none of them is left."""
        family = (
            [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
            if self.status is None
            else []
        )
        for each in family:
            _signal(each, signal.SIGKILL)
        self._popen.wait()
        _await_end(family)

    def must_run(self) -> None:
        """Raises ServerFailed when it has ended."""
        if self.status is not None:
            raise ServerFailed(
                f"{self.name} ended with status {self.status}; the end of {self.log}:\n{self.last_lines()}"
            )

    def last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])


class Run:
    """The processes of one run, on record. Use it as a context: what is left at its end is stopped, newest first."""

    def __init__(self, name: str, folder: Path = RUN) -> None:
        self._record = folder / f"{name}-{os.getpid()}-{secrets.token_hex(4)}.json"
        self._owner = Identity.of(os.getpid(), psutil.Process().cmdline()[0])
        self._children: dict[int, tuple[Identity, Child, signal.Signals]] = {}
        self._folders: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._write()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        marker: str,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: int | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        hold_input: bool = False,
    ) -> Child:
        """Starts a process in a session of its own (Ctrl-C reaches us only), its output appended to `log`.

        `hold_input` keeps its standard input open for as long as we live.
        """
        source = subprocess.PIPE if hold_input else subprocess.DEVNULL
        with log.open("ab") as output:
            popen = _spawn([*_leash(stop_signal), *map(str, command)], source, output, env, cwd, user)
        child = Child(name, popen, log)
        self._children[popen.pid] = (
            Identity(popen.pid, psutil.Process(popen.pid).create_time(), marker),
            child,
            stop_signal,
        )
        self._write()
        return child

    def temporary_folder(self) -> Path:
        """A new folder that is deleted with all that is in it when the run has ended. Others may pass through it, so
        that a server which must run as somebody else finds its data; they can't list it."""
        folder = Path(tempfile.mkdtemp(prefix="torg-"))
        folder.chmod(0o711)
        self._folders.append(folder)
        self._write()
        return folder

    def stop(self) -> None:
        """Stops what still runs, newest first, deletes the temporary folders, and takes the record away."""
        for _, child, stop_signal in reversed(self._children.values()):
            if child.status is None:
                child.stop(stop_signal)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._record.unlink(missing_ok=True)

    def _write(self) -> None:
        living = [asdict(identity) for identity, child, _ in self._children.values() if child.status is None]
        part = self._record.with_suffix(".part")
        folders = [str(folder) for folder in self._folders]
        part.write_text(json.dumps({"owner": asdict(self._owner), "processes": living, "folders": folders}))
        part.replace(self._record)


def reap(folder: Path = RUN, *, patience_seconds: float = 10.0) -> list[int]:
    """Ends what runs that died have left behind; the pids of what it ended."""
    ended: list[int] = []
    for record in sorted(folder.glob("*.json")):
        try:
            written = json.loads(record.read_text())
        except FileNotFoundError:  # another run reaps at this moment, too
            continue
        if Identity(**written["owner"]).find() is not None:
            continue
        left = [process for each in reversed(written["processes"]) if (process := Identity(**each).find())]
        _end(left, patience_seconds)
        ended += [process.pid for process in left]
        for data in written["folders"]:
            shutil.rmtree(data, ignore_errors=True)
        record.unlink(missing_ok=True)
    return ended


def _end(processes: list[psutil.Process], patience_seconds: float) -> None:
    family = [*processes, *(child for each in processes for child in _children(each))]
    for each in processes:
        _signal(each, signal.SIGTERM)
    _await_end(processes, seconds=patience_seconds)
    for each in family:
        _signal(each, signal.SIGKILL)
    _await_end(family)


def _await_end(processes: list[psutil.Process], *, seconds: float = 10.0) -> None:
    """Waits until none runs. An ended one may linger as a zombie until its new parent looks; that is end enough."""
    deadline = time.monotonic() + seconds
    while any(map(_runs, processes)) and time.monotonic() < deadline:
        time.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)  # psutil refuses when the pid is somebody else's by now
    except psutil.NoSuchProcess:
        return


def _leash(number: signal.Signals) -> list[str]:
    """Linux's `setpriv` asks the kernel to send a process this signal when we die, even by kill -9."""
    if shutil.which("setpriv") is None:
        return []
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("the leash is held by the thread that starts a process, so start it from the main thread")
    return ["setpriv", "--pdeathsig", number.name.removeprefix("SIG"), "--"]


def _spawn(
    command: list[str],
    source: int,
    output: IO[bytes],
    env: Mapping[str, str] | None,
    cwd: Path | None,
    user: int | None,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=source,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=cwd,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        start_new_session=True,
    )


def wait_until(condition: Callable[[], bool], child: Child, *, seconds: float) -> None:
    """Asks until it is so. Raises ServerFailed when `child` ends first, or after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        child.must_run()
        if time.monotonic() > deadline:
            raise ServerFailed(
                f"{child.name} did not answer in {seconds:.0f} s; the end of {child.log}:\n{child.last_lines()}"
            )
        time.sleep(0.02)
