"""My own data: what the services hold of me, to take with me as one file, and to have it deleted."""

import json

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from services.portal.backend import Json, Refused, ask, everything, tell
from services.portal.forms import Form, instant, sent, timed
from services.portal.language import gettext, ngettext
from services.portal.places import places
from services.portal.session import now, signed_in
from services.portal.settings import SERVICES
from services.portal.signin import departed

blueprint = Blueprint("me", __name__, url_prefix="/me")

_REFUSED_HERE = (409, 422)


@blueprint.get("")
@signed_in
def show() -> str:
    """What there is of me, where to get it, and what becomes of it when I am erased."""
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


@blueprint.get("/erasure")
@signed_in
def ask_to_erase() -> str:
    """What is cancelled and given up when I am erased, before it is done."""
    return _confirmation(Form())


@blueprint.post("/erasure")
@signed_in
def erase() -> Response | tuple[str, int]:
    """Erases me and ends the session. Bookings to come are cancelled only where the form says so."""
    form = sent()
    try:
        erased = tell("booking", "/me/erasure", {"cancel_bookings": form["cancel"] == "yes"}, key=form.key)
    except Refused as said:
        if said.status not in _REFUSED_HERE:
            raise
        return _confirmation(_refused(form, said)), said.status
    return departed(_answer(len(erased["cancelled"])))


def _confirmation(form: Form) -> str:
    actors = everything("booking", "/actors")
    claims = {each["actor"] for each in everything("booking", "/organisation-claims") if each["state"] != "confirmed"}
    own = claims | {each["id"] for each in actors if each["kind"] == "resident"}
    live = everything("booking", "/bookings", mine="true", standing="live")
    to_come = [timed(each, "begins_at", "ends_at") for each in live if each["tenant"]["id"] in own]
    return render_template(
        "erasure.html",
        form=form,
        bookings=to_come,
        fees={each["id"]: fee for each in to_come if (fee := _fee(each))},
        others=len(live) - len(to_come),
        owned=[each["name"] for each in actors if each["role"] == "owner" and each["id"] not in claims],
        places=places(),
    )


def _refused(form: Form, said: Refused) -> Form:
    if said.code != "bookings_to_come":
        return form.refused(said, {})
    return Form(form.values, {"cancel": gettext("You have bookings that are not over. Tick here to cancel them.")})


def _fee(booking: Json) -> int:
    """What cancelling it now costs: the full price, if it is confirmed and the time to do so for free is over."""
    price, until = booking["price"], booking["free_until"]
    late = until is not None and now() > instant(until)
    return price["total"] if price and late and booking["state"] in ("confirmed", "in_use") else 0


def _answer(cancelled: int) -> str:
    done = gettext("You are deleted from the bookings. Doors, prices and the programme follow within a few minutes.")
    if cancelled:
        given_up = ngettext("%(count)s booking was cancelled.", "%(count)s bookings were cancelled.", cancelled)
        done = f"{done} {given_up % {'count': cancelled}}"
    return f"{done} {gettext('You are signed out.')}"
