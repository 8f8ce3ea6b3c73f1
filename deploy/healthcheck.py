"""`python deploy/healthcheck.py PORT [HOST]`: ends with 0 when the process there says that it is ready.

What containers are asked by; it imports nothing of ours, so it costs little.
"""
# ruff: noqa: INP001 (run by its path, and no package)

import sys
import urllib.error
import urllib.request

SECONDS = 4


def ready(port: int, host: str = "127.0.0.1") -> bool:
    """Whether `/readyz` of a process on this machine answers 200."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/readyz", timeout=SECONDS) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


if __name__ == "__main__":
    sys.exit(0 if ready(int(sys.argv[1]), *sys.argv[2:]) else 1)
