"""Booking a fixed time: every date is looked at before anything is written, and then all are held as one."""

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from kernel.clock import OSLO
from services.portal.backend import Json, Refused, tell
from services.portal.forms import Form, day_of, new_key, sent, timed
from services.portal.language import day, gettext, named
from services.portal.places import places
from services.portal.refusals import FAIR_USE, told
from services.portal.session import signed_in
from services.portal.wishes import use, wanted_in
from services.portal.words import EVERY

blueprint = Blueprint("repeating", __name__)

_RULES = {"week": "FREQ=WEEKLY", "fortnight": "FREQ=WEEKLY;INTERVAL=2"}
_WAITED_FOR = ("slot_taken", "no_room", "equipment_lent")
_POLICIES = ("all_or_nothing", "skip", "alternatives")
_USE = ("space", "purpose", "audience", "participants", "tenant", "title", "accept")
_CARRIED = (*_USE, "begins_at", "minutes", "every", "until")


@blueprint.post("/series")
@signed_in
def book() -> Response | tuple[str, int]:
    """Holds its dates; the price of each follows on the page of the whole."""
    form = sent()
    wanted = asked(form)
    if form.wrong:
        abort(400)
    policy = form["policy"] if form["policy"] in _POLICIES else _POLICIES[0]
    try:
        booked = tell("booking", "/series", wanted | {"policy": policy}, key=form.key)
    except Refused as said:
        return look_ahead(told(form, said, {}, {}), wanted), said.status
    return redirect(url_for("series.show", series=booked["id"]))


def asked(form: Form) -> Json:
    """The fixed booking that a form asks for; notes what is wrong with it."""
    space, begins_at, minutes = wanted_in(form.values)
    until, first = day_of(form, "until"), begins_at.astimezone(OSLO).date()
    if until < first and "until" not in form.faults:
        form.faults["until"] = gettext("The last day can not be before the first, %(day)s.") % {"day": day(first)}
    return use(form, space) | {
        "starts": f"{begins_at.astimezone(OSLO):%Y-%m-%dT%H:%M}",
        "minutes": minutes,
        "rule": f"{_RULES.get(form['every'], _RULES['week'])};UNTIL={until:%Y%m%d}",
    }


def look_ahead(form: Form, wanted: Json) -> str:
    """What would become of each date. Raises Refused when there are none to look at, or the whole is refused before
    anything was sent."""
    found = _preview(wanted, "skip")
    if (refusal := found["refusal"]) and not form.wrong:
        raise Refused(409, refusal["code"], named(refusal["text"]))
    clashes = [each["clash"] for each in found["dates"] if each["clash"]]
    free = len(found["dates"]) - found["clashes"]
    space, begins_at, minutes = wanted_in(form.values)
    return render_template(
        "look_ahead.html",
        form=form,
        carried={name: form[name] for name in _CARRIED if form[name]},
        every=EVERY.get(form["every"], EVERY["week"]),
        dates=[timed(each, "begins_at", "ends_at") for each in found["dates"]],
        clashes=found["clashes"],
        free=free,
        elsewhere=_with_alternatives(wanted, found["dates"]),
        beyond_fair_use=any(each["clash"] and each["clash"]["code"] in FAIR_USE for each in found["dates"]),
        limit=next((named(each["text"]) for each in clashes if each["code"] == "too_many_bookings"), ""),
        waits=any(each["clash"] and each["clash"]["code"] in _WAITED_FOR for each in found["dates"]),
        refused=bool(refusal),
        space=space,
        begins_at=begins_at.astimezone(OSLO),
        minutes=minutes,
        names=lambda spaces: ", ".join(places().space_name(each) for each in spaces),
        places=places(),
    )


def _preview(wanted: Json, policy: str) -> Json:
    """What would become of each date by that policy. What a quota allows goes to the first ones."""
    found: Json = tell("booking", "/series/preview", wanted | {"policy": policy}, key=new_key())
    return found


def _with_alternatives(wanted: Json, dates: list[Json]) -> int:
    """How many dates can be had where others are taken elsewhere; 0 where none has to be."""
    if not any(each["alternatives"] for each in dates):
        return 0
    found = _preview(wanted, "alternatives")["dates"]
    return sum(each["clash"] is None or bool(each["alternatives"]) for each in found)
