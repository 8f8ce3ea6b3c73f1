"""The main job, once, through the front doors: a resident's booking travels through all four services until a door
opens, a volunteer's hours make the next one cheaper, and a cancellation takes everything back.

`Journey.run` yields each step as it is seen, with the event that told of it; what is not seen in time raises `NotSeen`.
"""

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from cli.sign_in import token
from cli.tap import Tap
from kernel.clock import OSLO, SystemClock
from kernel.ids import new_id

SQUARE = "borgen"
PATIENCE_SECONDS = 60.0
HOUR = timedelta(hours=1)


class NotSeen(Exception):
    """Something that should have happened was not seen."""


@dataclass(frozen=True)
class Step:
    """What happened, told for people; the event that told of it, if one did; milliseconds since the journey's start."""

    happened: str
    event: str | None
    milliseconds: float


Steps = Generator[Step, None, None]


class Person:
    """Somebody with a token, at the services' doors. An answer that is an error raises `NotSeen`."""

    def __init__(self, apis: Mapping[str, str], bearer: str) -> None:
        self._apis = apis
        self._http = httpx.Client(headers={"Authorization": f"Bearer {bearer}", "Accept-Language": "en"}, timeout=15)

    def get(self, service: str, path: str, **query: str) -> Any:
        """The JSON found there."""
        return _told(self._http.get(self._apis[service] + path, params=query)).json()

    def post(self, service: str, path: str, body: object) -> Any:
        """The JSON answered."""
        return self._post(service, path, body, {})

    def change(self, service: str, path: str, action: str, version: int) -> Any:
        """Does something to the thing at `path`, if it is still as it was in this version; the JSON answered."""
        return self._post(service, f"{path}/{action}", {}, {"If-Match": f'"{version}"'})

    def close(self) -> None:
        self._http.close()

    def _post(self, service: str, path: str, body: object, headers: dict[str, str]) -> Any:
        headers["Idempotency-Key"] = str(new_id())
        return _told(self._http.post(self._apis[service] + path, json=body, headers=headers)).json()


