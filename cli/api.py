"""`python -m cli.api booking [access …]`: the HTTP process of one or more services, each under `/api/<service>`.

A service's `api.py` has `build(settings) -> Flask`, its whole WSGI app.
"""

import importlib
from typing import Any

from flask import Flask

from cli.process import settings_for, words
from cli.web import serve
from kernel.http import mount
from kernel.probes import Readiness, probes
from kernel.settings import Settings


def main() -> None:
    asked = words("cli.api", "Serves the HTTP of services.")
    settings = settings_for("api", asked.services)
    apps = _apps(asked.services, settings)
    serve(
        mount(apps),
        probes(Readiness([app.extensions["torg"].database for app in apps])),
        host=asked.host,
        port=asked.port,
        health_host=asked.health_host,
        health_port=asked.health_port,
        threads=settings.http_threads,
        stop_seconds=settings.stop_deadline_seconds,
    )


def build(services: list[str], settings: Settings) -> Any:
    """The WSGI app of these services, mounted side by side."""
    return mount(_apps(services, settings))


def _apps(services: list[str], settings: Settings) -> list[Flask]:
    return [importlib.import_module(f"services.{name}.api").build(settings) for name in services]


if __name__ == "__main__":
    main()
