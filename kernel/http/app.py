"""Puts a service's HTTP together: its routes, the door, the description; and several services into one process."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from kernel import idempotency
from kernel.addresses import LOOPBACK
from kernel.auth import TokenVerifier, Verifier
from kernel.db import Database
from kernel.http import problems
from kernel.http.door import Door, Rule
from kernel.http.openapi import ServiceBlueprint, describe, docs_page
from kernel.http.ratelimit import RateLimit
from kernel.http.routes import declared
from kernel.http.turns import Turns
from kernel.http.validation import BODY_LIMIT
from kernel.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_REST_OF_STRANGERS = 3.0
"""How many times as long as strangers' dearest work takes, none of it is done: it has a quarter of the time."""
_OPEN = {"api-docs.openapi_json": None, "docs.page": None, "docs.start": None, "docs.asset": None}


def service_blueprint(service: str) -> ServiceBlueprint:
    """The blueprint of a service, whose routes live under `/api/<service>`."""
    return ServiceBlueprint(service, service, url_prefix=f"/api/{service}")


def verifier_from(settings: Settings) -> TokenVerifier:
    """Verifies tokens as the settings say. Apps in one process can share it, and with it the issuers' keys."""
    return TokenVerifier(
        settings.issuers,
        settings.audience,
        longest_seconds=settings.token_seconds,
        skew_seconds=settings.clock_skew_seconds,
        roles_claim=settings.roles_claim,
        squares_claim=settings.squares_claim,
    )


def database_from(settings: Settings, service: str) -> Database:
    """The database of a service, as an api process uses it. SettingsError when it is not set."""
    return Database(
        settings.database_url(service),
        service=service,
        pool_size=settings.pool_size,
        statement_timeout=settings.request_timeout_seconds,
        settings=settings,
    )


def create_app(
    service: str,
    database: Database,
    settings: Settings,
    blueprints: Iterable[ServiceBlueprint],
    *,
    verifier: Verifier | None = None,
) -> Flask:
    """The WSGI app of one service. Raises ValueError when a route does not say whom it lets in."""
    app = _bare(service)
    if settings.hosts:
        app.config["TRUSTED_HOSTS"] = [*settings.hosts, *LOOPBACK]
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies
        )
    api = describe(app, service)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    app.register_blueprint(docs_page(service))
    rules = access_rules(app) | _OPEN
    Door(
        service=service,
        database=database,
        verifier=verifier or verifier_from(settings),
        rate=RateLimit(settings.rate_limit_per_minute),
        turns=Turns(),
        strangers=Turns(rest=_REST_OF_STRANGERS),
        timeout_seconds=settings.request_timeout_seconds,
        rules=rules,
        secret=idempotency.secret_from(settings, service),
    ).open(app)
    problems.register(app)
    return app


def access_rules(app: Flask) -> dict[str, Rule]:
    """Who may call each of the service's own endpoints: roles, or None for everyone. Tests walk it with `url_map`."""
    views = {name: view for name, view in app.view_functions.items() if name not in _OPEN}
    silent = sorted(name for name, view in views.items() if not declared(view).access)
    if silent:
        raise ValueError(f"neither @allow nor @public: {', '.join(silent)}")
    return {name: declared(view).roles for name, view in views.items()}


def mount(apps: Sequence[Flask]) -> "WSGIApplication":
    """Several services in one process, each under its own path."""
    doors: list[Door] = [app.extensions["torg"] for app in apps]
    by_name: dict[str, Callable[..., Iterable[bytes]]] = {d.service: app for d, app in zip(doors, apps, strict=True)}
    root = _bare("torg")
    problems.register(root)

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        parts = environ.get("PATH_INFO", "").split("/", 3)
        name = parts[2] if len(parts) > 2 and parts[1] == "api" else ""
        return by_name.get(name, root)(environ, start_response)

    return serve


def _bare(name: str) -> Flask:
    app = Flask(name, static_folder=None)
    # one byte over: werkzeug cuts a body of unsaid length at this limit, and so it can be told from one that ends there
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT + 1, PROVIDE_AUTOMATIC_OPTIONS=False, PROPAGATE_EXCEPTIONS=False)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    return app
