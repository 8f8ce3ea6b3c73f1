"""The browser that tests look at pages with, and the Node that drives it. Playwright brings Node, but not a library
that it needs; Chromium is the machine's. What is missing is installed, if we may."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from cli.servers.packages import ensured, succeeds

NAMES = ("chromium", "chromium-browser", "google-chrome")
SANDBOXED = ("--no-sandbox",) if os.geteuid() == 0 else ()
"""Chromium's sandbox does not run as root."""


def browser() -> str:
    """The program, which Playwright can drive. Raises ServerFailed with what to do when something is missing."""
    node = driver()
    ensured("libatomic1", lambda: True if succeeds(str(node), "--version") else None, what="The library libatomic")
    return ensured("chromium", _installed, what="Chromium")


def driver() -> Path:
    """The Node that Playwright brings."""
    package = find_spec("playwright")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("playwright")
    return Path(package.origin).parent / "driver/node"


def _installed() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)
