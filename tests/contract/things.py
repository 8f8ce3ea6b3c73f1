"""What there is at Borgen when the routes are walked: made through the services' own routes, by those who may.

Kari has booked the hall for herself and for the school band; she also works for the band under an agreement, and has
registered hours. Rita represents the band, too, and did none of it; Kari is its owner. Ola has nothing to do with any
of it. Tora has the hall for two hours that others wait for.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from kernel import unknown
from kernel.auth import Role
from kernel.organisations import organisation_number
from tests.municipality import HOUR, NOW, SPACE, SQUARE, TARIFF, Municipality
from tests.tariffs import document

OSLO = ZoneInfo("Europe/Oslo")
ANYTIME = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]
WORKSHOP = "borgen-verksted"
"""Booked by approval."""
HORIZON = 364
"""So many days ahead a space may be booked."""
ANOTHER_LOCK = "01936f10-5a00-7000-8000-00000000000c"
JUST_BEFORE = timedelta(minutes=5)
TORAS = 4
"""So many hours after the noon of the day after tomorrow Tora has the hall."""
Things = dict[str, Any]


@dataclass(frozen=True)
class Owned:
    """Whose thing it is: the person who asks, or the lock, and the things that are asked for."""

    person: str
    things: Things
    lock: str


AN_ORDER = {"order": "work", "why": "Det er tørt igjen"}


def three(text: str) -> dict[str, str]:
    return {"nb": text, "nn": text, "en": text}


def a_space(id: str, *spaces: dict[str, Any], **different: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": three(id),
        "premises": "hall",
        "capacity": 120,
        "area": 180.5,
        "grid_minutes": 30,
        "min_minutes": 30,
        "max_minutes": 480,
        "notice_minutes": 0,
        "horizon_days": HORIZON,
        "spaces": list(spaces),
        **different,
    }


def tree(arena: str, *spaces: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": three(arena),
        "arenas": [{"id": arena, "name": three(arena), "opening": ANYTIME, "spaces": list(spaces)}],
    }


def borgen() -> dict[str, Any]:
    hall = a_space(SPACE, a_space(f"{SPACE}-a"), a_space(f"{SPACE}-b"))
    return tree("borgen-innbyggertorg", hall, a_space(WORKSHOP, approval=True))


def an_opening_plan() -> dict[str, Any]:
    """Summer, public holidays and Christmas Eve."""
    evening = {"opens": "16:00", "closes": "22:00", "kind": "extended"}
    summer = {
        "name": three("Sommer"),
        "valid_from": "2027-06-19",
        "valid_until": "2027-08-15",
        "scope": "school_holidays",
        "weekdays": [1, 2],
        "hours": [{"weekday": 1, **evening}],
    }
    return {
        "patterns": [summer],
        "public_holidays": {"rule": "hours", "hours": [evening]},
        "special_days": [{"on": "12-24", "name": three("Julaften"), "hours": [evening]}],
    }


def a_closure() -> dict[str, Any]:
    """A day of maintenance, on which nobody has booked anything. It is closed already: so the decision, for a booking
    that there is not, changes nothing."""
    decision = {"booking": "01936f10-5a00-7000-8000-00000000000b", "outcome": "move", "space": WORKSHOP}
    return {
        "kind": "maintenance",
        "space": SPACE,
        "begins_at": "2027-02-01T06:00:00Z",
        "ends_at": "2027-02-02T06:00:00Z",
        "reason": three("Gulvet slipes"),
        "dry_run": False,
        "decisions": [decision | {"begins_at": "2027-02-03T10:00:00Z", "ends_at": "2027-02-03T12:00:00Z"}],
    }


def an_import(band: str) -> dict[str, Any]:
    """A table from another system, with a booking at a time when nobody has booked anything."""
    table = "uid;space;begins_at;ends_at\n1;Salen;2026-12-18 09:00;2026-12-18 11:00\n"
    return {
        "source": "old",
        "format": "csv",
        "file": base64.b64encode(table.encode()).decode(),
        "places": {"Salen": SPACE},
        "tenant": band,
        "purpose": "culture",
        "audience": "youth",
        "participants": 20,
        "public_titles": True,
        "until": "2027-06-30",
    }


def a_school_year() -> dict[str, Any]:
    autumn = {"name": three("Høstferie"), "first_day": "2026-10-05", "last_day": "2026-10-09"}
    return {"first_day": "2026-08-17", "last_day": "2027-06-18", "holidays": [autumn]}


def a_time(hours: int, days: int = 2) -> dict[str, str]:
    """Two hours of a weekday, so many hours after noon; the day after tomorrow, unless told otherwise."""
    begins_at = NOW + timedelta(days=days, hours=hours)
    return {"begins_at": begins_at.isoformat(), "ends_at": (begins_at + 2 * HOUR).isoformat()}


def a_booking(hours: int, **different: Any) -> dict[str, Any]:
    use = {"purpose": "culture", "audience": "adults", "participants": 20}
    return {"space": SPACE, **a_time(hours), **use, **different}


def free_days() -> Iterator[int]:
    """Days, counted from now, on which a test may book at Borgen, on the day or the next: after all that is made or
    asked for here and in `routes`, within the horizon, and while nothing is closed."""
    shut = a_closure()
    begins, ends = (datetime.fromisoformat(shut[end]) - NOW for end in ("begins_at", "ends_at"))
    two_days = timedelta(days=2)
    return (day for day in range(21, HORIZON - 1, 2) if not begins - two_days < timedelta(days=day) < ends + two_days)


def an_agreement(tenant: str) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "square": SQUARE,
        "arena": "borgen-innbyggertorg",
        "title": "Maling av storsalen",
        "task": three("Male"),
        "hour_value": 20_000,
        "max_amount": 500_000,
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "participants": ["kari"],
    }


def some_hours() -> dict[str, Any]:
    return {"worked_on": "2026-11-30", "minutes": 60, "task": "Malte nordveggen"}


def some_house_rules() -> dict[str, Any]:
    quiet = {"code": "quiet_after", "text": three("Ro etter 22"), "time": "22:00"}
    return {"text": three("Rydd etter dere."), "rules": [quiet], "effective_from": "2027-01-01T00:00:00+01:00"}


def a_group() -> dict[str, Any]:
    evening = {"weekday": 1, "opens": "17:00", "closes": "21:00"}
    return {"name": three("Borgen"), "places": [{"scope": "square", "id": SQUARE}], "prime": [evening]}


def a_quota(group: str) -> dict[str, Any]:
    """For businesses, of which none books here."""
    whose = {"name": three("Næringsliv"), "group": group, "category": "business"}
    limits = {"week_minutes": 600, "prime_week_minutes": 120, "open_bookings": 4}
    return {**whose, **limits, "valid_from": "2026-08-01", "valid_until": "2027-06-30"}


def make(all_of_it: Municipality) -> dict[str, Owned]:
    """Makes everything; gives it by whose it is to the one who asks: own, represented or a stranger's."""
    operator = all_of_it.token("drift", Role.OPERATOR)
    all_of_it.did("PUT", f"/booking/squares/{SQUARE}", operator, borgen())
    all_of_it.did("PUT", "/booking/squares/tofte", operator, tree("tofte-innbyggertorg", a_space("tofte-sal")))
    all_of_it.did("PUT", f"/pricing/tariffs/{TARIFF}", operator, document())
    band = _band(all_of_it, operator)
    shared = {"square": SQUARE, "tariff": TARIFF, "band": band, "rita": str(all_of_it.person("rita"))}
    shared |= _agreement(all_of_it, band) | _invitation(all_of_it, band) | claim(all_of_it)
    shared |= _rules(all_of_it, operator) | _calendar(all_of_it)
    all_of_it.did("PUT", "/booking/school-years/2026-2027", operator, a_school_year())
    shared |= {"arena": "borgen-innbyggertorg", "year": "2026-2027"}
    closed = all_of_it.did("POST", "/booking/closures", operator, {**a_closure(), "decisions": []})
    shared |= {"closure": closed["closure"]["id"]}
    all_of_it.did("POST", "/booking/bookings", all_of_it.token("tora"), a_booking(TORAS, confirm="when_priced"))
    lock = all_of_it.did("GET", f"/access/locks?square={SQUARE}", operator)["items"][0]["id"]
    worked = all_of_it.did("POST", f"/access/locks/{lock}/orders", operator, AN_ORDER)
    shared |= {"order": worked["id"]}
    own = shared | _bookings(all_of_it, f"{SPACE}-a", str(all_of_it.person("kari")))
    bands = shared | _bookings(all_of_it, f"{SPACE}-b", band)
    return {
        "own": Owned("kari", own, own["lock"]),
        "represented": Owned("rita", bands, bands["lock"]),
        "strangers": Owned("ola", own, ANOTHER_LOCK),
    }


