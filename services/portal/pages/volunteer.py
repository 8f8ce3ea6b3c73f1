"""For volunteers: the maintenance agreements one works under, what has come back, and registering hours."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from services.portal.backend import Json, Refused, everything, tell
from services.portal.forms import Form, day_of, instant, minutes_of, sent, text_of, today, whole
from services.portal.language import gettext
from services.portal.places import places
from services.portal.session import now, signed_in

blueprint = Blueprint("volunteer", __name__, url_prefix="/volunteer")

_A_DAY = 24 * 60
_FIELDS = {"worked_on": "worked_on", "minutes": "hours", "task": "task"}
_ABOUT = {
    "too_few_minutes": "hours",
    "too_many_minutes": "hours",
    "worked_in_future": "worked_on",
    "worked_outside_agreement": "worked_on",
}
"""The field that breaks a rule of pricing's, by the rule's code."""


@blueprint.get("")
@signed_in
def agreements() -> str:
    """My agreements, and the hours I have registered."""
    return render_template(
        "agreements.html",
        agreements=everything("pricing", "/agreements"),
        hours=everything("pricing", "/hours"),
        tenants=tenant_names(),
        places=places(),
    )


@blueprint.get("/<uuid:agreement>/hours")
@signed_in
def hours(agreement: UUID) -> str:
    """The form for hours under an agreement."""
    return _page(_agreement(agreement), Form({"worked_on": today().isoformat()}))


@blueprint.post("/<uuid:agreement>/hours")
@signed_in
def register(agreement: UUID) -> Response | tuple[str, int]:
    """Registers hours; they wait for the arena manager."""
    form = sent()
    worked = {
        "worked_on": day_of(form, "worked_on").isoformat(),
        "minutes": _minutes(form),
        "task": text_of(form, "task"),
    }
    if form.wrong:
        return _page(_agreement(agreement), form), 422
    if not form["again"] and (before := _same(agreement, worked, form["shown_at"])):
        return _page(_agreement(agreement), form, before), 409
    try:
        tell("pricing", f"/agreements/{agreement}/hours", worked, key=form.key)
    except Refused as said:
        if said.status not in (409, 422):
            raise
        return _page(_agreement(agreement), form.refused(said, _FIELDS, _ABOUT)), said.status
    flash(gettext("The hours are registered. The arena manager will look at them."), "done")
    return redirect(url_for("volunteer.agreements"))


def tenant_names() -> dict[str, str]:
    """The names of the organisations the person represents, by actor: pricing knows tenants by their ids alone."""
    return {each["id"]: each["name"] for each in everything("booking", "/actors") if each.get("name")}


def _minutes(form: Form) -> int:
    """Hours and minutes as minutes. One of the two may be empty, or nothing."""
    over = whole(form, "minutes") if form["minutes"] else 0
    worked = over + (minutes_of(form, "hours") if form["hours"] or not form["minutes"] else 0)
    if worked == 0 and not form.faults.keys() & {"hours", "minutes"}:
        form.faults["hours"] = gettext("Write hours, such as 2 or 1,5 or 1:30.")
    if worked > _A_DAY:
        form.faults["hours"] = gettext("A day has 24 hours.")
    return worked


def _same(agreement: UUID, worked: Json, shown_at: str) -> Json | None:
    """The same hours, if they were registered before this form was shown: it was sent, gone back to, and sent again.
    What came after is this form's own, sent by two clicks, which its key makes one."""
    try:
        shown = instant(shown_at)
    except ValueError:
        return None
    same = {**worked, "agreement": str(agreement)}
    alike = (
        each
        for each in everything("pricing", "/hours")
        if each["state"] != "rejected" and same.items() <= each.items() and instant(each["registered_at"]) <= shown
    )
    return next(alike, None)


def _agreement(agreement: UUID) -> Json:
    found = [each for each in everything("pricing", "/agreements") if each["id"] == str(agreement)]
    if not found:
        abort(404)
    return found[0]


def _page(agreement: Json, form: Form, before: Json | None = None) -> str:
    """The form; `before` are the same hours, which were registered already."""
    shown = {"form": form, "today": today(), "now": now()}
    return render_template("register_hours.html", agreement=agreement, before=before, **shown)
