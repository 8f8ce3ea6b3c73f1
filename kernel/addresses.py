"""Which addresses may be trusted with tokens and keys: `kernel.settings` asks at the start, `kernel.issuers` of what an
issuer tells. Pure."""

import ipaddress
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""The names by which this very machine asks itself, as health checks do, under whatever name others ask."""


def check_issuer(issuer: str) -> None:
    """Raises ValueError unless the issuer is an https URL, or an http one on this very machine."""
    check_url(issuer, "an issuer")


def check_url(url: str, name: str) -> None:
    """Raises ValueError unless the URL is an https one, or an http one on this very machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not _on_this_machine(parts.hostname or ""):
        raise ValueError(f"{name} must be an https URL (http only on this machine): {url}")


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
