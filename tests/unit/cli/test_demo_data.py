"""What the demonstration loads: whole, as an operator, and twice without a difference."""

import json
import re
from typing import Any

import httpx
import pytest
import yaml
from stdnum.no import orgnr

from cli.demo_data import FOLDER, DemoDataRefused, load
from cli.paths import ROOT

URLS = {service: f"http://services/api/{service}" for service in ("booking", "access", "pricing", "programming")}


class Services:
    """Take what they are given; with a key they know, they answer as before."""

    def __init__(self) -> None:
        self.put: dict[str, Any] = {}
        self.created: list[tuple[str, Any]] = []
        self.answers: dict[str, httpx.Response] = {}
        self.bearers: set[str] = set()
        self.refusal: httpx.Response | None = None
        self.unheard = 0
        """How often pricing is asked for an agreement before it has heard of the arena."""

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.bearers.add(request.headers["Authorization"])
        if self.refusal:
            return self.refusal
        path, body = request.url.path, json.loads(request.content)
        if request.method == "PUT":
            self.put[path] = body
            return httpx.Response(200, json=body)
        if path.endswith("/agreements") and self.unheard:
            self.unheard -= 1
            return httpx.Response(422, json={"code": "arena_not_of_square"})
        key = request.headers["Idempotency-Key"]
        if key not in self.answers:
            self.created.append((path, body))
            self.answers[key] = httpx.Response(201, json={"id": f"actor-{len(self.created)}"})
        return self.answers[key]

    def made(self, path: str) -> list[Any]:
        return [body for made, body in self.created if made == path]


def loaded(services: Services) -> None:
    load(URLS, "the token", transport=httpx.MockTransport(services.handle))


def test_the_eight_squares_and_all_tariffs_are_put_in_place() -> None:
    services = Services()
    loaded(services)
    squares = {path.rpartition("/")[2] for path in services.put if path.startswith("/api/booking/squares/")}
    assert squares == {"asker", "borgen", "heggedal", "holmen", "saetre", "slemmestad", "spikkestad", "tofte"}
    assert services.put["/api/booking/squares/borgen"].keys() == {"name", "arenas"}
    tariffs = {yaml.safe_load(file.read_text())["id"] for file in (FOLDER / "tariffs").glob("*.yaml")}
    assert {path.rpartition("/")[2] for path in services.put if "/tariffs/" in path} == tariffs
    assert "nesodden-2017" in tariffs
    assert services.bearers == {"Bearer the token"}


def test_the_agreement_is_with_the_actor_that_was_made() -> None:
    services = Services()
    loaded(services)
    actors = services.made("/api/booking/actors")
    band = next(index for index, each in enumerate(services.created, 1) if each[1].get("name") == "Borgen skolekorps")
    (agreement,) = services.made("/api/pricing/agreements")
    assert agreement["tenant"] == f"actor-{band}"
    assert agreement["participants"] == ["persona-kari"]
    assert services.made(f"/api/booking/actors/actor-{band}/representatives") == [
        {"subject": "persona-kari", "role": "owner"}
    ]
    assert all(orgnr.is_valid(actor["organisation_number"]) for actor in actors)


def test_an_agreement_waits_until_pricing_has_heard_of_its_arena() -> None:
    services = Services()
    services.unheard = 2
    loaded(services)
    assert services.unheard == 0
    assert len(services.made("/api/pricing/agreements")) == 1


def test_the_second_time_nothing_is_made_anew() -> None:
    services = Services()
    loaded(services)
    first = list(services.created)
    loaded(services)
    assert services.created == first


def test_what_a_service_says_against_it_is_told() -> None:
    services = Services()
    services.refusal = httpx.Response(422, json={"code": "invalid_hours"})
    with pytest.raises(DemoDataRefused, match=r"422.*invalid_hours"):
        loaded(services)


def test_the_example_of_the_booking_page_is_in_the_demo() -> None:
    page = (ROOT / "docs" / "booking.md").read_text()
    (lent, pieces), space = re.search(r'"equipment": {"([a-z-]+)": (\d+)}', page).groups(), "borgen-storsal"
    assert f'"space": "{space}"' in page
    services = Services()
    loaded(services)
    arena = services.put["/api/booking/squares/borgen"]["arenas"][0]
    assert space in [each["id"] for each in arena["spaces"]]
    assert {each["id"]: each["pieces"] for each in arena["equipment"]}[lent] >= int(pieces)
