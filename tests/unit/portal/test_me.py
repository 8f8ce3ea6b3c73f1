"""Your data: everything the services hold of a person, as one file, or none."""

import pytest

from services.portal.settings import SERVICES
from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import refused


def test_the_page_leads_to_the_file(kari: Visitor) -> None:
    page = kari.go("/me")
    assert "Dine data" in page.text
    assert 'href="/me/data"' in page.text
    assert 'href="/me"' in kari.go("/bookings").text


def test_all_services_are_in_one_file(portal: Portal, kari: Visitor) -> None:
    file = kari.go("/me/data")
    assert list(file.json()) == list(SERVICES)
    assert {service for service in SERVICES if portal.services.asked("GET", service)[-1].path == "/me/export"} == {
        *SERVICES
    }
    assert file.headers["Content-Disposition"].startswith('attachment; filename="torg-')
    assert (file.headers["Cache-Control"], file.headers["Content-Type"]) == (
        "no-store",
        "application/json; charset=utf-8",
    )


@pytest.mark.parametrize("service", SERVICES)
def test_there_is_no_half_of_a_file(portal: Portal, kari: Visitor, service: str) -> None:
    kari.go("/me")
    portal.services.silent.add(service)
    assert kari.go("/me/data").status_code == 503
    portal.services.silent.clear()
    portal.services.refusals[f"GET {service} /me/export"] = refused(403, "forbidden", "Nei")
    assert kari.go("/me/data").status_code == 403


def test_a_visitor_signs_in_first(visitor: Visitor) -> None:
    visitor.go("/me")
    assert visitor.path != "/me"
