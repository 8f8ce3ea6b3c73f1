"""Requests sent twice, on a real PostgreSQL: they take effect once, and both get the same answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Barrier, Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from kernel import idempotency
from kernel.clock import FixedClock
from kernel.db import Database, Transaction
from kernel.idempotency import secret_from
from kernel.problems import Busy
from kernel.settings import Settings
from tests.callers import ISSUER, bearer
from tests.templates import as_owner
from tests.unit.kernel.http_app import HALL, HALLS, HallTaken, app_of
from tests.waiting import eventually

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
TEGLEN = {"name": "Teglen"}
ADD = text("INSERT INTO halls (name) VALUES (:name)")
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def database(fresh_database: Callable[..., Database], clock: FixedClock) -> Database:
    database = fresh_database("kernel", clock=clock)
    as_owner(database, "CREATE TABLE halls (name text NOT NULL)")
    return database


def added(tx: Transaction, _: object, hall: dict[str, Any]) -> None:
    tx.execute(ADD, {"name": hall["name"]})


@pytest.fixture
def app(database: Database) -> Flask:
    return app_of(added, database)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def post(client: FlaskClient, key: str = "k-1", body: Any = None, who: str = "odd", path: str = HALLS) -> TestResponse:
    return client.post(path, json=body or TEGLEN, headers=bearer(who) | {"Idempotency-Key": key})


def names(database: Database) -> list[str]:
    with database.reading() as tx:
        return list(tx.execute(text("SELECT name FROM halls ORDER BY name")).scalars())


def keys(database: Database) -> int:
    with database.reading() as tx:
        return int(tx.execute(text("SELECT count(*) FROM idempotency_keys")).scalar_one())


def test_the_second_gets_the_firsts_answer_and_does_nothing(client: FlaskClient, database: Database) -> None:
    first, second = post(client), post(client)
    assert names(database) == ["Teglen"]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    for header in ("Content-Type", "ETag", "Location"):
        assert first.headers[header] == second.headers[header]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Cache-Control"] == "no-store"


def test_without_a_key_each_request_takes_effect(client: FlaskClient, database: Database) -> None:
    for _ in range(2):
        client.post(HALLS, json=TEGLEN, headers=bearer("odd"))
    assert (names(database), keys(database)) == (["Teglen", "Teglen"], 0)


@pytest.mark.parametrize(("body", "path"), [({"name": "Nova"}, HALLS), (None, f"{HALLS}?twice=yes")])
def test_a_key_stands_for_one_request(client: FlaskClient, database: Database, body: Any, path: str) -> None:
    post(client)
    other = post(client, body=body, path=path)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert names(database) == ["Teglen"]


def test_callers_do_not_share_keys(client: FlaskClient, database: Database) -> None:
    assert post(client, who="odd").status_code == 201
    assert post(client, who="mona", body={"name": "Nova"}).status_code == 201
    assert names(database) == ["Nova", "Teglen"]


def test_a_key_stands_for_one_route(client: FlaskClient) -> None:
    post(client)
    renamed = client.post(
        f"{HALLS}/{HALL}/rename",
        json=TEGLEN,
        headers=bearer("odd") | {"Idempotency-Key": "k-1", "If-Match": '"3"'},
    )
    assert renamed.json["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("key", ["x", "!", "~" * 255])
def test_the_ends_of_a_key(client: FlaskClient, key: str) -> None:
    assert [post(client, key).status_code for _ in range(2)] == [201, 201]


def test_a_refusal_is_not_kept(database: Database) -> None:
    refusals = [HallTaken(hall="Teglen")]

    def act(tx: Transaction, who: object, hall: dict[str, Any]) -> None:
        added(tx, who, hall)
        if refusals:
            raise refusals.pop()

    client = app_of(act, database).test_client()
    assert post(client).status_code == 409
    assert (names(database), keys(database)) == ([], 0)
    assert post(client).status_code == 201
    assert names(database) == ["Teglen"]


def test_an_invalid_body_is_not_kept(client: FlaskClient, database: Database) -> None:
    assert post(client, body={"nome": "Teglen"}).status_code == 422
    assert keys(database) == 0
    assert post(client).status_code == 201


def test_a_twin_is_answered_before_it_is_refused(database: Database) -> None:
    """What refuses without asking the database, and did not when the first was answered."""
    refusals: list[Exception] = []

    def act(tx: Transaction, who: object, hall: dict[str, Any]) -> None:
        if refusals:
            raise refusals[0]
        added(tx, who, hall)

    client = app_of(act, database).test_client()
    first = post(client)
    refusals.append(HallTaken(hall="Teglen"))
    again = post(client)
    assert (again.status_code, again.data, again.headers["Idempotency-Replayed"]) == (201, first.data, "true")
    assert post(client, key="k-2").status_code == 409


def test_a_view_that_asks_the_database_for_nothing(database: Database) -> None:
    client = app_of(database=database).test_client()
    answers = [post(client) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert ["Idempotency-Replayed" in answer.headers for answer in answers] == [False, True, True]
    assert keys(database) == 1


def test_an_answer_pruned_before_it_was_found(database: Database) -> None:
    """The twin's claim was refused, and meanwhile the answer's time was over."""
    with pytest.raises(Busy), database.reading() as tx:
        idempotency.answered(tx, idempotency.claim_of(b"", "odd", "k-1", "POST", HALLS, b""))


def test_a_view_does_not_take_the_twin_for_an_error_of_its_own(database: Database) -> None:
    def act(tx: Transaction, who: object, hall: dict[str, Any]) -> None:
        try:
            added(tx, who, hall)
        except IntegrityError as cause:
            raise HallTaken(hall=hall["name"]) from cause

    client = app_of(act, database).test_client()
    assert [post(client).status_code for _ in range(3)] == [201] * 3
    assert names(database) == ["Teglen"]


class Gate:
    """Holds the first view that comes back until it is opened; then lets it go on, or fails it."""

    def __init__(self) -> None:
        self.reached, self.opened = Event(), Event()
        self.error: Exception | None = None
        self._passed = False

    def __call__(self, tx: Transaction, who: object, hall: dict[str, Any]) -> None:
        added(tx, who, hall)
        if self._passed:
            return
        self._passed = True
        self.reached.set()
        assert self.opened.wait(60)
        if self.error:
            raise self.error


@pytest.mark.parametrize("first_fails", [False, True])
def test_a_twin_under_way_waits_for_the_first(database: Database, first_fails: bool) -> None:
    gate = Gate()
    gate.error = HallTaken(hall="Teglen") if first_fails else None
    app = app_of(gate, database)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: post(app.test_client()))
        assert gate.reached.wait(60)
        twin = pool.submit(lambda: post(app.test_client()))
        eventually(lambda: waiting(database))
        gate.opened.set()
    assert names(database) == ["Teglen"]
    assert first.result().status_code == (409 if first_fails else 201)
    assert twin.result().status_code == 201
    assert ("Idempotency-Replayed" in twin.result().headers) != first_fails


def waiting(database: Database) -> int:
    with database.reading() as tx:
        return int(tx.execute(WAITING).scalar_one())


def test_many_twins_at_once_take_effect_once(app: Flask, database: Database) -> None:
    barrier = Barrier(8)

    def send(_: int) -> TestResponse:
        barrier.wait()
        return post(app.test_client())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert names(database) == ["Teglen"]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7


def test_keys_tell_nothing_of_their_caller(client: FlaskClient, database: Database) -> None:
    post(client, who="mona")
    with database.reading() as tx:
        row = tx.execute(text("SELECT caller, request FROM idempotency_keys")).one()
    assert "mona" not in row.caller
    assert len(bytes(row.request)) == 32


def test_what_is_kept_can_not_be_tried_out_without_the_secret(client: FlaskClient, database: Database) -> None:
    body, who = b'{"name": "Teglen"}', f"{ISSUER} odd"
    headers = bearer("odd") | {"Idempotency-Key": "k-1"}
    assert client.post(HALLS, data=body, content_type="application/json", headers=headers).status_code == 201
    with database.reading() as tx:
        row = tx.execute(text("SELECT caller, request FROM idempotency_keys")).one()
    known = idempotency.claim_of(secret_from(Settings(), "halls"), who, "k-1", "POST", f"{HALLS}?", body)
    assert (row.caller, bytes(row.request)) == (known.caller, known.request)
    assert row.caller != sha256(who.encode()).hexdigest()
    assert bytes(row.request) != sha256(f"POST {HALLS}?\n".encode() + body).digest()


def test_where_the_secret_comes_from() -> None:
    def secret(service: str = "booking", **given: str) -> bytes:
        return secret_from(Settings(**given), service)

    one, other = ({"booking_database_url": f"postgresql://torg:{word}@host/booking"} for word in ("one", "other"))
    key = {"idempotency_key": "A" * 43 + "="}
    assert len({secret(), secret(**one), secret(**other), secret(**key), secret("access", **key)}) == 5
    assert secret(**one) == secret(booking_database_url="postgresql://torg:one@elsewhere:6432/booking?x=y")
    assert secret(**one, **key) == secret(**other, **key)


@pytest.mark.parametrize(("age", "gone"), [(29, 0), (30, 0), (31, 1)])
def test_pruning(client: FlaskClient, database: Database, clock: FixedClock, age: int, gone: int) -> None:
    post(client)
    clock.move(timedelta(days=age))
    with database.transaction() as tx:
        assert idempotency.prune(tx, keep=timedelta(days=30)) == gone
    assert keys(database) == 1 - gone
