"""What a piece of work costs in processor time, part by part: where it goes, and less at the mercy of what else the
machine does than seconds on the clock are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psutil


@contextmanager
def counted(pids: Mapping[str, int]) -> Iterator[dict[str, float]]:
    """Gives processor seconds by part, filled in when the block ends. `pids` names the process at the root of each."""
    before = {part: processor_seconds(pid) for part, pid in pids.items()}
    spent: dict[str, float] = {}
    yield spent
    spent.update({part: processor_seconds(pid) - before[part] for part, pid in pids.items()})


def processor_seconds(pid: int) -> float:
    """Of a process, of all below it, and of those of its children that have ended."""
    root = psutil.Process(pid)
    own = root.cpu_times()
    seconds = own.user + own.system + own.children_user + own.children_system
    for process in root.children(recursive=True):
        times = process.cpu_times()
        seconds += times.user + times.system
    return seconds
