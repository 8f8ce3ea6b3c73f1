"""Booking over HTTP, at /api/booking. Each module adds the routes of what it is named for."""

from flask import Flask

from kernel.auth import Verifier
from kernel.db import Database
from kernel.http import create_app, database_from
from kernel.http.managers import watch
from kernel.settings import Settings
from services.booking.api import (
    actors,
    availability,
    bookings,
    calendars,
    closures,
    comments,
    desk,
    export,
    house_rules,
    imports,
    opening,
    privacy,
    quotas,
    representatives,
    series,
    squares,
    waiting,
)
from services.booking.api.blueprint import blp

__all__ = [
    "actors",
    "availability",
    "bookings",
    "build",
    "calendars",
    "closures",
    "comments",
    "desk",
    "export",
    "house_rules",
    "imports",
    "opening",
    "privacy",
    "quotas",
    "representatives",
    "series",
    "squares",
    "waiting",
]


def build(settings: Settings, *, database: Database | None = None, verifier: Verifier | None = None) -> Flask:
    """The WSGI app of booking. SettingsError when its database is not set."""
    app = create_app("booking", database or database_from(settings, "booking"), settings, [blp], verifier=verifier)
    watch(app, app.extensions["torg"].database)
    app.extensions[representatives.SETTINGS] = settings
    return app
