"""`python -m bench.demonstration FOLDER PORT`: the demo, keeping its data in a folder of the bench's own.

What `./torg demo` does between its first line and its last, so that a bench does not touch anybody's demo.
"""

import sys
import time
from pathlib import Path

from cli.demo import demonstrate, signals_as_interrupt
from cli.demo_folder import DemoFolder


def main(path: Path, port: int) -> None:
    started = time.monotonic()
    folder = DemoFolder(path)
    with folder.alone(), signals_as_interrupt():
        demonstrate(folder, port, fresh=False, started=started)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
