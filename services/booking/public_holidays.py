"""Norway's public holidays and what they are called, from the `holidays` package. 24 and 31 December are none: an
opening plan names them itself. The opening use cases hand this to the model."""

from datetime import date
from functools import lru_cache
from importlib.metadata import version

from holidays.countries.norway import Norway

from kernel.errors import Text

_WALL_TIMES = "2"
"""By which rule the clock's changes were read: "2" is `model.opening.instant`'s, of two the first."""
EDITION = f"{version('holidays')}+{_WALL_TIMES}"
"""What the days were reckoned by; they are reckoned anew by another."""

_NYNORSK = {"Arbeidernes dag": "Arbeidaranes dag"}
"""Of the names the package has in Bokmål, those that are others in Nynorsk."""


def public_holiday(day: date) -> Text | None:
    """What a local day is called as a public holiday in Norway; None when it is none."""
    return _of_year(day.year).get(day)


@lru_cache
def _of_year(year: int) -> dict[date, Text]:
    named, english = Norway(years=year, language="no"), Norway(years=year, language="en_US")
    return {day: Text(nb=name, nn=_nynorsk(name), en=english[day]) for day, name in named.items()}


def _nynorsk(name: str) -> str:
    return "; ".join(_NYNORSK.get(each, each) for each in name.split("; "))
