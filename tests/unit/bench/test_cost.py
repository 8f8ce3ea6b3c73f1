"""Processor time is counted for a process, for what it started, and for what of that has ended."""

import os
import subprocess
import sys
import time

from bench.cost import counted, processor_seconds

BUSY = 0.1
BURN = f"import time\nwhile time.process_time() < {BUSY}: pass"


def burn() -> None:
    until = time.process_time() + BUSY
    while time.process_time() < until:
        pass


def test_what_a_process_does_is_counted() -> None:
    with counted({"me": os.getpid()}) as spent:
        burn()
    assert spent["me"] >= BUSY * 0.8  # the system counts in hundredths of a second


def test_a_child_that_has_ended_is_counted() -> None:
    with counted({"me": os.getpid()}) as spent:
        subprocess.run([sys.executable, "-c", BURN], check=True)
    assert spent["me"] >= BUSY * 0.8


def test_a_child_that_runs_is_counted() -> None:
    before = processor_seconds(os.getpid())
    with subprocess.Popen([sys.executable, "-c", f"{BURN}\nprint(flush=True)\ninput()"], stdin=-1, stdout=-1) as child:
        assert child.stdout is not None
        child.stdout.readline()
        seconds = processor_seconds(os.getpid()) - before
        child.communicate(b"\n")
    assert seconds >= BUSY * 0.8