def _calendar(all_of_it: Municipality) -> Things:
    """Kari's feed of Borgen; Nina has one, too."""
    made = all_of_it.did("POST", "/booking/calendars", all_of_it.token("kari"), {"square": SQUARE})
    return {
        **nina(all_of_it),
        "calendar": made["calendar"]["id"],
        "token": made["url"].rpartition("/")[2].removesuffix(".ics"),
    }


def nina(all_of_it: Municipality) -> Things:
    """Nina, who has a feed of Borgen, and nothing else: so she is known, and can be erased."""
    all_of_it.did("POST", "/booking/calendars", all_of_it.token("nina"), {"square": SQUARE})
    return {"nina": str(all_of_it.person("nina"))}


def _rules(all_of_it: Municipality, operator: str) -> Things:
    """House rules of Tofte's arena, and a quota at Borgen."""
    place = "tofte-innbyggertorg"
    all_of_it.did("PUT", f"/booking/house-rules/arena/{place}", operator, some_house_rules())
    all_of_it.did("PUT", "/booking/space-groups/borgens", operator, a_group(), If_Match='"0"')
    all_of_it.did("PUT", "/booking/quotas/borgens-business", operator, a_quota("borgens"), If_Match='"0"')
    ruled = {"scope": "arena", "place": place, "ruled": "tofte-sal"}
    return {**ruled, "group": "borgens", "quota": "borgens-business"}


