"""`python -m cli`: what `./torg` runs once its environment stands."""

import os

from cli.main import app

# All that our commands talk to is on this machine, or named on the command line: a proxy is for pip, not for them.
for name in ("NO_PROXY", "no_proxy"):
    os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))

app(prog_name="torg")
