"""What a machine lacks is installed with a line that says so, or named with the command that installs it."""

import os
import shutil
from pathlib import Path

import pytest

from cli.servers import browser as programs
from cli.servers.browser import browser
from cli.servers.processes import ServerFailed

APT_GET = """\
#!/bin/sh
echo "$RUNLEVEL $*" >> "{notes}"
case "$*" in
    *"install libatomic1") {libatomic} ;;
    *"install chromium") {chromium} ;;
esac
"""
NODE = '#!/bin/sh\ntest -e "{library}"\n'


class Machine:
    """A search path with only what a test puts on it, and a Node that needs a library."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.programs, self.library, self.notes = folder / "bin", folder / "libatomic.so.1", folder / "asked"
        self.programs.mkdir()
        for tool in ("sh", "env", "touch", "true", "test", "cp"):
            (self.programs / tool).symlink_to(shutil.which(tool))
        self.add("sudo", '#!/bin/sh\nshift\nexec "$@"\n')
        self.add("node", NODE.format(library=self.library))
        monkeypatch.setenv("PATH", str(self.programs))
        monkeypatch.setattr(programs, "driver", lambda: self.programs / "node")

    def add(self, name: str, script: str) -> None:
        (self.programs / name).write_text(script)
        (self.programs / name).chmod(0o755)

    def add_apt_get(self, libatomic: str = "", chromium: str = "") -> None:
        libatomic = libatomic or f'touch "{self.library}"'
        chromium = chromium or f'cp "{self.programs}/node" "{self.programs}/chromium"'
        self.add("apt-get", APT_GET.format(notes=self.notes, libatomic=libatomic, chromium=chromium))

    def put_all(self) -> None:
        self.library.touch()
        self.add("chromium", "#!/bin/sh\n")

    @property
    def asked(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_where_all_is_there_nothing_is_installed_and_nothing_said(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.put_all()
    machine.add_apt_get()
    assert browser() == str(machine.programs / "chromium")
    assert (machine.asked, capsys.readouterr().err) == ([], "")


def test_what_is_missing_is_installed_with_a_line_for_each(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.add_apt_get()
    assert browser() == str(machine.programs / "chromium")
    assert [line.split()[-1] for line in machine.asked if " install " in line] == ["libatomic1", "chromium"]
    assert capsys.readouterr().err.splitlines() == [
        "torg: The library libatomic is missing; installing Debian's libatomic1 …",
        "torg: Chromium is missing; installing Debian's chromium …",
    ]


def test_no_service_of_a_package_is_started(machine: Machine) -> None:
    machine.add_apt_get()
    browser()
    assert {line.split()[0] for line in machine.asked} == {"1"}


def test_an_installation_that_changes_nothing_is_told(machine: Machine) -> None:
    machine.add_apt_get(libatomic="true")
    with pytest.raises(ServerFailed, match="libatomic is missing"):
        browser()


def test_an_installation_that_fails_is_told_with_its_reason(machine: Machine) -> None:
    machine.add_apt_get(chromium="echo the mirror is away >&2; exit 100")
    with pytest.raises(ServerFailed, match="could not install chromium: the mirror is away"):
        browser()


@pytest.mark.parametrize(("package", "there"), [("libatomic1", False), ("chromium", True)])
def test_where_nothing_may_be_installed_one_sentence_says_what_to_do(
    machine: Machine, package: str, there: bool
) -> None:
    if there:
        machine.library.touch()
    sudo = "" if os.geteuid() == 0 else "sudo "
    with pytest.raises(ServerFailed, match=f"is missing. Run: {sudo}apt-get install {package}$"):
        browser()
