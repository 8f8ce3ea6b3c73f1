"""My bookings, and the page of each: its price, its confirmation, its key, its door, what is said of it, ending it and
giving it up."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.portal.backend import Json, Refused, ask, everything, note, tell
from services.portal.forms import Form, asked_whole, instant, sent, timed
from services.portal.language import clock, gettext
from services.portal.places import places
from services.portal.reasons import reason
from services.portal.session import now, person, signed_in
from services.portal.words import word

blueprint = Blueprint("bookings", __name__, url_prefix="/bookings")

MOST_LOOKS = 20
"""How often a page that waits looks again by itself."""
TIMES = ("begins_at", "ends_at", "hold_expires_at", "release_at", "opened_at", "cancelled_at", "ended_at", "created_at")
CHANGEABLE = ("held", "awaiting_approval", "awaiting_payment", "confirmed")
LOOKING = {"house"}
"""As whom an operator, who is on no side, sees the forms of others; booking refuses what they send."""
_UNDOABLE = (409, 412, 422)
OWN_INTEREST = "own_interest"
"""Nobody gives up or moves as the house what is theirs; the booking they still see."""
_OVERTAKEN = (409, 412)
REACHED = {
    "confirm": {"confirmed", "awaiting_approval", "awaiting_payment", "in_use"},
    "cancel": {"cancelled"},
    "end": {"completed"},
}
"""By what can be done, the states it leads to."""
_EXPLAINED = ("declined", "cancelled")
_MOVABLE = (*CHANGEABLE, "in_use")


@blueprint.get("")
@signed_in
def mine() -> str:
    """Those I booked, or that were booked for an organisation of mine."""
    return render_template("bookings.html", **by_standing(mine="true"), places=places())


@blueprint.get("/<uuid:booking>")
@signed_in
def show(booking: UUID) -> str:
    """How a booking stands, and what can be done with it."""
    return _page(one(booking), Form())


@blueprint.post("/<uuid:booking>/confirm")
@signed_in
def confirm(booking: UUID) -> Response:
    """Takes the booking at the price shown."""
    return _act(booking, "confirm", {})


@blueprint.get("/<uuid:booking>/cancel")
@signed_in
def ask_to_cancel(booking: UUID) -> Response | str:
    """What giving it up leads to, before it is done."""
    found = one(booking)
    try:
        consequence = timed(ask("booking", f"/bookings/{booking}/cancellation"), "free_until")
    except Refused as said:
        return _told(said, booking)
    house = "tenant" not in sides(found)
    return render_template("cancel.html", booking=found, consequence=consequence, house=house, places=places())


@blueprint.post("/<uuid:booking>/cancel")
@signed_in
def cancel(booking: UUID) -> Response:
    """Gives the booking up, or lets a hold go."""
    held = one(booking)["state"] == "held"
    done = gettext("You have let the time go.") if held else ""
    return _act(booking, "cancel", {"why": why} if (why := sent()["why"]) else {}, done)


@blueprint.post("/<uuid:booking>/end")
@signed_in
def end(booking: UUID) -> Response:
    """Ends a booking under way: the rest of its time is for others."""
    return _act(booking, "end", {})


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


@blueprint.post("/<uuid:booking>/comments")
@signed_in
def write(booking: UUID) -> Response | tuple[str, int]:
    """Writes to the other side: tenant to house, or house to tenant."""
    form = sent()
    if not form["text"]:
        form.faults["text"] = gettext("Write something first.")
        return _page(one(booking), form), 422
    try:
        tell("booking", f"/bookings/{booking}/comments", {"text": form["text"]}, key=form.key)
    except Refused as said:
        if said.status not in _UNDOABLE:
            raise
        return _page(one(booking), form.refused(said, {"text": "text"})), said.status
    return redirect(url_for("bookings.show", booking=booking, _anchor="talk"))


def own_at(space: str, begins_at: datetime, ends_at: datetime) -> Json | None:
    """A live booking of the person's, or of an organisation of theirs, in the space at some of that time."""
    found = ask("booking", "/bookings", mine="true", standing="live", space=space)["items"]
    own = [timed(each, *TIMES) for each in found]
    return next((each for each in own if each["begins_at"] < ends_at and each["ends_at"] > begins_at), None)


