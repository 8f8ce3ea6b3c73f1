"""`python -m cli.portal`: the portal's process."""

from typing import Any

from cli.process import settings_or_exit, words
from cli.web import serve
from kernel.probes import always_ready, probes
from kernel.telemetry import set_up_logs
from services.portal.settings import PortalSettings


def main() -> None:
    asked = words("cli.portal", "Serves the portal's pages.", services=False)
    settings = settings_or_exit(PortalSettings)
    set_up_logs(settings.log_format, settings.log_level)
    serve(
        build(settings),
        # it needs nothing of its own, and says so itself when a service does not answer
        probes(always_ready),
        host=asked.host,
        port=asked.port,
        health_host=asked.health_host,
        health_port=asked.health_port,
        threads=settings.http_threads,
        stop_seconds=settings.stop_deadline_seconds,
    )


def build(settings: PortalSettings) -> Any:
    """The portal's WSGI app."""
    from services.portal.app import build

    return build(settings)


if __name__ == "__main__":
    main()
