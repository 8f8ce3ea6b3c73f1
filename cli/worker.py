"""`python -m cli.worker booking [access …]`: the nameko process of one or more services, with a port for health.

A service's `service.py` has its nameko class, named as the service is: `services.booking.service.Booking`.
"""

import warnings

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # so we keep it at the edge: decision 2

import eventlet

eventlet.monkey_patch()  # psycopg2 too; kernel.worker makes sure of it

import importlib

from cli.process import settings_for, words
from kernel.worker import run


def main() -> None:
    asked = words("cli.worker", "Runs the event handlers and timers of services.", port=False)
    settings = settings_for("worker", asked.services)
    services = [service_class(name) for name in asked.services]
    run(services, settings, health_port=asked.health_port, host=asked.health_host)


def service_class(name: str) -> type:
    """The nameko class of a service."""
    found: type = getattr(importlib.import_module(f"services.{name}.service"), name.capitalize())
    return found


if __name__ == "__main__":
    main()
