"""The browser that tests look at pages with: the machine's Chromium, else Debian's package, installed if we may."""

import os
import shutil

from cli.servers.packages import install, may_install
from cli.servers.processes import ServerFailed

NAMES = ("chromium", "chromium-browser", "google-chrome")
SANDBOXED = ("--no-sandbox",) if os.geteuid() == 0 else ()
"""Chromium's sandbox does not run as root."""


def chromium() -> str:
    """The program. Raises ServerFailed with what to do when there is none and we may not install it."""
    found = _found()
    if found is None and may_install():
        install("chromium")
        found = _found()
    if found is None:
        raise ServerFailed("Chromium is missing. Run: sudo apt-get install chromium")
    return found


def _found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)
