"""For arena managers and operators: who says that they act for an organisation, to be confirmed or refused."""

from collections import Counter
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from services.portal.backend import Refused, everything, tell
from services.portal.forms import Form, sent, timed
from services.portal.language import gettext
from services.portal.pages.manage import managers_only
from services.portal.pages.organisations import reference
from services.portal.reasons import reason
from services.portal.words import ORGANISATION_KINDS, REGISTER_STATES

blueprint = Blueprint("claims", __name__, url_prefix="/manage/claims")
blueprint.before_request(managers_only)

_DECIDED = 409


@blueprint.get("")
def show() -> str:
    """The claims that wait, the oldest first."""
    return _page(Form())


@blueprint.post("/<uuid:actor>/confirm")
def confirm(actor: UUID) -> Response | tuple[str, int]:
    """Confirms that who claims an organisation acts for it, and what it is."""
    form = sent()
    if form["kind"] not in ORGANISATION_KINDS:
        form.faults[f"kind-{actor}"] = gettext("Choose one of the list.")
    done = gettext("The organisation is confirmed.")
    return _decide(actor, "verification", {"kind": form["kind"]}, form, done)


@blueprint.post("/<uuid:actor>/refuse")
def refuse(actor: UUID) -> Response | tuple[str, int]:
    """Refuses a claim, with the reason that who claims it will read."""
    return _decide(actor, "refusal", {}, sent(), gettext("The claim is refused."))


def _decide(actor: UUID, how: str, said: dict[str, str], form: Form, done: str) -> Response | tuple[str, int]:
    if not form["reason"]:
        form.faults[f"reason-{actor}-{how}"] = gettext("Write in a sentence why.")
    if form.wrong:
        return _page(form, str(actor)), 422
    try:
        tell("booking", f"/actors/{actor}/{how}", said | {"reason": form["reason"]}, key=form.key)
    except Refused as no:
        if no.status != _DECIDED:
            raise
        flash(reason(no), "refused")
    else:
        flash(done, "done")
    return redirect(url_for("claims.show"))


def _page(form: Form, about: str = "") -> str:
    found = everything("booking", "/organisation-claims", waiting="true")
    of_number = Counter(each["organisation_number"] for each in found)
    return render_template(
        "manage_claims.html",
        form=form,
        about=about,
        claims=[timed(each, "claimed_at") for each in found],
        rivals={number: claims - 1 for number, claims in of_number.items()},
        kinds=ORGANISATION_KINDS,
        register_states=REGISTER_STATES,
        reference=reference,
    )