def _band(all_of_it: Municipality, operator: str) -> str:
    band = {"kind": "voluntary", "name": "Borgen skolekorps", "organisation_number": "974760673"}
    actor: str = all_of_it.did("POST", "/booking/actors", operator, band)["id"]
    for subject, role in (("kari", "owner"), ("rita", "booker")):
        terms = {"subject": subject, "role": role}
        all_of_it.did("POST", f"/booking/actors/{actor}/representatives", operator, terms)
    return actor


def claim(all_of_it: Municipality, number: str = "971526920") -> Things:
    """An organisation that Kari says she acts for."""
    named = {"kind": "voluntary", "name": "Tofte teaterlag", "organisation_number": number}
    return {"claim": all_of_it.did("POST", "/booking/actors", all_of_it.token("kari"), named)["id"]}


def free_numbers() -> Iterator[str]:
    """Numbers that organisations may have, and none has here."""
    return (str(number) for number in count(980_000_000) if organisation_number(str(number)))


def _invitation(all_of_it: Municipality, band: str) -> Things:
    invite = {"role": "booker", "email": "ny@example.no"}
    made = all_of_it.did("POST", f"/booking/actors/{band}/invitations", all_of_it.token("kari"), invite)
    other = all_of_it.did("POST", f"/booking/actors/{band}/invitations", all_of_it.token("kari"), invite)
    refused = {"refused": other["invitation"]["id"], "refused secret": other["secret"]}
    return {"invitation": made["invitation"]["id"], "secret": made["secret"], **refused}


def _bookings(all_of_it: Municipality, space: str, tenant: str) -> Things:
    """One for later, held and priced; one that awaits approval; one that begins now, charged, with a key that opens and
    has been used, and in the programme."""
    kari = all_of_it.token("kari")
    wanted = {"space": space, "tenant": tenant, "title": "Korpsøving"}
    at_once = a_booking(0, confirm="when_priced", **wanted, **a_time(0, days=0))
    all_of_it.clock.move(-JUST_BEFORE)  # what begins at once can't be confirmed any more
    confirmed = all_of_it.did("POST", "/booking/bookings", kari, at_once)
    all_of_it.clock.move(JUST_BEFORE)
    key = all_of_it.call("GET", f"/access/keys?booking={confirmed['id']}", kari).get_json()["items"][0]
    all_of_it.did("POST", f"/access/keys/{key['id']}/unlock", kari)
    programme = all_of_it.call("GET", "/programming/activities", kari).get_json()["items"]
    later = undecided(all_of_it, space, tenant)
    said = {"text": "Kan vi komme før?"}
    lose(all_of_it, confirmed["id"])
    return {
        "tenant": tenant,
        "unknown": key["id"],
        **later,
        "comment": all_of_it.did("POST", f"/booking/bookings/{later['booking']}/comments", kari, said)["id"],
        **series(all_of_it, space, tenant),
        "confirmed": confirmed["id"],
        "in_use": all_of_it.call("GET", f"/booking/bookings/{confirmed['id']}", kari).get_json()["version"],
        "key": key["id"],
        "lock": key["lock"],
        "activity": next(each["id"] for each in programme if each["space"] == space),
    }


