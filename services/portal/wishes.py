"""What somebody wishes to book, as our forms and addresses have it: the space, the time, and what it is for."""

from datetime import datetime
from typing import Any

from flask import abort

from services.portal.backend import Json
from services.portal.forms import CENTURY, Form, chosen_of, instant, whole
from services.portal.places import Space, places
from services.portal.refusals import accepted
from services.portal.words import AUDIENCES, PURPOSES

LONGEST = 14 * 24 * 60


def wanted_in(given: Any) -> tuple[Space, datetime, int]:
    """The space and the time in an address or a form. Answers 404 or 400 when they are not as our pages write them."""
    space = places().spaces.get(given.get("space", ""))
    if space is None:
        abort(404)
    try:
        begins_at, minutes = instant(given.get("begins_at", "")), int(given.get("minutes", ""))
    except ValueError:
        abort(400)
    if not 0 < minutes <= LONGEST or not CENTURY[0] <= begins_at.date() < CENTURY[1]:
        abort(400)
    return space, begins_at, minutes


def use(form: Form, space: Space) -> Json:
    """What a booking of the space is for, and whom; notes what is wrong with the form."""
    return {
        "space": space.id,
        "purpose": chosen_of(form, "purpose", PURPOSES),
        "audience": chosen_of(form, "audience", AUDIENCES),
        "participants": whole(form, "participants", least=1),
        **{name: form[name] for name in ("tenant", "title") if form[name]},
        **accepted(form),
    }
