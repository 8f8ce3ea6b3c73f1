"""Enhetsregisteret and Frivillighetsregisteret on this machine: what they publish of some organisations, and every way
in which they can fail. `python -m tests.registers PORT` runs them by themselves.
"""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

UNITS = "/enhetsregisteret/api/enheter/"
VOLUNTARY = "/frivillighetsregisteret/api/frivillige-organisasjoner/"
REGISTERED = "frivilligOrganisasjonsstatus.innfoert"
PATIENCE = 60.0

HOLDER = ("KARI", "NORDMANN", "1984-05-17")
BAND, BAND_UNLISTED, CAFE, TOWN, TOWN_OFFICE, OTHER_TOWN = (
    "974760673",
    "923609016",
    "310315907",
    "920125298",
    "310366226",
    "964338531",
)


def unit(number: str, form: str, **different: Any) -> dict[str, Any]:
    """An organisation as Enhetsregisteret shows it; much of what it shows is left out."""
    return {
        "organisasjonsnummer": number,
        "navn": f"ORGANISASJON {number}",
        "organisasjonsform": {"kode": form, "beskrivelse": form, "_links": {}},
        "registreringsdatoEnhetsregisteret": "1995-08-09",
        "registrertIMvaregisteret": False,
        "registrertIFrivillighetsregisteret": False,
        "konkurs": False,
        "underAvvikling": False,
        "_links": {"self": {"href": f"https://registers.example{UNITS}{number}"}},
        **different,
    }


def voluntary(number: str, status: str = REGISTERED) -> dict[str, Any]:
    """An organisation as Frivillighetsregisteret shows it."""
    return {
        "organisasjonsnummer": number,
        "frivilligOrganisasjonsstatus": status,
        "innfoertDato": "2013-08-24",
        "icnpoKategorier": [{"icnpoNummer": "1100", "kategori": "ICNPOKategori.kultur", "rekkefoelge": 1}],
        "grasrotandel": {"deltarI": True},
    }


def holder(first: str, last: str, born: str, role: str = "LEDE", *, left: bool = False) -> dict[str, Any]:
    """A role that a person has, as Enhetsregisteret shows it."""
    person = {"fodselsdato": born, "navn": {"fornavn": first, "etternavn": last}, "erDoed": False}
    kind = {"kode": role, "beskrivelse": role, "_links": {}}
    return {"type": kind, "person": person, "avregistrert": left, "rekkefolge": 0}


def roles(first: str, last: str, born: str, role: str = "LEDE", *, left: bool = False) -> dict[str, Any]:
    """Who acts for an organisation, as Enhetsregisteret shows it: one person, and an accountant that is none."""
    return having(holder(first, last, born, role, left=left))


def having(*told: Any) -> dict[str, Any]:
    """An organisation with these roles, and an accountant that is no person."""
    firm = {"organisasjonsnummer": CAFE, "organisasjonsform": {"kode": "AS"}, "navn": ["REGNSKAP AS"]}
    accountant = {"type": {"kode": "REGN", "beskrivelse": "Regnskapsfører"}, "enhet": firm, "avregistrert": False}
    groups = [{"type": {"kode": "STYR"}, "sistEndret": "2024-03-01", "roller": list(told)}]
    return {"rollegrupper": [*groups, {"type": {"kode": "REGN"}, "roller": [accountant]}], "_links": {}}


class StandIn:
    """What the registers have: a band that is in both, an association in one, a café, a municipality with an office of
    its own, and another municipality. `asked` counts the requests for each path."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.units = {
            BAND: unit(BAND, "FLI", registrertIFrivillighetsregisteret=True),
            BAND_UNLISTED: unit(BAND_UNLISTED, "FLI"),
            CAFE: unit(CAFE, "AS"),
            TOWN: unit(TOWN, "KOMM"),
            TOWN_OFFICE: unit(TOWN_OFFICE, "ORGL", overordnetEnhet=TOWN),
            OTHER_TOWN: unit(OTHER_TOWN, "KOMM"),
        }
        self.voluntary = {BAND: voluntary(BAND)}
        self.roles = {number: roles(*HOLDER) for number in self.units}
        self.instead: dict[str, tuple[int, Any]] = {}
        """What is answered instead of the truth, by path: status and body."""
        self.tags = True
        self.awake = Event()
        """Until it is set nothing is answered: `doze()` unsets it, and a request for /wake sets it."""
        self.awake.set()

    def doze(self) -> None:
        self.awake.clear()

    def answer(self, path: str) -> tuple[int, Any]:
        if path == "/wake":
            self.awake.set()
        self.asked[path] += 1
        self.awake.wait(PATIENCE)
        if path in self.instead:
            return self.instead[path]
        number = path.rpartition("/")[2]
        if number == "roller":
            number = path.split("/")[-2]
            return (200, self.roles[number]) if number in self.roles else (404, {"status": 404})
        known = self.units if path.startswith(UNITS) else self.voluntary if path.startswith(VOLUNTARY) else {}
        return (200, known[number]) if number in known else (404, {"status": 404, "feilmelding": "Ingen treff"})


def serve(port: int) -> tuple[ThreadingHTTPServer, StandIn]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            run.headers.append(dict(self.headers))
            status, body = run.answer(self.path)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            if status == 200 and run.tags and self.headers.get("If-None-Match") == tag:
                status, content = 304, b""
            self.send_response(status)
            if status == 200 and run.tags:
                self.send_header("ETag", tag)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    run = StandIn(f"http://127.0.0.1:{server.server_port}")
    return server, run


@contextmanager
def registers() -> Iterator[StandIn]:
    """The registers on a free port until the block ends."""
    server, run = serve(0)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield run
    finally:
        run.awake.set()
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    serve(int(sys.argv[1]))[0].serve_forever()
