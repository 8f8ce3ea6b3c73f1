"""The script `./torg` on machines that lack this or that. Python and pip are stand-ins, so nothing is fetched."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from cli.paths import ROOT

TOOLS = (
    "sh",
    "dirname",
    "id",
    "cmp",
    "sed",
    "grep",
    "mkdir",
    "tail",
    "cp",
    "mv",
    "rm",
    "sleep",
    "cat",
    "true",
    "false",
)

# A Python new enough whose `venv` makes an environment with a pip that notes what it is asked, and fails on demand.
PYTHON = """\
#!/bin/sh
case "$*" in
    *version_info*) exit 0 ;;
    *ensurepip*) exit ${NO_VENV:-0} ;;
    "-m venv --clear "*)
        rm -rf "$4"
        mkdir -p "$4/bin"
        cp "$0" "$4/bin/python"
        echo "executable = $4/bin/python" > "$4/pyvenv.cfg" ;;
    *"pip install"*)
        echo "$*" >> "$(dirname "$0")/../../../pip-was-asked"
        exec ${PIP_DOES:-true} ;;
    *) echo "python $* with PYTHONPATH=$PYTHONPATH" ;;
esac
"""
OLD_PYTHON = "#!/bin/sh\nexit 1\n"


class Machine:
    """A checkout with the script and two locks, on a machine with nothing but the commonest tools."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "check out"  # a space, for people have such folders
        self.programs = folder / "bin"
        self.checkout.mkdir()
        self.programs.mkdir()
        shutil.copy(ROOT / "torg", self.checkout)
        for lock in ("requirements.lock", "requirements-dev.lock"):
            self.write_lock(lock, "a==1 \\\n")
        for tool in TOOLS:
            (self.programs / tool).symlink_to(shutil.which(tool))

    def write_lock(self, name: str, content: str) -> None:
        (self.checkout / name).write_text(content)

    def install(self, name: str, script: str) -> None:
        (self.programs / name).write_text(script)
        (self.programs / name).chmod(0o755)

    def torg(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.checkout / "torg", *words],
            env={"PATH": str(self.programs), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def pip_was_asked(self) -> list[str]:
        noted = self.checkout / "pip-was-asked"
        return noted.read_text().splitlines() if noted.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.install("python3", PYTHON)
    return machine


def test_without_python_one_sentence_says_what_to_install(machine: Machine) -> None:
    (machine.programs / "python3").unlink()
    ended = machine.torg("demo")
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "Python 3.11 or newer" in ended.stderr
    assert "apt-get install python3 python3-venv" in ended.stderr


def test_an_old_python_is_passed_over_for_a_newer_one(machine: Machine) -> None:
    machine.install("python3", OLD_PYTHON)
    assert machine.torg("demo").returncode == 1
    machine.install("python3.12", PYTHON)
    assert machine.torg("demo").returncode == 0


def test_without_the_venv_module_one_sentence_says_what_to_install(machine: Machine) -> None:
    ended = machine.torg("demo", NO_VENV="1")
    assert ended.returncode == 1
    assert "apt-get install python3-venv" in ended.stderr.splitlines()[-1]


def test_only_those_who_are_not_root_are_told_to_sudo(machine: Machine) -> None:
    ended = machine.torg("demo", NO_VENV="1")
    assert ("sudo apt-get" in ended.stderr) == (os.geteuid() != 0)


def test_the_command_runs_in_the_environment_with_the_checkout_to_import_from(machine: Machine) -> None:
    ended = machine.torg("demo", "--port", "9000")
    assert ended.stdout == f"python -m cli demo --port 9000 with PYTHONPATH={machine.checkout}\n"


def test_the_packages_are_fetched_once_and_with_their_hashes(machine: Machine) -> None:
    machine.torg("demo")
    machine.torg("demo")
    assert len(machine.pip_was_asked) == 1
    assert "--require-hashes" in machine.pip_was_asked[0]
    assert machine.pip_was_asked[0].endswith("requirements.lock")


def test_a_second_start_says_nothing(machine: Machine) -> None:
    assert "making the environment" in machine.torg("demo").stderr
    assert machine.torg("demo").stderr == ""


@pytest.mark.parametrize("command", ["test", "check", "bench", "docs"])
def test_what_developers_run_fetches_their_tools_too(machine: Machine, command: str) -> None:
    machine.torg("demo")
    machine.torg(command)
    machine.torg("demo")
    assert [asked.rpartition("/")[2] for asked in machine.pip_was_asked] == [
        "requirements.lock",
        "requirements-dev.lock",
    ]


def test_a_changed_lock_is_fetched_anew(machine: Machine) -> None:
    machine.torg("demo")
    machine.write_lock("requirements.lock", "a==2 \\\n")
    machine.torg("demo")
    machine.torg("demo")
    assert len(machine.pip_was_asked) == 2


def test_an_environment_that_did_not_become_whole_is_made_again(machine: Machine) -> None:
    failed = machine.torg("demo", PIP_DOES="false")
    assert failed.returncode == 1
    assert "run the same command again" in failed.stderr
    assert machine.torg("demo").returncode == 0
    assert len(machine.pip_was_asked) == 2


def test_a_start_that_was_broken_off_leaves_no_pip_behind_and_can_be_repeated(machine: Machine) -> None:
    pid_file = machine.programs / "pip-pid"
    machine.install("slow", f"#!/bin/sh\necho $$ > '{pid_file}'\nexec sleep 60\n")
    started = subprocess.Popen(
        [machine.checkout / "torg", "demo"],
        env={"PATH": str(machine.programs), "PIP_DOES": "slow"},
        stderr=subprocess.PIPE,
        text=True,
    )
    pip = wait_for_pid(pid_file)
    started.send_signal(signal.SIGTERM)
    _, said = started.communicate(timeout=60)
    assert started.returncode == 1
    assert "interrupted" in said
    assert not psutil.pid_exists(pip)
    assert machine.torg("demo").returncode == 0


def wait_for_pid(file: Path) -> int:
    deadline = time.monotonic() + 20
    while not file.exists() or not file.read_text().strip():
        assert time.monotonic() < deadline, "pip was never started"
        time.sleep(0.02)
    return int(file.read_text())


def test_an_environment_whose_python_is_gone_is_made_again(machine: Machine) -> None:
    machine.torg("demo")
    configuration = machine.checkout / ".torg/venv/pyvenv.cfg"
    configuration.write_text("executable = /usr/bin/python3.10-of-before\n")
    assert machine.torg("demo").returncode == 0
    assert len(machine.pip_was_asked) == 2


def test_it_can_be_called_from_elsewhere(machine: Machine, tmp_path: Path) -> None:
    ended = subprocess.run(
        ["../check out/torg", "demo"],
        cwd=machine.programs,
        env={"PATH": str(machine.programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0
