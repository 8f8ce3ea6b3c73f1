"""How bad input is sent, and what must come of it: a documented problem in the 400s, and nothing changed.

Whoever sends it may do what they ask for, by the authorisation table; so it is the input that is refused.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from sqlalchemy import text
from werkzeug.test import TestResponse

from cli.paths import ROOT
from tests.contract.authorisation import ROLES, TABLE, token
from tests.contract.routes import OWN, Sent, plain, request_for
from tests.contract.things import Owned
from tests.municipality import Municipality

DOCUMENTED = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE))
"""The status of each code in docs/errors.md."""
BODIES = [(service, route) for service in OWN for route, good in OWN[service].items() if good.body]
"""The routes that take a body."""
POSTS = [(service, route) for service in OWN for route in OWN[service] if route.startswith("POST")]
CHANGES = [(service, route) for service in OWN for route, good in OWN[service].items() if good.if_match]
"""The routes that demand an If-Match."""
READS = [
    (service, route) for service in OWN for route in OWN[service] if route.startswith("GET") and route == plain(route)
]
PAGED = [
    *(each for each in READS if OWN[each[0]][each[1]].lists),
    ("booking", "GET /availability"),
    ("booking", "GET /availability/recurring"),
    ("booking", "GET /arenas/{arena}/opening/clashes"),
    ("pricing", "GET /waivers/{tenant}"),
]
"""The routes that answer a page at a time."""
OF_A_THING = sorted({each for each in (*BODIES, *POSTS, *READS) if "{" in each[1]})
"""The routes whose path names a thing."""
_FORBIDDEN_WORDS = ("Traceback", "psycopg2", "sqlalchemy", "marshmallow", "Error(", "<class")

_SUM = "SELECT '{table}', count(*), sum(hashtextextended(line::text, 0)) FROM \"{table}\" AS line"

Path = tuple[str | int, ...]


_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'square_managers'")


class Sender:
    """Sends requests to one route, as somebody who may."""

    def __init__(self, municipality: Municipality, owned: dict[str, Owned], service: str, route: str) -> None:
        self.municipality = municipality
        self.service = service
        self.route = route
        owner, self.role = _who_may(service, route)
        self.asks = owned["strangers" if owner == "anyones" else owner]
        self.good: Sent = request_for(service, route, self.asks.things)
        self.bearer = token(municipality, self.role, self.asks, "") or ""
        self._operation = _operation(municipality, service, route)

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """The query parameters that are documented."""
        return [each for each in self._operation.get("parameters", []) if each.get("in") == "query"]

    def send(
        self, body: bytes | None = None, *, path: str | None = None, rehearse: bool = False, **headers: str
    ) -> TestResponse:
        """Sends the good request with another body, path or headers; a header that is empty is left out."""
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {self.bearer}"} | self.good.headers
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = body if body is not None else b"" if self.good.body is None else json.dumps(self.good.body).encode()
        apps = self.municipality.rehearsals if rehearse else self.municipality.apis
        headers = {name: value for name, value in given.items() if value}
        client = apps[self.service].test_client()
        return client.open(path or self.good.path, method=self.good.method, data=sent, headers=headers)

    def refused(self, body: bytes | None = None, **how: Any) -> str:
        """Sends it, and gives the code of the problem that came of it."""
        return self.code_of(self.send(body, **how))

    def code_of(self, answer: TestResponse) -> str:
        """The code of an answer that says no as it must, and as the route's description says it can."""
        assert 400 <= answer.status_code < 500, f"{answer.status_code}: {answer.text}"
        assert answer.content_type == "application/problem+json"
        problem = answer.get_json()
        code: str = problem["code"]
        assert DOCUMENTED[code] == str(answer.status_code) == str(problem["status"])
        assert code in _codes(self._operation, answer.status_code), f"{self.route} does not tell of {code}"
        assert problem["title"]
        assert problem["detail"]
        assert not [word for word in _FORBIDDEN_WORDS if word in answer.text]
        return code

    @contextmanager
    def nothing_changed(self) -> Iterator[None]:
        """Fails when the service's database holds anything else afterwards."""
        before = self.contents()
        yield
        assert self.contents() == before

    def contents(self) -> dict[str, tuple[int, int]]:
        """How many rows each table has, and a sum over all that is in them; but for which managers have called, as it
        is kept whatever they asked."""
        database = self.municipality.databases[self.service]
        with database.reading() as tx:
            tables = tx.execute(_TABLES).scalars().all()
            sums = (
                f"SELECT '{each}', count(*), sum(hashtextextended(t::text, 0)) FROM \"{each}\" t" for each in tables
            )
            return {name: (rows, found) for name, rows, found in tx.execute(text(" UNION ALL ".join(sums)))}


Sending = Callable[[str, str], Sender]
"""Makes the sender of a route: service, route."""


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each plain value of a body with its path; of a list, only those in its first item."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:1]):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def objects(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of each object of a body; of a list, only those in its first item."""
    if isinstance(value, dict):
        yield path
        for name, inner in value.items():
            yield from objects(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:1]):
            yield from objects(inner, (*path, index))


def changed(body: Any, path: Path, value: Any) -> bytes:
    """The body as JSON, with another value at this path."""
    if not path:
        return json.dumps(value).encode()
    whole = deepcopy(body)
    inner = whole
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(whole).encode()


def at(body: Any, path: Path) -> Any:
    """What a body has at this path."""
    for step in path:
        body = body[step]
    return body


def _who_may(service: str, route: str) -> tuple[str, str]:
    """Whose thing, and in which role: the first of the table that is let in."""
    for owner, outcomes in TABLE[service][route].items():
        for role, outcome in zip(ROLES, outcomes, strict=True):
            if outcome in ("ok", "listed") and role != "nobody":
                return owner, role
    raise LookupError(route)


def _operation(municipality: Municipality, service: str, route: str) -> dict[str, Any]:
    """What OpenAPI says of a route."""
    described = municipality.apis[service].test_client().get(f"/api/{service}/openapi.json").get_json()
    method, _, path = plain(route).partition(" ")
    found: dict[str, Any] = described["paths"][f"/api/{service}{path}"][method.lower()]
    return found


def _codes(operation: dict[str, Any], status: int) -> set[str]:
    response = operation["responses"].get(str(status), {})
    return set(response.get("content", {}).get("application/problem+json", {}).get("examples", {}))
