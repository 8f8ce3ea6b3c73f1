"""What there is at Borgen when the routes are walked: made through the services' own routes, by those who may.

Kari has booked the hall for herself and for the school band; she also works for the band under an agreement, and has
registered hours. Rita represents the band, too, and did none of it. Ola has nothing to do with any of it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kernel.auth import Role
from tests.municipality import HOUR, NOW, SPACE, SQUARE, TARIFF, Municipality
from tests.tariffs import document

ANYTIME = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]
Things = dict[str, Any]


@dataclass(frozen=True)
class Owned:
    """Whose thing it is: the person who asks, and the things that are asked for."""

    person: str
    things: Things


def three(text: str) -> dict[str, str]:
    return {"nb": text, "nn": text, "en": text}


def a_space(id: str, *spaces: dict[str, Any]) -> dict[str, Any]:
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
        "horizon_days": 180,
        "spaces": list(spaces),
    }


def tree(arena: str, *spaces: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": three(arena),
        "arenas": [{"id": arena, "name": three(arena), "opening": ANYTIME, "spaces": list(spaces)}],
    }


def borgen() -> dict[str, Any]:
    return tree("borgen-innbyggertorg", a_space(SPACE, a_space(f"{SPACE}-a"), a_space(f"{SPACE}-b")))


def a_time(hours: int, days: int = 2) -> dict[str, str]:
    """Two hours of a weekday, so many hours after noon; the day after tomorrow, unless told otherwise."""
    begins_at = NOW + timedelta(days=days, hours=hours)
    return {"begins_at": begins_at.isoformat(), "ends_at": (begins_at + 2 * HOUR).isoformat()}


def a_booking(hours: int, **different: Any) -> dict[str, Any]:
    use = {"purpose": "culture", "audience": "adults", "participants": 20}
    return {"space": SPACE, **a_time(hours), **use, **different}


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


def make(all_of_it: Municipality) -> dict[str, Owned]:
    """Makes everything; gives it by whose it is to the one who asks: own, represented or a stranger's."""
    operator = all_of_it.token("drift", Role.OPERATOR)
    all_of_it.did("PUT", f"/booking/squares/{SQUARE}", operator, borgen())
    all_of_it.did("PUT", "/booking/squares/tofte", operator, tree("tofte-innbyggertorg", a_space("tofte-sal")))
    all_of_it.did("PUT", f"/pricing/tariffs/{TARIFF}", operator, document())
    band = _band(all_of_it, operator)
    shared = {"square": SQUARE, "tariff": TARIFF, "band": band, **_agreement(all_of_it, band)}
    own = shared | _bookings(all_of_it, f"{SPACE}-a", str(all_of_it.person("kari")))
    bands = shared | _bookings(all_of_it, f"{SPACE}-b", band)
    return {"own": Owned("kari", own), "represented": Owned("rita", bands), "strangers": Owned("ola", own)}


def _band(all_of_it: Municipality, operator: str) -> str:
    band = {"kind": "voluntary", "name": "Borgen skolekorps", "organisation_number": "974760673"}
    actor: str = all_of_it.did("POST", "/booking/actors", operator, band)["id"]
    for subject in ("kari", "rita"):
        all_of_it.did("POST", f"/booking/actors/{actor}/representatives", operator, {"subject": subject})
    return actor


def _bookings(all_of_it: Municipality, space: str, tenant: str) -> Things:
    """One for later, held and priced; one that begins now, confirmed and charged, with a key that opens, and in the
    programme."""
    kari = all_of_it.token("kari")
    wanted = {"space": space, "tenant": tenant, "title": "Korpsøving"}
    held = all_of_it.did("POST", "/booking/bookings", kari, a_booking(0, **wanted))
    at_once = a_booking(0, confirm="when_priced", **wanted, **a_time(0, days=0))
    confirmed = all_of_it.did("POST", "/booking/bookings", kari, at_once)
    key = all_of_it.call("GET", f"/access/keys?booking={confirmed['id']}", kari).get_json()["items"][0]
    all_of_it.did("POST", f"/access/keys/{key['id']}/unlock", kari)
    programme = all_of_it.call("GET", "/programming/activities", kari).get_json()["items"]
    return {
        "tenant": tenant,
        "booking": held["id"],
        "version": all_of_it.call("GET", f"/booking/bookings/{held['id']}", kari).get_json()["version"],
        "confirmed": confirmed["id"],
        "key": key["id"],
        "lock": key["lock"],
        "activity": next(each["id"] for each in programme if each["space"] == space),
    }


def _agreement(all_of_it: Municipality, band: str) -> Things:
    manager = all_of_it.token("mona", Role.ARENA_MANAGER, squares=(SQUARE,))
    agreement = all_of_it.did("POST", "/pricing/agreements", manager, an_agreement(band))["id"]
    hours = all_of_it.did("POST", f"/pricing/agreements/{agreement}/hours", all_of_it.token("kari"), some_hours())
    return {"agreement": agreement, "hours": hours["id"]}
