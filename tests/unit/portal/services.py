"""The four services as the portal's tests need them: one small square, real answers, everything kept in memory.

`FakeServices.handle` is given to httpx as a transport. A test sets what it wants to see (`free`, `silent`, `refusals`),
and reads in `calls` what the portal asked. Events take effect at once unless `events_arrive` is False.

Answers are made of what the real services were recorded to answer (`tests.recordings`). One that no service would give,
in its keys, kinds of values or state, is kept in `lies`, which the fixtures refuse when a test is over.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx

from tests.recordings import Answer, body, misfit, pooled, recorded, route_of

Json = dict[str, Any]
NAMESPACE = UUID("5f1d8f0e-43a0-4b8e-9a55-0d5e0f5f6a01")
NOW = datetime.fromisoformat("2026-12-03T09:00:00+00:00")
MORNING = ("2026-12-05T06:00:00Z", "2026-12-05T14:00:00Z")
EVENING = ("2026-12-05T17:00:00Z", "2026-12-05T22:00:00Z")


POOL = pooled(recorded())
A_USE = {"purpose": "culture", "audience": "everyone", "participants": 40}


def standing(state: str) -> Json:
    """What follows from a booking's state, as it was recorded first."""
    answers = (each.body for each in recorded()["GET booking /bookings/{booking}"] if each.status == 200)
    found = next(each for each in answers if each["state"] == state)
    follows = ("key", "opened_at", "cancelled_at", "cancelled_by", "ended_at", "decline_reason")
    of_use = () if state in ("held", "confirmed") else ("release_at",)
    return {"awaits_price": False} | {name: found[name] for name in (*follows, *of_use)}


def three(text: str) -> Json:
    return {"nb": text, "nn": text, "en": text}


def look_ahead(*codes: str | None, refusal: Json | None = None) -> Json:
    """A week's step apart, each free or with its clash; the clashes can be had in the part."""
    dates = []
    for week, code in enumerate(codes):
        begins_at = datetime.fromisoformat("2026-12-05T17:00:00+00:00") + timedelta(days=7 * week)
        clash = {"code": code, "text": three("Lokalet er opptatt.")} if code else None
        when = {"begins_at": begins_at.isoformat(), "ends_at": (begins_at + timedelta(hours=2)).isoformat()}
        dates.append({**when, "clash": clash, "alternatives": ["borgen-storsal-a"] if code else []})
    return {"dates": dates, "clashes": sum(code is not None for code in codes), "refusal": refusal}


def as_recorded(route: str, scene: str, **changed: Any) -> Json:
    """What a route answered in a scene, some of it changed. Of a list it is the first item."""
    found = body(route, scene)
    found = found["items"][0] if "items" in found else found
    assert not changed.keys() - found.keys(), f"{route} answers no {changed.keys() - found.keys()}"
    return dict(found | changed)


def an_invitation(**changed: Any) -> Json:
    invited = {"organisation": "Borgen skolekorps", "role": "booker", "until": None, "by_house": False}
    return {**invited, "expires_at": "2026-12-17T09:00:00Z", "open": True, **changed}


def a_space(id: str, name: str, capacity: int, *spaces: Json) -> Json:
    real = body("GET booking /squares", "nothing")["items"][0]["arenas"][0]["spaces"][0]
    steps = {"grid_minutes": 30, "min_minutes": 30, "max_minutes": 480, "notice_minutes": 0, "horizon_days": 180}
    named = {"id": id, "name": three(name), "premises": "hall", "spaces": list(spaces), "release_minutes": None}
    return {**real, **named, **steps, "capacity": capacity, "area": capacity * 2.5}


def an_arena(id: str, name: str, *spaces: Json) -> Json:
    real = body("GET booking /squares", "nothing")["items"][0]["arenas"][0]
    return {**real, "id": id, "name": three(name), "spaces": list(spaces)}


def a_square(id: str, name: str, *arenas: Json) -> Json:
    return as_recorded("GET booking /squares", "nothing", id=id, name=three(name), arenas=list(arenas))


