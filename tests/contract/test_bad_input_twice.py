"""An `Idempotency-Key` that was used before, on every POST: the same request gets the same answer, another is refused,
and neither changes anything. These requests take effect, so they have a municipality of their own."""

import json
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from tests.contract import things
from tests.contract.bad_input import BODIES, POSTS, Sender
from tests.contract.conftest import a_municipality
from tests.contract.things import Owned, Things
from tests.municipality import SPACE, Municipality
from tests.templates import Templates

FIRST_COME = {
    "POST /bookings": "slot_taken",
    "POST /bookings/{booking}/reschedule": "slot_taken",
    "POST /series": "series_clashes",
    "POST /series/{series}/dates": "slot_taken",
    "POST /waiting": "already_waiting",
    "POST /waiting/{waiting}/leave": "not_waiting",
    "POST /actors": "organisation_known",
    "POST /invitations/{invitation}/acceptance": "invitation_over",
    # the closure that there was is lifted since, so that it is a new one, which hits no booking
    "POST /closures": "not_hit",
}
"""What is done once, and was done by the test before, or is refused because of what was done."""


@pytest.fixture(scope="module")
def own(templates: Templates) -> Iterator[tuple[Municipality, dict[str, Owned]]]:
    with a_municipality(templates) as municipality:
        yield municipality, things.make(municipality)


@pytest.fixture(scope="module")
def days() -> Iterator[int]:
    """Each test's bookings are on days of their own."""
    return things.free_days()


@pytest.fixture(scope="module")
def numbers() -> Iterator[str]:
    """Each test's claim is of a number of its own."""
    return things.free_numbers()


TOLD_ONCE = {"secret", "link", "url"}
"""What whoever asks again is not told again."""


@pytest.fixture
def sender(
    own: tuple[Municipality, dict[str, Owned]], days: Iterator[int], numbers: Iterator[str], service: str, route: str
) -> Sender:
    """Somebody who may, with hours, bookings and claims that nobody has decided on yet, and somebody who is not erased
    yet."""
    municipality, owned = own
    kari = owned["own"].things
    fresh: Things = {}
    if "hours" in route:
        worked = things.some_hours() | {"minutes": 15}
        agreed = f"/pricing/agreements/{kari['agreement']}/hours"
        fresh["hours"] = municipality.did("POST", agreed, municipality.token("kari"), worked)["id"]
    if "{booking}" in route:
        fresh |= things.undecided(municipality, f"{SPACE}-a", kari["tenant"], day=next(days))
    if "{series}" in route:
        fresh |= things.series(municipality, f"{SPACE}-a", kari["tenant"], day=next(days))
    if route in ("POST /actors/{actor}/refusal", "POST /actors/{actor}/withdrawal"):
        fresh |= things.claim(municipality, next(numbers))
    if "{person}" in route:
        fresh |= things.nina(municipality)
    undecided = {whose: replace(each, things=each.things | fresh) for whose, each in owned.items()}
    made = Sender(municipality, undecided, service, route)
    if route == "POST /invitations/{invitation}/acceptance":  # who manages the square could decide nothing more
        made.bearer = municipality.token("ottar")
    return made


@pytest.mark.parametrize(("service", "route"), POSTS)
def test_a_key_is_for_one_request(sender: Sender) -> None:
    key = str(uuid4())
    first = sender.send(Idempotency_Key=key)
    assert first.status_code in (200, 201), first.text
    with sender.nothing_changed():
        again = sender.send(Idempotency_Key=key)
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (first.status_code, "true")
        assert again.get_json() == first.get_json() | dict.fromkeys(TOLD_ONCE & first.get_json().keys())
        another = json.dumps((sender.good.body or {}) | {"surprise": key}).encode()
        assert sender.refused(another, Idempotency_Key=key) == "idempotency_key_reused"
        spaced = json.dumps(sender.good.body or {}, indent=7).encode()
        assert sender.refused(spaced, Idempotency_Key=key) == "idempotency_key_reused"
        assert sender.refused(path=f"{sender.good.path}?x=1", Idempotency_Key=key) == "idempotency_key_reused"


@pytest.mark.parametrize(("service", "route"), [each for each in POSTS if each in BODIES])
def test_a_key_of_a_refused_request_is_free(sender: Sender, route: str) -> None:
    key = str(uuid4())
    with sender.nothing_changed():
        assert sender.refused(b"{}", Idempotency_Key=key) == "invalid_request"
    answer = sender.send(Idempotency_Key=key)
    assert answer.status_code in (200, 201) or sender.code_of(answer) == FIRST_COME.get(route)
