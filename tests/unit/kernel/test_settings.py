"""Settings: typed, with defaults, and every fault named at once."""

from dataclasses import dataclass

import pytest

from kernel.setting_checks import above_zero, one_of, url
from kernel.settings import Settings, SettingsError, load, needed_by, setting


@dataclass(frozen=True, kw_only=True)
class Shop:
    name: str = setting("SHOP_NAME", "What it is called.")
    seats: int = setting("SHOP_SEATS", "How many may sit.", default=4, check=above_zero)
    share: float = setting("SHOP_SHARE", "A share.", default=0.5)
    open: bool = setting("SHOP_OPEN", "Whether it is open.", default=False)
    wares: list[str] = setting("SHOP_WARES", "What it sells.", default=["bread"])
    size: str = setting("SHOP_SIZE", "Its size.", default="small", check=one_of("small", "large"))
    site: str = setting("SHOP_SITE", "Its page.", default="", check=url("http", "https"))


def test_defaults_hold_where_nothing_is_given() -> None:
    assert load(Shop, {"SHOP_NAME": "Nova"}) == Shop(name="Nova")


def test_text_becomes_what_the_field_says() -> None:
    given = {"SHOP_NAME": "Nova", "SHOP_SEATS": "7", "SHOP_SHARE": "0.25", "SHOP_OPEN": "true", "SHOP_WARES": "a, b,"}
    shop = load(Shop, given)
    assert (shop.seats, shop.share, shop.open, shop.wares) == (7, 0.25, True, ["a", "b"])


def test_an_empty_variable_counts_as_not_given() -> None:
    assert load(Shop, {"SHOP_NAME": "Nova", "SHOP_SEATS": ""}).seats == 4


def test_every_fault_is_named_at_once() -> None:
    given = {
        "SHOP_SEATS": "many",
        "SHOP_SHARE": "half",
        "SHOP_OPEN": "perhaps",
        "SHOP_SIZE": "huge",
        "SHOP_SITE": "ftp://x",
    }
    with pytest.raises(SettingsError) as fault:
        load(Shop, given)
    named = [line.split(":")[0] for line in str(fault.value).splitlines()]
    assert named == ["SHOP_NAME", "SHOP_OPEN", "SHOP_SEATS", "SHOP_SHARE", "SHOP_SITE", "SHOP_SIZE"]


@pytest.mark.parametrize(("seats", "good"), [("-1", False), ("0", False), ("1", True)])
def test_a_count_is_above_zero(seats: str, good: bool) -> None:
    if good:
        assert load(Shop, {"SHOP_NAME": "Nova", "SHOP_SEATS": seats}).seats == int(seats)
        return
    with pytest.raises(SettingsError, match="must be above zero"):
        load(Shop, {"SHOP_NAME": "Nova", "SHOP_SEATS": seats})


def test_a_service_without_its_database_does_not_start() -> None:
    settings = load(Settings, {"TORG_BOOKING_DATABASE_URL": "postgresql://torg@localhost/booking"})
    assert settings.database_url("booking").endswith("/booking")
    with pytest.raises(SettingsError, match="TORG_ACCESS_DATABASE_URL"):
        settings.database_url("access")


def test_a_fault_does_not_show_the_value() -> None:
    with pytest.raises(SettingsError) as fault:
        load(Settings, {"TORG_AMQP_URL": "mysecret"})
    assert "mysecret" not in str(fault.value)


WORKER = {"TORG_BOOKING_DATABASE_URL": "postgresql://torg@localhost/booking", "TORG_AMQP_URL": "memory://"}
API = {"TORG_BOOKING_DATABASE_URL": "postgresql://torg@localhost/booking", "TORG_ISSUERS": "https://login.example.no"}


def faults_of(environ: dict[str, str], kind: str, *services: str) -> list[str]:
    with pytest.raises(SettingsError) as fault:
        load(Settings, environ, needed=needed_by(kind, services))
    return [line.split(":")[0] for line in str(fault.value).splitlines()]


@pytest.mark.parametrize(("kind", "whole"), [("worker", WORKER), ("api", API)])
def test_a_process_is_told_at_once_all_that_is_missing_or_wrong(kind: str, whole: dict[str, str]) -> None:
    load(Settings, whole, needed=needed_by(kind, ["booking"]))
    for name in whole:
        lacking = {each: value for each, value in whole.items() if each != name}
        assert faults_of(lacking, kind, "booking") == [name]
        assert faults_of(whole | {name: " , "}, kind, "booking") == [name]
    several = faults_of({"TORG_RETRY_LIMIT": "-4"}, kind, "booking", "access")
    missing = {*whole, "TORG_ACCESS_DATABASE_URL", "TORG_ACCESS_CODE_KEY"}
    assert several == sorted({*missing, "TORG_RETRY_LIMIT"})


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("TORG_OWN_ORGANISATIONS", "974760673", True),
        ("TORG_OWN_ORGANISATIONS", "974760673, 889640782", True),
        ("TORG_OWN_ORGANISATIONS", "974760674", False),
        ("TORG_OWN_ORGANISATIONS", "974760673,123", False),
        ("TORG_OWN_ORGANISATIONS", "000000000", False),
        ("TORG_OWN_ORGANISATIONS", "974 760 673", False),
        ("TORG_MAIL_FROM", "torg@asker.example.no", True),
        ("TORG_MAIL_FROM", "Torg i Asker <torg@asker.example.no>", True),
        ("TORG_MAIL_FROM", "Torg i Bærum <torg@baerum.example.no>", True),
        ("TORG_MAIL_FROM", "tull", False),
        ("TORG_MAIL_FROM", "Torg <>", False),
        ("TORG_MAIL_FROM", "torg@asker.example.no, ola@asker.example.no", False),
        ("TORG_MAIL_FROM", "torg@asker.example.no\nBcc: ola@asker.example.no", False),
        ("TORG_ISSUERS", "https://login.example.no,http://127.0.0.1:8000/demo-issuer", True),
        ("TORG_ISSUERS", "https://login.example.no,idporten", False),
        ("TORG_ISSUERS", "http://login.example.no", False),
        ("TORG_AMQP_URL", "memory://", True),
        ("TORG_AMQP_URL", "amqp://torg:x@rabbitmq:5672/torg", True),
        ("TORG_AMQP_URL", "amqp://", False),
        ("TORG_AMQP_URL", "amqp://rabbitmq:many/torg", False),
        ("TORG_AMQP_URL", "amqp://[rabbitmq/torg", False),
        ("TORG_SMTP_URL", "smtp://", False),
        ("TORG_PORTAL_URL", "https:torg.example.no", False),
        ("TORG_BOOKING_DATABASE_URL", "postgresql:///booking?host=/run/postgresql", True),
        ("TORG_CLOCK_SKEW_SECONDS", "-1", False),
        ("TORG_CLOCK_SKEW_SECONDS", "0", True),
    ],
)
def test_a_value_that_could_never_work_is_refused_at_the_start(name: str, value: str, good: bool) -> None:
    if good:
        load(Settings, {name: value})
        return
    with pytest.raises(SettingsError, match=f"^{name}: "):
        load(Settings, {name: value})
