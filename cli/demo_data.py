"""Loads what the demonstration shows (`deploy/demo/`) through the services' own HTTP APIs, as an operator would.

Safe to run again: squares and tariffs are put in place as they are, and whatever is created carries an Idempotency-Key
made from what it says, so that the second time the first answer comes back.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx
import yaml

from cli.paths import ROOT

FOLDER = ROOT / "deploy" / "demo"
SQUARES = "asker.yaml"
TARIFFS = "tariffs"
TIMEOUT_SECONDS = 30.0
_AGAIN_SECONDS = 0.1

Json = dict[str, Any]


class DemoDataRefused(Exception):
    """A service did not take the data; the message holds what it said."""


class Operator:
    """Somebody who may set everything up, at the services' doors."""

    def __init__(self, http: httpx.Client, urls: Mapping[str, str]) -> None:
        self._http = http
        self._urls = urls

    def put(self, service: str, path: str, body: Json) -> Json:
        """Makes the thing at `path` what the body says."""
        return _taken(self._http.put(self._urls[service] + path, json=body))

    def create(self, service: str, path: str, body: Json, *, unheard: str = "") -> Json:
        """Creates a thing once, however often it is asked for with the same body. While it is refused with the code
        `unheard`, the service has not heard yet what another was told before: it is asked again."""
        url = self._urls[service] + path
        key = uuid5(NAMESPACE_URL, f"{path} {body}")
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            answer = self._http.post(url, json=body, headers={"Idempotency-Key": str(key)})
            if not (answer.is_error and unheard and answer.json().get("code") == unheard):
                return _taken(answer)
            if time.monotonic() >= deadline:
                return _taken(answer)
            time.sleep(_AGAIN_SECONDS)


def load(
    urls: Mapping[str, str], bearer: str, folder: Path = FOLDER, *, transport: httpx.BaseTransport | None = None
) -> None:
    """Loads everything. `urls` has the API of each service, `bearer` is an operator's token. Raises DemoDataRefused."""
    shown = _read(folder / SQUARES)
    headers = {"Authorization": f"Bearer {bearer}", "Accept-Language": "en"}
    with httpx.Client(headers=headers, timeout=TIMEOUT_SECONDS, transport=transport) as http:
        operator = Operator(http, urls)
        for file in sorted((folder / TARIFFS).glob("*.yaml")):
            tariff = _read(file)
            operator.put("pricing", f"/tariffs/{tariff['id']}", tariff)
        for square in shown["squares"]:
            operator.put("booking", f"/squares/{square['id']}", {name: square[name] for name in ("name", "arenas")})
        tenants = {actor["organisation_number"]: _register(operator, actor) for actor in shown["actors"]}
        for agreement in shown["agreements"]:
            about = agreement | {"tenant": tenants[agreement["tenant"]]}
            operator.create("pricing", "/agreements", about, unheard="arena_not_of_square")


def _register(operator: Operator, actor: Json) -> str:
    """Makes an organisation an actor, and lets its representatives act for it; the actor's id."""
    about = {name: actor[name] for name in ("kind", "name", "organisation_number")}
    registered: str = operator.create("booking", "/actors", about)["id"]
    for subject in actor["representatives"]:
        operator.create("booking", f"/actors/{registered}/representatives", {"subject": subject, "role": "owner"})
    return registered


def _read(file: Path) -> Json:
    found: Json = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def _taken(answer: httpx.Response) -> Json:
    if answer.is_error:
        raise DemoDataRefused(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    taken: Json = answer.json() if answer.content else {}
    return taken
