"""Where things are in a checkout."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("TORG_STATE_FOLDER", ROOT / ".torg"))
"""What Torg makes for itself: its environment, the demo's data, logs, who runs. Safe to delete when nothing runs.
A test that runs the demo names another folder, to leave the developer's own alone."""
RUN = STATE / "run"
