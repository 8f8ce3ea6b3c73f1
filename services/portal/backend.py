"""The services as the portal meets them: JSON over HTTP, on behalf of the person at the browser, in their language.

Pages call `ask` and `tell`. A service's no is a `Refused`, which holds what it said; no answer at all is a `Silent`.
Pages let both pass where they have nothing to add: `services.portal.failures` makes pages of them.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog
from flask import current_app, request
from prometheus_client import Histogram

from kernel.trace import current_traceparent
from services.portal.language import chosen
from services.portal.session import person
from services.portal.settings import SERVICES, PortalSettings

_log = structlog.get_logger(__name__)

CALL_SECONDS = Histogram(
    "torg_portal_call_seconds", "How long a service took to answer the portal.", ["target", "outcome"]
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Refused(Exception):
    """A service said no, in the person's language. `faults` are its texts by the name of the field they are about;
    `fields` are the values its detail speaks of."""

    status: int
    code: str
    detail: str
    faults: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Silent(Exception):
    """A service did not answer, or not as a service of ours does."""

    service: str


class Backend:
    """The four services over one pool of connections, which all threads share."""

    def __init__(self, settings: PortalSettings, transport: httpx.BaseTransport | None = None) -> None:
        self.proxies = max(1, settings.trusted_proxies)
        """How many proxies the services believe: the portal stands for those before it, or for itself."""
        self._addresses = {service: settings.address(service) for service in SERVICES}
        self._client = httpx.Client(
            timeout=httpx.Timeout(settings.service_timeout_seconds, connect=2.0),
            limits=httpx.Limits(max_keepalive_connections=settings.http_threads),
            transport=transport,
        )

    def call(
        self, method: str, service: str, path: str, headers: Mapping[str, str], params: Json | None, body: Json | None
    ) -> Any:
        """The JSON of a good answer. Raises Refused or Silent."""
        begun = time.perf_counter()
        outcome = "silent"
        try:
            response = self._client.request(
                method, self._addresses[service] + path, headers=headers, params=_given(params), json=body
            )
            outcome = f"{response.status_code // 100}xx"
            return _read(service, response)
        except httpx.TransportError as cause:
            _log.warning("service_silent", target=service, reason=type(cause).__name__)
            raise Silent(service) from cause
        finally:
            CALL_SECONDS.labels(service, outcome).observe(time.perf_counter() - begun)

    def close(self) -> None:
        """Gives the connections back."""
        self._client.close()


def ask(service: str, path: str, **params: Any) -> Any:
    """GET; parameters that are None or empty are left out. Raises Refused or Silent."""
    return _backend().call("GET", service, path, _headers(), params, None)


def everything(service: str, path: str, **params: Any) -> list[Json]:
    """All items of a list that is short by its nature, page after page. Raises Refused or Silent."""
    items: list[Json] = []
    cursor: str | None = None
    while True:
        page = ask(service, path, **params, cursor=cursor)
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def tell(service: str, path: str, body: Json, *, key: str, version: str | None = None) -> Any:
    """POST; with the same key it takes effect once. `version` is what the person saw. Raises Refused or Silent."""
    headers = _headers() | {"Idempotency-Key": key}
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return _backend().call("POST", service, path, headers, None, body)


def note(service: str, path: str, body: Json) -> None:
    """PUT, for what is the same however often it is said. Raises Refused or Silent."""
    _backend().call("PUT", service, path, _headers(), None, body)


def _backend() -> Backend:
    found: Backend = current_app.extensions["torg-backend"]
    return found


def _headers() -> dict[str, str]:
    headers = {"Accept": "application/json, application/problem+json", "Accept-Language": chosen()}
    if request.remote_addr:  # so that a service which trusts us limits visitors one by one
        headers["X-Forwarded-For"] = ", ".join([request.remote_addr] * _backend().proxies)
    if (signed_in := person()) is not None:
        headers["Authorization"] = f"Bearer {signed_in.token}"
    if (traceparent := current_traceparent()) is not None:
        headers["traceparent"] = traceparent
    return headers


def _given(params: Json | None) -> Json:
    return {name: value for name, value in (params or {}).items() if value not in (None, "")}


def _read(service: str, response: httpx.Response) -> Any:
    """The answer's JSON. A gateway's page, or a fault of the service's own, is no answer of the service."""
    try:
        said = response.json() if response.content else None
    except ValueError as cause:
        raise Silent(service) from cause
    if response.is_success:
        return said
    if not isinstance(said, dict) or "code" not in said or response.status_code >= 500:
        _log.warning("service_failed", target=service, status=response.status_code)
        raise Silent(service)
    faults = _faults(said.get("errors", []))
    raise Refused(response.status_code, said["code"], said.get("detail", ""), faults, said.get("fields", {}))


def _faults(errors: list[dict[str, str]]) -> dict[str, str]:
    """What is wrong with each field: the first part of its JSON pointer, or its query parameter."""
    return {_field(each): each["detail"] for each in reversed(errors)}


def _field(fault: dict[str, str]) -> str:
    pointer = fault.get("pointer", "").removeprefix("#").strip("/")
    return pointer.split("/")[0] or fault.get("parameter", "")
