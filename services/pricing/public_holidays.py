"""Norway's public holidays, from the `holidays` package. 24 and 31 December are none: a tariff names them itself."""

from datetime import date
from functools import lru_cache

from holidays.countries.norway import Norway


def is_public_holiday(day: date) -> bool:
    """Whether a local day is a public holiday in Norway."""
    return day in _of_year(day.year)


@lru_cache
def _of_year(year: int) -> frozenset[date]:
    return frozenset(Norway(years=year))
