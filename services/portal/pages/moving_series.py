"""Moving dates of a fixed booking: one, that and those after it, or all; all that are meant are moved, or none."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kernel.clock import OSLO
from services.portal.backend import Json, Refused, tell
from services.portal.forms import Form, clock_of, day_of, new_key, sent, today, whole
from services.portal.language import gettext
from services.portal.pages.bookings import LOOKING, possible, sides
from services.portal.pages.series import SCOPES, one
from services.portal.places import places
from services.portal.refusals import ABOUT, OF_TIME, accepted, house_rules, told
from services.portal.session import now, signed_in

blueprint = Blueprint("moving_series", __name__, url_prefix="/series")

_A_DAY = timedelta(days=1)
_MOST_DAYS = 366
_A_MINUTE = timedelta(minutes=1)
_FIELDS = {"participants": "participants", "days": "date", "at": "from", "minutes": "to", "why": "why"}


@blueprint.get("/<uuid:series>/move")
@signed_in
def ask_where(series: UUID) -> Response | str:
    """The form, filled in with how the date is that the others follow."""
    found = one(series)
    chosen = _chosen(found, request.args.get("booking", ""))
    if chosen is None:
        return _nothing(series)
    return _page(found, chosen, Form(_filled(found, chosen)))


@blueprint.post("/<uuid:series>/move")
@signed_in
def move(series: UUID) -> Response | tuple[str, int]:
    """Moves them, or tells why they stay where they are."""
    form = sent()
    found = one(series)
    chosen = _chosen(found, form["booking"])
    if chosen is None:
        return _nothing(series)
    if not _as_shown(form, chosen):
        return _page(found, chosen, _renewed(form, found, _filled(found, chosen))), 409
    wanted = _wanted(form, found, chosen)
    if form.wrong:
        return _page(found, chosen, form), 422
    try:
        if rules := accepted(form):
            tell("booking", "/house-rules/acceptances", {"accepted": rules["accept_house_rules"]}, key=new_key())
        tell("booking", f"/series/{series}/reschedule", wanted, key=form.key, version=form.version)
    except Refused as said:
        if said.status in (403, 404):
            raise
        if said.code == "stale_version":
            return _page(found, chosen, _renewed(form, found)), said.status
        return _page(found, chosen, told(form, said, _FIELDS, ABOUT | OF_TIME)), said.status
    flash(gettext("The dates are moved."), "done")
    return redirect(url_for("series.show", series=series))


def _as_shown(form: Form, chosen: Json) -> bool:
    """Whether the date that the others follow is the one that was shown, and where it was. The version of a series does
    not tell of one of its dates that was moved or given up by itself."""
    return (form["booking"], form["began"], form["ended"]) == (chosen["booking"], *_times(chosen))


def _times(chosen: Json) -> tuple[str, str]:
    return chosen["begins_at"].isoformat(), chosen["ends_at"].isoformat()


def _filled(series: Json, chosen: Json) -> dict[str, str]:
    """What the form holds at first: how the chosen date is, and that it alone is meant."""
    as_it_is = {name: f"{value}" for name, value in _as_it_is(series, chosen).items()}
    return as_it_is | {"version": str(series["version"]), "scope": SCOPES[0]}


def _renewed(form: Form, series: Json, instead: Mapping[str, str] | None = None) -> Form:
    """What was filled in, for the series as it is now: sent again, it is meant. Where it may mean something else by
    now, with this `instead`."""
    text = gettext("The fixed booking was changed after you opened the page. Look at its dates, and send again.")
    return Form({**form.values, "version": str(series["version"]), **(instead or {})}, problem=text)


def _nothing(series: UUID) -> Response:
    flash(gettext("None of its dates can be moved any more."), "refused")
    return redirect(url_for("series.show", series=series))


def _chosen(series: Json, booking: str) -> Json | None:
    """The date that was chosen, else the first that can be moved still; None when there is none."""
    side = sides(series) or LOOKING
    movable = [each for each in series["occurrences"] if "move" in possible(each, side, now())]
    return next((each for each in movable if each["booking"] == booking), movable[0] if movable else None)


def _as_it_is(series: Json, chosen: Json) -> dict[str, Any]:
    begins_at, ends_at = (chosen[name].astimezone(OSLO) for name in ("begins_at", "ends_at"))
    clocks = {"from": f"{begins_at:%H:%M}", "to": f"{ends_at:%H:%M}"}
    return {"date": begins_at.date(), **clocks, "participants": series["participants"]}


def _wanted(form: Form, series: Json, chosen: Json) -> Json:
    """What is asked for: what is filled in as it was already, stays as it is on each date."""
    scope = form["scope"] if form["scope"] in SCOPES else SCOPES[0]
    before = _as_it_is(series, chosen)
    was = Form({name: str(value) for name, value in before.items()})
    day, begins, ends = day_of(form, "date"), clock_of(form, "from"), clock_of(form, "to")
    people = whole(form, "participants", least=1)
    changes: dict[str, Any] = {}
    if day != before["date"]:
        changes["days"] = (day - before["date"]).days
        if abs(changes["days"]) > _MOST_DAYS and "date" not in form.faults:
            form.faults["date"] = gettext("Choose a day within a year of the one it is on now.")
    if begins != clock_of(was, "from"):
        changes["at"] = _clock(begins)
    if (length := _minutes(begins, ends)) != _minutes(clock_of(was, "from"), clock_of(was, "to")):
        changes["minutes"] = length
    if people != series["participants"]:
        changes["participants"] = people
    which: Mapping[str, Any] = {} if scope == "all" else {"booking": chosen["booking"]}
    return {"scope": scope, **which, **changes, **({"why": form["why"]} if form["why"] else {})}


def _clock(at: timedelta) -> str:
    hours, minutes = divmod(at // _A_MINUTE, 60)
    return f"{hours % 24:02}:{minutes:02}"


def _minutes(begins: timedelta, ends: timedelta) -> int:
    """What ends before it begins ends the day after."""
    return (ends - begins if ends > begins else ends - begins + _A_DAY) // _A_MINUTE


def _page(series: Json, chosen: Json, form: Form) -> str:
    return render_template(
        "move_series.html",
        series=series,
        chosen=chosen,
        form=form,
        scopes=SCOPES,
        times=_times(chosen),
        rules=house_rules(series["space"]) if "accept" in form.faults else [],
        side=sides(series),
        places=places(),
        today=today(),
    )
