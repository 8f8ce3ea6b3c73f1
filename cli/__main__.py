"""`python -m cli`: what `./torg` runs once its environment stands."""

import os
import signal

# Python loses a Ctrl-C that comes within an import. One that a shell ignores for us stays ignored.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from cli.main import app

# All that our commands talk to is on this machine, or named on the command line: a proxy is for pip, not for them.
for name in ("NO_PROXY", "no_proxy"):
    os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))

app(prog_name="torg")
