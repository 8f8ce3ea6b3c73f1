"""How a series is refused: always with the date it is refused for. `series` calls it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from kernel.contracts import utc_text
from kernel.errors import DomainError
from services.booking.model.series import Clash, SeriesClashes


@contextmanager
def naming(date: datetime) -> Iterator[None]:
    """What is refused in here is refused for a date of a series, and tells which."""
    try:
        yield
    except DomainError as error:
        raise type(error)(**{**error.fields, "first": utc_text(date)}) from error


def refuse(clashes: Sequence[tuple[datetime, Clash]], of: int) -> None:
    """Raises SeriesClashes with how many of the dates clash, and the first of them."""
    first, clash = min(clashes, key=lambda each: each[0])
    raise SeriesClashes(clashes=len(clashes), dates=of, first=utc_text(first), reason=clash.code, why=clash.text)
