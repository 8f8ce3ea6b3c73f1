"""The portal does not start when it is set up wrongly, least of all with a demo issuer that others could reach."""

from dataclasses import fields

import pytest

from kernel.settings import SettingsError, load
from services.portal.settings import PortalSettings

GOOD = {
    "TORG_PORTAL_URL": "http://127.0.0.1:8000",
    "TORG_BOOKING_URL": "http://127.0.0.1:8001/api/booking/",
    "TORG_ACCESS_URL": "http://127.0.0.1:8001/api/access",
    "TORG_PRICING_URL": "http://127.0.0.1:8001/api/pricing",
    "TORG_PROGRAMMING_URL": "http://127.0.0.1:8001/api/programming",
    "TORG_SESSION_SECRET": "x" * 32,
    "TORG_OIDC_ISSUER": "https://idporten.no",
}
DEMO = {
    "TORG_DEMO_ISSUER": "true",
    "TORG_OIDC_ISSUER": "http://127.0.0.1:8000/demo-issuer",
    "TORG_DEMO_ISSUER_KEY_FILE": "key.pem",
}


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        load(PortalSettings, {})
    assert {line.split(":")[0] for line in str(error.value).splitlines()} == set(GOOD)


def test_good_settings() -> None:
    settings = load(PortalSettings, GOOD | {"TORG_OIDC_ACR_VALUES": "a, b"})
    assert settings.address("booking") == "http://127.0.0.1:8001/api/booking"
    assert settings.oidc_acr_values == ["a", "b"]
    assert not settings.demo_issuer
    assert load(PortalSettings, GOOD | {"TORG_PORTAL_URL": "https://torg.no"}).secure
    assert not settings.secure


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TORG_SESSION_SECRET", "x" * 31),
        ("TORG_OIDC_ISSUER", "http://idporten.no"),
        ("TORG_OIDC_ISSUER", "idporten"),
        ("TORG_BOOKING_URL", "booking"),
        ("TORG_SERVICE_TIMEOUT_SECONDS", "0"),
        ("TORG_LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load(PortalSettings, GOOD | {name: value})


def test_the_demo() -> None:
    assert load(PortalSettings, GOOD | DEMO).demo_issuer


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"TORG_PORTAL_URL": "http://torg.example"}, "TORG_PORTAL_URL"),
        ({"TORG_PORTAL_URL": "http://127.0.0.1.example:8000"}, "TORG_PORTAL_URL"),
        ({"TORG_OIDC_ISSUER": "https://idporten.no"}, "TORG_OIDC_ISSUER"),
        ({"TORG_DEMO_ISSUER_KEY_FILE": ""}, "TORG_DEMO_ISSUER_KEY_FILE"),
    ],
)
def test_a_demo_issuer_only_where_nobody_else_can_reach_it(changed: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load(PortalSettings, GOOD | DEMO | changed)


def test_no_secret_has_a_default() -> None:
    secrets = [each for each in fields(PortalSettings) if each.metadata["secret"]]
    assert {each.name for each in secrets} == {"session_secret", "oidc_client_secret"}
    assert not any(each.default for each in secrets if isinstance(each.default, str))