class Journey:
    """One journey of Kari, who books for her school band, and Mona, who manages the square."""

    def __init__(self, apis: Mapping[str, str], issuer: str, tap: Tap) -> None:
        self._tap = tap
        self._kari = Person(apis, token(issuer, "kari", "torg-cli"))
        self._mona = Person(apis, token(issuer, "mona", "torg-cli"))
        self._since = SystemClock().now()
        self._start = time.perf_counter()

    def run(self) -> Steps:
        """The whole journey."""
        try:
            self._band = self._find_band()
            free = self._free(self._since, space="borgen-storsal")
            yield self._step(f"Kari finds {free['space']} free from {_local(free['begins_at'])}")
            first = yield from self._book(free, "Korpsøving")
            yield from self._pass_the_door(first)
            yield from self._stand_before_a_shut_door()
            yield from self._look_in_the_programme(first)
            yield from self._volunteer()
            yield from self._book_cheaper()
            yield from self._leave(first)
            yield from self._cancel()
        finally:
            self._kari.close()
            self._mona.close()

    def _book(self, free: Mapping[str, Any], title: str) -> Generator[Step, None, dict[str, Any]]:
        booking = self._kari.post("booking", "/bookings", self._wish(free, title))
        yield self._seen("Kari holds it for her band", "booking.held", booking=booking["id"])
        priced = self._wait("pricing.booking_priced", booking=booking["id"])
        for line in priced.data["lines"]:
            yield self._step(f"  {line['en']}: {_money(line['amount'])}")
        yield self._step(f"pricing prices it: {_money(priced.data['total'])}", priced.name)
        self._until(lambda: self._booking(booking)["price"], "the price stands on the booking")
        self._act(booking, "confirm")
        yield self._seen("Kari sees the price and confirms", "booking.confirmed", booking=booking["id"])
        yield self._seen("access issues a key", "access.key_issued", booking=booking["id"])
        yield self._seen("the lock confirms the key", "access.key_armed", booking=booking["id"])
        yield self._seen("pricing charges the band", "pricing.booking_charged", booking=booking["id"])
        return dict(priced.data) | {"id": booking["id"]}

    def _pass_the_door(self, booking: Mapping[str, Any]) -> Steps:
        self._until(lambda: self._booking(booking)["key"] == "armed", "the booking says the key is on the door")
        key = self._key(booking)
        _expect(len(key["code"]) >= 6, "Kari is shown the code")
        answer = self._kari.post("access", f"/keys/{key['id']}/unlock", {})
        _expect(answer["outcome"] == "opened", f"the door opens, but it answered {answer}")
        yield self._seen("Kari unlocks the door within the key's time", "access.door_opened", booking=booking["id"])

    def _stand_before_a_shut_door(self) -> Steps:
        tomorrow = self._free(self._since + 24 * HOUR, space="borgen-storsal")
        wish = self._wish(tomorrow, "Seksjonsøving") | {"confirm": "when_priced"}
        booking = self._kari.post("booking", "/bookings", wish)
        self._wait("access.key_armed", booking=booking["id"])
        answer = self._kari.post("access", f"/keys/{self._key(booking)['id']}/unlock", {})
        _expect(answer == answer | {"outcome": "refused", "reason": "too_early"}, f"it is too early: {answer}")
        yield self._seen("tomorrow's key is refused today", "access.door_refused", booking=booking["id"])

    def _look_in_the_programme(self, booking: Mapping[str, Any]) -> Steps:
        seen = self._wait("programming.activity_scheduled", booking=booking["id"])
        activity = self._kari.get("programming", f"/activities/{seen.data['activity']}")
        listed = self._kari.get("programming", "/activities", square=SQUARE)["items"]
        _expect(activity["id"] in [each["id"] for each in listed], "the activity is in the square's programme")
        yield self._step(f"“{activity['title']}” stands in the programme of {SQUARE}", seen.name)

    def _volunteer(self) -> Steps:
        agreement = self._kari.get("pricing", "/agreements")["items"][0]
        today = f"{self._since.astimezone(OSLO):%Y-%m-%d}"
        hours = {"worked_on": today, "minutes": 60, "task": "Malte gangen"}
        registered = self._kari.post("pricing", f"/agreements/{agreement['id']}/hours", hours)
        about = {"registration": registered["id"]}
        yield self._seen("Kari registers an hour of maintenance", "pricing.hours_registered", **about)
        self._mona.change("pricing", f"/hours/{registered['id']}", "approve", registered["version"])
        granted = self._wait("pricing.waiver_granted", **about)
        yield self._step(f"Mona approves: {_money(granted.data['amount'])} of rent is waived", granted.name)

    def _book_cheaper(self) -> Steps:
        next_week = self._free(self._since + 7 * 24 * HOUR, space="borgen-storsal")
        priced = yield from self._book(next_week, "Korpsøving")
        waived = -sum(line["amount"] for line in priced["lines"] if line["code"] == "waiver")
        rent = sum(line["amount"] for line in priced["lines"] if line["code"] != "waiver")
        _expect(waived > 0 and priced["total"] == rent - waived, "the waiver makes the next booking cheaper")
        yield self._step(f"the next booking costs {_money(priced['total'])} instead of {_money(rent)}")

    def _leave(self, booking: Mapping[str, Any]) -> Steps:
        self._until(lambda: self._booking(booking)["state"] == "in_use", "the booking is in use")
        self._act(booking, "end")
        yield self._seen("Kari leaves before her time is over", "booking.completed", booking=booking["id"])

    def _cancel(self) -> Steps:
        later = self._free(self._since, space="borgen-storsal")
        wish = self._wish(later, "Seksjonsøving") | {"confirm": "when_priced"}
        booking = self._kari.post("booking", "/bookings", wish)
        yield self._seen("Kari books again, for today", "access.key_armed", booking=booking["id"])
        total = self._wait("pricing.booking_priced", booking=booking["id"]).data["total"]
        self._until(lambda: self._booking(booking)["key"] == "armed", "the booking says the key is on the door")
        key = self._key(booking)
        self._act(booking, "cancel")
        yield self._seen("Kari cancels it", "booking.cancelled", booking=booking["id"])
        yield self._seen("its key is revoked", "access.key_revoked", booking=booking["id"])
        answer = self._kari.post("access", f"/keys/{key['id']}/unlock", {})
        _expect(answer == answer | {"outcome": "refused", "reason": "revoked"}, f"the key opens nothing: {answer}")
        yield self._seen("the door stays shut", "access.door_refused", booking=booking["id"])
        yield self._seen("its activity leaves the programme", "programming.activity_withdrawn", booking=booking["id"])
        charged = self._wait("pricing.booking_charged", booking=booking["id"], reason="cancelled")
        _expect(charged.data["total"] == total, "a late cancellation is paid in full")
        yield self._step(f"cancelled late, it is still paid: {_money(charged.data['total'])}", charged.name)

    def _find_band(self) -> str:
        actors = self._kari.get("booking", "/actors")["items"]
        return next(str(actor["id"]) for actor in actors if actor["kind"] == "voluntary")

    def _free(self, after: datetime, *, space: str) -> dict[str, Any]:
        """The first free hour of a space from then on."""
        days = {"from": f"{after.astimezone(OSLO):%Y-%m-%d}", "to": f"{(after + 24 * HOUR).astimezone(OSLO):%Y-%m-%d}"}
        found = self._kari.get("booking", "/availability", square=SQUARE, space=space, minutes="60", **days)["items"]
        for free in (free for each in found for free in each["free"]):
            begins = max(datetime.fromisoformat(free["begins_at"]), _next_quarter(after))
            if begins + HOUR <= datetime.fromisoformat(free["ends_at"]):
                return {"space": space, "begins_at": begins.isoformat(), "ends_at": (begins + HOUR).isoformat()}
        raise NotSeen(f"no free hour in {space} from {days['from']} to {days['to']}")

    def _wish(self, free: Mapping[str, Any], title: str) -> dict[str, Any]:
        about = {"purpose": "culture", "audience": "adults", "participants": 20, "confirm": "by_me"}
        return {**free, **about, "title": title, "tenant": self._band}

    def _booking(self, booking: Mapping[str, Any]) -> Any:
        return self._kari.get("booking", f"/bookings/{booking['id']}")

    def _act(self, booking: Mapping[str, Any], action: str) -> None:
        self._kari.change("booking", f"/bookings/{booking['id']}", action, self._booking(booking)["version"])

    def _key(self, booking: Mapping[str, Any]) -> Any:
        return self._kari.get("access", "/keys", booking=booking["id"])["items"][0]

    def _step(self, happened: str, event: str | None = None) -> Step:
        return Step(happened, event, round((time.perf_counter() - self._start) * 1000, 1))

    def _seen(self, happened: str, name: str, **data: object) -> Step:
        return self._step(happened, self._wait(name, **data).name)

    def _wait(self, name: str, **data: object) -> Any:
        seen = self._tap.wait_for(name, since=self._since, seconds=PATIENCE_SECONDS, **data)
        if seen is None:
            raise NotSeen(f"no event {name} with {data} within {PATIENCE_SECONDS:.0f} s")
        return seen

    @staticmethod
    def _until(look: Any, wanted: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not look():
            if time.monotonic() > deadline:
                raise NotSeen(f"{wanted}, but not within {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.01)


def _told(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise NotSeen(f"{answer.request.method} {answer.request.url.path} → {answer.status_code} {answer.text}")
    return answer


def _expect(seen: bool, wanted: str) -> None:
    if not seen:
        raise NotSeen(wanted)


def _next_quarter(after: datetime) -> datetime:
    whole = after.replace(minute=after.minute // 15 * 15, second=0, microsecond=0)
    return whole + timedelta(minutes=15)


def _local(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(OSLO):%d.%m. %H:%M}"


def _money(amount: int) -> str:
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02} kr"
