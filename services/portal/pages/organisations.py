"""The organisations that a person may book for, and those they have named and nobody has confirmed yet: what waits, for
whom, and what came of it."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from services.portal.backend import Refused, everything, tell
from services.portal.forms import Form, chosen_of, sent, text_of, timed
from services.portal.language import gettext
from services.portal.reasons import reason
from services.portal.refusals import told
from services.portal.session import signed_in
from services.portal.words import ORGANISATION_KINDS, REGISTER_STATES

blueprint = Blueprint("organisations", __name__, url_prefix="/organisations")

_DIGITS = 9
_DECIDED = 409
_FIELDS = {"organisation_number": "number", "name": "name", "kind": "kind"}
_CODES = {"invalid_organisation_number": "number", "organisation_known": "number"}


@blueprint.get("")
@signed_in
def show() -> str:
    """My organisations, and what waits."""
    return _page(Form())


@blueprint.post("")
@signed_in
def claim() -> Response | tuple[str, int]:
    """Names an organisation I act for; somebody must confirm that."""
    form = sent()
    about = {
        "organisation_number": text_of(form, "number"),
        "name": text_of(form, "name"),
        "kind": chosen_of(form, "kind", ORGANISATION_KINDS),
    }
    if "number" not in form.faults and len("".join(about["organisation_number"].split())) != _DIGITS:
        form.faults["number"] = gettext("An organisation number has nine digits.")
    if form.wrong:
        return _page(form), 422
    try:
        tell("booking", "/actors", about, key=form.key)
    except Refused as said:
        return _page(told(form, said, _FIELDS, _CODES)), said.status
    flash(gettext("The organisation is noted. A manager of an innbyggertorg confirms it."), "done")
    return redirect(url_for("organisations.show"))


@blueprint.post("/<uuid:actor>/withdraw")
@signed_in
def withdraw(actor: UUID) -> Response:
    """Takes back what I named, while it waits."""
    form = sent()
    try:
        tell("booking", f"/actors/{actor}/withdrawal", {}, key=form.key)
    except Refused as no:
        if no.status != _DECIDED:
            raise
        flash(reason(no), "refused")
    else:
        flash(gettext("The organisation is taken back."), "done")
    return redirect(url_for("organisations.show"))


def reference(actor: str) -> str:
    """The end of an id, as people can read it out to each other."""
    return f"{actor[-8:-4]}-{actor[-4:]}".upper()


def _page(form: Form) -> str:
    claims = [timed(each, "claimed_at") for each in everything("booking", "/organisation-claims")]
    mine = [each for each in everything("booking", "/actors") if each["kind"] != "resident" and not each["notice"]]
    return render_template(
        "organisations.html",
        form=form,
        claims=[each for each in claims if each["state"] != "confirmed"],
        organisations=mine,
        kinds=ORGANISATION_KINDS,
        register_states=REGISTER_STATES,
        reference=reference,
    )
