"""Rent: how a letting is split by local days, how its hours count, what the lines say and add up to."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pricing.model.rent import OSLO, hours, moment, rent, stretches, total, whole
from services.pricing.model.tariff import Letting, Tariff, Unpriceable
from services.pricing.public_holidays import is_public_holiday
from tests.tariffs import tariff

NESODDEN = tariff()
STARTED = tariff(counting="started")
ASCENSION = date(2026, 5, 14)


def no_holidays(_: date) -> bool:
    return False


def local(text: str, fold: int = 0) -> datetime:
    """A local time at Oslo, "2026-06-05 18:00", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Oslo"), fold=fold).astimezone(UTC)


def letting(begins: str, ends: str, premises: str = "hall", tenant_kind: str = "voluntary") -> Letting:
    return Letting(
        premises=premises,
        begins_at=local(begins),
        ends_at=local(ends),
        purpose="culture",
        audience="adults",
        tenant_kind=tenant_kind,
        participants=20,
    )


def priced(begins: str, ends: str, by: Tariff = NESODDEN, **different: str) -> list[tuple[str, str, int, int]]:
    lines = rent(by, letting(begins, ends, **different), is_public_holiday)
    return [(line.en, line.quantity, line.unit_amount, line.amount) for line in lines]


def test_two_hours_on_a_weekday_evening() -> None:
    assert priced("2026-06-04 18:00", "2026-06-04 20:00") == [
        ("Sports hall, clubs over 19, weekday (18:00–20:00)", "2", 35000, 70000)
    ]


def test_the_printed_cell_stands() -> None:
    assert priced("2026-06-06 10:00", "2026-06-06 11:00", tenant_kind="resident") == [
        ("Sports hall, others, weekend or public holiday (10:00–11:00)", "1", 83000, 83000)
    ]


def test_lines_are_explained_in_three_languages() -> None:
    [line] = rent(NESODDEN, letting("2026-06-04 18:00", "2026-06-04 19:30"), no_holidays)
    assert line.nb == "Hall, lag og foreninger over 19 år, hverdag (18:00–19:30)"
    assert line.nn == "Hall, lag og foreiningar over 19 år, kvardag (18:00–19:30)"
    assert line.en == "Sports hall, clubs over 19, weekday (18:00–19:30)"
    assert (line.code, line.unit, line.vat_rate) == ("rent", "hour", "0")


def test_a_letting_over_the_weekend_s_edge_is_split_at_local_midnight() -> None:
    assert priced("2026-06-05 22:00", "2026-06-06 01:30") == [
        ("Sports hall, clubs over 19, weekday (22:00–24:00)", "2", 35000, 70000),
        ("Sports hall, clubs over 19, weekend or public holiday (00:00–01:30)", "1.5", 52500, 78750),
    ]


@pytest.mark.parametrize(
    ("ends", "quantities"),
    [("2026-06-05 23:59", ["1.983333"]), ("2026-06-06 00:00", ["2"]), ("2026-06-06 00:01", ["2", "0.016667"])],
)
def test_the_split_is_at_midnight_and_not_before(ends: str, quantities: list[str]) -> None:
    assert [quantity for _, quantity, _, _ in priced("2026-06-05 22:00", ends)] == quantities


def test_days_of_one_kind_are_one_line() -> None:
    assert [(text, quantity) for text, quantity, _, _ in priced("2026-06-05 18:00", "2026-06-08 08:00")] == [
        ("Sports hall, clubs over 19, weekday (18:00–24:00)", "6"),
        ("Sports hall, clubs over 19, weekend or public holiday (6 Jun 00:00 – 7 Jun 24:00)", "48"),
        ("Sports hall, clubs over 19, weekday (00:00–08:00)", "8"),
    ]


def test_a_public_holiday_in_the_week_is_a_weekend() -> None:
    assert is_public_holiday(ASCENSION)
    assert priced("2026-05-13 23:00", "2026-05-14 01:00") == [
        ("Sports hall, clubs over 19, weekday (23:00–24:00)", "1", 35000, 35000),
        ("Sports hall, clubs over 19, weekend or public holiday (00:00–01:00)", "1", 52500, 52500),
    ]


@pytest.mark.parametrize("day", ["2026-12-24", "2026-12-31"])
def test_christmas_eve_and_new_year_s_eve_are_no_public_holidays(day: str) -> None:
    assert [amount for *_, amount in priced(f"{day} 10:00", f"{day} 11:00")] == [35000]