def by_standing(**wanted: str) -> dict[str, Json | None]:
    """The page asked for of bookings that are live, the next first, and the first of those that are over, the latest
    first; or the page asked for of these alone."""
    cursor = request.args.get("cursor")
    if request.args.get("standing") == "over":
        return {"live": None, "over": _standing("over", cursor, wanted)}
    return {"live": _standing("live", cursor, wanted), "over": _standing("over", None, wanted)}


def one(booking: UUID | str) -> dict[str, Any]:
    """A booking the person may see."""
    return timed(ask("booking", f"/bookings/{booking}"), *TIMES)


def sides(booking: Json) -> set[str]:
    """On whose side the person is: the tenant's, the house's, both, or (an operator) neither's."""
    who = person()
    if who is None or not who.manages:
        return {"tenant"}  # others see no bookings but their own
    own = any(each["id"] == booking["tenant"]["id"] for each in everything("booking", "/actors"))
    house = who.decides_in(booking["square"])
    return {side for side, there in (("tenant", own), ("house", house)) if there}


def possible(booking: Json, side: set[str], at: datetime) -> set[str]:
    """What to offer of a booking; whether it then can be done, booking decides."""
    state, begins_at, ends_at = booking["state"], booking["begins_at"], booking["ends_at"]
    changeable = bool(side) and state in CHANGEABLE and at < ends_at
    free_until = booking["free_until"]
    late = "tenant" in side and state == "confirmed" and free_until is not None and at > instant(free_until)
    under_way = state == "in_use" or (state == "confirmed" and begins_at <= at)
    offered = {
        "confirm": "tenant" in side and state == "held" and booking["price"] is not None,
        "cancel": changeable,
        "move": changeable and at < begins_at and not late,
        "ask to move": changeable and at < begins_at and late,
        "end": bool(side) and under_way and at < ends_at,
        "write": bool(side),
    }
    return {action for action, there in offered.items() if there}


def awaited(booking: Json, key: Json | None, charge: Json | None) -> str:
    """What the booking waits for from another service: "price", "new price" (after a move), "key",
    "charge", or nothing ("")."""
    if booking["state"] == "held" and booking["price"] is None:
        return "price"
    if booking["awaits_price"]:
        return "new price"
    if booking["state"] == "confirmed" and booking["ends_at"] > now() and _on_its_way(booking, key):
        return "key"
    if booking["state"] == "cancelled" and charge is not None and charge["state"] == "charged":
        return "charge"
    return ""


def _standing(standing: str, cursor: str | None, wanted: Mapping[str, str]) -> Json:
    page: Json = ask("booking", "/bookings", **wanted, standing=standing, cursor=cursor)
    return page | {"items": [timed(each, *TIMES) for each in page["items"]]}


def _page(found: Json, form: Form) -> str:
    charge, side, steps, decider = _charge(found), sides(found), _steps(found), _decider(found)
    moved = _last_move(steps) if found["state"] in _MOVABLE else None
    key = None if moved and found["key"] is None else _key(found)  # else it may be that of the time it was moved from
    return render_template(
        "booking.html",
        booking=found,
        key=key,
        charge=charge,
        awaited=awaited(found, key, charge),
        can=possible(found, side, now()) | ({"decide"} if decider == "you" else set()),
        decider=decider,
        side=side,
        said=_said(found, side),
        was={each["what"] for each in steps},
        why=_why(steps, found["state"]) if found["state"] in _EXPLAINED else "",
        moved=moved,
        lost=found["state"] == "declined" and _was_confirmed(steps),
        form=form,
        looks=asked_whole("looks", 0, most=MOST_LOOKS),
        most_looks=MOST_LOOKS,
        places=places(),
        now=now(),
    )


def _act(booking: UUID, action: str, body: Json, done: str = "") -> Response:
    """Does something to the booking as the person saw it; what the service says against it is told on its page."""
    form = sent()
    try:
        after = tell("booking", f"/bookings/{booking}/{action}", body, key=form.key, version=form.version)
    except Refused as said:
        if said.status not in _OVERTAKEN:
            return _told(said, booking)
        text, category = overtaken(said, action, {one(booking)["state"]})
        flash(text, category)
        return redirect(url_for("bookings.show", booking=booking))
    flash(done or _done(after["state"]), "done")
    return redirect(url_for("bookings.show", booking=booking))


