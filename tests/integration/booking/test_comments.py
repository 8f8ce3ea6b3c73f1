"""Comments on a booking over HTTP: who may read and write them, what is new to whom, and that they go nowhere else."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from kernel.db import Database
from kernel.ids import new_id
from kernel.settings import Settings
from services.booking.api import build
from services.booking.model.comments import LONGEST, MOST, TooManyComments
from services.booking.usecases import comments
from tests.at_once import at_once
from tests.callers import MANAGER, RESIDENT, KnownCallers, bearer, caller

ROLF = caller("rolf", *RESIDENT.roles)
WRITTEN = "Kan vi komme ti minutter før?"


@pytest.fixture
def client(counter: Any) -> FlaskClient:
    settings = Settings(rate_limit_per_minute=100_000)
    return build(settings, database=counter.database, verifier=KnownCallers(ROLF)).test_client()


@pytest.fixture
def ask(client: FlaskClient) -> Callable[..., TestResponse]:
    def ask(method: str, path: str, who: str, **request: Any) -> TestResponse:
        return client.open(f"/api/booking{path}", method=method, headers=bearer(who), **request)

    return ask


@pytest.fixture
def booking(counter: Any) -> Any:
    return counter.hold("hall", tenant=counter.organisation("kari", "rolf"))


@pytest.fixture
def write(ask: Any, booking: Any) -> Callable[..., TestResponse]:
    def write(who: str, said: str = WRITTEN) -> TestResponse:
        return ask("POST", f"/bookings/{booking.id}/comments", who, json={"text": said})

    return write


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("kari", 200, 201),
        ("rolf", 200, 201),
        ("mona", 200, 201),
        ("odd", 200, 403),
        ("ola", 404, 404),
        ("noor", 404, 404),
        ("lock-1", 403, 403),
    ],
)
def test_who_may(ask: Any, booking: Any, write: Any, who: str, reads: int, writes: int) -> None:
    assert write(who).status_code == writes
    assert ask("GET", f"/bookings/{booking.id}/comments", who).status_code == reads


def test_a_talk_tells_sides_and_no_names(ask: Any, booking: Any, write: Any) -> None:
    write("kari")
    write("mona", "Ja")

    shown = ask("GET", f"/bookings/{booking.id}/comments", "rolf")

    assert [(each["side"], each["text"], each["seen"]) for each in shown.json["items"]] == [
        ("tenant", WRITTEN, False),
        ("house", "Ja", False),
    ]
    for person in (RESIDENT, MANAGER):
        assert str(person.person) not in shown.text


@pytest.mark.parametrize(
    ("said", "status"), [("", 422), (" \n", 422), ("x", 201), ("x" * LONGEST, 201), ("x" * (LONGEST + 1), 422)]
)
def test_how_much_can_be_said(write: Any, said: str, status: int) -> None:
    assert write("kari", said).status_code == status


def test_so_many_comments_and_no_more(counter: Any, booking: Any, write: Any) -> None:
    for _ in range(MOST - 1):
        counter.run(comments.write, RESIDENT, booking.id, text="x")
    assert write("kari").status_code == 201

    refused = write("mona")
    assert (refused.status_code, refused.json["code"]) == (409, "too_many_comments")


def test_two_at_once_do_not_pass_the_limit(counter: Any, booking: Any) -> None:
    for _ in range(MOST - 1):
        counter.run(comments.write, RESIDENT, booking.id, text="x")
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(url, service="booking", pool_size=8, clock=counter.clock)

    def write(said: str) -> bool:
        try:
            with many.transaction() as tx:
                comments.write(tx, RESIDENT, booking.id, text=said)
        except TooManyComments:
            return False
        return True

    assert sum(at_once(write, list("abcdefgh"))) == 1
    many.close()


def test_what_is_new_is_marked_until_the_other_side_has_seen_it(ask: Any, booking: Any, write: Any) -> None:
    def unread(who: str) -> bool:
        return bool(ask("GET", "/bookings?unread=true", who).json["items"])

    first = write("kari").json["id"]
    second = write("kari").json["id"]
    assert (unread("mona"), unread("kari"), unread("rolf"), unread("noor")) == (True, False, False, False)

    seen = f"/bookings/{booking.id}/comments/seen"
    assert ask("PUT", seen, "mona", json={"last": first}).status_code == 204
    assert unread("mona")
    ask("PUT", seen, "mona", json={"last": second})
    assert not unread("mona")

    write("mona", "Ja")
    assert (unread("mona"), unread("kari"), unread("rolf")) == (False, True, True)
    # one who acts for the tenant has seen it for the tenant, and nobody can see for the other side
    ask("PUT", seen, "mona", json={"last": str(new_id())})
    assert unread("rolf")
    ask("PUT", seen, "rolf", json={"last": str(new_id())})
    assert not unread("kari")


def test_what_is_said_is_in_no_event_and_no_log(counter: Any, write: Any) -> None:
    with capture_logs() as logged:
        assert write("kari", "Et navn som ingen skal se").status_code == 201

    assert "ingen skal se" not in str(logged)
    with counter.database.reading() as tx:
        assert "ingen skal se" not in str(tx.execute(text("SELECT body FROM outbox")).all())