@pytest.mark.parametrize("day", ["2026-01-01", "2026-04-03", "2026-05-01", "2026-05-17", "2026-12-25", "2027-05-06"])
def test_public_holidays_are_known(day: str) -> None:
    assert is_public_holiday(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("begins", "ends", "quantity"),
    [("2026-03-29 01:00", "2026-03-29 04:00", "2"), ("2026-10-25 01:00", "2026-10-25 04:00", "4")],
)
def test_the_nights_the_clocks_change_cost_the_time_that_passes(begins: str, ends: str, quantity: str) -> None:
    [(_, hours_passed, _, amount)] = priced(begins, ends)
    assert hours_passed == quantity
    assert amount == int(quantity) * 52500


def test_an_unpublished_cell_has_no_price() -> None:
    with pytest.raises(Unpriceable, match="price_not_published"):
        priced("2026-06-05 22:00", "2026-06-06 00:01", premises="gymsal_svommehall")
    assert [amount for *_, amount in priced("2026-06-05 22:00", "2026-06-06 00:00", premises="gymsal_svommehall")] == [
        43000
    ]


@pytest.mark.parametrize(
    ("minutes", "pro_rata", "started"),
    [
        (1, 583, 35000),
        (29, 16917, 35000),
        (30, 17500, 35000),
        (59, 34417, 35000),
        (60, 35000, 35000),
        (61, 35583, 70000),
        (120, 70000, 70000),
    ],
)
def test_how_an_hour_that_is_not_full_counts(minutes: int, pro_rata: int, started: int) -> None:
    begins, ends = "2026-06-04 18:00", f"2026-06-04 {18 + minutes // 60}:{minutes % 60:02}"
    assert [amount for *_, amount in priced(begins, ends)] == [pro_rata]
    assert [amount for *_, amount in priced(begins, ends, by=STARTED)] == [started]


def test_a_started_hour_belongs_to_the_day_it_starts_on() -> None:
    assert [(quantity, price) for _, quantity, price, _ in priced("2026-06-05 22:30", "2026-06-06 01:00", STARTED)] == [
        ("2", 35000),
        ("1", 52500),
    ]
    assert [(quantity, price) for _, quantity, price, _ in priced("2026-06-05 23:30", "2026-06-06 00:30", STARTED)] == [
        ("1", 35000)
    ]


def test_half_an_ore_is_rounded_up_and_nothing_to_kroner() -> None:
    assert [whole(Decimal(each)) for each in ("0.49", "0.5", "0.51", "1.5", "2.5", "82549.5")] == [0, 1, 1, 2, 3, 82550]


def test_a_moment_is_told_in_local_time() -> None:
    said = moment(local("2026-06-05 18:05"))
    assert (said.nb, said.en) == ("5.6. kl. 18:05", "5 Jun at 18:05")


THREE_YEARS = 3 * 366 * 24 * 3600
TIMES = st.integers(0, THREE_YEARS).map(lambda seconds: local("2025-01-01 00:00") + timedelta(seconds=seconds))
LENGTHS = st.integers(1, 20 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))
TARIFFS = st.sampled_from([NESODDEN, STARTED])


@given(TARIFFS, TIMES, LENGTHS)
def test_stretches_cover_the_letting_and_meet_at_local_midnights(
    by: Tariff, begins: datetime, length: timedelta
) -> None:
    found = stretches(by, begins, begins + length, is_public_holiday)
    assert (found[0].begins_at, found[-1].ends_at) == (begins, begins + length)
    for one, next_one in pairwise(found):
        assert one.ends_at == next_one.begins_at
        assert one.day != next_one.day
        assert one.ends_at.astimezone(OSLO).time().isoformat() == "00:00:00"


@given(TARIFFS, TIMES, LENGTHS)
def test_lines_add_up_and_each_is_quantity_times_price(by: Tariff, begins: datetime, length: timedelta) -> None:
    wanted = replace(letting("2026-06-04 18:00", "2026-06-04 19:00"), begins_at=begins, ends_at=begins + length)
    lines = rent(by, wanted, is_public_holiday)
    assert total(lines) == sum(line.amount for line in lines) > 0
    assert all(line.amount == whole(Decimal(line.quantity) * line.unit_amount) for line in lines)


@given(TIMES, LENGTHS)
def test_started_hours_are_never_more_for_being_split(begins: datetime, length: timedelta) -> None:
    parts = stretches(STARTED, begins, begins + length, is_public_holiday)
    assert sum(hours("started", begins, part) for part in parts) == -(-length // timedelta(hours=1))


@given(TIMES, LENGTHS, st.integers(1, 100_000))
def test_at_one_price_splitting_moves_the_sum_by_half_an_ore_a_part_at_most(
    begins: datetime, length: timedelta, price: int
) -> None:
    parts = stretches(NESODDEN, begins, begins + length, is_public_holiday)
    split = sum(whole(hours("pro_rata", begins, part) * price) for part in parts)
    exact = Decimal(length // timedelta(seconds=1)) * price / 3600
    rounded = Decimal(1) / 2 + Decimal("0.0000005") * price
    assert abs(split - exact) <= len(parts) * rounded
