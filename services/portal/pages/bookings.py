"""My bookings, and the page of each: its price, its confirmation, its key, its door, and giving it up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.portal.backend import Json, Refused, ask, tell
from services.portal.forms import asked_whole, instant, sent, timed
from services.portal.language import clock, gettext
from services.portal.places import places
from services.portal.session import now, signed_in
from services.portal.words import word

blueprint = Blueprint("bookings", __name__, url_prefix="/bookings")

MOST_LOOKS = 20
"""How often a page that waits looks again by itself."""
_TIMES = ("begins_at", "ends_at", "hold_expires_at", "opened_at", "cancelled_at", "created_at")


@blueprint.get("")
@signed_in
def mine() -> str:
    """Those I booked, or that were booked for an organisation of mine."""
    page = ask("booking", "/bookings", mine="true", cursor=request.args.get("cursor"))
    bookings = [timed(each, *_TIMES) for each in page["items"]]
    return render_template("bookings.html", bookings=bookings, next_cursor=page["next_cursor"], places=places())


@blueprint.get("/<uuid:booking>")
@signed_in
def show(booking: UUID) -> str:
    """How a booking stands, and what can be done with it."""
    found = _booking(booking)
    key = _key(found)
    charge = _charge(found)
    return render_template(
        "booking.html",
        booking=found,
        key=key,
        charge=charge,
        awaited=awaited(found, key, charge),
        looks=asked_whole("looks", 0, most=MOST_LOOKS),
        most_looks=MOST_LOOKS,
        places=places(),
        now=now(),
    )


@blueprint.post("/<uuid:booking>/confirm")
@signed_in
def confirm(booking: UUID) -> Response:
    """Takes the booking at the price shown."""
    return _act(booking, "confirm", gettext("The booking is confirmed."))


@blueprint.get("/<uuid:booking>/cancel")
@signed_in
def ask_to_cancel(booking: UUID) -> str:
    """What giving it up leads to, before it is done."""
    found = _booking(booking)
    return render_template("cancel.html", booking=found, credit_until=_credit_until(found), places=places(), now=now())


@blueprint.post("/<uuid:booking>/cancel")
@signed_in
def cancel(booking: UUID) -> Response:
    """Gives the booking up."""
    return _act(booking, "cancel", gettext("The booking is cancelled."))


@blueprint.post("/<uuid:booking>/unlock")
@signed_in
def unlock(booking: UUID) -> Response:
    """Opens the door, or tells why it stays shut."""
    form = sent()
    try:
        answer = tell("access", f"/keys/{UUID(form['key'])}/unlock", {}, key=form.key)
    except ValueError:
        flash(gettext("The booking has no key."), "refused")
    else:
        _tell_of_door(answer)
    return redirect(url_for("bookings.show", booking=booking))


def awaited(booking: Json, key: Json | None, charge: Json | None) -> str:
    """What the booking waits for from another service: "price", "key", "charge", or nothing ("")."""
    if booking["state"] == "held" and booking["price"] is None:
        return "price"
    if booking["state"] == "confirmed" and booking["ends_at"] > now() and _on_its_way(booking, key):
        return "key"
    if booking["state"] == "cancelled" and charge is not None and charge["state"] == "charged":
        return "charge"
    return ""


def _act(booking: UUID, action: str, done: str) -> Response:
    """Does something to the booking as the person saw it; what the service says against it is told on its page."""
    form = sent()
    try:
        tell("booking", f"/bookings/{booking}/{action}", {}, key=form.key, version=form.version)
    except Refused as said:
        if said.status not in (409, 412, 422):
            raise
        flash(said.detail, "refused")
    else:
        flash(done, "done")
    return redirect(url_for("bookings.show", booking=booking))


def _tell_of_door(answer: Json) -> None:
    if answer["outcome"] == "opened":
        flash(gettext("The door is open. Welcome in! (%(time)s)") % {"time": clock(instant(answer["at"]))}, "done")
    else:
        flash(gettext("The door stays shut. %(reason)s") % {"reason": word(answer["reason"])}, "refused")


def _booking(booking: UUID) -> dict[str, Any]:
    return timed(ask("booking", f"/bookings/{booking}"), *_TIMES)


def _key(booking: Json) -> Json | None:
    """The newest key of a booking that is confirmed or in use, if it is the person's own."""
    if booking["state"] not in ("confirmed", "in_use"):
        return None
    keys = _if_shown("access", "/keys", booking=booking["id"])
    return timed(keys["items"][-1], "valid_from", "valid_until") if keys and keys["items"] else None


def _on_its_way(booking: Json, key: Json | None) -> bool:
    """Whether a code is still to come; where the key is another's, booking tells that it is on the door."""
    return booking["key"] is None if key is None else key["state"] == "issued"


def _charge(booking: Json) -> Json | None:
    """What a cancelled booking costs in the end; nothing is charged for one that was never confirmed."""
    return _if_shown("pricing", "/charges", booking=booking["id"]) if booking["state"] == "cancelled" else None


def _credit_until(booking: Json) -> datetime | None:
    """Until when giving a confirmed booking up costs nothing."""
    if booking["state"] != "confirmed" or not booking["price"]:
        return None
    quote = _if_shown("pricing", "/quotes", booking=booking["id"])
    return instant(quote["credit_until"]) if quote else None


def _if_shown(service: str, path: str, **asked: str) -> Json | None:
    """What a service answers; None where there is nothing, or it is not for this person. Keys are for the one who
    booked, and pricing does not know who represents whom: yet both see the booking."""
    try:
        found: Json = ask(service, path, **asked)
    except Refused as said:
        if said.status not in (403, 404):
            raise
        return None
    return found
