"""Moving a booking, or making it smaller: it gets the new time, or keeps the old."""

from datetime import date, datetime, time, timedelta, timezone
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from kernel.clock import OSLO
from services.portal.backend import Json, Refused, tell
from services.portal.forms import Form, clock_of, day_of, instant, sent, today, whole
from services.portal.language import day, gettext, span
from services.portal.pages.bookings import LOOKING, one, possible, sides
from services.portal.places import places
from services.portal.reasons import reason
from services.portal.refusals import ABOUT, OF_TIME, accepted, house_rules, told
from services.portal.session import now, signed_in

blueprint = Blueprint("moving", __name__, url_prefix="/bookings")

_HIDDEN = ("version", "began", "ended")
_A_DAY = timedelta(days=1)
_FIELDS = {"participants": "participants", "begins_at": "from", "ends_at": "to", "why": "why"}


@blueprint.get("/<uuid:booking>/move")
@signed_in
def ask_where(booking: UUID) -> Response | str:
    """The form, filled in with how it is."""
    found = one(booking)
    if not _movable(found):
        return _stays(booking, gettext("The booking can not be moved any more."))
    return _page(found, Form(_as_it_is(found)))


@blueprint.post("/<uuid:booking>/move")
@signed_in
def move(booking: UUID) -> Response | tuple[str, int]:
    """Moves it, or tells why it stays where it is."""
    form = sent()
    wanted = _wanted(form)
    if form.wrong:
        return _page(one(booking), form), 422
    try:
        tell("booking", f"/bookings/{booking}/reschedule", wanted, key=form.key, version=form.version)
    except Refused as said:
        if said.status in (403, 404):
            raise
        found = one(booking)
        if not _movable(found):
            return _stays(booking, reason(said))
        if said.code == "stale_version":
            return _page(found, _renewed(form, found)), said.status
        return _page(found, told(form, said, _FIELDS, ABOUT | OF_TIME)), said.status
    begins_at, ends_at = (datetime.fromisoformat(wanted[name]) for name in ("begins_at", "ends_at"))
    now_at = {"day": day(begins_at), "time": span(begins_at, ends_at)}
    flash(gettext("The booking is moved: %(day)s, %(time)s.") % now_at, "done")
    return redirect(url_for("bookings.show", booking=booking))


def _movable(booking: Json) -> bool:
    return "move" in possible(booking, sides(booking) or LOOKING, now())


def _stays(booking: UUID, text: str) -> Response:
    flash(text, "refused")
    return redirect(url_for("bookings.show", booking=booking))


def _wanted(form: Form) -> Json:
    """What is asked for. What ends before it begins ends the day after; what lasts for days says on which. Times that
    were not changed stay the instants they were, on the night when a clock shows them twice, too."""
    first, begins, ends = day_of(form, "date"), clock_of(form, "from"), clock_of(form, "to")
    last = day_of(form, "last") if form["last"] else first
    begins_at, ends_at = _at(first, begins, form["began"]), _at(last, ends, form["ended"])
    if last == first and ends <= begins and ends_at <= begins_at:
        ends_at = _at(first + _A_DAY, ends, form["ended"])
    return {
        "begins_at": begins_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "participants": whole(form, "participants", least=1),
        **({"why": form["why"]} if form["why"] else {}),
        **accepted(form),
    }


def _at(on: date, clock: timedelta, shown: str) -> datetime:
    """The instant of a time on the wall: the one that was shown if it is still that time, else the first of two."""
    wall = (datetime.combine(on, time()) + clock).replace(tzinfo=OSLO)
    try:
        before = instant(shown).astimezone(OSLO)
    except ValueError:
        before = wall
    # two times in one zone are compared by what the clock shows, which is what is meant here
    kept = before if before == wall else wall
    return kept.astimezone(timezone(kept.utcoffset() or timedelta()))


def _as_it_is(booking: Json) -> dict[str, str]:
    begins_at, ends_at = (booking[name].astimezone(OSLO) for name in ("begins_at", "ends_at"))
    for_days = ends_at - begins_at >= _A_DAY
    return {
        "date": f"{begins_at:%Y-%m-%d}",
        "from": f"{begins_at:%H:%M}",
        "to": f"{ends_at:%H:%M}",
        "last": f"{ends_at:%Y-%m-%d}" if for_days else "",
        "began": begins_at.isoformat(),
        "ended": ends_at.isoformat(),
        "participants": str(booking["participants"]),
        "version": str(booking["version"]),
    }


def _renewed(form: Form, booking: Json) -> Form:
    """What was filled in, for the booking as it is now, and how that is: sent again, it is meant."""
    as_it_is = _as_it_is(booking)
    text = gettext(
        "The booking was changed after you opened the page. Now it is %(day)s, %(time)s. Send again to move it."
    )
    when = {"day": day(booking["begins_at"]), "time": span(booking["begins_at"], booking["ends_at"])}
    return Form({**form.values, **{name: as_it_is[name] for name in _HIDDEN}}, problem=text % when)


def _page(booking: Json, form: Form) -> str:
    rules = house_rules(booking["space"]) if "accept" in form.faults else []
    side = sides(booking)
    return render_template(
        "move.html", booking=booking, form=form, rules=rules, side=side, places=places(), today=today()
    )
