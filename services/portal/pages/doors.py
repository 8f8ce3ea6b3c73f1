"""For arena managers: the doors of their squares, whether these have news of bookings, and what can be ordered of them:
to open for somebody, to stay shut for everybody."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.portal.backend import Json, Refused, Silent, ask, everything, tell
from services.portal.forms import Form, sent, timed
from services.portal.language import gettext
from services.portal.pages.manage import managers_only, my_squares
from services.portal.places import places
from services.portal.refusals import told
from services.portal.words import DOOR_ORDERS, word

blueprint = Blueprint("doors", __name__, url_prefix="/manage/doors")
blueprint.before_request(managers_only)

_UNKNOWN = (403, 404)


@blueprint.get("")
def show() -> str:
    """The doors of one of my squares, and what was ordered of them lately."""
    squares = my_squares()
    square = request.args.get("square") or next(iter(squares), "")
    if square not in squares:
        abort(404)
    return render_template(
        "doors.html",
        doors=[timed(each, "shut_since") for each in everything("access", "/locks", square=square)],
        orders=[timed(each, "at") for each in ask("access", "/orders", square=square)["items"]],
        news=news(),
        square=square,
        squares=squares,
        places=places(),
    )


@blueprint.get("/<uuid:lock>")
def choose(lock: UUID) -> str:
    """What can be ordered of a door."""
    return _page(_door(lock), Form())


@blueprint.post("/<uuid:lock>")
def order(lock: UUID) -> Response | tuple[str, int]:
    """Orders it, with the reason that is kept."""
    form, door = sent(), _door(lock)
    if form["order"] not in DOOR_ORDERS:
        form.problem = gettext("Choose what the door is to do.")
    if not form["why"]:
        form.faults["why"] = gettext("Write why. It is kept.")
    if form.wrong:
        return _page(door, form), 422
    try:
        tell("access", f"/locks/{lock}/orders", {"order": form["order"], "why": form["why"]}, key=form.key)
    except Refused as said:
        if said.status in _UNKNOWN:
            raise
        return _page(door, told(form, said, {"why": "why"}, {})), said.status
    flash(word(form["order"]), "done")
    return redirect(url_for("doors.show", square=door["square"]))


def news() -> Json | None:
    """How old the news is that doors go by; None when access does not tell."""
    try:
        return timed(ask("access", "/news"), "known_at")
    except (Refused, Silent):
        return None


def _door(lock: UUID) -> Json:
    """A door of my squares."""
    found = next((each for each in everything("access", "/locks") if each["id"] == str(lock)), None)
    if found is None:
        abort(404)
    return timed(found, "shut_since")


def _page(door: Json, form: Form) -> str:
    return render_template("door.html", door=door, form=form, orders=_possible(door), places=places())


def _possible(door: Json) -> tuple[str, ...]:
    """What can be ordered of it as it is."""
    works = "work" if door["shut_since"] else "shut"
    strict = "nothing_without_news" if door["without_news"] == "own_time" else "own_time_without_news"
    return ("open_once", works, strict)
