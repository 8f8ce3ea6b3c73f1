"""What people see when something is not as it should be, and what browsers and monitors are told with every page."""

import re
from pathlib import Path

import httpx
import pytest
from werkzeug.test import Client

from kernel.probes import always_ready, probes
from services.portal.app import build
from tests.unit.portal.conftest import Portal, Visitor, settings_for
from tests.unit.portal.services import FakeServices, refused


@pytest.mark.parametrize(
    ("service", "path"), [("booking", "/"), ("programming", "/squares/borgen"), ("booking", "/search")]
)
def test_a_service_that_is_silent(portal: Portal, visitor: Visitor, service: str, path: str) -> None:
    portal.services.silent = {service}
    page = visitor.go(path)
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "5"
    assert "Dette får vi ikke til akkurat nå" in page.text
    assert re.search(r"om du melder fra: [0-9a-f]{32}<", page.text)


def test_the_front_page_does_without_the_programme(portal: Portal, visitor: Visitor) -> None:
    portal.services.silent = {"programming"}
    page = visitor.go("/")
    assert page.status_code == 200
    assert "Vi får ikke hentet programmet akkurat nå." in page.text
    assert "<h3>Borgen</h3>" in page.text


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, text="<html>bad gateway</html>"),
        httpx.Response(500, json={"code": "internal_error", "detail": "Noe gikk galt."}),
        httpx.Response(400, json=["what?"]),
        httpx.Response(200, text="{"),
    ],
)
def test_an_answer_that_is_no_answer(portal: Portal, visitor: Visitor, answer: httpx.Response) -> None:
    portal.services.refusals["GET booking /squares"] = answer
    assert visitor.go("/").status_code == 503
    portal.services.lies.clear()


def test_a_fault_of_ours_tells_nothing_of_itself(portal: Portal, visitor: Visitor) -> None:
    portal.services.refusals["GET booking /squares"] = httpx.Response(200, json={"items": [{}], "next_cursor": None})
    page = visitor.go("/")
    assert page.status_code == 500
    assert "Noe gikk galt hos oss" in page.text
    assert "KeyError" not in page.text
    assert "Traceback" not in page.text
    portal.services.lies.clear()


def test_a_token_the_service_does_not_take_is_no_reason_to_go_in_a_ring(portal: Portal, kari: Visitor) -> None:
    portal.services.refusals["GET booking /bookings"] = refused(401, "invalid_token", "Innloggingen er ikke gyldig.")
    page = kari.go("/bookings")
    assert (page.status_code, kari.path) == (503, "/bookings")
    assert "Innloggingen er ikke gyldig." in page.text


def test_no_access(portal: Portal, kari: Visitor) -> None:
    portal.services.refusals["GET pricing /agreements"] = refused(403, "forbidden", "Du har ikke tilgang.")
    page = kari.go("/volunteer")
    assert page.status_code == 403
    assert "Du har ikke tilgang til denne siden" in page.text


def test_too_many(portal: Portal, visitor: Visitor) -> None:
    portal.services.refusals["GET booking /squares"] = refused(429, "too_many_requests", "Vent litt.")
    page = visitor.go("/")
    assert (page.status_code, page.headers["Retry-After"]) == (429, "5")


@pytest.mark.parametrize("path", ["/book", "/sign-out", "/bookings/0192f3c4-7d1e-7a10-9c8e-2f6b8d0a4e11/cancel"])
def test_a_form_without_its_token_does_nothing(portal: Portal, kari: Visitor, path: str) -> None:
    page = kari.send(path, space="borgen-storsal")
    assert page.status_code == 400
    assert "Skjemaet var for gammelt" in page.text
    assert not portal.services.asked("POST", "booking")
    assert "Kari Nordmann" in kari.go("/").text


def test_a_form_sent_after_the_session_ended_leads_to_signing_in(visitor: Visitor) -> None:
    assert visitor.send("/book", space="borgen-storsal").url.path == "/demo-issuer/authorize"


def test_anothers_token_is_no_token(portal: Portal, kari: Visitor) -> None:
    ola = Visitor(portal.url).sign_in("ola")
    ola.go("/")
    stolen = re.search(r'name="csrf_token" value="([^"]+)"', ola.text)
    assert stolen
    assert kari.send("/sign-out", csrf_token=stolen[1]).status_code == 400
    ola.close()