STORSAL = a_space("borgen-storsal", "Storsalen", 120, a_space("borgen-storsal-a", "Storsalen, del A", 60))
SQUARES = [
    a_square(
        "borgen",
        "Borgen",
        an_arena("borgen-innbyggertorg", "Borgen innbyggertorg", STORSAL),
        an_arena("nova-borgen", "Nova Borgen ungdomsklubb"),
    ),
    *(
        a_square(name.lower(), name)
        for name in ("Asker", "Heggedal", "Holmen", "Slemmestad", "Spikkestad", "Sætre", "Tofte")
    ),
]


@dataclass(frozen=True)
class Call:
    """What the portal asked of a service."""

    method: str
    service: str
    path: str
    query: Json
    body: Any
    headers: httpx.Headers


@dataclass
class FakeServices:
    """All four, with what they know."""

    calls: list[Call] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    refusals: dict[str, httpx.Response] = field(default_factory=dict)
    bookings: dict[str, Json] = field(default_factory=dict)
    hours: dict[str, Json] = field(default_factory=dict)
    said: dict[str, list[Json]] = field(default_factory=dict)
    house_rules: list[Json] = field(default_factory=list)
    desk: list[Json] = field(default_factory=list)
    deciders: dict[str, str] = field(default_factory=dict)
    series: dict[str, Json] = field(default_factory=dict)
    waiting: dict[str, Json] = field(default_factory=dict)
    consequence: Json = field(default_factory=lambda: {"fee": 0, "currency": "NOK", "free_until": None})
    why: str | None = None
    moved: bool = False
    steps: Sequence[Json] = ()
    ahead: Json = field(default_factory=lambda: look_ahead(None, "slot_taken", None))
    invitation: Json = field(default_factory=an_invitation)
    activities: list[Json] = field(default_factory=list)
    unknown_keys: list[Json] = field(default_factory=list)
    agreements: list[Json] = field(default_factory=list)
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    free: list[tuple[str, str]] = field(default_factory=lambda: [MORNING, EVENING])
    events_arrive: bool = True
    codes_renewed: bool = False
    claims: list[Json] = field(default_factory=list)
    doors: list[Json] = field(default_factory=lambda: [a_door()])
    orders: list[Json] = field(default_factory=list)
    news: str = "nothing"
    """The scene in which access told how old its news is."""
    lies: list[str] = field(default_factory=list)
    replayed: dict[str, Answer] = field(default_factory=dict)
    door: Json = field(default_factory=lambda: {"outcome": "opened", "reason": None, "at": "2026-12-05T16:58:00Z"})

    def handle(self, request: httpx.Request) -> httpx.Response:
        _, _, service, *parts = request.url.path.split("/")
        path = "/" + "/".join(parts)
        if service in self.silent:
            raise httpx.ConnectError("nobody there")
        body = json.loads(request.content) if request.content else None
        query = dict(request.url.params)
        self.calls.append(Call(request.method, service, path, query, body, request.headers))
        key = request.headers.get("Idempotency-Key", "")
        if key and key in self.answers:
            return self.answers[key]
        if (again := self.replayed.get(route_of(request.method, service, path))) is not None:
            return answered(again)
        refusal = self.refusals.get(f"{request.method} {service} {path}")
        if path == "/me/export" and refusal is None:
            return answered(recorded()[f"GET {service} /me/export"][0])
        answer = refusal or self._route(request.method, service)(parts, query, body)
        self._compare(request.method, service, path, answer)
        if refusal is not None:
            return refusal
        if key:
            self.answers[key] = answer
        return answer

    def _compare(self, method: str, service: str, path: str, answer: httpx.Response) -> None:
        """Notes what no service would answer. A fault of a service's own, or of a gateway's, may be anything."""
        if answer.status_code >= 500 or (answer.content and "json" not in answer.headers["Content-Type"]):
            return
        if answer.is_error:
            fault = misfit_of_problem(service, answer.json())
        else:
            told = answer.json() if answer.content else None
            fault = misfit(answer.status_code, told, recorded().get(route_of(method, service, path), ()), POOL)
        if fault:
            self.lies.append(f"{method} {service} {path}: {fault}")

    def asked(self, method: str, service: str) -> list[Call]:
        return [call for call in self.calls if (call.method, call.service) == (method, service)]

    def _route(self, method: str, service: str) -> Callable[[list[str], Json, Any], httpx.Response]:
        route: Callable[[list[str], Json, Any], httpx.Response] = getattr(self, f"_{method.lower()}_{service}")
        return route

    def _get_booking(self, parts: list[str], query: Json, _: Any) -> httpx.Response:
        match parts:
            case ["squares"]:
                return items(SQUARES)
            case ["availability"]:
                spaces = [STORSAL, *STORSAL["spaces"]] if query.get("square", "borgen") == "borgen" else []
                return items([self._free(each) for each in spaces], moving=True)
            case ["actors"]:
                kari, band = body("GET booking /actors", "nothing")["items"]
                return items([kari | {"id": str(an_id("kari"))}, band | {"id": str(an_id("korps"))}])
            case ["bookings"]:
                live = ("held", "awaiting_approval", "awaiting_payment", "confirmed", "in_use")
                standing = {True: "live", False: "over"}
                wanted = [
                    each
                    for each in self.bookings.values()
                    if query.get("standing") in (None, standing[each["state"] in live])
                ]
                return items(wanted, moving=True)
            case ["bookings", id, *about] if id in self.bookings:
                return self._about_booking(self.bookings[id], *about)
        return self._get_more(parts, query)

    def _get_more(self, parts: list[str], query: Json) -> httpx.Response:
        match parts:
            case ["spaces", _, "house-rules"]:
                return httpx.Response(200, json={"items": self.house_rules})
            case ["quotas", _]:
                quota = as_recorded("GET booking /quotas/{quota}", "over the quota", name=three("Haller for lag"))
                return httpx.Response(200, json=quota)
            case ["desk"]:
                wanted = [each for each in self.desk if query.get("kind") in (None, each["kind"])]
                counts = [{"kind": kind, "waiting": len(self.desk), "overdue": 1} for kind in ("approval", "payment")]
                return httpx.Response(200, json=a_page(wanted, moving=True) | {"counts": counts})
            case ["series"]:
                return items([_summary(each) for each in self.series.values()])
            case ["waiting"]:
                return items([each for each in self.waiting.values() if each["state"] == query["state"]])
            case ["series", _, "cancellation"]:
                cost = {"this": (1, 0), "following": (2, 0), "all": (3, 60000)}[query["scope"]]
                consequence = {"bookings": cost[0], "fee": cost[1], "charged": cost[1] // 60000, "currency": "NOK"}
                return httpx.Response(200, json=consequence)
            case ["series", id] if id in self.series:
                return httpx.Response(200, json=self.series[id])
        return self._get_claims(parts)

    def _get_claims(self, parts: list[str]) -> httpx.Response:
        if parts == ["organisation-claims"]:
            return items(self.claims)
        return refused(404, "not_found", "Det du ser etter, finnes ikke.")

    def _about_booking(self, booking: Json, about: str = "") -> httpx.Response:
        if about == "comments":
            return items(self.said.get(booking["id"], []))
        if about == "history":
            step = {
                "what": "rescheduled" if self.moved else booking["state"],
                "why": self.why,
                "version": booking["version"],
            }
            history = "GET booking /bookings/{booking}/history"
            steps = [as_recorded(history, "held, not priced", **each) for each in self.steps or [step]]
            return httpx.Response(200, json={"items": steps})
        if about == "decider":
            return httpx.Response(200, json={"decider": self.deciders.get(booking["id"], "you")})
        return httpx.Response(200, json=self.consequence if about == "cancellation" else booking)

    def _put_booking(self, parts: list[str], _: Json, body: Any) -> httpx.Response:
        assert parts[2:] == ["comments", "seen"]
        for each in self.said[parts[1]]:
            each["seen"] = True
        return httpx.Response(204)

    def _free(self, space: Json) -> Json:
        free = [{"begins_at": begin, "ends_at": end} for begin, end in self.free]
        where = {"space": space["id"], "name": space["name"], "arena_name": three("Borgen innbyggertorg")}
        return as_recorded("GET booking /availability", "free", **where, free=free)

    def _post_booking(self, parts: list[str], _: Json, body: Any) -> httpx.Response:
        match parts:
            case ["bookings"]:
                return httpx.Response(201, json=self.hold(**body))
            case ["bookings", id, "confirm"]:
                return httpx.Response(200, json=self.change(id, state="confirmed"))
            case ["house-rules", "acceptances"]:
                return httpx.Response(200, json=_accepted())
            case ["bookings", id, "cancel"]:
                return httpx.Response(200, json=self.change(id, state="cancelled", cancelled_at="2026-12-04T10:00:00Z"))
        return self._post_more(parts, body)

    def _post_more(self, parts: list[str], body: Any) -> httpx.Response:
        match parts:
            case ["bookings", id, "reschedule"]:
                when = {name: body[name] for name in ("begins_at", "ends_at", "participants")}
                return httpx.Response(200, json=self.change(id, **when))
            case ["bookings", id, "end"]:
                return httpx.Response(200, json=self.change(id, state="completed"))
            case ["bookings", id, "comments"]:
                return httpx.Response(201, json=self.say(id, "tenant", body["text"]))
            case ["desk", "decisions"]:
                return httpx.Response(200, json={"items": [self._decided(**each) for each in body["decisions"]]})
            case ["waiting", *which]:
                return self._post_waiting(*which, **body)
            case ["series", *which]:
                return self._post_series(*which)
            case ["invitations", _, answer]:
                return self._answered(answer, body["secret"])
        return self._post_organisation(parts)

    def _post_organisation(self, parts: list[str]) -> httpx.Response:
        if parts == ["me", "erasure"]:
            return httpx.Response(200, json=body("POST booking /me/erasure", "erased"))
        assert parts[0] == "actors", parts
        if len(parts) == 1:
            return httpx.Response(201, json=as_recorded("POST booking /actors", "claimed"))
        scene = "claim taken back" if parts[2] == "withdrawal" else "claim decided"
        answer = as_recorded(f"POST booking /actors/{{actor}}/{parts[2]}", scene)
        return httpx.Response(200, json=answer)

    def _post_waiting(self, which: str = "", _: str = "", **wanted: Any) -> httpx.Response:
        if not which:
            return httpx.Response(201, json=self.wait(**wanted))
        return httpx.Response(200, json=self.waiting.pop(which) | {"state": "left", "place": None})

    def _post_series(self, which: str = "", _: str = "") -> httpx.Response:
        if not which:
            return httpx.Response(201, json=self.series[self.a_series()])
        return httpx.Response(200, json=self.ahead if which == "preview" else self.series[which])

    def _answered(self, answer: str, secret: str) -> httpx.Response:
        if secret != "sesam":
            return refused(404, "not_found", "Det du ser etter, finnes ikke.")
        taken = body("POST booking /invitations/{invitation}/acceptance", "accept")
        return httpx.Response(200, json=taken if answer == "acceptance" else self.invitation)

    def _get_pricing(self, parts: list[str], query: Json, _: Any) -> httpx.Response:
        match parts:
            case ["charges"] if (booking := self.bookings[query["booking"]])["price"]:
                return httpx.Response(200, json=a_charge(booking))
            case ["agreements"]:
                return items(self.agreements)
            case ["hours"]:
                wanted = query.get("state")
                return items([each for each in self.hours.values() if wanted in (None, each["state"])])
        return refused(404, "not_found", "Det du ser etter, finnes ikke.")

    def _post_pricing(self, parts: list[str], _: Json, body: Any) -> httpx.Response:
        match parts:
            case ["agreements", agreement, "hours"]:
                return httpx.Response(201, json=self.register(agreement, **body))
            case ["hours", id, "approve"]:
                decided = {"decided_at": "2026-12-03T09:00:00Z", "decider": None}
                self.hours[id] |= {"state": "approved", "amount": 20000, **decided}
                return httpx.Response(200, json=self.hours[id])
            case ["hours", id, "reject"]:
                self.hours[id] |= {"state": "rejected", "decided_at": "2026-12-03T09:00:00Z", "decider": None, **body}
                return httpx.Response(200, json=self.hours[id])
        raise AssertionError(parts)

    def _get_access(self, parts: list[str], query: Json, _: Any) -> httpx.Response:
        if parts == ["unknown-keys"]:
            return items(self.unknown_keys)
        match parts:
            case ["locks"]:
                return items([each for each in self.doors if each["square"] == query.get("square", each["square"])])
            case ["orders"]:
                return items(self.orders)
            case ["news"]:
                return httpx.Response(200, json=body("GET access /news", self.news))
        assert parts == ["keys"]
        if not self.events_arrive:
            return items([], moving=True)
        scene = "code renewed" if self.codes_renewed else "confirmed"
        return items([a_key(self.bookings[query["booking"]], scene)], moving=True)

    def _post_access(self, parts: list[str], _query: Json, body: Any) -> httpx.Response:
        if parts[0] == "keys":
            return httpx.Response(200, json=self.door)
        ordered = as_recorded("POST access /locks/{lock}/orders", "nothing_without_news", lock=parts[1], **body)
        self.orders.insert(0, ordered)
        return httpx.Response(201, json=ordered)

    def _get_programming(self, _parts: list[str], _query: Json, _body: Any) -> httpx.Response:
        return items(self.activities, moving=True)

    def hold(self, **wanted: Any) -> Json:
        booking = str(an_id(f"booking {len(self.bookings)}"))
        tenant = {"id": wanted.pop("tenant", str(an_id("kari"))), "kind": "voluntary", "name": "Borgen skolekorps"}
        wanted.pop("accept_house_rules", None)
        priced = {"price": a_price(), "free_until": a_price()["free_until"]} if self.events_arrive else {}
        self.bookings[booking] = as_recorded(
            "GET booking /bookings/{booking}",
            "held" if self.events_arrive else "held, not priced",
            id=booking,
            tenant=tenant,
            hold_expires_at="2026-12-03T09:15:00Z",
            version=1,
            release_at=None,
            confirm="by_me",
            **{"title": None, **priced, **wanted},
        )
        return self.bookings[booking]

    def a_booking(self, **changed: Any) -> str:
        """One that is held, changed as wanted; its id."""
        wanted = {"space": "borgen-storsal", "begins_at": "2026-12-05T17:00:00Z", "ends_at": "2026-12-05T19:00:00Z"}
        booking = self.hold(**(wanted | A_USE))
        booking.update(standing(changed.get("state", "held")) | changed)
        return str(booking["id"])

    def change(self, id: str, **changed: Any) -> Json:
        if changed.get("price"):
            changed.setdefault("free_until", changed["price"]["free_until"])
        self.bookings[id] |= {**standing(changed.get("state", self.bookings[id]["state"])), **changed}
        self.bookings[id]["version"] += 1
        return self.bookings[id]

    def say(self, booking: str, side: str, text: str) -> Json:
        said = self.said.setdefault(booking, [])
        about = {"side": side, "text": text, "written_at": "2026-12-03T08:00:00Z", "seen": False}
        comments = "GET booking /bookings/{booking}/comments"
        said.append(as_recorded(comments, "talked of", id=str(an_id(f"said {len(said)}")), **about))
        return said[-1]

    def wait(self, **wanted: Any) -> Json:
        wanted.pop("accept_house_rules", None)
        waiting = str(an_id(f"waiting {len(self.waiting)}"))
        tenant = {"id": str(an_id("korps")), "kind": "voluntary", "name": "Borgen skolekorps"}
        place = {"id": waiting, "place": 2, "minutes": 120, **wanted, "tenant": tenant}
        self.waiting[waiting] = as_recorded("GET booking /waiting", "waiting", **place)
        return self.waiting[waiting]

    def awaits(self, kind: str = "approval", *, overdue: bool = False, decider: str = "you", **changed: Any) -> str:
        """A booking that waits at the desk for a `decider`; its id."""
        booking = self.a_booking(state="awaiting_approval", **changed)
        waits = {"kind": kind, "due_at": "2026-12-04T09:00:00Z", "overdue": overdue, "decider": decider}
        self.deciders[booking] = decider
        self.desk.append({**waits, "booking": self.bookings[booking]})
        return booking

    def _decided(self, booking: str, version: int, verdict: str, why: str | None = None) -> Json:
        found = self.bookings[booking]
        if found["version"] != version:
            refusal = {"code": "stale_version", "text": three("Noen har endret bookingen.")}
            return {"booking": booking, "done": False, "state": None, "version": None, "refused": refusal}
        self.desk = [each for each in self.desk if each["booking"]["id"] != booking]
        self.why = why
        state = self.change(booking, state="confirmed" if verdict == "approve" else "declined")["state"]
        return {"booking": booking, "done": True, "state": state, "version": version + 1, "refused": None}

    def a_series(self, states: Sequence[str | None] = ("held", "held", None), **changed: Any) -> str:
        """One whose bookings are in these states; a date without one was skipped. Returns its id."""
        dates: list[Json] = []
        for week, state in enumerate(states):
            begins_at = datetime.fromisoformat("2026-12-08T17:00:00+00:00") + timedelta(days=7 * week)
            when = {"begins_at": begins_at.isoformat(), "ends_at": (begins_at + timedelta(hours=2)).isoformat()}
            made = self.a_booking(**when, state=state) if state else None
            space, skipped, price = ("borgen-storsal", None, 60000) if state else (None, "slot_taken", None)
            kept = "2026-12-03T09:15:00Z" if state else None
            date = {**when, "booking": made, "space": space, "state": state, "hold_expires_at": kept}
            free_until = (begins_at - timedelta(days=1)).isoformat() if state else None
            date |= {"skipped": skipped, "price": price, "awaits_price": False, "free_until": free_until}
            dates.append(date)
        series = str(an_id(f"series {len(self.series)}"))
        self.series[series] = as_recorded(
            "GET booking /series/{series}",
            "held",
            id=series,
            tenant={"id": str(an_id("korps")), "kind": "voluntary", "name": "Borgen skolekorps"},
            title="Korpsøving",
            **A_USE,
            by_state=dict(Counter(state for state in states if state)),
            first_at=dates[0]["begins_at"],
            last_until=next(each["ends_at"] for each in reversed(dates) if each["booking"]),
            skipped=states.count(None),
            occurrences=dates,
            **changed,
        )
        return series

    def register(self, agreement: str, *, decider: str = "you", **worked: Any) -> Json:
        hours = str(an_id(f"hours {len(self.hours)}"))
        about = {"id": hours, "agreement": agreement, "decider": decider, **worked}
        self.hours[hours] = as_recorded("GET pricing /hours", "registered", **about)
        return self.hours[hours]


def an_id(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def _accepted() -> Any:
    return body("POST booking /house-rules/acceptances", "house rules")


def _summary(series: Json) -> Json:
    """A series as it stands in a list."""
    return {name: value for name, value in series.items() if name not in ("occurrences", "history")}


def an_agreement() -> Json:
    return as_recorded(
        "GET pricing /agreements",
        "registered",
        id=str(an_id("agreement")),
        tenant=str(an_id("korps")),
        title="Vedlikehold av Storsalen",
        task={"nb": "Male vegger.", "nn": "Måle vegger.", "en": "Paint walls."},
        hour_value=20000,
        max_amount=1000000,
        balance=45000,
    )


def some_house_rules(version: int = 2) -> Json:
    rules = [{"code": "quiet_after", "text": three("Ro etter 22"), "time": "22:00", "number": None}]
    found = as_recorded("GET booking /spaces/{space}/house-rules", "house rules")
    text = three("Rydd etter dere.\nSlå av lyset.")
    return found | {"house_rules": found["house_rules"] | {"version": version, "text": text, "rules": rules}}


def an_activity(hour: int, title: str, square: str = "borgen") -> Json:
    begins_at = datetime.fromisoformat("2026-12-03T00:00:00+00:00") + timedelta(hours=hour)
    return as_recorded(
        "GET programming /activities",
        "confirmed",
        id=str(an_id(title)),
        title=title,
        square=square,
        begins_at=begins_at.isoformat(),
        ends_at=(begins_at + timedelta(hours=2)).isoformat(),
        audience="everyone",
    )


def a_line(code: str, text: str, quantity: str, unit: str, unit_amount: int, amount: int) -> Json:
    return {
        "code": code,
        "text": three(text),
        "quantity": quantity,
        "unit": unit,
        "unit_amount": unit_amount,
        "amount": amount,
        "vat_rate": "0",
    }


def a_price() -> Json:
    lines = [
        a_line("rent", "Idrettshall, lag og foreninger over 19 år, helg (18:00–20:00)", "2", "hour", 52500, 105000),
        a_line("waiver", "Fritak fra leie for dugnad", "1", "waiver", -45000, -45000),
    ]
    free_until = "2026-12-03T17:00:00Z"
    return {"total": 60000, "currency": "NOK", "lines": lines, "tariff": "nesodden-2017", "free_until": free_until}


def a_charge(booking: Json) -> Json:
    lines = booking["price"]["lines"]
    entries = [{"reason": "confirmed", "amount": 60000, "at": "2026-12-03T09:01:00Z", "lines": lines}]
    state = "charged"
    if booking["state"] == "cancelled":
        late = a_line("late_cancellation", "Avbestilt etter fristen: full pris gjelder", "1", "booking", 0, 0)
        entries.append({"reason": "late_cancellation", "amount": 0, "at": "2026-12-04T10:00:00Z", "lines": [late]})
        state = "kept"
    about = {"booking": booking["id"], "total": 60000, "state": state, "entries": entries}
    return as_recorded("GET pricing /charges", "cancelled, not settled", **about)


def a_lost_key(**changed: Any) -> Json:
    """A live key of a booking that was lost in a restore."""
    when = {"begins_at": "2026-12-05T17:00:00Z", "ends_at": "2026-12-05T19:00:00Z"}
    about = {"state": "armed", "suspended_for": None, "space": "borgen-storsal", "square": "borgen"}
    return as_recorded("GET access /unknown-keys", "lost in a restore", **when, **about | changed)


def a_claim(state: str = "waiting", **changed: Any) -> Json:
    """An organisation that somebody says they act for."""
    answers = (each.body for each in recorded()["GET booking /organisation-claims"])
    found = next(each for answer in answers for each in answer["items"] if each["state"] == state)
    return dict(found | {"actor": str(an_id("claim")), "own": False} | changed)


def a_door(scene: str = "doors", **different: Any) -> Json:
    """The door of the hall at Borgen."""
    about = {"id": str(an_id("door")), "space": "borgen-storsal", "square": "borgen"}
    if scene != "doors":
        shut = next(each for each in body("GET access /locks", scene)["items"] if each["shut_since"])
        return dict(shut | about | different)
    return as_recorded("GET access /locks", scene, **about, **different)


def a_key(booking: Json, scene: str) -> Json:
    when = {"valid_from": "2026-12-05T16:45:00Z", "valid_until": "2026-12-05T19:15:00Z"}
    return as_recorded(
        "GET access /keys",
        scene,
        id=str(an_id(f"key of {booking['id']}")),
        booking=booking["id"],
        space=booking["space"],
        **when,
    )


@cache
def problem_codes() -> Mapping[str, set[tuple[str, int]]]:
    """The codes of each service's problems with their status, as docs/errors.md has them; "every" has those of all."""
    codes: dict[str, set[tuple[str, int]]] = {}
    for line in (Path(__file__).parents[3] / "docs/errors.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            service = line.split()[1].lower()
        elif found := re.match(r"\| `(\w+)` \| (\d+) \|", line):
            codes.setdefault(service, set()).add((found[1], int(found[2])))
    return codes


def misfit_of_problem(service: str, problem: Json) -> str:
    """What is wrong with a problem: that no service answers such a code, or not with such keys."""
    if not isinstance(problem, dict):
        return "that is no problem"
    if (problem["code"], problem["status"]) not in problem_codes()["every"] | problem_codes()[service]:
        return f"{service} has no problem {problem['code']} with status {problem['status']}"
    problems = [each for answers in recorded().values() for each in answers if each.status >= 400]
    alike = [Answer(each.scene, problem["status"], each.body) for each in problems]
    return misfit(problem["status"], problem, alike)


def answered(answer: Answer) -> httpx.Response:
    """What was recorded, as it comes over HTTP."""
    kind = "application/problem+json" if answer.status >= 400 else "application/json"
    return httpx.Response(answer.status, json=answer.body, headers={"Content-Type": kind})


def items(found: list[Json], *, moving: bool = False) -> httpx.Response:
    return httpx.Response(200, json=a_page(found, moving=moving))


def a_page(found: list[Json], *, moving: bool = False) -> Json:
    """A whole list on one page; `moving` if it is in the order of what can change."""
    return {"items": found, "next_cursor": None, **({"order_may_change": True} if moving else {})}


def refused(status: int, code: str, detail: str, **more: Any) -> httpx.Response:
    known = {"type": f"/problems/{code}", "title": "Nei", "status": status, "instance": "0"}
    problem = {**known, "detail": detail, "code": code, **more}
    return httpx.Response(status, json=problem, headers={"Content-Type": "application/problem+json"})
