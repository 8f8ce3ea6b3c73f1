"""The tariff document: read and written the same way, and refused with the place of everything that is wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import ValidationError

from kernel.errors import Text
from services.pricing.schemas.tariffs import TariffSchema
from tests.tariffs import NESODDEN, document, tariff

SCHEMA = TariffSchema()
NAME = {"nb": "a", "nn": "b", "en": "c"}


def test_the_demo_s_file_is_a_tariff() -> None:
    made = tariff()
    assert (made.id, made.unit, made.counting, made.currency) == (NESODDEN.stem, "hour", "pro_rata", "NOK")
    assert [column.code for column in made.columns] == ["under_19", "clubs_over_19", "others"]


def test_what_is_written_is_read_again_as_the_same() -> None:
    made = tariff(counting="started", valid_until="2026-12-31")
    assert SCHEMA.load(SCHEMA.dump(made)) == made


@pytest.mark.parametrize(
    ("written", "ore"),
    [(0, 0), (350, 35_000), ("350", 35_000), ("350.50", 35_050), ("0.05", 5), (9_999_999, 999_999_900), ("-", None)],
)
def test_a_price_is_kroner_and_becomes_ore(written: object, ore: int | None) -> None:
    made = tariff(premises=with_price(written))
    assert made.premises["hall"].prices["others"] == (ore, 0)
    assert SCHEMA.dump(made)["premises"]["hall"]["prices"]["others"][0] in (
        written,
        int(written) if written == "350" else 0,
    )


@pytest.mark.parametrize(
    "written", [350.5, 350.0, "350.5", "350,50", -1, "-1", True, None, 10_000_000, "", "12 kr", "٣"]
)
def test_anything_else_is_no_price(written: object) -> None:
    assert "prices" in " ".join(path for path, _ in faults(premises=with_price(written)))


@pytest.mark.parametrize("rate", ["0", "0.01", "25", "99.99", "100", 12])
def test_vat_is_from_none_to_all_of_it(rate: object) -> None:
    vat = [{"valid_from": "2017-01-01", "rate": rate, "basis": NAME}]
    assert str(tariff(vat=vat).vat[0].rate) == str(rate)


def with_price(written: object) -> dict[str, Any]:
    prices = {"under_19": [0, 0], "clubs_over_19": [0, 0], "others": [written, 0]}
    return {"hall": {"name": NAME, "prices": prices}}


@pytest.mark.parametrize(
    ("changed", "path", "said"),
    [
        ({"discount": 10}, "discount", "Unknown field."),
        ({"source": None}, "source", "Missing data for required field."),
        ({"counting": "roughly"}, "counting", "Must be one of: pro_rata, started."),
        ({"unit": "fortnight"}, "unit", "Must be one of: hour."),
        ({"currency": "SEK"}, "currency", "Must be one of: NOK."),
        ({"valid_from": "1.1.2017"}, "valid_from", "Not a valid date."),
        ({"id": "Nesodden 2017"}, "id", "Must be small letters, digits, - and _; at most 63."),
        ({"valid_until": "2016-12-31"}, "valid_until", "Is before valid_from."),
        ({"columns": []}, "columns", "Length must be between 1 and 50."),
        ({"cancellation": {"free_until_hours": -1, "source": "s"}}, "cancellation.free_until_hours", None),
        ({"cancellation": {"free_until_hours": 24}}, "cancellation.source", "Missing data for required field."),
        ({"vat": [{"valid_from": "2017-01-01", "rate": "100.01", "basis": NAME}]}, "vat.0.rate", None),
        ({"vat": [{"valid_from": "2017-01-01", "rate": "-0.01", "basis": NAME}]}, "vat.0.rate", None),
        ({"vat": [{"valid_from": "2017-01-01", "rate": "12.001", "basis": NAME}]}, "vat.0.rate", None),
        ({"vat": [{"valid_from": "2017-01-01", "rate": "NaN", "basis": NAME}]}, "vat.0.rate", None),
        ({"days": [{"code": "all", "name": NAME, "days": ["mandag"]}]}, "days.0.days.0", None),
        ({"days": [{"code": "all", "name": NAME, "days": ["13-01"]}]}, "days.0.days.0", None),
        (
            {"columns": [{"code": "a", "name": NAME, "when": {"audience": ["childern"]}}]},
            "columns.0.when.audience.0",
            None,
        ),
        ({"columns": [{"code": "a", "name": {"nb": "a"}}]}, "columns.0.name.nn", "Missing data for required field."),
    ],
)
def test_each_fault_is_told_with_its_place(changed: dict[str, Any], path: str, said: str | None) -> None:
    found = dict(faults(**changed))
    assert path in found
    assert said in (None, found[path])


def test_what_contradicts_itself_is_told_in_three_languages() -> None:
    with pytest.raises(ValidationError) as refused:
        SCHEMA.load(document(valid_until="2016-12-31"))
    assert refused.value.messages == {
        "valid_until": [Text("Er før valid_from.", "Er før valid_from.", "Is before valid_from.")]
    }


def faults(**changed: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        SCHEMA.load(document(**changed))
    return [*flat(refused.value.messages)]


def flat(messages: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for name, inner in messages.items() if isinstance(messages, dict) else []:
        yield from flat(inner, (*path, str(name)))
    for said in messages if isinstance(messages, list) else []:
        yield ".".join(path), said.en if isinstance(said, Text) else said