def overtaken(said: Refused, action: str, states: set[str]) -> tuple[str, str]:
    """What to tell when the thing is no longer as the person saw it, and whether it is done: by the states its
    bookings are in now."""
    if "held" not in states and states & REACHED[action]:
        return gettext("That was done already. This is how it stands now."), "done"
    if states == {"expired"} or said.code == "hold_expired":
        return gettext("It was not confirmed in time, so the time is no longer kept for you. Search again."), "refused"
    if said.status == HTTPStatus.PRECONDITION_FAILED:
        text = gettext("It was changed after you opened the page. This is how it stands now. Try again if you want to.")
        return text, "refused"
    return reason(said), "refused"


def _done(state: str) -> str:
    """What a step came to."""
    done = {
        "confirmed": gettext("The booking is confirmed."),
        "awaiting_approval": gettext("The booking is sent to the arena manager, who says yes or no."),
        "awaiting_payment": gettext("The booking is yours once it is paid."),
        "cancelled": gettext("The booking is cancelled."),
        "completed": gettext("The booking is ended. The rest of the time is free for others."),
    }
    return done.get(state, word(state))


def _told(said: Refused, booking: UUID) -> Response:
    if said.status not in _UNDOABLE and said.code != OWN_INTEREST:
        raise said
    texts = [reason(said), *said.faults.values()]
    flash(" ".join(texts), "refused")
    return redirect(url_for("bookings.show", booking=booking))


def _tell_of_door(answer: Json) -> None:
    if answer["outcome"] == "opened":
        flash(gettext("The door is open. Welcome in! (%(time)s)") % {"time": clock(instant(answer["at"]))}, "done")
    else:
        flash(gettext("The door stays shut. %(reason)s") % {"reason": word(answer["reason"])}, "refused")


def _said(booking: Json, side: set[str]) -> list[Json]:
    """What tenant and house have said of it. What is shown here for the first time is noted as seen."""
    path = f"/bookings/{booking['id']}/comments"
    said = [timed(each, "written_at") for each in everything("booking", path)]
    mine = "tenant" if "tenant" in side else "house"
    if side and any(each["side"] != mine and not each["seen"] for each in said):
        note("booking", f"{path}/seen", {"last": said[-1]["id"]})
    return said


def _steps(booking: Json) -> list[Json]:
    """What has happened to it."""
    return [timed(each, "at") for each in ask("booking", f"/bookings/{booking['id']}/history")["items"]]


def _why(steps: list[Json], state: str) -> str:
    """What somebody wrote when they said no to it, or gave it up."""
    return next((each["why"] or "" for each in reversed(steps) if each["what"] == state), "")


def _last_move(steps: list[Json]) -> Json | None:
    """When it was moved last, and why: whoever comes to the door may not be who moved it."""
    return next((each for each in reversed(steps) if each["what"] == "rescheduled"), None)


def _was_confirmed(steps: list[Json]) -> bool:
    """Whether it was confirmed once, and nobody has said no to it: it was moved to where it has no price."""
    return steps[-1]["by"] is None and any(each["what"] in ("confirmed", "imported") for each in steps)


def _decider(booking: Json) -> str | None:
    """Who is to decide on it, for those who manage squares: themselves, another manager, or an operator."""
    who = person()
    if who is None or not who.manages or booking["state"] != "awaiting_approval":
        return None
    found: str | None = ask("booking", f"/bookings/{booking['id']}/decider")["decider"]
    return found


def _key(booking: Json) -> Json | None:
    """The newest key of a booking that is confirmed or in use, if it is the person's own."""
    if booking["state"] not in ("confirmed", "in_use"):
        return None
    keys = _if_shown("access", "/keys", booking=booking["id"])
    return timed(keys["items"][-1], "valid_from", "valid_until", "renewed_at") if keys and keys["items"] else None


def _on_its_way(booking: Json, key: Json | None) -> bool:
    """Whether a code is still to come; where the key is another's, booking tells that it is on the door."""
    return booking["key"] is None if key is None else key["state"] == "issued"


def _charge(booking: Json) -> Json | None:
    """What a cancelled booking costs in the end; nothing is charged for one that was never confirmed."""
    return _if_shown("pricing", "/charges", booking=booking["id"]) if booking["state"] == "cancelled" else None


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
