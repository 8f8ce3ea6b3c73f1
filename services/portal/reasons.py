"""What a service's no means, in words for people. A service's text may speak of instants, codes, ids and minutes; where
it does, the words are made here of the no's fields. Forms and pages call `reason`."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.portal.backend import Refused, ask
from services.portal.language import clock, day, gettext, length, named, noted
from services.portal.words import reason_word

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
_LENGTHS = {
    "too_long": noted("The space can be booked for at most %(minutes)s."),
    "too_short": noted("The space must be booked for at least %(minutes)s."),
    "too_short_notice": noted("The space must be booked at least %(minutes)s ahead."),
    "no_time_fits": noted("No time of %(minutes)s can be booked here in that while."),
    "too_few_minutes": noted("Register at least %(least)s."),
    "too_many_minutes": noted("You can register at most %(most)s for one day; %(left)s are left."),
}
"""What is told of lengths; every field is in minutes."""


def reason(said: Refused) -> str:
    """Why a service said no."""
    fields = said.fields
    if said.code == "quota_exceeded" and "quota" in fields:
        return _quota(fields)
    if said.code == "series_clashes" and "first" in fields:
        of = {"clashes": fields["clashes"], "dates": fields["dates"], "reason": reason_word(fields["reason"])}
        text = gettext("%(clashes)s of %(dates)s dates can not be had. The first is %(day)s at %(time)s: %(reason)s.")
        return text % (of | _when(fields["first"]))
    text = _text(said)
    if "first" in fields:  # one date of a series is what the no is about
        about = gettext("It is about %(day)s at %(time)s.") % _when(fields["first"])
        return f"{text} {about}"
    return text


def _text(said: Refused) -> str:
    fields = said.fields
    if said.code in _LENGTHS and fields:
        lengths = {name: length(minutes) for name, minutes in fields.items() if isinstance(minutes, int)}
        return gettext(_LENGTHS[said.code]) % lengths
    if said.code == "free_now" and fields:
        text = gettext("That time is free from %(day)s at %(time)s. Book it instead of waiting.")
        return text % _when(fields["begins_at"])
    if said.code == "worked_outside_agreement" and fields:
        return _outside(fields["valid_from"], fields["valid_until"])
    if said.code in ("house_rules_not_accepted", "house_rules_superseded"):
        return gettext("Read the house rules and accept them first.")
    return said.detail


def _outside(valid_from: str, valid_until: str | None) -> str:
    first = date.fromisoformat(valid_from)
    if valid_until is None:
        return gettext("The agreement is valid from %(from)s.") % {"from": day(first)}
    last = date.fromisoformat(valid_until)
    period = {"from": day(first, year=first.year != last.year), "until": day(last, year=first.year != last.year)}
    return gettext("The agreement is valid from %(from)s through %(until)s.") % period


def _quota(fields: Mapping[str, Any]) -> str:
    """Which limit of fair use it is, how much of it is used, and when there is room again."""
    quota = ask("booking", f"/quotas/{fields['quota']}")
    amount = str if fields["limited"] == "open_bookings" else length
    said = {name: amount(fields[name]) for name in ("limit", "used", "asked")} | {"name": named(quota["name"])}
    return f"{gettext(_LIMITS[fields['limited']]) % said} {_room_again(fields.get('frees_at'))}"


def _room_again(at: str | None) -> str:
    if at is None:
        return gettext("There is room again when you give up or shorten something you have.")
    return gettext("There is room again from %(day)s at %(time)s.") % _when(at)


def _when(at: str) -> dict[str, str]:
    moment = datetime.fromisoformat(at)
    return {"day": day(moment), "time": clock(moment)}
