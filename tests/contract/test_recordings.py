"""The real services answer the portal as the recordings say, in every state; and each answer has its page."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from kernel.http import mount
from services.portal.app import build
from tests.contract.conftest import a_municipality
from tests.contract.scenes import ALL, Scenes, furnish
from tests.recordings import FOLDER, Answer, Recording, misfits, recorded, write
from tests.templates import Templates
from tests.unit.portal.conftest import settings_for

Answers = dict[str, list[Answer]]
URL = "http://127.0.0.1"


@dataclass(frozen=True)
class Heard:
    """What the services answered, and how each describes itself."""

    answers: Answers
    descriptions: dict[str, Any]


@pytest.fixture(scope="module")
def heard(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    """What the services answer in all the scenes."""
    with a_municipality(templates) as municipality:
        recording = Recording(httpx.WSGITransport(mount([*municipality.apis.values()])))
        settings = settings_for(URL, tmp_path_factory.mktemp("portal") / "key.pem")
        portal = build(settings, clock=municipality.clock, transport=recording)
        scenes = Scenes(municipality, portal, recording)
        furnish(scenes)
        for each in ALL:
            each(scenes)
        apis = municipality.apis.items()
        described = {name: app.test_client().get(f"/api/{name}/openapi.json").get_json() for name, app in apis}
        yield Heard(recording.distinct(), described)


def test_the_services_answer_as_recorded(heard: Heard, tmp_path: Path) -> None:
    write(heard.answers, tmp_path)
    differences = [*misfits(heard.answers, recorded()), *misfits(recorded(), heard.answers)]
    assert not differences, f"If it is meant: cp {tmp_path}/* {FOLDER}/"


def test_what_is_recorded_is_what_the_services_describe(heard: Heard) -> None:
    """In each service's OpenAPI: the route, its status, and the schema of its answer."""
    for route, answers in recorded().items():
        method, service, path = route.split()
        description = heard.descriptions[service]
        operation = next(
            each[method.lower()]
            for place, each in description["paths"].items()
            if place.removeprefix(f"/api/{service}") == path
        )
        for answer in answers:
            response = operation["responses"][str(answer.status)]
            if "$ref" in response:
                response = description["components"]["responses"][response["$ref"].rpartition("/")[2]]
            for content in response.get("content", {}).values():
                schema = content["schema"] | {"components": description["components"]}
                faults = [each.message for each in Draft202012Validator(schema).iter_errors(answer.body)]
                assert not faults, f"{route}, {answer.scene}"
