"""Where things are in a checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".torg"
"""What Torg makes for itself: its environment, the demo's data, logs, who runs. Safe to delete when nothing runs."""
RUN = STATE / "run"
