"""How tests make things happen at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")


def at_once(work: Callable[[A], R], each: Sequence[A]) -> list[R]:
    """What the work gives for each of them, each in a thread of its own and all starting together."""
    start = Barrier(len(each))

    def run(one: A) -> R:
        start.wait(60)
        return work(one)

    with ThreadPoolExecutor(len(each)) as pool:
        return list(pool.map(run, each))
