"""Programming over HTTP, at /api/programming: the public programme of the squares."""

from typing import Any
from uuid import UUID

from flask import Flask

from kernel.auth import Role, Verifier
from kernel.db import Database, Transaction
from kernel.http import (
    Answer,
    OwnDataSchema,
    allow,
    caller,
    create_app,
    database_from,
    public,
    reads,
    service_blueprint,
)
from kernel.http.problems import wanted_language
from kernel.own_data import own_data
from kernel.pagination import page_of
from kernel.settings import Settings
from services.programming import queries
from services.programming.schemas import ActivitySchema, ProgrammeFilter

blp = service_blueprint("programming")


def build(settings: Settings, *, database: Database | None = None, verifier: Verifier | None = None) -> Flask:
    """The WSGI app of programming. SettingsError when its database is not set."""
    return create_app(
        "programming", database or database_from(settings, "programming"), settings, [blp], verifier=verifier
    )


@blp.route("/activities", methods=["GET"])
@public
@reads
@blp.arguments(ProgrammeFilter, location="query")
@blp.response(200, page_of(ActivitySchema, moving=True))
def list_activities(tx: Transaction, wanted: dict[str, Any]) -> Answer:
    """The programme, by time: what goes on from now on, or during the days asked for."""
    language = wanted_language()
    return queries.programme(tx, language, **wanted), _in(language)


@blp.route("/me/export", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, OwnDataSchema)
def export_me(tx: Transaction) -> dict[str, Any]:
    """What programming holds of you: nothing, as activities are nobody's. The titles are those of your bookings, which
    booking's export has."""
    return own_data(tx, caller(), {})


@blp.route("/activities/<uuid:activity>", methods=["GET"])
@public
@reads
@blp.response(200, ActivitySchema)
def get_activity(tx: Transaction, activity: UUID) -> Answer:
    """One activity of the programme."""
    language = wanted_language()
    return queries.activity(tx, language, activity), _in(language)


def _in(language: str) -> dict[str, str]:
    return {"Content-Language": language, "Vary": "Accept-Language"}