def shown(date: Mapping[str, str]) -> dict[str, str]:
    """A date of a series, as the form to move it carries it."""
    began, ended = (datetime.fromisoformat(date[name]).isoformat() for name in ("begins_at", "ends_at"))
    return {"booking": date["booking"], "began": began, "ended": ended}


def lose(all_of_it: Municipality, *bookings: str) -> None:
    """Access has these bookings for lost in a restore, as well as those before."""
    with all_of_it.databases["access"].transaction() as tx:
        unknown.note(tx, "/services/booking", [*bookings, *unknown.unsettled(tx, "/services/booking")])


def a_series(space: str, tenant: str, *, hour: int = 8, day: int = 13, **different: Any) -> dict[str, Any]:
    """Two evenings or mornings, in the second week from now unless told otherwise."""
    first = (NOW + timedelta(days=day)).strftime(f"%Y-%m-%dT{hour:02}:00")
    use = {"purpose": "culture", "audience": "youth", "participants": 20, "title": "Korpsøving"}
    when = {"starts": first, "minutes": 120, "rule": "FREQ=DAILY;COUNT=2"}
    return {"space": space, "tenant": tenant, **use, **when, **different}


def series(all_of_it: Municipality, space: str, tenant: str, *, day: int = 13) -> Things:
    """A series of Kari's, held and priced, of which a date was skipped, as Tora is there already; the first waits for
    that."""
    clash = (NOW + timedelta(days=2, hours=TORAS)).astimezone(OSLO)
    wanted = a_series(space, tenant, day=day, policy="skip", dates=[f"{clash:%Y-%m-%dT%H:%M}"])
    booked = all_of_it.did("POST", "/booking/series", all_of_it.token("kari"), wanted)
    skipped = next(each["begins_at"] for each in booked["occurrences"] if each["skipped"])
    line = all_of_it.call("GET", "/booking/waiting?mine=true", all_of_it.token("kari")).get_json()["items"]
    waiting = [each["id"] for each in line if each["series"] == booked["id"]]
    first = next(each for each in booked["occurrences"] if each["booking"])
    return {
        "series": booked["id"],
        "of_series": shown(first),
        "skipped": skipped,
        **({"waiting": waiting[0]} if waiting else {}),
    }


def a_wait(tenant: str) -> dict[str, Any]:
    """For any hour of the hall, of the two that Tora has it."""
    about = {"minutes": 60, "title": "Korpsøving", "confirm": "by_me", "noise": "normal"}
    return a_booking(TORAS, tenant=tenant, **about)


def undecided(all_of_it: Municipality, space: str, tenant: str, *, day: int = 2) -> Things:
    """Two bookings of Kari's for later: one held and priced, one that awaits approval."""
    kari = all_of_it.token("kari")
    wanted = {"tenant": tenant, "title": "Korpsøving", **a_time(0, days=day)}
    held = all_of_it.did("POST", "/booking/bookings", kari, a_booking(0, space=space, **wanted))
    later = a_time(0 if space.endswith("a") else 4, days=day)
    to_approve = a_booking(0, confirm="when_priced", **wanted | {"space": WORKSHOP} | later)
    awaiting = all_of_it.did("POST", "/booking/bookings", kari, to_approve)
    seen = all_of_it.call("GET", f"/booking/bookings/{held['id']}", kari).get_json()
    price = seen["price"]["total"]
    return {"booking": held["id"], "version": seen["version"], "price": price, "awaiting": awaiting["id"]}


def _agreement(all_of_it: Municipality, band: str) -> Things:
    manager = all_of_it.token("mona", Role.ARENA_MANAGER, squares=(SQUARE,))
    all_of_it.did("GET", "/booking/desk", manager)  # so that booking, too, knows that Borgen has a manager
    agreement = all_of_it.did("POST", "/pricing/agreements", manager, an_agreement(band))["id"]
    hours = all_of_it.did("POST", f"/pricing/agreements/{agreement}/hours", all_of_it.token("kari"), some_hours())
    return {"agreement": agreement, "hours": hours["id"]}
