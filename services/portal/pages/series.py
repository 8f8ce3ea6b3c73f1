"""My fixed bookings: each with all its dates, confirmed and given up as one."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.portal.backend import Json, Refused, ask, tell
from services.portal.forms import Form, asked_whole, instant, sent, timed
from services.portal.language import gettext
from services.portal.pages.bookings import MOST_LOOKS, OWN_INTEREST, overtaken, sides
from services.portal.places import places
from services.portal.reasons import reason
from services.portal.session import now, signed_in

blueprint = Blueprint("series", __name__, url_prefix="/series")

SCOPES = ("this", "following", "all")
_TIMES = ("first_at", "last_until", "created_at")
_OF_DATE = ("begins_at", "ends_at", "hold_expires_at")
_UNDOABLE = (409, 412, 422)


@blueprint.get("")
@signed_in
def mine() -> str:
    """Those I booked, or that were booked for an organisation of mine."""
    page = ask("booking", "/series", mine="true", cursor=request.args.get("cursor"))
    found = [timed(each, *_TIMES) for each in page["items"]]
    return render_template("all_series.html", found=found, next_cursor=page["next_cursor"], places=places())


@blueprint.get("/<uuid:series>")
@signed_in
def show(series: UUID) -> str:
    """All its dates, and what can be done with them as one."""
    found = one(series)
    held = [each for each in found["occurrences"] if each["state"] == "held"]
    prices = [each["price"] for each in held]
    limits = [instant(each["free_until"]) for each in held if each["price"] and each["free_until"]]
    awaiting = [each["awaits_price"] for each in found["occurrences"]]
    return render_template(
        "series.html",
        series=found,
        side=sides(found),
        held=len(held),
        awaited="price" if None in prices else "new price" if any(awaiting) else "",
        to_pay=sum(price or 0 for price in prices),
        late=sum(each < now() for each in limits),
        free_until=min((each for each in limits if each >= now()), default=None),
        kept_until=min((each["hold_expires_at"] for each in held), default=None),
        looks=asked_whole("looks", 0, most=MOST_LOOKS),
        most_looks=MOST_LOOKS,
        places=places(),
    )


@blueprint.post("/<uuid:series>/confirm")
@signed_in
def confirm(series: UUID) -> Response:
    """Takes all that is held, each date at the price it has."""
    return _act(series, "confirm", {}, sent(), gettext("The fixed booking is confirmed."))


@blueprint.get("/<uuid:series>/cancel")
@signed_in
def ask_to_cancel(series: UUID) -> Response | str:
    """What giving up one date, that and those after it, or all leads to, before it is done."""
    found = one(series)
    chosen = _chosen(found, request.args.get("booking", ""))
    try:
        choices = {scope: _cost(found, scope, chosen) for scope in (SCOPES if chosen else SCOPES[-1:])}
    except Refused as said:
        return _told(said, series)
    house = "tenant" not in sides(found)
    return render_template(
        "cancel_series.html", series=found, chosen=chosen, choices=choices, house=house, places=places()
    )


@blueprint.post("/<uuid:series>/cancel")
@signed_in
def cancel(series: UUID) -> Response:
    """Gives up what was chosen, if it is what was shown."""
    form = sent()
    scope = form["scope"]
    if scope not in SCOPES:
        abort(400)
    if not _as_shown(form, scope, one(series)):
        text = gettext("It was changed after you opened the page. This is how it stands now. Try again if you want to.")
        flash(text, "refused")
        return redirect(url_for("series.ask_to_cancel", series=series, booking=form["booking"] or None))
    which = {name: form[name] for name in ("booking", "why") if form[name]}
    return _act(series, "cancel", {"scope": scope, **which}, form, gettext("The dates are cancelled."))


def _chosen(series: Json, booking: str) -> Json | None:
    """The date that was chosen; None when all are meant."""
    return next((each for each in series["occurrences"] if booking and each["booking"] == booking), None)


def _cost(series: Json, scope: str, chosen: Json | None) -> Json:
    """What giving these dates up costs; `shown` tells it, and where the chosen one is, in short."""
    booking, at = (chosen["booking"], chosen["begins_at"].isoformat()) if chosen else (None, "")
    cost: Json = ask("booking", f"/series/{series['id']}/cancellation", scope=scope, booking=booking)
    return cost | {"shown": f"{cost['bookings']} {cost['fee']} {at}".strip()}


def _as_shown(form: Form, scope: str, series: Json) -> bool:
    """Whether so many dates would be given up, at that cost. The version of a series does not tell of a date that was
    moved or given up by itself, nor of a limit that has passed."""
    try:
        cost = _cost(series, scope, _chosen(series, form["booking"]))
    except Refused:  # nothing is left: booking tells why, or that it was this very form that did it
        return True
    return form[f"shown-{scope}"] in ("", cost["shown"])


def one(series: UUID | str) -> dict[str, Any]:
    """A series the person may see, its dates as times."""
    found = timed(ask("booking", f"/series/{series}"), *_TIMES)
    return found | {"occurrences": [timed(each, *_OF_DATE) for each in found["occurrences"]]}


def _act(series: UUID, action: str, body: Json, form: Form, done: str) -> Response:
    try:
        tell("booking", f"/series/{series}/{action}", body, key=form.key, version=form.version)
    except Refused as said:
        if said.status not in _UNDOABLE and said.code != OWN_INTEREST:
            raise
        # of a cancellation one would have to know which dates were meant
        states = {each["state"] for each in one(series)["occurrences"]} - {None} if action == "confirm" else set()
        text, category = overtaken(said, action, states)
        flash(text, category)
    else:
        flash(done, "done")
    return redirect(url_for("series.show", series=series))


def _told(said: Refused, series: UUID) -> Response:
    if said.status not in _UNDOABLE:
        raise said
    flash(" ".join([reason(said), *said.faults.values()]), "refused")
    return redirect(url_for("series.show", series=series))
