"""Debian packages that a command may install when the machine lacks a server or a browser."""

import os
import shutil
import subprocess

from cli.servers.processes import ServerFailed


def may_install() -> bool:
    """Whether there is apt-get, and we are root or may become so without being asked for a password."""
    if shutil.which("apt-get") is None:
        return False
    return os.geteuid() == 0 or succeeds("sudo", "-n", "true")


def install(package: str) -> None:
    """Installs a package. Raises ServerFailed with what apt-get said."""
    succeeds(*as_root("apt-get", "-qq", "update"))  # an old list may still do
    wanted = as_root("apt-get", "-qq", "install", "--no-install-recommends", "--yes", package)
    done = subprocess.run(wanted, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServerFailed(f"apt-get could not install {package}: {done.stderr.strip()[-500:]}")


def as_root(*command: str) -> list[str]:
    """The command as root runs it, never stopping to ask."""
    return [*([] if os.geteuid() == 0 else ["sudo", "-n"]), "env", "DEBIAN_FRONTEND=noninteractive", *command]


def succeeds(*command: str) -> bool:
    """Whether the program is there, and ends well."""
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
