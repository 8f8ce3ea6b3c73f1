"""Debian packages that a command may install when the machine lacks a server, a browser or a library."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import TypeVar

from cli.servers.processes import ServerFailed

T = TypeVar("T")

_UNATTENDED = ("env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
"""Nothing is asked; and no service is started by its package where Debian reads the runlevel."""
_LOCK_SECONDS = 300


def ensured(package: str, find: Callable[[], T | None], *, what: str, instead: str = "") -> T:
    """What `find` finds, once the package is installed if need be and allowed. Raises ServerFailed with what to do."""
    found = find()
    if found is None and may_install():
        install(package, what)
        found = find()
    if found is None:
        raise ServerFailed(f"{what} is missing. Run: {command_for(package)}{instead}")
    return found


def may_install() -> bool:
    """Whether there is apt-get, and we are root or may become so without being asked for a password."""
    if shutil.which("apt-get") is None:
        return False
    return os.geteuid() == 0 or succeeds("sudo", "-n", "true")


def install(package: str, what: str) -> None:
    """Installs a package, and says so. Raises ServerFailed with what apt-get said."""
    print(f"torg: {what} is missing; installing Debian's {package} …", file=sys.stderr, flush=True)
    succeeds(*as_root("apt-get", "-qq", "update"))  # an old list may still do
    options = ("-qq", f"-oDPkg::Lock::Timeout={_LOCK_SECONDS}", "--no-install-recommends", "--yes")
    wanted = as_root("apt-get", *options, "install", package)
    done = subprocess.run(wanted, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServerFailed(f"apt-get could not install {package}: {done.stderr.strip()[-500:]}")


def command_for(package: str) -> str:
    """The command that installs a package, as this user types it."""
    return f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install {package}"


def as_root(*command: str) -> list[str]:
    """The command as root runs it, never stopping to ask."""
    return [*([] if os.geteuid() == 0 else ["sudo", "-n"]), *_UNATTENDED, *command]


def succeeds(*command: str) -> bool:
    """Whether the program is there, and ends well."""
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
