"""Lets the kernel's tests import the two tiny services that lie beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
