"""The commands behind `./torg`, one module each, and the servers and processes they start."""

SERVICES = ("booking", "access", "pricing", "programming")
