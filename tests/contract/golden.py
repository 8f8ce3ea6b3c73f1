"""The files in `golden/`: what is on the wire and in the broker today, and so may not change unseen."""

import json
from pathlib import Path
from typing import Any

from kernel.contracts import Event

FOLDER = Path(__file__).parent / "golden"


def written(name: str) -> str:
    """The text of a golden file; empty when there is none."""
    place = FOLDER / name
    return place.read_text(encoding="utf-8") if place.exists() else ""


def read(name: str) -> Any:
    """What a golden JSON file holds."""
    return json.loads(written(name))


def event(kind: type[Event]) -> dict[str, Any]:
    """The golden JSON of an event."""
    found: dict[str, Any] = read(f"{kind.TYPE}.json")
    return found


def pretty(value: Any) -> str:
    """JSON as it stands in a golden file."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
