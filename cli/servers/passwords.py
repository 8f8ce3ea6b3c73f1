"""Random passwords that are kept in files only we may read."""

import os
import secrets
from pathlib import Path


def kept_password(path: Path) -> str:
    """The password in this file; a new one is made, and the file (mode 0600) with it, when there is none."""
    if not path.exists():
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        part.rename(path)
    return path.read_text()
