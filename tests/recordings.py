"""What the services really answer the portal, kept in files under `contract/recordings`, one for each route.

`tests/contract/test_recordings.py` records them anew over the services' apis and a database, and fails when an answer
has another shape than the file says. The stand-in of the portal's own tests answers nothing that `misfit` finds a fault
with: the same keys are there and absent in each state, and values are of the kinds that were seen there.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tests.contract.routes import OWN

FOLDER = Path(__file__).parent / "contract" / "recordings"
MAPS = ("by_state", "equipment")
"""Objects whose keys are data."""
STATES = ("state", "kind", "outcome")
"""What tells one kind of answer from another: its state, else its kind."""
FREE = ("fields",)
"""What a problem speaks of is another thing for each code."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_PINS = re.compile(r'("code": )"\d+"', re.ASCII)
_INSTANCE = re.compile(r'("instance": )"[^"]*"')


@dataclass(frozen=True)
class Answer:
    """What a service answered, and the scene in which it did."""

    scene: str
    status: int
    body: Any


@dataclass
class Recording(httpx.BaseTransport):
    """A transport that keeps what the services behind it answer, by route; `scene` is what is going on."""

    services: httpx.BaseTransport
    scene: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.services.handle_request(request)
        content = response.read()
        route = route_of(request.method, *_split(request.url.path))
        body = json.loads(content) if content else None
        self.answers[route].append(Answer(self.scene, response.status_code, body))
        return httpx.Response(response.status_code, headers=response.headers, content=content)

    def distinct(self) -> dict[str, list[Answer]]:
        """The answers of each route that differ in status, state or shape, each as it came first; ids and codes are
        the same every time."""
        told = {route: list(_distinct(answers)) for route, answers in sorted(self.answers.items())}
        plain = {route: [vars(each) for each in answers] for route, answers in told.items()}
        return {route: [Answer(**each) for each in answers] for route, answers in _normalised(plain).items()}


@cache
def recorded() -> Mapping[str, Sequence[Answer]]:
    """What the files hold, by route: "GET booking /bookings/{booking}"."""
    found: dict[str, list[Answer]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        held = json.loads(path.read_text(encoding="utf-8"))
        found[held["route"]] = [Answer(**each) for each in held["answers"]]
    return found


def body(route: str, scene: str) -> Any:
    """A copy of what a route answered in a scene."""
    found = next(each.body for each in recorded()[route] if each.scene == scene)
    return json.loads(json.dumps(found))


def write(answers: Mapping[str, Sequence[Answer]], folder: Path) -> None:
    """Writes a file for each route."""
    folder.mkdir(exist_ok=True)
    for route, found in answers.items():
        text = json.dumps({"route": route, "answers": [vars(each) for each in found]}, indent=1, ensure_ascii=False)
        (folder / f"{re.sub('[^a-z]+', '-', route.lower()).strip('-')}.json").write_text(f"{text}\n", encoding="utf-8")


def route_of(method: str, service: str, path: str) -> str:
    """The route that a path is of. Raises LookupError when the service has none."""
    for route in OWN[service]:
        verb, _, pattern = route.partition(" ")
        if verb == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern.partition("?")[0]), path):
            return f"{method} {service} {pattern.partition('?')[0]}"
    raise LookupError(f"{method} {service} {path}")


def misfits(answers: Mapping[str, Sequence[Answer]], known: Mapping[str, Sequence[Answer]]) -> list[str]:
    """How these answers differ from those that are known."""
    pool = pooled(known)
    return [
        f"{route}, {each.scene}: {fault}"
        for route, found in answers.items()
        for each in found
        if (fault := misfit(each.status, each.body, known.get(route, ()), pool))
    ]


def misfit(status: int, told: Any, known: Iterable[Answer], pool: "Pool | None" = None) -> str:
    """What a route has never answered with this status, as a path in the answer; empty when all of it was seen. A value
    may be of a kind that was seen in such a thing of another route: its keys and its state are the same."""
    alike = [each.body for each in known if each.status == status]
    return _misfit(told, alike, "", pool or {}) if alike else f"{status} was never answered"


def pooled(answers: Mapping[str, Sequence[Answer]]) -> "Pool":
    """All objects in these answers, by their keys and state."""
    pool: Pool = defaultdict(list)

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            pool[_sort(value)].append(value)
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            gather(each)

    for found in answers.values():
        for each in found:
            gather(each.body)
    return pool


Pool = dict[tuple[Any, ...], list[Mapping[str, Any]]]


def _sort(thing: Mapping[str, Any]) -> tuple[Any, ...]:
    """What things alike have alike: their keys, and their state or kind."""
    state = next((thing[each] for each in STATES if each in thing), None)
    return (*sorted(thing), state)


def _misfit(told: Any, seen: Sequence[Any], at: str, pool: Pool) -> str:
    if isinstance(told, dict):
        return _misfit_of_object(told, [each for each in seen if isinstance(each, dict)], at, pool)
    if isinstance(told, list):
        items = [item for each in seen if isinstance(each, list) for item in each]
        faults = (_misfit(each, items, f"{at}[]", pool) for each in told)
        return next(filter(None, faults), "")
    kinds = {_kind(each) for each in seen}
    return "" if _kind(told) in kinds else f"{at} is {_kind(told)}, seen: {', '.join(sorted(kinds)) or 'never'}"


def _misfit_of_object(told: Mapping[str, Any], seen: Sequence[Mapping[str, Any]], at: str, pool: Pool) -> str:
    name = at.rpartition("/")[2]
    if name in FREE:
        return ""
    if name in MAPS:
        values = [value for each in seen for value in each.values()]
        return "" if 0 not in told.values() or 0 in values else f"{at} has a zero, which is left out"
    if not any(each.keys() == told.keys() for each in seen):
        others = {key for each in seen for key in each.keys() ^ told.keys()}
        return f"{at} has other keys than were seen: {', '.join(sorted(others)) or 'it was never seen'}"
    alike = [*pool.get(_sort(told), ()), *(each for each in seen if _sort(each) == _sort(told))]
    if not alike:
        return f"{at} was never seen as {_sort(told)[-1]!r}"
    faults = (_misfit(value, [each[key] for each in alike], f"{at}/{key}", pool) for key, value in told.items())
    return next(filter(None, faults), "")


def _kind(value: Any) -> str:
    kinds = {bool: "a truth", int: "a number", float: "a number", str: "a text", type(None): "null"}
    return kinds.get(type(value), "an object" if isinstance(value, dict) else "a list")


def _distinct(answers: Iterable[Answer]) -> Iterable[Answer]:
    known: list[Answer] = []
    for each in answers:
        if misfit(each.status, each.body, known):
            known.append(each)
            yield each


def _normalised(told: Any) -> Any:
    """The same with ids by the order in which they come, and no codes."""
    text = json.dumps(told, ensure_ascii=False)
    ids = {each: _numbered(number) for number, each in enumerate(dict.fromkeys(_UUID.findall(text)), 1)}
    text = _UUID.sub(lambda found: ids[found[0]], text)
    return json.loads(_INSTANCE.sub(r'\1"0"', _PINS.sub(r'\1"048213"', text)))


def _numbered(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012d}"


def _split(path: str) -> tuple[str, str]:
    _, _, service, rest = path.split("/", 3)
    return service, f"/{rest}"
