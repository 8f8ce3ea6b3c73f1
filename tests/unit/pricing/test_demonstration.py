"""The demo's tariffs: every space of the demo has a price, and the made-up ones keep out of the real list."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import yaml

from services.pricing.schemas.tariffs import TariffSchema
from tests.tariffs import NESODDEN

TARIFFS = {file.stem: TariffSchema().load(yaml.safe_load(file.read_text())) for file in NESODDEN.parent.glob("*.yaml")}
SQUARES = yaml.safe_load((NESODDEN.parent.parent / "asker.yaml").read_text())


def premises(tree: Any) -> Iterator[str]:
    """Every class of premises anywhere in a tree of squares, arenas and spaces."""
    if isinstance(tree, dict) and isinstance(tree.get("premises"), str):
        yield tree["premises"]
    for branch in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from premises(branch)


def test_a_tariff_is_named_as_its_file() -> None:
    assert {name: tariff.id for name, tariff in TARIFFS.items()} == {name: name for name in TARIFFS}


def test_every_space_of_the_demo_is_of_premises_with_a_price() -> None:
    priced = {row for tariff in TARIFFS.values() for row in tariff.premises}
    assert set(premises(SQUARES)) <= priced


def test_no_two_of_them_price_the_same() -> None:
    assert [one.overlap(other) for one, other in combinations(TARIFFS.values(), 2)] == [[]]
