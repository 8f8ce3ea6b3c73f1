"""Enhetsregisteret and Frivillighetsregisteret of Brønnøysundregistrene, over their open APIs.

Only `service.py` calls this, by `look_up_due`, and never inside a transaction. As published:

- `GET /enhetsregisteret/api/enheter/{number}`: 200 with `organisasjonsnummer`, `navn`, `organisasjonsform.kode`,
  `overordnetEnhet`, `konkurs`, `registrertIFrivillighetsregisteret`; a deleted one has `slettedato`, and answers 410
  when it was taken out of the open data; 404 for a number that nobody has.
- `GET /enhetsregisteret/api/enheter/{number}/roller`: 200 with `rollegrupper[].roller[]`, each with `type.kode`,
  `avregistrert` (before June 2026 `fratraadt`), and of persons `person.navn` (`fornavn`, `mellomnavn`, `etternavn`),
  `person.fodselsdato` and `person.erDoed`; 404 or 410 for a number without any. Birth numbers are not in it.
- `GET /frivillighetsregisteret/api/frivillige-organisasjoner/{number}`: 200 with `frivilligOrganisasjonsstatus`, which
  ends in "innfoert" for one that is registered; 404 or 410 for all others.

Whatever else they answer is one of two things: `NoAnswer` when it tells of the registers (they are down, let us not in,
have moved, or want to be left alone), `NoSense` when it tells of this number only. An answer comes whole within the
time given, or not at all.
"""

import time
from collections.abc import Mapping
from typing import Any

import httpx

from services.booking.model.registers import HOLDERS, Answer, Person, Unit, UnitState

_UNITS = "/enhetsregisteret/api/enheter/"
_VOLUNTARY = "/frivillighetsregisteret/api/frivillige-organisasjoner/"
_DOWN = (301, 302, 303, 307, 308, 401, 403, 407, 429, 502, 503, 504)
_ENDED = ("avregistrert", "fratraadt")
_LARGEST = 1 << 20
_LONGEST_TAG = 200


class NoAnswer(Exception):
    """The registers do not answer, or not now."""


class NoSense(Exception):
    """The answer is not what the register publishes."""


class Registers:
    """Asks the registers at `url`. `seconds` is how long each of the two may take."""

    def __init__(self, url: str, *, seconds: float) -> None:
        self._seconds = seconds
        self._client = httpx.Client(
            base_url=url.rstrip("/"), timeout=seconds, headers={"Accept": "application/json", "User-Agent": "Torg"}
        )

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def ask(self, number: str, known: Answer | None = None) -> Answer:
        """What the registers say of a number. What is `known` is not sent again if it still holds."""
        unit_tag, unit = self._unit(number, known)
        if unit.state != "active" or not unit.voluntary:
            return Answer(unit=unit, unit_tag=unit_tag)
        voluntary_tag, voluntary = self._voluntary(number, known)
        return Answer(unit=unit, unit_tag=unit_tag, voluntary=voluntary, voluntary_tag=voluntary_tag)

    def holders(self, number: str) -> list[Person]:
        """The persons who the registers say act for this number."""
        answer, body = self._get(f"{_UNITS}{number}/roller", None)
        match answer.status_code:
            case 200:
                return _holders(body)
            case 404 | 410:
                return []
        raise NoSense(f"roller: {answer.status_code}")

    def _unit(self, number: str, known: Answer | None) -> tuple[str | None, Unit]:
        answer, body = self._get(_UNITS + number, known.unit_tag if known else None)
        match answer.status_code:
            case 200:
                return _tag(answer), _unit_from(number, body)
            case 304 if known is not None and known.unit_tag:
                return known.unit_tag, known.unit
            case 404:
                return None, Unit(state="unknown")
            case 410:
                return None, Unit(state="deleted")
        raise NoSense(f"enheter: {answer.status_code}")

    def _voluntary(self, number: str, known: Answer | None) -> tuple[str | None, bool]:
        answer, body = self._get(_VOLUNTARY + number, known.voluntary_tag if known else None)
        match answer.status_code:
            case 200:
                return _tag(answer), _is_registered(number, body)
            case 304 if known is not None and known.voluntary_tag and known.voluntary is not None:
                return known.voluntary_tag, known.voluntary
            case 404 | 410:
                return None, False
        raise NoSense(f"frivillige-organisasjoner: {answer.status_code}")

    def _get(self, path: str, tag: str | None) -> tuple[httpx.Response, bytes]:
        """The answer and its body, which may trickle no longer than the time given."""
        deadline = time.monotonic() + self._seconds
        try:
            with self._client.stream("GET", path, headers={"If-None-Match": tag} if tag else {}) as answer:
                body = b""
                for part in answer.iter_bytes():
                    body += part
                    if time.monotonic() > deadline:
                        raise NoAnswer("too slow")
                    if len(body) > _LARGEST:
                        raise NoSense("too large")
        except (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError) as cause:
            raise NoAnswer(type(cause).__name__) from cause
        except httpx.HTTPError as cause:
            raise NoSense(type(cause).__name__) from cause
        if answer.status_code in _DOWN:
            raise NoAnswer(str(answer.status_code))
        return answer, body


