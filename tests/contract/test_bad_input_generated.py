"""Requests that a machine makes up from each service's own description, good and bad ones (Schemathesis).

Whatever they are, the answer is one that the description has: its status, its type, its form; never a fault of ours.
What they ask for is rolled back. The same ones are made up every time.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kernel.auth import Role
from tests.contract.routes import OWN
from tests.contract.things import Owned
from tests.municipality import SQUARE, Municipality

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EACH = 12
"""Requests made up for each route, of each kind."""


@pytest.mark.parametrize("kind", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("service", OWN)
def test_every_answer_is_one_that_is_described(
    municipality: Municipality, owned: dict[str, Owned], service: str, kind: GenerationMode
) -> None:
    app = municipality.rehearsals[service]
    described = schemathesis.openapi.from_wsgi(f"/api/{service}/openapi.json", app)
    bearer = municipality.token("kari", *Role, squares=(SQUARE,))
    for operation in (found.ok() for found in described.get_all_operations()):
        if kind is GenerationMode.POSITIVE or takes_anything(operation):
            try_out(operation, kind, owned["own"].things, bearer)


def takes_anything(operation: APIOperation) -> bool:
    """Whether there is anything in a request that could be wrong."""
    return bool(operation.query or operation.headers or operation.body)


def try_out(operation: APIOperation, kind: GenerationMode, known: dict[str, str], bearer: str) -> None:
    """Sends requests to one route, about things that are there."""
    named = {each.name: known[each.name] for each in operation.path_parameters if each.name in known}

    @given(case=operation.as_strategy(kind, path_parameters=named or None))
    @settings(
        max_examples=EACH,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Case) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {bearer}"}, checks=CHECKS)

    check()
