"""A small service for the tests of `kernel.http`: halls with names, on a database that only remembers what it did."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from marshmallow import ValidationError, fields, validate, validates_schema
from sqlalchemy.exc import DBAPIError, OperationalError

from kernel.auth import Role
from kernel.errors import DomainError, Text
from kernel.http import (
    Answer,
    Instant,
    Schema,
    allow,
    answers,
    caller,
    create_app,
    etag,
    if_match,
    invalid,
    location,
    public,
    reads,
    service_blueprint,
    visitor,
    writes,
)
from kernel.pagination import Page, PageArguments, page_of
from kernel.settings import Settings
from kernel.versions import Expected
from tests.callers import KnownCallers

HALL = UUID(int=7)
HALLS = "/api/halls/halls"
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


class HallTaken(DomainError):
    """For tests only."""

    code = "test_hall_taken"
    status = 409
    text = Text(nb="{hall} er opptatt.", nn="{hall} er oppteken.", en="{hall} is taken.")


class Refused(Exception):
    """What a driver raises: an error with a SQLSTATE."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("secret detail of the driver")
        self.pgcode = sqlstate


def refused(sqlstate: str | None, kind: type[DBAPIError] = OperationalError) -> DBAPIError:
    return kind("INSERT INTO secrets", {}, Refused(sqlstate))


class FakeTransaction:
    def __init__(self) -> None:
        self.now = NOON


class FakeDatabase:
    """Remembers how each transaction ended. `failing` errors are raised one by one by the next commits."""

    service = "halls"

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.failing: list[Exception] = []

    @contextmanager
    def transaction(self) -> Iterator[FakeTransaction]:
        with self._ending("committed"):
            yield FakeTransaction()
            if self.failing:
                raise self.failing.pop(0)

    @contextmanager
    def reading(self) -> Iterator[FakeTransaction]:
        with self._ending("read"):
            yield FakeTransaction()

    @contextmanager
    def _ending(self, well: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.ended.append("rolled back")
            raise
        self.ended.append(well)


class Part(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 20))


class HallSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))
    seats = fields.Integer(strict=True, validate=validate.Range(1, 500))
    opens_at = Instant()
    closes_at = Instant()
    parts = fields.List(fields.Nested(Part), validate=validate.Length(max=3))

    @validates_schema
    def _opens_first(self, hall: dict[str, Any], **_: object) -> None:
        if "closes_at" in hall and hall["closes_at"] <= hall["opens_at"]:
            raise invalid(
                Text("Stenger før {at}.", "Stengjer før {at}.", "Closes before {at}."), "closes_at", at="open"
            )
        if hall["name"] == "untranslated":
            raise ValidationError("A message of its own.")


def halls(act: Callable[..., Any]) -> Any:
    """The blueprint; what its views do beyond answering is `act`, called with what they were given."""
    blp = service_blueprint("halls")

    @blp.route("/halls", methods=["GET"])
    @public
    @reads
    @blp.arguments(PageArguments, location="query")
    @blp.response(200, page_of(HallSchema))
    def list_halls(tx: Any, wanted: dict[str, Any]) -> Page[Any]:
        """All halls."""
        act(tx, visitor(), **wanted)
        names = [{"name": name} for name in ("Borgen", "Heggedal", "Tofte")]
        after = wanted["page"].after(str)
        rest = [hall for hall in names if after is None or hall["name"] > after[0]]
        return wanted["page"].cut(rest[: wanted["page"].fetch], lambda hall: (hall["name"],))

    @blp.route("/halls", methods=["POST"])
    @allow(Role.OPERATOR, Role.ARENA_MANAGER)
    @writes
    @answers(HallTaken)
    @blp.arguments(HallSchema)
    @blp.response(201, HallSchema)
    def add_hall(tx: Any, hall: dict[str, Any]) -> Answer:
        """Adds a hall."""
        act(tx, caller(), hall)
        return hall, {**etag(1), "Location": location("halls.get_hall", hall=HALL)}

    @blp.route("/halls/<uuid:hall>", methods=["GET"])
    @allow(Role.RESIDENT)
    @reads
    @blp.response(200, HallSchema)
    def get_hall(tx: Any, hall: UUID) -> Answer:
        """One hall."""
        act(tx, hall)
        return {"name": "Borgen"}, etag(3)

    @blp.route("/halls/<uuid:hall>/rename", methods=["POST"])
    @allow(Role.OPERATOR)
    @writes
    @if_match
    @blp.arguments(Part)
    @blp.response(200, HallSchema)
    def rename_hall(tx: Any, expected: Expected, wanted: dict[str, Any], hall: UUID) -> Answer:
        """Gives a hall another name."""
        expected.check(3)
        act(tx, wanted, hall)
        return {"name": wanted["name"]}, etag(4)

    @blp.route("/halls/<uuid:hall>", methods=["DELETE"])
    @allow(Role.OPERATOR)
    @writes
    @if_match
    @blp.response(204)
    def remove_hall(tx: Any, expected: Expected, hall: UUID) -> None:
        """Takes a hall away."""
        expected.check(3)
        act(tx, hall)

    return blp


def app_of(act: Callable[..., Any] = lambda *_, **__: None, database: Any = None, **settings: Any) -> Flask:
    """The service's app; `settings` are those of `Settings`."""
    return create_app("halls", database or FakeDatabase(), Settings(**settings), [halls(act)], verifier=KnownCallers())


def client_of(act: Callable[..., Any] = lambda *_, **__: None, database: Any = None, **settings: Any) -> FlaskClient:
    return app_of(act, database, **settings).test_client()


def raising(error: Exception) -> Callable[..., Any]:
    """A view's act that goes wrong."""

    def act(*_: object, **__: object) -> None:
        raise error

    return act
