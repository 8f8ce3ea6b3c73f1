"""The page that an invitation's mail links to: who invites and to what, and yes or no to it.

The secret comes in the link, and leaves the address at once: a sealed cookie for this page alone holds it while the
person signs in, and the forms carry it on. Nothing logs it, and no other site sees it.
"""

from uuid import UUID

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from itsdangerous import BadSignature
from werkzeug.wrappers import Response

from services.portal.backend import Refused, everything, tell
from services.portal.forms import new_key, sent, timed
from services.portal.language import gettext
from services.portal.reasons import reason
from services.portal.session import seal, signed_in

blueprint = Blueprint("invitations", __name__, url_prefix="/invitations")

_COOKIE = "torg-invitation"
_COOKIE_SECONDS = 30 * 60
_LONGEST = 200


@blueprint.get("/<uuid:invitation>")
def show(invitation: UUID) -> Response | str:
    """Takes the secret out of the address; then who invites, and to what."""
    if secret := request.args.get("secret", "")[:_LONGEST]:
        return _kept(invitation, secret)
    return _page(invitation)


@blueprint.post("/<uuid:invitation>/accept")
@signed_in
def accept(invitation: UUID) -> Response:
    """Acts for the organisation from now on."""
    return _answer(invitation, "acceptance", gettext("You can book for the organisation from now on."))


@blueprint.post("/<uuid:invitation>/decline")
@signed_in
def decline(invitation: UUID) -> Response:
    """Turns it down."""
    return _answer(invitation, "refusal", gettext("You have turned the invitation down."))


@signed_in
def _page(invitation: UUID) -> str:
    secret = _remembered(invitation)
    # a new key each time: what is read is how it stands now
    read = tell("booking", f"/invitations/{invitation}/reading", {"secret": secret}, key=new_key())
    return render_template(
        "invitation.html",
        id=invitation,
        invitation=timed(read, "expires_at"),
        acts_for=not read["open"] and _acts_for(read["organisation"]),
        secret=secret,
    )


def _acts_for(organisation: str) -> bool:
    """Whether the person may book for an organisation of this name."""
    return any(each["name"] == organisation for each in everything("booking", "/actors"))


def _answer(invitation: UUID, answer: str, done: str) -> Response:
    form = sent()
    try:
        tell("booking", f"/invitations/{invitation}/{answer}", {"secret": form["secret"]}, key=form.key)
    except Refused as said:
        if said.status != 409:
            raise
        flash(reason(said), "refused")
    else:
        flash(done, "done")
    response = redirect(url_for("front.front"))
    response.delete_cookie(_COOKIE, path=_path(invitation))
    return response


def _kept(invitation: UUID, secret: str) -> Response:
    """Off to the same page without the secret in its address."""
    response = redirect(_path(invitation), 303)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.set_cookie(
        _COOKIE,
        seal().dumps({"invitation": str(invitation), "secret": secret}),
        max_age=_COOKIE_SECONDS,
        path=_path(invitation),
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return response


def _remembered(invitation: UUID) -> str:
    """The secret that the link brought; 404 where there is none."""
    try:
        held = seal().loads(request.cookies.get(_COOKIE, ""))
    except BadSignature:
        abort(404)
    if not isinstance(held, dict) or held.get("invitation") != str(invitation):
        abort(404)
    return str(held["secret"])


def _path(invitation: UUID) -> str:
    return url_for("invitations.show", invitation=invitation)
