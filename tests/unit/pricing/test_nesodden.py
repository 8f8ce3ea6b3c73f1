"""The demo's tariff is the published list of Nesodden kommune, cell by cell; the figures here are copied from it."""

import pytest

from services.pricing.model.tariff import Unpriceable
from tests.tariffs import tariff

UNPUBLISHED = None
PUBLISHED = {
    ("hall", "under_19", "weekday"): 0,
    ("hall", "under_19", "weekend"): 350,
    ("hall", "clubs_over_19", "weekday"): 350,
    ("hall", "clubs_over_19", "weekend"): 525,
    ("hall", "others", "weekday"): 550,
    ("hall", "others", "weekend"): 830,
    ("gymsal_svommehall", "under_19", "weekday"): 0,
    ("gymsal_svommehall", "under_19", "weekend"): UNPUBLISHED,
    ("gymsal_svommehall", "clubs_over_19", "weekday"): 215,
    ("gymsal_svommehall", "clubs_over_19", "weekend"): UNPUBLISHED,
    ("gymsal_svommehall", "others", "weekday"): 430,
    ("gymsal_svommehall", "others", "weekend"): UNPUBLISHED,
}
NESODDEN = tariff()
COLUMNS = {column.code: column for column in NESODDEN.columns}
DAYS = {day.code: day for day in NESODDEN.days}


def test_every_published_cell_is_there_and_no_other() -> None:
    ours = {(row, column, day) for row in NESODDEN.premises for column in COLUMNS for day in DAYS}
    assert ours == PUBLISHED.keys()


@pytest.mark.parametrize(("cell", "kroner"), PUBLISHED.items(), ids=map("-".join, PUBLISHED))
def test_a_cell_is_as_published(cell: tuple[str, str, str], kroner: int | None) -> None:
    premises, column, day = cell
    if kroner is None:
        with pytest.raises(Unpriceable, match="price_not_published"):
            NESODDEN.price(premises, COLUMNS[column], DAYS[day])
    else:
        assert NESODDEN.price(premises, COLUMNS[column], DAYS[day]) == kroner * 100


def test_the_children_s_price_of_a_hall_asks_for_eight() -> None:
    assert NESODDEN.premises["hall"].participants_at_least == {"under_19": 8}
    assert NESODDEN.premises["gymsal_svommehall"].participants_at_least == {}


def test_what_the_list_says_and_is_not_priced_is_kept_in_words() -> None:
    assert [remark.partition(":")[0] for remark in NESODDEN.remarks] == ["Unused booking"]
