"""The errors that belong to no one service: HTTP's own, those of a request's form, and those of the machinery beneath.

`kernel.http` raises nearly all of them; `NotFound` is for use cases, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.errors import DomainError, Text

MOST_FAULTS = 50
"""How many faults of a request are named: more than a person mends at once, and an answer that stays small."""


class NotFound(DomainError):
    """There is nothing here, or nothing that this caller may know of."""

    code = "not_found"
    status = 404
    text = Text(nb="Det du ser etter, finnes ikke.", nn="Det du ser etter, finst ikkje.", en="There is nothing here.")


class BadRequest(DomainError):
    """The request breaks HTTP's own rules in a way that no other error names."""

    code = "bad_request"
    status = 400
    text = Text(
        nb="Forespørselen kunne ikke forstås.",
        nn="Førespurnaden var ikkje til å forstå.",
        en="The request could not be understood.",
    )


class UnknownHost(DomainError):
    """The request names a host that is none of the service's: it may have been led here by a trick of name look-up."""

    code = "unknown_host"
    status = 421
    text = Text(
        nb="Torg svarer ikke under dette navnet.",
        nn="Torg svarer ikkje under dette namnet.",
        en="Torg does not answer under this name.",
    )


class MalformedJson(DomainError):
    """The body is not JSON, or its values lie deeper in each other than those of any body we ask for."""

    code = "malformed_json"
    status = 400
    text = Text(
        nb="Innholdet er ikke gyldig JSON.", nn="Innhaldet er ikkje gyldig JSON.", en="The body is not valid JSON."
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (a JSON pointer into the body, or the name of a parameter), and what."""

    detail: str | Text
    pointer: str | None = None
    parameter: str | None = None


class TooManyFields(DomainError):
    """An object of the body has more fields than any body of ours needs."""

    code = "too_many_fields"
    status = 422
    text = Text(
        nb="Innholdet har for mange felter: grensa er {most}.",
        nn="Innhaldet har for mange felt: grensa er {most}.",
        en="The body has too many fields: the limit is {most}.",
    )

    def __init__(self, most: int = 1) -> None:
        super().__init__(most=most)


class InvalidRequest(DomainError):
    """One or more values are missing, unknown or not allowed; `faults` names the first of them, up to `MOST_FAULTS`,
    and `left_out` counts the others."""

    code = "invalid_request"
    status = 422
    text = Text(
        nb="Noen av opplysningene mangler eller er feil.",
        nn="Nokre av opplysningane manglar eller er feil.",
        en="Some values are missing or wrong.",
    )

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        super().__init__()
        self.faults = tuple(faults[:MOST_FAULTS])
        self.left_out = len(faults) - len(self.faults)


class MethodNotAllowed(DomainError):
    """The path exists, but not with this method; `Allow` lists those it has."""

    code = "method_not_allowed"
    status = 405
    text = Text(
        nb="Dette kan ikke gjøres her.",
        nn="Dette kan ikkje gjerast her.",
        en="This method is not possible on this path.",
    )


class BodyTooLarge(DomainError):
    """The body is above the limit."""

    code = "body_too_large"
    status = 413
    text = Text(
        nb="Innholdet er for stort: grensa er 1 MiB.",
        nn="Innhaldet er for stort: grensa er 1 MiB.",
        en="The body is too large: the limit is 1 MiB.",
    )


class UnsupportedMediaType(DomainError):
    """The body is not said to be JSON."""

    code = "unsupported_media_type"
    status = 415
    text = Text(
        nb="Innholdet må være JSON (Content-Type: application/json).",
        nn="Innhaldet må vere JSON (Content-Type: application/json).",
        en="The body must be JSON (Content-Type: application/json).",
    )


class TooManyRequests(DomainError):
    """The caller is above its rate; `Retry-After` says how long to wait."""

    code = "too_many_requests"
    status = 429
    text = Text(
        nb="For mange forespørsler. Vent litt og prøv igjen.",
        nn="For mange førespurnader. Vent litt og prøv igjen.",
        en="Too many requests. Wait a little and try again.",
    )

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__()
        self.retry_after = retry_after


class PreconditionRequired(DomainError):
    """A change needs `If-Match` with the ETag the caller last saw."""

    code = "precondition_required"
    status = 428
    text = Text(
        nb="Endringer krever If-Match med ETag-en du sist hentet.",
        nn="Endringar krev If-Match med ETag-en du sist henta.",
        en="A change needs If-Match with the ETag you last fetched.",
    )


class InvalidIfMatch(DomainError):
    """`If-Match` is no list of entity tags."""

    code = "invalid_if_match"
    status = 400
    text = Text(
        nb="If-Match er ikke en gyldig liste av ETag-er.",
        nn="If-Match er ikkje ei gyldig liste av ETag-ar.",
        en="If-Match is not a valid list of ETags.",
    )


class InvalidIdempotencyKey(DomainError):
    """`Idempotency-Key` is empty, too long, or holds characters that can't be seen."""

    code = "invalid_idempotency_key"
    status = 400
    text = Text(
        nb="Idempotency-Key må ha 1 til 255 synlige ASCII-tegn.",
        nn="Idempotency-Key må ha 1 til 255 synlege ASCII-teikn.",
        en="Idempotency-Key must have 1 to 255 visible ASCII characters.",
    )


class AnswerErased(DomainError):
    """The request was answered before, once and for all; what it was answered went with a person who was erased."""

    code = "answer_erased"
    status = 410
    text = Text(
        nb="Dette er gjort før, og gjøres ikke en gang til. Svaret er slettet sammen med personen det gjaldt.",
        nn="Dette er gjort før, og blir ikkje gjort ein gong til. Svaret er sletta saman med personen det galdt.",
        en="This was done before, and is not done again. The answer was erased with the person whom it was about.",
    )


class IdempotencyKeyReused(DomainError):
    """The key was used before, for another request."""

    code = "idempotency_key_reused"
    status = 422
    text = Text(
        nb="Denne Idempotency-Key er alt brukt til en annen forespørsel.",
        nn="Denne Idempotency-Key er alt brukt til ein annan førespurnad.",
        en="This Idempotency-Key was used for another request.",
    )


class Busy(DomainError):
    """Others were changing the same things all the while; nothing was changed."""

    code = "busy"
    status = 503
    text = Text(
        nb="Mange endrer det samme akkurat nå. Ingenting er endret; prøv igjen.",
        nn="Mange endrar det same akkurat no. Ingenting er endra; prøv igjen.",
        en="Many are changing the same thing right now. Nothing was changed; try again.",
    )


class TemporarilyUnavailable(DomainError):
    """Something the service needs does not answer."""

    code = "temporarily_unavailable"
    status = 503
    text = Text(
        nb="Tjenesten er utilgjengelig et øyeblikk. Prøv igjen om litt.",
        nn="Tenesta er utilgjengeleg ein augneblink. Prøv igjen om litt.",
        en="The service is unavailable for a moment. Try again shortly.",
    )


class TimedOut(DomainError):
    """The work took longer than a request may; it was given up and nothing was changed."""

    code = "timed_out"
    status = 504
    text = Text(
        nb="Det tok for lang tid, og ble avbrutt. Ingenting er endret.",
        nn="Det tok for lang tid, og vart avbrote. Ingenting er endra.",
        en="It took too long and was given up. Nothing was changed.",
    )


class InternalError(DomainError):
    """A fault of ours; the log holds it under the correlation id of the answer."""

    code = "internal_error"
    status = 500
    text = Text(
        nb="Noe gikk galt hos oss. Oppgi feilens «instance» om du melder fra.",
        nn="Noko gjekk gale hos oss. Oppgje «instance» i feilen om du melder frå.",
        en='Something went wrong on our side. Give this error\'s "instance" when you report it.',
    )
