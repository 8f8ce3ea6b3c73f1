"""Settings: typed, with defaults, and every fault named at once."""

from dataclasses import dataclass

import pytest

from kernel.settings import Settings, SettingsError, above_zero, load, one_of, setting, url


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


def test_a_process_is_told_at_once_all_that_its_services_lack() -> None:
    settings = load(Settings, {"TORG_BOOKING_DATABASE_URL": "postgresql://torg@localhost/booking"})
    settings.demand(["booking"])
    with pytest.raises(SettingsError) as fault:
        settings.demand(["booking", "access", "pricing"])
    named = [line.split(":")[0] for line in str(fault.value).splitlines()]
    assert named == ["TORG_ACCESS_DATABASE_URL", "TORG_PRICING_DATABASE_URL", "TORG_ACCESS_CODE_KEY"]
