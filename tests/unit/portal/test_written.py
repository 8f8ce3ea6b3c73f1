"""Numbers, days and times as Norwegians write them."""

from datetime import date, timedelta

import pytest

from services.portal import written


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("40", 40),
        (" 040 ", 40),
        ("1 000", 1000),
        ("1\xa0000", 1000),
        ("1\u202f000", 1000),
        ("1.000", 1000),
        ("999999", 999999),
        ("", None),
        ("1000000", None),
        ("-1", None),
        ("1,5", None),
        ("1.5", None),
        ("10 00", None),
        ("mange", None),
        ("٣", None),
        ("1e3", None),
    ],
)
def test_whole_numbers(text: str, number: int | None) -> None:
    assert written.whole(text) == number


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("1,5", 90),
        ("1.5", 90),
        ("1,25", 75),
        ("0,33", 20),
        ("2", 120),
        ("2 timer", 120),
        ("1,5 t", 90),
        ("1 time", 60),
        ("1:30", 90),
        ("1 t 30 min", 90),
        ("1t 30", 90),
        ("0:59", 59),
        ("", None),
        ("1.30", None),
        ("1:60", None),
        ("1,555", None),
        ("halvannen", None),
        (",5", None),
        ("-1", None),
        ("NaN", None),
    ],
)
def test_lengths_in_hours(text: str, minutes: int | None) -> None:
    assert written.minutes(text) == minutes


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1.12.2026", date(2026, 12, 1)),
        ("01.12.26", date(2026, 12, 1)),
        ("1. 12. 2026", date(2026, 12, 1)),
        ("1/12-26", date(2026, 12, 1)),
        ("1/12/2026", date(2026, 12, 1)),
        ("1-12-2026", date(2026, 12, 1)),
        ("01 12 2026", date(2026, 12, 1)),
        ("011226", date(2026, 12, 1)),
        ("01122026", date(2026, 12, 1)),
        ("2026-12-01", date(2026, 12, 1)),
        ("2026-12-1", date(2026, 12, 1)),
        ("29.2.2028", date(2028, 2, 29)),
        ("29.2.2027", None),
        ("31.4.2026", None),
        ("0.12.2026", None),
        ("12.13.2026", None),
        ("1.12.026", None),
        ("1.12", None),
        ("", None),
        ("jul", None),
        ("0000-01-01", None),
    ],
)
def test_days(text: str, day: date | None) -> None:
    assert written.day(text) == day


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("18:00", "18:00"),
        ("18.00", "18:00"),
        ("18:00:00", "18:00"),
        ("18", "18:00"),
        ("8", "8:00"),
        ("1800", "18:00"),
        ("0800", "8:00"),
        ("kl 18", "18:00"),
        ("kl. 18", "18:00"),
        ("Kl. 18.30", "18:30"),
        ("klokka 18", "18:00"),
        ("18 30", "18:30"),
        ("00:00", "0:00"),
        ("23:59", "23:59"),
        ("24:00", "24:00"),
        ("24:01", None),
        ("25", None),
        ("18:60", None),
        ("18:5", None),
        ("180", None),
        ("18:00:30", None),
        ("", None),
        ("kl", None),
        ("atten", None),
        ("6 pm", None),
    ],
)
def test_clocks(text: str, clock: str | None) -> None:
    hours, _, rest = (clock or "").partition(":")
    assert written.clock(text) == (timedelta(hours=int(hours), minutes=int(rest)) if clock else None)
