"""The portal put together: sessions, languages, sign-in, pages. `build(settings)` is its whole WSGI app.

It talks HTTP to the services on behalf of whoever is at the browser, decides nothing itself, and stores nothing.
"""

import atexit

import httpx
from flask import Flask
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined

from kernel.clock import Clock, SystemClock
from services.portal import door, failures, language, places, session, signin
from services.portal.backend import Backend
from services.portal.demo_issuer import demo_issuer
from services.portal.forms import instant, new_key
from services.portal.pages import blueprints
from services.portal.settings import PortalSettings
from services.portal.words import word


def build(
    settings: PortalSettings, *, clock: Clock | None = None, transport: httpx.BaseTransport | None = None
) -> Flask:
    """The WSGI app. Tests give it a clock that stands still, or services of their own by a transport."""
    app = Flask("services.portal", static_url_path="/static")
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config.update(PROPAGATE_EXCEPTIONS=False, WTF_CSRF_TIME_LIMIT=None)
    clock = clock or SystemClock()
    backend = Backend(settings, transport)
    atexit.register(backend.close)
    app.extensions["torg-backend"] = backend
    door.register(app, settings)
    session.register(app, settings, clock)
    language.register(app)
    places.register(app, settings)
    signin.register(app, settings, clock)
    failures.register(app)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    _protect(app, settings, clock)
    app.jinja_env.filters.update(word=word, instant=instant)
    app.jinja_env.globals.update(here=session.here, new_key=new_key)
    return app


def _protect(app: Flask, settings: PortalSettings, clock: Clock) -> None:
    """Every form has its token, but for those of the demo issuer, whose clients prove themselves by PKCE and state."""
    protection = CSRFProtect(app)
    if settings.demo_issuer:
        issuer = demo_issuer(settings, settings.page(signin.RETURN_PATH), clock)
        app.register_blueprint(issuer)
        protection.exempt(issuer)
