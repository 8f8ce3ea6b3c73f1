"""My own data: what the services hold of me, to take with me as one file."""

import json

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from services.portal.backend import ask
from services.portal.session import now, signed_in
from services.portal.settings import SERVICES

blueprint = Blueprint("me", __name__, url_prefix="/me")


@blueprint.get("")
@signed_in
def show() -> str:
    """What there is of me, and where to get it."""
    return render_template("me.html")


@blueprint.get("/data")
@signed_in
def download() -> Response:
    """All that the services hold of me. If one of them does not answer, there is no file rather than a part of it."""
    held = {service: ask(service, "/me/export") for service in SERVICES}
    response = make_response(json.dumps(held, ensure_ascii=False, indent=2))
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="torg-{now():%Y-%m-%d}.json"'
    response.headers["Cache-Control"] = "no-store"
    return response
