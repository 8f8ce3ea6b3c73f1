"""Which tariff, column, kind of day and cell a letting falls in; and tariffs that contradict themselves."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kernel.errors import Text
from services.pricing.model.tariff import (
    Condition,
    DayKind,
    InvalidTariff,
    Letting,
    Tariff,
    Unpriceable,
    Vat,
)
from tests.tariffs import tariff

NESODDEN = tariff()
FRIDAY = datetime(2026, 6, 5, 16, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def letting(**different: Any) -> Letting:
    given: dict[str, Any] = {
        "premises": "hall",
        "begins_at": FRIDAY,
        "ends_at": FRIDAY + timedelta(hours=2),
        "purpose": "culture",
        "audience": "everyone",
        "tenant_kind": "voluntary",
        "participants": 20,
    }
    return Letting(**given | different)


def with_dates(valid_from: str, valid_until: str | None, **different: Any) -> Tariff:
    vat = replace(NESODDEN.vat[0], valid_from=date.fromisoformat(valid_from))
    until = date.fromisoformat(valid_until) if valid_until else None
    return replace(NESODDEN, valid_from=vat.valid_from, valid_until=until, vat=(vat,), **different)


@pytest.mark.parametrize(
    ("different", "column"),
    [
        ({"audience": "children"}, "under_19"),
        ({"audience": "youth"}, "under_19"),
        ({"audience": "youth", "tenant_kind": "resident"}, "under_19"),
        ({"audience": "youth", "tenant_kind": "business"}, "under_19"),
        ({"audience": "youth", "purpose": "commercial"}, "others"),
        ({"audience": "youth", "participants": 7}, "clubs_over_19"),
        ({"audience": "youth", "participants": 8}, "under_19"),
        ({"audience": "youth", "participants": 9}, "under_19"),
        ({"audience": "youth", "participants": 7, "tenant_kind": "resident"}, "others"),
        ({"audience": "youth", "participants": 1, "premises": "gymsal_svommehall"}, "under_19"),
        ({}, "clubs_over_19"),
        ({"audience": "adults"}, "clubs_over_19"),
        ({"audience": "seniors"}, "clubs_over_19"),
        ({"purpose": "commercial"}, "others"),
        ({"tenant_kind": "resident"}, "others"),
        ({"tenant_kind": "business"}, "others"),
        ({"tenant_kind": "municipal"}, "others"),
    ],
)
def test_purpose_audience_tenant_and_number_choose_the_column(different: dict[str, Any], column: str) -> None:
    assert NESODDEN.column_for(letting(**different)).code == column


def test_a_letting_that_fits_no_column_has_no_price() -> None:
    children_only = replace(NESODDEN.columns[-1], when=Condition(audience=frozenset({"children"})))
    with pytest.raises(Unpriceable, match="no_column"):
        replace(NESODDEN, columns=(*NESODDEN.columns[:-1], children_only)).column_for(letting(tenant_kind="resident"))


@pytest.mark.parametrize(
    ("on", "valid"),
    [("2026-01-31", False), ("2026-02-01", True), ("2026-02-28", True), ("2026-03-01", False)],
)
def test_the_first_and_the_last_day_are_valid(on: str, valid: bool) -> None:
    assert with_dates("2026-02-01", "2026-02-28").in_force(date.fromisoformat(on)) is valid


def test_a_tariff_without_a_last_day_stays_valid() -> None:
    assert with_dates("2026-02-01", None).in_force(date(2126, 1, 1))


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "premises"),
    [
        ("2026-01-01", "2026-01-31", []),
        ("2026-01-01", "2026-02-01", ["gymsal_svommehall", "hall"]),
        ("2026-02-28", None, ["gymsal_svommehall", "hall"]),
        ("2026-03-01", None, []),
    ],
)
def test_tariffs_overlap_when_they_share_a_day(valid_from: str, valid_until: str | None, premises: list[str]) -> None:
    february, other = with_dates("2026-02-01", "2026-02-28"), with_dates(valid_from, valid_until)
    assert february.overlap(other) == other.overlap(february) == premises


def test_tariffs_for_other_premises_do_not_overlap() -> None:
    halls = replace(NESODDEN, premises={"hall": NESODDEN.premises["hall"]})
    assert halls.overlap(replace(NESODDEN, premises={"stage": NESODDEN.premises["hall"]})) == []


@pytest.mark.parametrize(
    ("on", "public_holiday", "kind"),
    [
        ("2026-06-04", False, "weekday"),
        ("2026-06-05", False, "weekday"),
        ("2026-06-06", False, "weekend"),
        ("2026-06-07", False, "weekend"),
        ("2026-06-08", False, "weekday"),
        ("2026-05-14", True, "weekend"),
        ("2026-05-17", True, "weekend"),
        ("2026-12-24", False, "weekday"),
    ],
)
def test_the_kind_of_a_day(on: str, public_holiday: bool, kind: str) -> None:
    assert NESODDEN.day_kind(date.fromisoformat(on), public_holiday=public_holiday).code == kind


def test_a_named_day_of_the_year_comes_before_holiday_and_weekday() -> None:
    festive = DayKind(code="festive", name=Text("jul", "jol", "Christmas"), days=("12-24", "12-25"))
    wider = {code: replace(row, prices={c: (*p, 0) for c, p in row.prices.items()}) for code, row in rows().items()}
    christmas = replace(NESODDEN, days=(*NESODDEN.days, festive), premises=wider)
    assert christmas.day_kind(date(2026, 12, 23), public_holiday=False).code == "weekday"
    assert christmas.day_kind(date(2026, 12, 24), public_holiday=False).code == "festive"
    assert christmas.day_kind(date(2026, 12, 25), public_holiday=True).code == "festive"
    assert christmas.day_kind(date(2026, 12, 26), public_holiday=True).code == "weekend"


def rows() -> Any:
    return NESODDEN.premises


def test_vat_changes_on_its_day() -> None:
    exempt = replace(NESODDEN.vat[0], valid_from=date(2017, 1, 1))
    taxed = Vat(valid_from=date(2026, 7, 1), rate=exempt.rate + 12, basis=exempt.basis)
    changing = replace(NESODDEN, vat=(taxed, exempt))
    assert [changing.vat_on(date(2026, 7, 1) + day).rate for day in (-DAY, 0 * DAY, DAY)] == [0, 12, 12]


def test_giving_up_is_free_until_the_hours_before() -> None:
    assert NESODDEN.cancellation.credit_until(FRIDAY) == FRIDAY - timedelta(hours=24)


def changed_row(**different: Any) -> dict[str, Any]:
    return {"premises": {**rows(), "hall": replace(rows()["hall"], **different)}}


def days(first: tuple[str, ...], second: tuple[str, ...]) -> dict[str, Any]:
    weekday, weekend = NESODDEN.days
    return {"days": (replace(weekday, days=first), replace(weekend, days=second))}


WORKDAYS, REST = NESODDEN.days[0].days, NESODDEN.days[1].days
PRICES = NESODDEN.premises["hall"].prices


@pytest.mark.parametrize(
    ("changed", "section", "said"),
    [
        ({"valid_until": date(2016, 12, 31)}, "valid_until", "Is before valid_from."),
        ({"vat": (replace(NESODDEN.vat[0], valid_from=date(2017, 1, 2)),)}, "vat", "Is missing for the first day."),
        (days(WORKDAYS[1:], REST), "days", "monday is missing."),
        (days(WORKDAYS, (*REST, "friday")), "days", "friday is there twice."),
        ({"columns": NESODDEN.columns[::-1]}, "columns", "others fits all; the columns after it can never be chosen."),
        ({"columns": (*NESODDEN.columns[:2], *NESODDEN.columns[1:])}, "columns", "clubs_over_19 is there twice."),
        (changed_row(prices={**PRICES, "under_20": (1, 1)}), "premises", "hall: under_20 is not a column."),
        (changed_row(participants_at_least={"under_20": 8}), "premises", "hall: under_20 is not a column."),
        (
            changed_row(prices={**PRICES, "others": (1,)}),
            "premises",
            "hall: others must have one price for each kind of day.",
        ),
        (
            changed_row(prices={code: price for code, price in PRICES.items() if code != "others"}),
            "premises",
            "hall: others is missing.",
        ),
    ],
)
def test_a_tariff_that_contradicts_itself_is_refused(changed: dict[str, Any], section: str, said: str) -> None:
    with pytest.raises(InvalidTariff) as refused:
        replace(NESODDEN, **changed)
    assert [(each.section, each.text.en) for each in refused.value.contradictions] == [(section, said)]


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidTariff) as refused:
        replace(NESODDEN, valid_until=date(2016, 12, 31), **days(WORKDAYS[2:], REST))
    assert [each.section for each in refused.value.contradictions] == ["valid_until", "days", "days"]


def test_one_day_is_long_enough_for_a_tariff() -> None:
    assert replace(NESODDEN, valid_until=NESODDEN.valid_from).in_force(NESODDEN.valid_from)
