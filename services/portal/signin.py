"""Signing in and out: the routes that lead to the issuer and back. What is said to it stands in `provider`."""

from dataclasses import asdict, replace

import structlog
from flask import Blueprint, Flask, Response, current_app, flash, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from kernel.clock import Clock
from kernel.issuers import IssuerUnavailable
from services.portal import failures
from services.portal.language import chosen, gettext
from services.portal.provider import Attempt, Provider, SignInFailed
from services.portal.session import fits, own_page, sign_in, sign_out
from services.portal.settings import PortalSettings

_log = structlog.get_logger(__name__)

_ATTEMPT = "signing in"
RETURN_PATH = "/signed-in"

blueprint = Blueprint("signin", __name__)


def register(app: Flask, settings: PortalSettings, clock: Clock) -> None:
    """Gives the app its sign-in."""
    app.extensions["torg-provider"] = Provider(settings, settings.page(RETURN_PATH), clock)
    app.extensions["torg-home"] = settings.page("/")
    app.register_blueprint(blueprint)


@blueprint.get("/sign-in")
def start() -> AnyResponse:
    """Off to the issuer."""
    address, attempt = _provider().depart(chosen(), own_page(request.args.get("next", "/")))
    session[_ATTEMPT] = asdict(replace(attempt, unsent="unsent" in request.args))
    if not fits():
        session[_ATTEMPT]["next"] = "/"
    return redirect(address)


@blueprint.get(RETURN_PATH)
def returned() -> AnyResponse:
    """Back from the issuer, with a code or a no."""
    remembered = session.pop(_ATTEMPT, None)
    if remembered is None:
        return redirect(url_for("front.front"))
    attempt = Attempt(**remembered)
    try:
        who = _provider().arrive(request.args, attempt)
    except SignInFailed as failure:
        _log.warning("sign_in_failed", reason=str(failure))
        return _not_signed_in()
    sign_in(who)
    if attempt.unsent:
        flash(gettext("Nothing was sent, as you were signed out. Look it over, and send it again."), "refused")
    return redirect(attempt.next)


@blueprint.post("/sign-out")
def end() -> AnyResponse:
    """Signs out here, and at the issuer if it answers."""
    return departed(gettext("You are signed out."))


def departed(said: str) -> AnyResponse:
    """Ends the session, and leads home by the issuer if it answers, where this is said."""
    who = sign_out()
    flash(said)
    home: str = current_app.extensions["torg-home"]
    try:
        address = _provider().departure(who.id_token, home) if who else None
    except IssuerUnavailable:
        _log.warning("signed_out_here_only")
        address = None
    return redirect(address or home)


def _not_signed_in() -> Response:
    return failures.page(400, gettext("You were not signed in. Try again from the sign-in button."), "sign_in_failed")


def _provider() -> Provider:
    found: Provider = current_app.extensions["torg-provider"]
    return found
