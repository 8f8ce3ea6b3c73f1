"""What booking's no means to whoever filled in a form: the field it is about, the house rules it asks for, the limit it
speaks of. `services.portal.pages` show it."""

import re
from collections.abc import Mapping

from services.portal import written
from services.portal.backend import Json, Refused, ask
from services.portal.forms import Form
from services.portal.language import gettext
from services.portal.reasons import reason

ABOUT = {
    "too_many_participants": "participants",
    "purpose_not_permitted": "purpose",
    "audience_not_permitted": "audience",
    "not_representative": "tenant",
}
"""The field that breaks a rule, by the rule's code."""
OF_TIME = {
    "in_the_past": "date",
    "too_short_notice": "date",
    "beyond_horizon": "date",
    "off_grid": "from",
    "outside_opening_hours": "from",
    "slot_taken": "from",
    "space_closed": "from",
    "no_room": "from",
    "ends_before_begin": "to",
    "too_short": "to",
    "too_long": "to",
}
"""The same where the time is a field, too."""
_RULES = re.compile(r"(square|arena|space)/([a-z0-9-]{1,100})/(\d{1,9})", re.ASCII)
FAIR_USE = ("quota_exceeded", "too_many_bookings")
"""What refuses somebody for how much they have already."""
_SIGNED_OUT_OR_TOO_MANY = (401, 429)


def told(form: Form, said: Refused, fields: Mapping[str, str], codes: Mapping[str, str]) -> Form:
    """The form with the no where it belongs. Raises a no that is about no form."""
    if said.status in _SIGNED_OUT_OR_TOO_MANY:
        raise said
    if said.code in FAIR_USE:
        return Form(form.values, problem=reason(said))
    if said.code == "too_long" and form["from"] and _ends_the_day_after(form):
        return Form(form.values, {"to": gettext("The end must be after the beginning.")})
    if said.code == "house_rules_not_accepted":
        return Form(form.values, {"accept": gettext("Read the house rules and accept them first.")})
    return form.refused(said, fields, codes)


def _ends_the_day_after(form: Form) -> bool:
    """Whether the end was written before the beginning, or is the same, and so is meant for the day after."""
    begins, ends = written.clock(form["from"]), written.clock(form["to"])
    return begins is not None and ends is not None and ends <= begins and form["last"] in ("", form["date"])


def house_rules(space: str) -> list[Json]:
    """The house rules in force in a space that the person has not accepted."""
    there = ask("booking", f"/spaces/{space}/house-rules")["items"]
    return [each["house_rules"] for each in there if each["in_force"] and each["accepted"] is False]


def accepted(form: Form) -> Json:
    """The house rules that were shown and ticked, as booking is told of them; nothing when none were."""
    found = [_RULES.fullmatch(each) for each in form["accept"].split(" ")]
    rules = [{"scope": each[1], "id": each[2], "version": int(each[3])} for each in found if each]
    return {"accept_house_rules": rules} if rules else {}
