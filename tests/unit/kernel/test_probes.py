"""Probes, and several services in one process."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from kernel.db import DatabaseUnavailable
from kernel.http import create_app, mount, public, service_blueprint
from kernel.probes import Readiness, always_ready, probes
from kernel.release import VERSION
from kernel.settings import Settings
from tests.callers import KnownCallers


class Asked:
    """A database that answers, fails or hangs when it is asked."""

    def __init__(self, service: str = "halls", error: Exception | None = None, hangs: Event | None = None) -> None:
        self.service = service
        self.error = error
        self.hangs = hangs
        self.times = 0

    @contextmanager
    def reading(self) -> Iterator["Asked"]:
        self.times += 1
        if self.hangs:
            self.hangs.wait(20)
        if self.error:
            raise self.error
        yield self

    def execute(self, _: object) -> None:
        pass


def app(database: Any) -> Flask:
    blp = service_blueprint(database.service)

    @blp.route("/name")
    @public
    @blp.response(200)
    def name() -> dict[str, str]:
        return {"service": database.service}

    return create_app(database.service, database, Settings(), [blp], verifier=KnownCallers())


def monitor(*databases: Any) -> Client:
    return Client(probes(Readiness(databases)))


def test_a_process_that_lives_says_so_whatever_its_database_does() -> None:
    answer = monitor(Asked(error=DatabaseUnavailable())).get("/healthz")
    assert (answer.status_code, answer.text) == (200, "alive\n")


def test_a_process_that_needs_nothing_is_ready() -> None:
    answer = Client(probes(always_ready)).get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_ready_when_the_database_answers() -> None:
    database = Asked()
    answer = monitor(database).get("/readyz")
    assert (answer.status_code, answer.text, database.times) == (200, "databases not answering: none\n", 1)


@pytest.mark.parametrize("error", [DatabaseUnavailable(), OperationalError("SELECT 1", {}, Exception("secret"))])
def test_not_ready_when_it_does_not(error: Exception) -> None:
    answer = monitor(Asked(error=error)).get("/readyz")
    assert (answer.status_code, answer.text) == (503, "databases not answering: halls\n")


def test_ready_again_when_it_answers_again() -> None:
    database = Asked(error=DatabaseUnavailable())
    client = monitor(database)
    assert client.get("/readyz").status_code == 503
    database.error = None
    assert client.get("/readyz").status_code == 200


def test_ready_when_all_databases_answer() -> None:
    databases = [Asked("halls"), Asked("keys")]
    client = monitor(*databases)
    assert client.get("/readyz").status_code == 200
    databases[1].error = DatabaseUnavailable()
    assert (client.get("/readyz").status_code, client.get("/healthz").status_code) == (503, 200)
    assert client.get("/readyz").text == "databases not answering: keys\n"


def test_a_database_that_hangs_is_given_up_on_and_not_asked_twice() -> None:
    freed = Event()
    database = Asked(hangs=freed)
    readiness = Readiness([database], patience_seconds=0.01)
    assert [readiness.unready() for _ in range(5)] == [["halls"]] * 5
    assert database.times == 1
    freed.set()
    readiness = Readiness([database], patience_seconds=20)
    assert readiness.unready() == []


def test_metrics_are_there() -> None:
    app(Asked()).test_client().get("/api/halls/name")
    answer = monitor(Asked()).get("/metrics")
    assert answer.content_type.startswith("text/plain")
    assert b"torg_http_requests_total" in answer.data
    assert f'torg_build_info{{version="{VERSION}"}} 1.0' in answer.text


def test_monitors_are_told_nothing_else() -> None:
    answer = monitor(Asked()).get("/api/halls/name")
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_visitors_are_told_nothing_of_it(mounted: Client, path: str) -> None:
    assert mounted.get(path).status_code == 404
    assert app(Asked()).test_client().get(path).status_code == 404


@pytest.fixture
def databases() -> list[Asked]:
    return [Asked("halls"), Asked("keys")]


@pytest.fixture
def mounted(databases: list[Asked]) -> Client:
    return Client(mount([app(database) for database in databases]))


@pytest.mark.parametrize("service", ["halls", "keys"])
def test_each_service_answers_under_its_own_path(mounted: Client, service: str) -> None:
    assert mounted.get(f"/api/{service}/name").json == {"service": service}
    assert mounted.get(f"/api/{service}/openapi.json").json["info"]["title"] == f"Torg {service}"


@pytest.mark.parametrize("path", ["/", "/api", "/api/", "/api/others/name", "/halls/name", "//api/halls/name"])
def test_other_paths_are_nobodys(mounted: Client, path: str) -> None:
    answer = mounted.get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
