"""Random passwords and keys that are kept in files only we may read."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept_password(path: Path) -> str:
    """The password in this file; a new one is made, and the file (mode 0600) with it, when there is none."""
    return _kept(path, lambda: secrets.token_urlsafe(24))


def kept_key(path: Path) -> str:
    """The key in this file, 32 bytes in URL-safe base64; made as a password is."""
    return _kept(path, lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())


def _kept(path: Path, new: Callable[[], str]) -> str:
    if not path.exists():
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new())
        part.rename(path)
    return path.read_text()