def test_a_body_without_end(kari: Visitor) -> None:
    assert kari.send("/book", title="x" * (1 << 20)).status_code == 413


@pytest.mark.parametrize("path", ["/nowhere", "/bookings/not-a-uuid", "/language/sv"])
def test_nothing_here(visitor: Visitor, path: str) -> None:
    page = visitor.go(path)
    assert page.status_code == 404
    assert "Her er det ingenting" in page.text


def test_what_browsers_are_told(portal: Portal, visitor: Visitor) -> None:
    for path in ("/", "/nowhere"):
        headers = visitor.go(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert f"form-action 'self' {portal.url}" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
    assert "no-store" not in visitor.go("/static/portal.css").headers["Cache-Control"]


def test_no_page_has_script_or_style_in_it(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking()
    for path in ("/", "/search", f"/bookings/{booking}", "/volunteer", "/manage/hours", "/nowhere"):
        page = kari.go(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page)


def test_nobody_gets_a_cookie_before_signing_in(visitor: Visitor) -> None:
    visitor.go("/")
    visitor.go("/search")
    assert not visitor.cookies


def test_the_trace_goes_on_to_the_services(portal: Portal) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    httpx.get(portal.url, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert {call.headers["traceparent"][3:35] for call in portal.services.calls} == {trace}


def test_services_are_told_who_visits_so_that_one_visitor_does_not_use_up_what_all_may_ask(portal: Portal) -> None:
    httpx.get(portal.url, headers={"X-Forwarded-For": "203.0.113.9"})
    assert {call.headers["X-Forwarded-For"] for call in portal.services.calls} == {"127.0.0.1"}


def test_behind_a_proxy_the_visitor_is_whom_the_proxy_names(tmp_path: Path) -> None:
    services, settings = FakeServices(), settings_for("http://127.0.0.1:1", tmp_path / "key.pem", trusted_proxies=1)
    app = build(settings, transport=httpx.MockTransport(services.handle))
    app.test_client().get("/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    assert {call.headers["X-Forwarded-For"] for call in services.calls} == {"203.0.113.9"}


def test_a_service_behind_the_same_proxies_finds_the_visitor_where_it_looks(tmp_path: Path) -> None:
    services, settings = FakeServices(), settings_for("http://127.0.0.1:1", tmp_path / "key.pem", trusted_proxies=2)
    app = build(settings, transport=httpx.MockTransport(services.handle))
    app.test_client().get("/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9, 192.0.2.1"})
    (told,) = {call.headers["X-Forwarded-For"] for call in services.calls}
    assert told.split(", ")[-2] == "203.0.113.9"


def test_what_monitors_ask_is_told_at_their_own_port_alone(portal: Portal, visitor: Visitor) -> None:
    portal.services.silent = {"booking", "access", "pricing", "programming"}
    for path in ("/healthz", "/readyz", "/metrics"):
        assert visitor.go(path).status_code == 404
    visitor.go("/")
    monitor = Client(probes(always_ready))
    assert monitor.get("/healthz").status_code == monitor.get("/readyz").status_code == 200
    metrics = monitor.get("/metrics").text
    assert 'torg_http_requests_total{method="GET",route="/",service="portal",status="503"}' in metrics
    assert 'torg_portal_call_seconds_count{outcome="silent",target="booking"}' in metrics


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "evil@evil.example"])
def test_a_name_that_is_not_ours(portal: Portal, visitor: Visitor, host: str) -> None:
    page = httpx.get(portal.url, headers={"Host": host})
    assert page.status_code == 421
    assert "Dette er ikke adressen til Torg" in page.text


@pytest.mark.parametrize(
    ("own", "host", "status"),
    [
        ("https://torg.example.no", "torg.example.no", 200),
        ("https://torg.example.no", "TORG.example.no:443", 200),
        ("https://torg.example.no", "127.0.0.1", 421),
        ("http://127.0.0.1:8000", "localhost:8000", 200),
        ("http://127.0.0.1:8000", "[::1]:8000", 200),
        ("http://127.0.0.1:8000", "torg.example.no", 421),
    ],
)
def test_the_portals_own_name(tmp_path: Path, own: str, host: str, status: int) -> None:
    app = build(settings_for(own, tmp_path / "key.pem", demo_issuer=False))
    assert app.test_client().get("/static/portal.css", headers={"Host": host}).status_code == status
