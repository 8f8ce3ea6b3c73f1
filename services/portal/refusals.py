"""What booking's no means to whoever filled in a form: the field it is about, the house rules it asks for, the limit it
speaks of. `services.portal.pages` show it."""

import re
from collections.abc import Mapping
from typing import Any

from services.portal.backend import Json, Refused, ask
from services.portal.forms import Form, instant
from services.portal.language import clock, day, gettext, length, named, noted

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
_SIGNED_OUT_OR_TOO_MANY = (401, 429)
_LIMITS = {
    "week_minutes": noted(
        "Fair use, %(name)s: %(limit)s a week. %(used)s of that week are used, and this is %(asked)s more."
    ),
    "prime_week_minutes": noted(
        "Fair use, %(name)s: %(limit)s of prime time a week. %(used)s of that week are used, and this is %(asked)s "
        "more."
    ),
    "open_bookings": noted(
        "Fair use, %(name)s: %(limit)s bookings at a time. You have %(used)s, and this is %(asked)s more."
    ),
}


def told(form: Form, said: Refused, fields: Mapping[str, str], codes: Mapping[str, str]) -> Form:
    """The form with the no where it belongs. Raises a no that is about no form."""
    if said.status in _SIGNED_OUT_OR_TOO_MANY:
        raise said
    if said.code == "quota_exceeded":
        return Form(form.values, problem=quota_words(said.fields))
    if said.code == "house_rules_not_accepted":
        return Form(form.values, {"accept": gettext("Read the house rules and accept them first.")})
    return form.refused(said, fields, codes)


def house_rules(space: str) -> list[Json]:
    """The house rules in force in a space that the person has not accepted."""
    there = ask("booking", f"/spaces/{space}/house-rules")["items"]
    return [each["house_rules"] for each in there if each["in_force"] and each["accepted"] is False]


def accepted(form: Form) -> Json:
    """The house rules that were shown and ticked, as booking is told of them; nothing when none were."""
    found = [_RULES.fullmatch(each) for each in form["accept"].split(" ")]
    rules = [{"scope": each[1], "id": each[2], "version": int(each[3])} for each in found if each]
    return {"accept_house_rules": rules} if rules else {}


def quota_words(fields: Mapping[str, Any]) -> str:
    """Which limit of fair use it is, how much of it is used, and when there is room again."""
    quota = ask("booking", f"/quotas/{fields['quota']}")
    amount = str if fields["limited"] == "open_bookings" else length
    said = {name: amount(fields[name]) for name in ("limit", "used", "asked")} | {"name": named(quota["name"])}
    return f"{gettext(_LIMITS[fields['limited']]) % said} {_room_again(fields['frees_at'])}"


def _room_again(at: str | None) -> str:
    if at is None:
        return gettext("There is room again when you give up or shorten something you have.")
    moment = instant(at)
    return gettext("There is room again from %(day)s at %(time)s.") % {"day": day(moment), "time": clock(moment)}
