"""A portal on a loopback port over services of the tests' own, and people who use it."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from flask import Flask
from werkzeug.serving import make_server

from cli.servers.ports import free_port
from kernel.clock import FixedClock
from services.portal.app import build
from services.portal.settings import PortalSettings
from tests.unit.portal.services import NOW, FakeServices
from tests.waiting import PATIENCE


@dataclass
class Portal:
    """A running portal, the services behind it, and its clock."""

    url: str
    services: FakeServices
    clock: FixedClock


class Visitor:
    """Somebody with a browser without JavaScript: follows redirects, keeps cookies, fills in forms as they stand."""

    def __init__(self, url: str, language: str = "nb") -> None:
        self._http = httpx.Client(
            base_url=url, follow_redirects=True, headers={"Accept-Language": language}, timeout=PATIENCE
        )
        self.page = self._http.get("/static/portal.css")

    @property
    def text(self) -> str:
        return self.page.text

    def go(self, path: str) -> httpx.Response:
        self.page = self._http.get(path)
        return self.page

    def submit(self, action: str, *, instead: str = "", **filled: str) -> httpx.Response:
        """Sends the page's form whose action ends so, with these of its fields filled in; by a button that leads
        elsewhere, there `instead`."""
        forms = re.findall(r"<form.*?</form>", self.text, re.DOTALL)
        form = next(each for each in forms if f'{action}"' in each.split(">")[0])
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
        values = {name: unescape(value) for name, value in hidden} | filled
        target = re.search(r'action="([^"]+)"', form)
        assert target
        self.page = self._http.post(instead or target[1], data=values)
        return self.page

    def send(self, path: str, **values: str) -> httpx.Response:
        """Sends what no form of ours would."""
        self.page = self._http.post(path, data=values)
        return self.page

    def sign_in(self, persona: str) -> "Visitor":
        self.go("/sign-in")
        self.submit("/demo-issuer/authorize", persona=persona)
        assert urlsplit(str(self.page.url)).path == "/"
        return self

    @property
    def cookies(self) -> httpx.Cookies:
        return self._http.cookies

    @property
    def path(self) -> str:
        return urlsplit(str(self.page.url)).path

    def close(self) -> None:
        self._http.close()


def settings_for(url: str, key_file: Path, **changed: object) -> PortalSettings:
    """The settings of a demo portal at this URL."""
    given: dict[str, object] = {
        "portal_url": url,
        "booking_url": "http://services/api/booking",
        "access_url": "http://services/api/access",
        "pricing_url": "http://services/api/pricing",
        "programming_url": "http://services/api/programming",
        "session_secret": "a secret of the tests, long enough",
        "oidc_issuer": f"{url}/demo-issuer",
        "demo_issuer": True,
        "demo_issuer_key_file": str(key_file),
        "places_seconds": 0.0,
    }
    return PortalSettings(**(given | changed))  # type: ignore[arg-type]


@contextmanager
def serving(app: Flask, port: int) -> Iterator[str]:
    """Serves the app on this loopback port; gives its URL."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def shared_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One portal for all tests, as it keeps nothing itself."""
    port = free_port()
    portal = Portal(f"http://127.0.0.1:{port}", FakeServices(), FixedClock(NOW))
    settings = settings_for(portal.url, tmp_path_factory.mktemp("portal") / "key.pem")

    def handle(request: httpx.Request) -> httpx.Response:
        return portal.services.handle(request)  # whichever services the test at hand has

    transport = httpx.MockTransport(handle)
    with serving(build(settings, clock=portal.clock, transport=transport), port):
        yield portal


@pytest.fixture
def portal(shared_portal: Portal) -> Iterator[Portal]:
    """A portal at the third of December, ten o'clock, over services that know nothing yet."""
    shared_portal.services = FakeServices()
    shared_portal.clock.move(NOW - shared_portal.clock.now())
    yield shared_portal
    assert not shared_portal.services.lies


@pytest.fixture
def visitor(portal: Portal) -> Iterator[Visitor]:
    """Somebody who reads Bokmål and has not signed in."""
    visitor = Visitor(portal.url)
    yield visitor
    visitor.close()


@pytest.fixture
def kari(visitor: Visitor) -> Visitor:
    return visitor.sign_in("kari")
