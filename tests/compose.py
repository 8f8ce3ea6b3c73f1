"""`docker-compose.yml` as Compose reads it: merged, its variables filled in. For tests, which have no engine.

`deployment` fills it in as an operator does: with the .env that deploy/new-env writes.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cli.paths import ROOT

FILE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy/Dockerfile"
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z][A-Z0-9_]*)(?::(?P<kind>[?-])(?P<rest>[^}]*))?\}")
OWN_IMAGE = "torg:local"


class Unset(Exception):
    """The file asks for a variable that is not set."""


def deployment(environ: Mapping[str, str]) -> dict[str, Any]:
    """The services by name, and the networks and volumes. Raises Unset."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    filled: dict[str, Any] = filled_in({key: part for key, part in found.items() if not key.startswith("x-")}, environ)
    return filled


def filled_in(part: Any, environ: Mapping[str, str]) -> Any:
    """The same with every ${VARIABLE} in its texts replaced."""
    if isinstance(part, dict):
        return {key: filled_in(value, environ) for key, value in part.items()}
    if isinstance(part, list):
        return [filled_in(each, environ) for each in part]
    return VARIABLE.sub(lambda found: _value(found, environ), part) if isinstance(part, str) else part


def _value(found: re.Match[str], environ: Mapping[str, str]) -> str:
    name, kind, rest = found["name"], found["kind"], found["rest"]
    if environ.get(name):
        return environ[name]
    if kind == "-":
        return rest
    raise Unset(f"{name}: {rest}")


def new_env(file: Path, *, portal: str = "https://torg.example.no", issuer: str = "https://login.example.no") -> str:
    """Runs deploy/new-env; returns what it wrote."""
    command = [ROOT / "deploy/new-env", portal, issuer]
    subprocess.run(command, env={**os.environ, "TORG_ENV_FILE": str(file)}, check=True, capture_output=True)
    return file.read_text()


def variables(text: str) -> dict[str, str]:
    """What an .env file sets."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def copied() -> list[str]:
    """What deploy/Dockerfile copies into the image of our own."""
    lines = (line.split() for line in DOCKERFILE.read_text().splitlines() if line.startswith("COPY"))
    return [words[1] for words in lines if not words[1].startswith("--from") and words[2].startswith("./")]


def image(folder: Path) -> Path:
    """A folder that holds what the image's /opt/torg/app does, and no more."""
    for each in copied():
        source, place = ROOT / each, folder / each
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place)
    return folder
