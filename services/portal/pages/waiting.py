"""Waiting lists: in line for a time that others have, one's place, and leaving the line."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from services.portal.backend import Json, Refused, everything, tell
from services.portal.forms import Form, sent, timed
from services.portal.language import gettext
from services.portal.pages import search
from services.portal.places import places
from services.portal.reasons import reason
from services.portal.refusals import ABOUT, told
from services.portal.session import signed_in
from services.portal.wishes import use, wanted_in

blueprint = Blueprint("waiting", __name__, url_prefix="/waiting")

_TIMES = ("begins_at", "ends_at", "offered_until")
_UNDOABLE = (409, 422)


@blueprint.get("")
@signed_in
def mine() -> str:
    """What I wait for, and what is offered to me."""
    lines = {state: in_line(state) for state in ("offered", "waiting")}
    return render_template("waiting.html", **lines, places=places())


def in_line(state: str) -> list[Json]:
    """What the person waits for, or is offered; an offer with the space and the time that are held, which may have
    moved since."""
    found = everything("booking", "/waiting", mine="true", state=state)
    return [timed(each | (each["offer"] or {}), *_TIMES) for each in found]


@blueprint.post("")
@signed_in
def join() -> Response | tuple[str, int]:
    """Waits for a time that was taken, with what had been filled in to book it."""
    form = sent()
    space, begins_at, minutes = wanted_in(form.values)
    ends_at = begins_at + timedelta(minutes=minutes)
    wanted = use(form, space) | {"begins_at": begins_at.isoformat(), "ends_at": ends_at.isoformat()}
    if form.wrong:
        return search.page(space, begins_at, minutes, form), 422
    try:
        tell("booking", "/waiting", wanted, key=form.key)
    except Refused as said:
        return search.page(space, begins_at, minutes, told(form, said, search.FIELDS, ABOUT)), said.status
    flash(
        gettext("You are in line. If it becomes free for you, it is held and stands here and among your bookings."),
        "done",
    )
    return redirect(url_for("waiting.mine"))


@blueprint.post("/<uuid:waiting>/leave")
@signed_in
def leave(waiting: UUID) -> Response:
    """Gives the place up."""
    form: Form = sent()
    try:
        tell("booking", f"/waiting/{waiting}/leave", {}, key=form.key)
    except Refused as said:
        if said.status not in _UNDOABLE:
            raise
        flash(reason(said), "refused")
    else:
        flash(gettext("You are no longer in line."), "done")
    return redirect(url_for("waiting.mine"))
