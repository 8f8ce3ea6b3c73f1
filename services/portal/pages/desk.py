"""The manager's desk: what waits, most urgent first, and several decisions at a time."""

import re
from typing import Any

from flask import Blueprint, abort, render_template, request

from services.portal.backend import Json, Refused, Silent, ask, everything, tell
from services.portal.forms import Form, sent, timed
from services.portal.language import gettext
from services.portal.pages.bookings import TIMES
from services.portal.pages.doors import news
from services.portal.pages.manage import managers_only
from services.portal.places import places
from services.portal.refusals import told
from services.portal.words import DESK_KINDS

blueprint = Blueprint("desk", __name__, url_prefix="/manage/desk")
blueprint.before_request(managers_only)

_AT_ONCE = 100
_CHOICE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(\d{1,9})", re.ASCII)
_HTTP = {"not_found": 404, "forbidden": 403}


@blueprint.get("")
def show() -> str:
    """What waits for me."""
    return _page(Form(), [])


@blueprint.post("")
def decide() -> str | tuple[str, int]:
    """Approves those that were chosen, or declines them with a reason; tells what came of each."""
    form = sent()
    chosen = [found.groups() for each in request.form.getlist("booking") if (found := _CHOICE.fullmatch(each))]
    verdict = "approve" if form["verdict"] == "approve" else "decline"
    _check(form, chosen, verdict)
    if form.wrong:
        return _page(form, [], {each for each, _ in chosen}), 422
    why = {"why": form["why"]} if verdict == "decline" else {}
    decisions = [
        {"booking": booking, "version": int(version), "verdict": verdict, **why} for booking, version in chosen
    ]
    waited = {each["booking"]["id"]: each["booking"] for each in _waiting(kind="approval")} if chosen else {}
    try:
        outcomes = tell("booking", "/desk/decisions", {"decisions": decisions}, key=form.key)["items"]
    except Refused as said:
        if said.status == 403:
            raise
        return _page(told(form, said, {}, {}), [], {each for each, _ in chosen}), said.status
    _abort_if_none_was_ours(outcomes)
    return _page(Form(), [each | _about(each, waited) for each in outcomes])


def _about(outcome: Json, waited: dict[str, Json]) -> Json:
    """Which booking an outcome is of, and how it stands: one that was refused may be on the desk no more."""
    if outcome["done"]:
        return {"about": waited.get(outcome["booking"])}
    try:
        now = timed(ask("booking", f"/bookings/{outcome['booking']}"), *TIMES)
    except Refused as said:
        if said.status not in _HTTP.values():
            raise
        return {"about": None}
    return {"about": now, "state": now["state"]}


def _check(form: Form, chosen: list[Any], verdict: str) -> None:
    if not chosen:
        form.problem = gettext("Choose at least one booking.")
    elif len(chosen) > _AT_ONCE:
        form.problem = gettext("Choose fewer at a time.")
    if verdict == "decline" and not form["why"]:
        form.faults["why"] = gettext("Write why, so that whoever asked understands it.")


def _abort_if_none_was_ours(outcomes: list[Json]) -> None:
    """Bookings of others' squares are not here; to say so of each would be to say too much."""
    codes = {each["refused"]["code"] if each["refused"] else "" for each in outcomes}
    if len(codes) == 1 and (status := _HTTP.get(codes.pop())):
        abort(status)


def _waiting(**asked: str) -> list[Json]:
    found = everything("booking", "/desk", limit=_AT_ONCE, **asked)
    return [each | {"booking": timed(each["booking"], *TIMES)} for each in found]


def _page(form: Form, outcomes: list[Json], chosen: set[Any] | None = None) -> str:
    kind = request.args.get("kind", "")
    kind = kind if kind in DESK_KINDS else ""
    alone = "true" if request.args.get("alone") == "1" else ""
    page = ask("booking", "/desk", kind=kind, without_manager=alone, limit=_AT_ONCE, cursor=request.args.get("cursor"))
    items = [timed(each, "due_at") | {"booking": timed(each["booking"], *TIMES)} for each in page["items"]]
    every = request.args.get("all") == "1"
    return render_template(
        "desk.html",
        items=items,
        counts=page["counts"],
        next_cursor=page["next_cursor"],
        kind=kind,
        alone=alone,
        form=form,
        outcomes=outcomes,
        every=every,
        chosen={each["booking"]["id"] for each in items} if every else chosen or set(),
        news=news(),
        lost=_lost(),
        places=places(),
    )


def _lost() -> bool:
    """Whether any key at my doors is of a booking that was lost in a restore; no, also when access does not tell."""
    try:
        return bool(everything("access", "/unknown-keys"))
    except (Refused, Silent):
        return False
