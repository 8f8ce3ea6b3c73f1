"""For arena managers: volunteers' hours that wait for an answer, and the bookings of their squares."""

import re
from datetime import date
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.portal.backend import Json, Refused, everything, tell
from services.portal.forms import Form, sent, timed
from services.portal.language import day, gettext
from services.portal.pages.bookings import by_standing
from services.portal.places import places
from services.portal.reasons import reason
from services.portal.session import person, to_sign_in
from services.portal.words import word

blueprint = Blueprint("manage", __name__, url_prefix="/manage")

_UNDECIDABLE = (403, 409, 412, 422)
_ORE = re.compile(r"\d{1,12}", re.ASCII)


@blueprint.before_request
def managers_only() -> Response | None:
    """These pages are an arena manager's, whose squares they are the services know."""
    who = person()
    if who is None:
        return to_sign_in()
    if not who.manages:
        abort(403)
    return None


@blueprint.get("/hours")
def hours() -> str:
    """Hours that wait for an answer."""
    return _page(Form())


@blueprint.post("/hours/<uuid:registration>/approve")
def approve(registration: UUID) -> Response:
    """Approves hours: their worth, or what is left of the agreement, becomes rent the tenant need not pay."""
    form = sent()
    said = {"amount": int(form["amount"])} if _ORE.fullmatch(form["amount"]) else {}
    return _decide(registration, "approve", said, form, gettext("The hours are approved."))


@blueprint.post("/hours/<uuid:registration>/reject")
def reject(registration: UUID) -> Response | tuple[str, int]:
    """Turns hours down, with the reason the volunteer will read."""
    form = sent()
    if not form["reason"]:
        form.faults[f"reason-{registration}"] = gettext("Write why, so that the volunteer understands it.")
        return _page(form), 422
    return _decide(registration, "reject", {"reason": form["reason"]}, form, gettext("The hours are not approved."))


@blueprint.get("/bookings")
def bookings() -> str:
    """The bookings of one of my squares: the next first, then those that are over."""
    squares = my_squares()
    square = request.args.get("square") or next(iter(squares), "")
    if square not in squares:
        abort(404)
    found = by_standing(square=square)
    return render_template("manage_bookings.html", **found, square=square, squares=squares, places=places())


@blueprint.get("/keys")
def keys() -> str:
    """The keys, at the doors of my squares, of bookings that were lost in a restore."""
    found = [timed(each, "begins_at", "ends_at") for each in everything("access", "/unknown-keys")]
    return render_template("manage_keys.html", keys=found, places=places())


def my_squares() -> list[str]:
    """The squares of the manager; an operator's are all of them."""
    who = person()
    mine = who.squares if who else []
    return [each for each in places().squares if each in mine] or list(places().squares)


def _page(form: Form) -> str:
    agreements = {each["id"]: each for each in everything("pricing", "/agreements")}
    waiting = everything("pricing", "/hours", state="registered")
    return render_template("manage_hours.html", form=form, hours=waiting, agreements=agreements, places=places())


def _refused(registration: str, said: Refused) -> str:
    """Why it can't be decided: of which hours, and how they stand, since a colleague may have been first."""
    found = next((each for each in everything("pricing", "/hours") if each["id"] == registration), None)
    if found is None:
        return reason(said)
    about = {"task": found["task"], "day": day(date.fromisoformat(found["worked_on"])), "state": word(found["state"])}
    return gettext("%(task)s, %(day)s: %(state)s. %(reason)s") % (about | {"reason": reason(said)})


def _decide(registration: UUID, decision: str, body: Json, form: Form, done: str) -> Response:
    try:
        tell("pricing", f"/hours/{registration}/{decision}", body, key=form.key, version=form.version)
    except Refused as said:
        if said.status not in _UNDECIDABLE:
            raise
        flash(_refused(str(registration), said), "refused")
    else:
        flash(done, "done")
    return redirect(url_for("manage.hours"))
