"""Every route of the services, as their apps have them, and a good request for each.

The authorisation matrix sends the good request as everyone; the tests of bad input break it in one place at a time.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from tests.contract import things
from tests.contract.things import Things
from tests.municipality import SPACE
from tests.tariffs import document

_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_ADDED = {"HEAD", "OPTIONS"}
"""Flask adds these; they give nothing that GET does not."""


@dataclass(frozen=True)
class Good:
    """What makes a route answer well: a body, a query, an `If-Match`. Paths and queries name things in braces.

    `lists` is the thing that shows whose things a list shows. `means` says what a name in the path stands for, if it is
    not the thing of that name.
    """

    body: Callable[[Things], Any] | None = None
    query: str = ""
    if_match: bool = False
    lists: str = ""
    means: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """A request: its path, with the query, under the app's root."""

    method: str
    path: str
    body: Any
    headers: dict[str, str]


BOOKING = {
    "GET /squares": Good(lists="square"),
    "PUT /squares/{square}": Good(body=lambda _: things.borgen()),
    "GET /availability": Good(query="from=2026-12-05&to=2026-12-06"),
    "GET /availability/check": Good(
        query=f"space={SPACE}&begins_at=2026-12-05T17:00:00Z&ends_at=2026-12-05T19:00:00Z"
        "&purpose=culture&audience=everyone&participants=20"
    ),
    "GET /availability/recurring": Good(query="starts=2026-12-01T18:00&minutes=120&rule=FREQ%3DWEEKLY%3BCOUNT%3D4"),
    "GET /squares/{square}/day": Good(query="date=2026-12-05"),
    "GET /arenas/{arena}/opening": Good(query="from=2026-12-05&to=2026-12-06"),
    "PUT /arenas/{arena}/opening": Good(body=lambda _: things.an_opening_plan(), if_match=True),
    "GET /arenas/{arena}/opening/clashes": Good(),
    "POST /closures": Good(body=lambda _: things.a_closure()),
    "GET /closures": Good(lists="closure"),
    "GET /closures/{closure}": Good(),
    "POST /closures/{closure}/lift": Good(if_match=True),
    "GET /school-years": Good(lists="year"),
    "PUT /school-years/{year}": Good(body=lambda _: things.a_school_year()),
    "POST /bookings": Good(body=lambda known: things.a_booking(8, tenant=known["tenant"])),
    "GET /bookings": Good(lists="booking"),
    "GET /bookings/{booking}": Good(),
    "POST /bookings/{booking}/confirm": Good(if_match=True),
    "POST /bookings/{booking}/cancel": Good(if_match=True),
    "GET /bookings/{booking}/history": Good(),
    "GET /bookings/{booking}/cancellation": Good(),
    "POST /bookings/{booking}/reschedule": Good(
        body=lambda _: {**things.a_time(20), "participants": 12, "why": "Vi ble færre"}, if_match=True
    ),
    "POST /bookings/{booking}/end": Good(if_match=True, means={"booking": "confirmed"}),
    "GET /bookings/{booking}/decider": Good(means={"booking": "awaiting"}),
    "POST /bookings/{booking}/approve": Good(if_match=True, means={"booking": "awaiting"}),
    "POST /bookings/{booking}/decline": Good(
        body=lambda _: {"why": "Lokalet skal males"}, if_match=True, means={"booking": "awaiting"}
    ),
    "POST /series/preview": Good(body=lambda known: things.a_series(SPACE, known["tenant"], hour=20)),
    "POST /series": Good(body=lambda known: things.a_series(SPACE, known["tenant"], hour=20)),
    "GET /series": Good(lists="series"),
    "GET /series/{series}": Good(),
    "POST /series/{series}/confirm": Good(if_match=True),
    "GET /series/{series}/cancellation": Good(query="scope=all"),
    "POST /series/{series}/cancel": Good(body=lambda _: {"scope": "all", "why": "Korpset er på tur"}, if_match=True),
    "POST /series/{series}/reschedule": Good(
        body=lambda _: {"scope": "all", "at": "09:00", "minutes": 90, "participants": 12}, if_match=True
    ),
    "POST /waiting": Good(body=lambda known: things.a_wait(known["tenant"])),
    "GET /waiting": Good(lists="waiting"),
    "GET /waiting/{waiting}": Good(),
    "POST /waiting/{waiting}/leave": Good(),
    "POST /series/{series}/dates": Good(
        body=lambda known: {"begins_at": known["skipped"], "space": "tofte-sal"}, if_match=True
    ),
    "GET /actors": Good(lists="band"),
    "POST /actors": Good(
        body=lambda _: {"kind": "business", "name": "Kafé Torget AS", "organisation_number": "923609016"}
    ),
    "GET /actors/{actor}": Good(means={"actor": "band"}),
    "POST /actors/{actor}/verification": Good(
        body=lambda _: {"kind": "voluntary", "reason": "Vedtektene er lagt fram"}, means={"actor": "band"}
    ),
    "POST /actors/{actor}/refusal": Good(body=lambda _: {"reason": "Ukjent for styret"}, means={"actor": "claim"}),
    "POST /actors/{actor}/withdrawal": Good(means={"actor": "claim"}),
    "GET /organisation-claims": Good(lists="claim"),
    "POST /actors/{actor}/lookup": Good(means={"actor": "band"}),
    "GET /actors/{actor}/representatives": Good(lists="rita", means={"actor": "band"}),
    "POST /actors/{actor}/representatives": Good(
        body=lambda _: {"subject": "nina", "role": "booker", "until": "2027-06-30", "known_as": "Treneren"},
        means={"actor": "band"},
    ),
    "PUT /actors/{actor}/representatives/{person}": Good(
        body=lambda _: {"role": "owner", "until": "2027-06-30", "known_as": "Treneren"},
        means={"actor": "band", "person": "rita"},
    ),
    "DELETE /actors/{actor}/representatives/{person}": Good(means={"actor": "band", "person": "rita"}),
    "GET /actors/{actor}/invitations": Good(lists="invitation", means={"actor": "band"}),
    "POST /actors/{actor}/invitations": Good(
        body=lambda _: {"role": "booker", "until": "2027-06-30", "known_as": "Trener", "email": "trener@example.no"},
        means={"actor": "band"},
    ),
    "DELETE /actors/{actor}/invitations/{invitation}": Good(means={"actor": "band"}),
    "POST /invitations/{invitation}/reading": Good(body=lambda known: {"secret": known["secret"]}),
    "POST /invitations/{invitation}/refusal": Good(
        body=lambda known: {"secret": known["refused secret"]}, means={"invitation": "refused"}
    ),
    "POST /invitations/{invitation}/acceptance": Good(body=lambda known: {"secret": known["secret"]}),
    "PUT /house-rules/{scope}/{place}": Good(body=lambda _: things.some_house_rules()),
    "GET /house-rules/{scope}/{place}": Good(query="version=1"),
    "GET /house-rules/{scope}/{place}/versions": Good(lists="place"),
    "GET /spaces/{space}/house-rules": Good(means={"space": "ruled"}),
    "POST /house-rules/acceptances": Good(
        body=lambda known: {"accepted": [{"scope": known["scope"], "id": known["place"], "version": 1}]}
    ),
    "GET /space-groups": Good(lists="group"),
    "GET /space-groups/{group}": Good(),
    "PUT /space-groups/{group}": Good(body=lambda _: things.a_group(), if_match=True),
    "GET /quotas": Good(lists="quota"),
    "GET /quotas/{quota}": Good(),
    "PUT /quotas/{quota}": Good(body=lambda known: things.a_quota(known["group"]), if_match=True),
    "GET /actors/{actor}/quotas": Good(query="at=2026-12-05T17:00:00Z", means={"actor": "tenant"}),
    "GET /bookings/{booking}/comments": Good(lists="comment"),
    "POST /bookings/{booking}/comments": Good(body=lambda _: {"text": "Kan vi komme før?"}),
    "PUT /bookings/{booking}/comments/seen": Good(body=lambda known: {"last": known["comment"]}),
    "GET /desk": Good(lists="awaiting"),
    "POST /desk/decisions": Good(
        body=lambda known: {
            "decisions": [{"booking": known["awaiting"], "verdict": "decline", "why": "Nei", "version": 1}]
        }
    ),
    "POST /imports/preview": Good(body=lambda known: things.an_import(known["band"])),
    "POST /imports": Good(body=lambda known: things.an_import(known["band"])),
    "GET /bookings.csv": Good(query="from=2026-12-01&to=2026-12-31"),
    "GET /me/export": Good(),
    "POST /me/erasure": Good(body=lambda _: {"cancel_bookings": True}),
    "POST /persons/{person}/erasure": Good(body=lambda _: {"cancel_bookings": True}, means={"person": "nina"}),
    "GET /calendars": Good(lists="calendar"),
    "POST /calendars": Good(body=lambda known: {"square": known["square"], "detail": "public", "language": "nn"}),
    "DELETE /calendars/{calendar}": Good(),
    "GET /calendars/{token}.ics": Good(),
}
PRICING = {
    "GET /me/export": Good(),
    "GET /tariffs": Good(lists="tariff"),
    "GET /tariffs/{tariff}": Good(),
    "PUT /tariffs/{tariff}": Good(body=lambda _: document()),
    "GET /quotes": Good(query="booking={confirmed}"),
    "GET /charges": Good(query="booking={confirmed}"),
    "GET /bookings/{booking}/payments": Good(),
    "POST /bookings/{booking}/payments": Good(body=lambda known: {"amount": known["price"]}),
    "POST /agreements": Good(body=lambda known: things.an_agreement(known["band"])),
    "GET /agreements": Good(lists="agreement"),
    "POST /agreements/{agreement}/hours": Good(body=lambda _: things.some_hours()),
    "GET /hours": Good(lists="hours"),
    "POST /hours/{hours}/approve": Good(if_match=True),
    "POST /hours/{hours}/reject": Good(body=lambda _: {"reason": "Dobbeltført"}, if_match=True),
    "GET /waivers/{tenant}": Good(means={"tenant": "band"}),
}
ACCESS = {
    "GET /me/export": Good(),
    "GET /keys": Good(lists="key"),
    "POST /keys/{key}/unlock": Good(),
    "GET /locks": Good(lists="lock"),
    "GET /locks?square={square}": Good(lists="lock"),
    "POST /locks/{lock}/orders": Good(body=lambda _: {"order": "shut", "why": "Vannlekkasje"}),
    "GET /orders": Good(lists="order"),
    "GET /orders?square={square}": Good(lists="order"),
    "GET /news": Good(),
    "POST /locks/{lock}/unlock": Good(body=lambda _: {"code": "000000"}),
    "GET /unknown-keys": Good(lists="unknown"),
    "GET /unknown-keys?square={square}": Good(lists="unknown"),
    "GET /entries": Good(lists="key"),
    "GET /entries?square={square}": Good(lists="key"),
}
PROGRAMMING = {
    "GET /me/export": Good(),
    "GET /activities": Good(lists="activity"),
    "GET /activities/{activity}": Good(),
}
EVERY_SERVICE = {
    "GET /docs": Good(),
    "GET /docs/start.js": Good(),
    "GET /docs/assets/{name}": Good(),
    "GET /openapi.json": Good(),
}
OWN = {"booking": BOOKING, "pricing": PRICING, "access": ACCESS, "programming": PROGRAMMING}
"""By service, the routes that are its own."""


def request_for(service: str, route: str, known: Things) -> Sent:
    """The good request for a route, about these things."""
    good = (OWN[service] | EVERY_SERVICE)[route]
    method, _, path = route.partition(" ")
    named = known | {"name": "swagger-ui.css"} | {name: known[thing] for name, thing in good.means.items()}
    query = f"?{good.query}" if good.query else ""
    headers = {"If-Match": "*"} if good.if_match else {}
    target = f"/api/{service}{path}{query}".format(**named)
    return Sent(method, target, good.body(known) if good.body else None, headers)


def routes_of(app: Flask, root: str = "") -> Iterator[str]:
    """The routes that an app has, as "GET /bookings/{booking}"; `root` is left out of their paths."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - _ADDED):
            yield f"{method} {_shown(rule).removeprefix(root)}"


def plain(route: str) -> str:
    """A route without its query."""
    return route.partition("?")[0]


def _shown(rule: Rule) -> str:
    return _ARGUMENT.sub(r"{\1}", rule.rule)