def _unit_from(number: str, body: bytes) -> Unit:
    told = _told(number, body)
    form = told.get("organisasjonsform")
    return Unit(
        state=_state(told),
        name=_text(told, "navn"),
        form=_text(form, "kode") if isinstance(form, Mapping) else None,
        part_of=_text(told, "overordnetEnhet"),
        voluntary=_flag(told, "registrertIFrivillighetsregisteret"),
    )


def _state(told: Mapping[str, Any]) -> UnitState:
    if told.get("slettedato"):
        return "deleted"
    return "bankrupt" if _flag(told, "konkurs") else "active"


def _is_registered(number: str, body: bytes) -> bool:
    # as "frivilligOrganisasjonsstatus.innfoert": the name of the list, and which of it
    return (_text(_told(number, body), "frivilligOrganisasjonsstatus") or "").rpartition(".")[2] == "innfoert"


def _holders(body: bytes) -> list[Person]:
    try:
        groups = _json(body)["rollegrupper"]
        roles = [role for group in groups for role in group["roller"] if role["type"]["kode"] in HOLDERS]
        persons = [_person(role["person"]) for role in roles if role.get("person") and not _has_ended(role)]
    except (KeyError, TypeError, AttributeError) as cause:
        raise NoSense("roller of another shape") from cause
    return [each for each in persons if each is not None]


def _has_ended(role: Mapping[str, Any]) -> bool:
    """Whether a role is held no more. One that does not say so by a word we know is not taken to be held."""
    told = [role[word] for word in _ENDED if word in role]
    if not told or not all(isinstance(each, bool) for each in told):
        raise NoSense("a role that may have ended")
    return any(told)


def _person(told: Mapping[str, Any]) -> Person | None:
    """Who somebody is; None for the dead, and for whom the register does not name in full."""
    name, born = told.get("navn") or {}, told.get("fodselsdato")
    words = " ".join(filter(None, (name.get(part) for part in ("fornavn", "mellomnavn", "etternavn")))).strip()
    return (words, str(born)) if words and born and not told.get("erDoed") else None


def _json(body: bytes) -> Any:
    try:
        return httpx.Response(200, content=body).json()
    except (ValueError, RecursionError) as cause:
        raise NoSense("no JSON") from cause


def _told(number: str, body: bytes) -> Mapping[str, Any]:
    told = _json(body)
    if not isinstance(told, Mapping) or told.get("organisasjonsnummer") != number:
        raise NoSense("of another number")
    return told


def _text(told: Mapping[str, Any], name: str) -> str | None:
    found = told.get(name)
    if found is not None and (not isinstance(found, str) or "\0" in found):
        raise NoSense(f"{name} is no text")
    return found[:500] if found else None


def _flag(told: Mapping[str, Any], name: str) -> bool:
    found = told.get(name, False)
    if not isinstance(found, bool):
        raise NoSense(f"{name} is neither true nor false")
    return found


def _tag(answer: httpx.Response) -> str | None:
    tag = answer.headers.get("ETag")
    return tag if tag and len(tag) <= _LONGEST_TAG else None
